package zarr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/errkind"
)

// meta2 returns a .zarray of two chunks of two int16 each, with old replaced by now.
func meta2(old, now string) []byte {
	const meta = `{"zarr_format":2,"shape":[4],"chunks":[2],"dtype":"<i2","fill_value":7,` +
		`"order":"C","filters":null,"compressor":null}`
	return []byte(strings.Replace(meta, old, now, 1))
}

func meta3(old, now string) []byte {
	const meta = `{"zarr_format":3,"node_type":"array","shape":[4],"data_type":"int16",` +
		`"chunk_grid":{"name":"regular","configuration":{"chunk_shape":[4]}},` +
		`"chunk_key_encoding":{"name":"default"},"fill_value":7,"codecs":[{"name":` +
		`"sharding_indexed","configuration":{"chunk_shape":[2],"codecs":["bytes"],` +
		`"index_codecs":["bytes","crc32c"],"index_location":"end"}}]}`
	return []byte(strings.Replace(meta, old, now, 1))
}

// shardOf returns a shard of two chunks whose places are those in index.
func shardOf(chunks string, index ...uint64) []byte {
	out := []byte(chunks)
	var table []byte
	for _, n := range index {
		table = binary.LittleEndian.AppendUint64(table, n)
	}
	out = append(out, table...)
	return binary.LittleEndian.AppendUint32(out,
		crc32.Checksum(table, crc32.MakeTable(crc32.Castagnoli)))
}

// TestHostile: metadata and chunks that lie are errors of a kind.
func TestHostile(t *testing.T) {
	t.Parallel()
	const none = ^uint64(0)
	for name, c := range map[string]struct {
		store Store
		kind  error
	}{
		"no JSON":          {Store{".zarray": []byte("{")}, errkind.ErrMalformed},
		"a negative shape": {Store{".zarray": meta2("[4]", "[-4]")}, errkind.ErrMalformed},
		"an empty chunk":   {Store{".zarray": meta2("[2]", "[0]")}, errkind.ErrMalformed},
		"two dimensions of chunks": {Store{".zarray": meta2("[2]", "[2,2]")},
			errkind.ErrMalformed},
		"a huge shape": {Store{".zarray": meta2("[4]", "[4611686018427387904]")},
			errkind.ErrLimit},
		"an overflowing shape": {Store{".zarray": meta2(`[4],"chunks":[2]`,
			`[4611686018427387904,4],"chunks":[1,1]`)}, errkind.ErrMalformed},
		"a huge chunk": {Store{".zarray": meta2("[2]", "[4611686018427387904]")},
			errkind.ErrLimit},
		"no dtype":             {Store{".zarray": meta2(`"<i2"`, `"<q2"`)}, errkind.ErrMalformed},
		"a fill value of text": {Store{".zarray": meta2("7", `"x"`)}, errkind.ErrMalformed},
		"a short chunk": {Store{".zarray": meta2("", ""), "0": []byte("abc")},
			errkind.ErrMalformed},
		"a long chunk": {Store{".zarray": meta2("", ""), "1": []byte("abcde")},
			errkind.ErrMalformed},
		"no such codec": {Store{".zarray": meta2(`"compressor":null`,
			`"compressor":{"id":"zfpy"}`)}, errkind.ErrUnsupported},
		"objects without a codec": {Store{".zarray": meta2(`"<i2","fill_value":7`,
			`"|O","fill_value":""`), "0": nil}, errkind.ErrUnsupported},
		"lz4 of too many bytes": {Store{".zarray": meta2(`"compressor":null`,
			`"compressor":{"id":"lz4"}`), "0": []byte("\xff\xff\xff\xff\x00")},
			errkind.ErrMalformed},
		"a shard that ends": {Store{"zarr.json": meta3("", ""), "c/0": []byte("abcd")},
			errkind.ErrMalformed},
		"a chunk outside its shard": {Store{"zarr.json": meta3("", ""),
			"c/0": shardOf("abcd", 1000, 4, none, none)}, errkind.ErrMalformed},
		"chunks that overlap": {Store{"zarr.json": meta3("", ""),
			"c/0": shardOf("abcd", 0, 36, 0, 36)}, errkind.ErrMalformed},
		"a wrong sum": {Store{"zarr.json": meta3("", ""),
			"c/0": append(shardOf("abcd", 0, 4, none, none)[:36], 0, 0, 0, 0)},
			errkind.ErrMalformed},
		"chunks that do not fit a shard": {Store{"zarr.json": meta3("[2]", "[3]")},
			errkind.ErrMalformed},
		"a grid of its own": {Store{"zarr.json": meta3("regular", "mine")},
			errkind.ErrUnsupported},
	} {
		a, ok, err := Open(c.store, "")
		if err == nil && ok {
			_, err = a.Read(1 << 20)
		}
		if !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want an error of the kind %v", name, err, c.kind)
		}
	}
}

// TestShard: a chunk that is missing in a shard has the fill value.
func TestShard(t *testing.T) {
	t.Parallel()
	const none = ^uint64(0)
	a, ok, err := Open(Store{"x/zarr.json": meta3("", ""),
		"x/c/0": shardOf("\x01\x00\x02\x00", none, none, 0, 4)}, "x")
	if !ok || err != nil {
		t.Fatal(err)
	}
	out, err := a.Read(4)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := out.Bytes(); err != nil || !bytes.Equal(data, []byte{7, 0, 7, 0, 1, 0, 2, 0}) {
		t.Errorf("% x, %v", data, err)
	}
	if _, err := a.Read(3); !errors.Is(err, errkind.ErrLimit) {
		t.Errorf("%v, want a limit", err)
	}
}

// FuzzOpen: no metadata and no chunk causes a panic, or more memory than is allowed.
func FuzzOpen(f *testing.F) {
	const none = ^uint64(0)
	f.Add(meta2("", ""), []byte("abcd"), false)
	f.Add(meta2(`"compressor":null`, `"compressor":{"id":"zlib"}`), []byte("x\x9c\x03\x00"), false)
	f.Add(meta2(`"<i2","fill_value":7`, `[["a","<f4",[2]],["b","S3"]],"fill_value":"AAAA"`),
		[]byte("abcd"), false)
	f.Add(meta2(`"<i2","fill_value":7,"order":"C","filters":null`,
		`"|O","fill_value":"","order":"F","filters":[{"id":"vlen-utf8"}]`),
		[]byte("\x02\x00\x00\x00\x01\x00\x00\x00a\x00\x00\x00\x00"), false)
	f.Add(meta3("", ""), shardOf("abcd", 0, 4, none, none), true)
	f.Add(meta3(`"codecs":["bytes"]`, `"codecs":[{"name":"transpose","configuration":{"order":[0]}}`+
		`,"bytes","zstd"]`), shardOf("abcd", 0, 4, none, none), true)
	f.Fuzz(func(t *testing.T, meta, chunk []byte, v3 bool) {
		s := Store{".zarray": meta, "0": chunk, "0.0": chunk, "1": chunk}
		if v3 {
			s = Store{"zarr.json": meta, "c": chunk, "c/0": chunk, "c/0/0": chunk, "c/1": chunk}
		}
		if a, ok, err := Open(s, ""); ok && err == nil {
			if out, err := a.Read(1 << 12); err == nil && out.Size() > 1<<12 {
				t.Errorf("%d elements", out.Size())
			}
		}
		if _, members, ok, _ := Group(s, ""); ok && len(members) > 0 {
			t.Errorf("%q below", members)
		}
	})
}
