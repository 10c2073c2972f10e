package zarr

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/pierrec/lz4/v4"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/filter"
)

// stage decodes one codec from bytes to bytes. The output has size bytes; if size is negative, it
// has at most -size-1 bytes.
type stage func(src []byte, size int) ([]byte, error)

// codecSpec is a codec in the metadata. In format 2 the settings include its "id"; in format 3 it
// has a name and a configuration.
type codecSpec struct {
	name   string
	config map[string]any
}

// byteStage returns the decoder of a codec from bytes to bytes, or nil if the codec is not known.
func byteStage(c codecSpec) stage {
	switch c.name {
	case "zlib":
		return hdf5Filter(filter.Deflate)
	case "zstd":
		return hdf5Filter(filter.Zstd)
	case "blosc":
		return hdf5Filter(filter.Blosc)
	case "bz2":
		return hdf5Filter(filter.Bzip2)
	case "shuffle":
		element, ok := positiveInt(c.config["elementsize"])
		if !ok {
			element = 4
		}
		return hdf5Filter(filter.Shuffle, uint32(element))
	case "gzip":
		return gunzip
	case "lz4":
		return unlz4
	case "crc32c":
		return checkCRC32C
	}
	return nil
}

// positiveInt returns a JSON number as an int, if it is an integer from 1 to 2^31-1.
func positiveInt(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return int(i), err == nil && i > 0 && i < 1<<31
}

// hdf5Filter returns the decoder of a codec that is a filter of HDF5 too.
func hdf5Filter(id uint16, params ...uint32) stage {
	f := filter.Filter{ID: id, Params: params}
	return func(src []byte, size int) ([]byte, error) {
		if size < 0 {
			return filter.DecodeUpTo(&f, src, -size-1)
		}
		return filter.Decode(nil, []filter.Filter{f}, 0, src, size)
	}
}

// gunzip undoes gzip.
func gunzip(src []byte, size int) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		return nil, malformed("gzip: %v", err)
	}
	limit := size
	if size < 0 {
		limit = -size - 1
	}
	out, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, malformed("gzip: %v", err)
	}
	return checkSize(out, size)
}

// checkSize checks the length of a stage's output.
func checkSize(out []byte, size int) ([]byte, error) {
	if size >= 0 && len(out) != size {
		return nil, malformed("a chunk of %d bytes, expected %d", len(out), size)
	}
	if size < 0 && len(out) > -size-1 {
		return nil, &errkind.LimitError{Limit: "Expansion", Max: int64(-size - 1),
			Want: int64(len(out))}
	}
	return out, nil
}

// unlz4 decodes numcodecs' LZ4, which is the decoded length and a block.
func unlz4(src []byte, size int) ([]byte, error) {
	if len(src) < 4 {
		return nil, malformed("lz4: %d bytes", len(src))
	}
	n := int64(binary.LittleEndian.Uint32(src))
	limit := int64(size)
	if size < 0 {
		limit = int64(-size - 1)
	}
	// One byte of a block decompresses to at most 255 bytes.
	if n > limit || size >= 0 && n != limit || n > 255*int64(len(src)) {
		return nil, malformed("lz4: a chunk of %d bytes, expected %d", n, limit)
	}
	out := make([]byte, n)
	if n == 0 {
		return out, nil
	}
	got, err := lz4.UncompressBlock(src[4:], out)
	if err != nil || int64(got) != n {
		return nil, malformed("lz4: %d of %d bytes: %v", got, n, err)
	}
	return out, nil
}

// checkCRC32C verifies and removes a CRC-32C.
func checkCRC32C(src []byte, size int) ([]byte, error) {
	if len(src) < 4 {
		return nil, malformed("crc32c: %d bytes", len(src))
	}
	data := src[:len(src)-4]
	want := binary.LittleEndian.Uint32(src[len(data):])
	if got := crc32.Checksum(data, castagnoli); got != want {
		return nil, malformed("crc32c: a sum of %#08x, expected %#08x", got, want)
	}
	return checkSize(data, size)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// specOf parses a codec in the metadata of either format. zarr prefixes the names of numcodecs'
// codecs.
func specOf(v any) (codecSpec, bool) {
	if name, ok := v.(string); ok {
		return codecSpec{name: name}, true
	}
	m, ok := v.(map[string]any)
	if !ok {
		return codecSpec{}, false
	}
	if id, ok := m["id"].(string); ok {
		return codecSpec{id, m}, true
	}
	name, ok := m["name"].(string)
	config, _ := m["configuration"].(map[string]any)
	return codecSpec{strings.TrimPrefix(name, "numcodecs."), config}, ok
}
