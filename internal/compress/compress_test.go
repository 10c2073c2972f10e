package compress_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/pickle"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func unfold(r io.Reader, limits pickle.Limits) ([]byte, []compress.Format, error) {
	z, err := compress.NewReader(r, limits)
	if err != nil {
		return nil, nil, err
	}
	defer z.Close()
	data, err := io.ReadAll(z)
	return data, z.Formats(), err
}

var samples = []struct {
	name string
	want []compress.Format
}{
	{"gzip", []compress.Format{compress.Gzip}},
	{"gzip-members", []compress.Format{compress.Gzip}},
	{"gzip-padded", []compress.Format{compress.Gzip}},
	{"zlib-0", []compress.Format{compress.Zlib}},
	{"zlib-3", []compress.Format{compress.Zlib}},
	{"zlib-9", []compress.Format{compress.Zlib}},
	{"bzip2", []compress.Format{compress.Bzip2}},
	{"bzip2-streams", []compress.Format{compress.Bzip2}},
	{"xz", []compress.Format{compress.XZ}},
	{"xz-9e", []compress.Format{compress.XZ}},
	{"xz-sha256", []compress.Format{compress.XZ}},
	{"xz-streams", []compress.Format{compress.XZ}},
	{"xz-bcj", []compress.Format{compress.XZ}},
	{"xz-delta", []compress.Format{compress.XZ}},
	{"lzma", []compress.Format{compress.LZMA}},
	{"lzma-sized", []compress.Format{compress.LZMA}},
	{"zstd", []compress.Format{compress.Zstd}},
	{"zstd-stream", []compress.Format{compress.Zstd}},
	{"zstd-frames", []compress.Format{compress.Zstd}},
	{"lz4", []compress.Format{compress.LZ4}},
	{"lz4-sums", []compress.Format{compress.LZ4}},
	{"lz4-frames", []compress.Format{compress.LZ4}},
	{"zip-deflated", []compress.Format{compress.Zip}},
	{"zip-stored", []compress.Format{compress.Zip}},
	{"tar-pax", []compress.Format{compress.Tar}},
	{"tar-gnu-long", []compress.Format{compress.Tar}},
	{"tar-named-x", []compress.Format{compress.Tar}},
	{"tar-gzip", []compress.Format{compress.Gzip, compress.Tar}},
	{"tar-bzip2", []compress.Format{compress.Bzip2, compress.Tar}},
	{"tar-xz", []compress.Format{compress.XZ, compress.Tar}},
	{"zfile-0.8.4", []compress.Format{compress.ZFile}},
	{"zfile-0.9.4", []compress.Format{compress.ZFile}},
	{"sample.pkl", nil},
	{"sample.p0.pkl", nil},
}

// wantOf returns what Python compressed into the sample.
func wantOf(t testing.TB, name string) []byte {
	switch {
	case strings.HasPrefix(name, "zfile"):
		return read(t, name+".pkl")
	case name == "sample.p0.pkl":
		return read(t, name)
	}
	return read(t, "sample.pkl")
}

func TestReader(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			data, want := read(t, s.name), wantOf(t, s.name)
			routes := map[string]io.Reader{
				"bytes":    bytes.NewReader(data),
				"reader":   struct{ io.Reader }{bytes.NewReader(data)},
				"one byte": iotest.OneByteReader(bytes.NewReader(data)),
				"data err": iotest.DataErrReader(bytes.NewReader(data)),
			}
			for route, r := range routes {
				got, formats, err := unfold(r, pickle.Limits{})
				if err != nil || !bytes.Equal(got, want) || !slices.Equal(formats, s.want) {
					t.Errorf("%s: %d bytes, formats %v, error %v; want %d bytes, formats %v", route,
						len(got), formats, err, len(want), s.want)
				}
			}
			head := data[:min(len(data), compress.HeadSize)]
			if len(s.want) > 0 && compress.Detect(head) != s.want[0] ||
				len(s.want) == 0 && compress.Detect(head) != compress.Plain {
				t.Errorf("Detect: %v, want %v", compress.Detect(head), s.want)
			}
		})
	}
}

// A zip in a file is read from the file's position on, without a copy.
func TestZipAtOffset(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, append([]byte("before"), read(t, "zip-deflated")...),
		0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(6, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	got, _, err := unfold(f, pickle.Limits{})
	if err != nil || !bytes.Equal(got, read(t, "sample.pkl")) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
}

// several matches the samples of more than one member, stream or frame.
var several = regexp.MustCompile(`-(members|streams|frames)$`)

// Every prefix of a sample is an error of a kind. In a format that cannot tell that another member
// was cut off, it is the content before the cut.
func TestTruncated(t *testing.T) {
	for _, s := range samples {
		if s.want == nil || s.name == "xz-9e" { // as xz, with more memory
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			data, want := read(t, s.name), wantOf(t, s.name)
			step := max(1, len(data)/60)
			for n := 0; n < len(data); n += step {
				got, formats, err := unfold(bytes.NewReader(data[:n]), pickle.Limits{})
				if len(formats) == 0 && err == nil {
					continue // the magic itself is cut: plain
				}
				if err == nil && !bytes.HasPrefix(want, got) {
					t.Fatalf("first %d bytes give %d other bytes", n, len(got))
				}
				if err != nil && !kindOf(err) {
					t.Fatalf("first %d bytes: error without a kind: %v", n, err)
				}
				if err == nil && len(got) < len(want) && !several.MatchString(s.name) {
					t.Fatalf("first %d bytes: no error", n)
				}
			}
		})
	}
}

func kindOf(err error) bool {
	n := 0
	for _, kind := range []error{pickle.ErrTruncated, pickle.ErrMalformed, pickle.ErrLimit,
		pickle.ErrUnsupported} {
		if errors.Is(err, kind) {
			n++
		}
	}
	return n == 1
}

// Every changed byte gives an error of a kind, or some bytes, but never a panic.
func TestFlipped(t *testing.T) {
	for _, s := range samples {
		if s.name == "xz-9e" { // as xz, with more memory
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			data := read(t, s.name)
			for i := 0; i < min(len(data), 700); i += 5 {
				flipped := bytes.Clone(data)
				flipped[i] ^= byte(1 << (i % 8))
				if _, _, err := unfold(bytes.NewReader(flipped),
					pickle.Limits{DecompressedBytes: 1 << 20}); err != nil && !kindOf(err) {
					t.Fatalf("byte %d: error without a kind: %v", i, err)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	bigDict := bytes.Clone(read(t, "lzma"))
	copy(bigDict[1:5], "\x00\x00\x00\x40") // 1 GiB
	for _, c := range []struct {
		name   string
		data   []byte
		limits pickle.Limits
		want   error
		limit  string
	}{
		{name: "two members in a tar", data: read(t, "bad-tar-two"), want: pickle.ErrUnsupported},
		{name: "two members in a zip", data: read(t, "bad-zip-two"), want: pickle.ErrUnsupported},
		{name: "bzip2 in a zip", data: read(t, "bad-zip-bzip2"), want: pickle.ErrUnsupported},
		{name: "garbage after gzip", data: append(read(t, "gzip"),
			"garbage that is no other member"...), want: pickle.ErrMalformed},
		{name: "garbage after the magic", data: []byte("\x1f\x8bgarbage that is no header"),
			want: pickle.ErrMalformed},
		{name: "zfile that lies", data: bytes.Replace(read(t, "zfile-0.9.4"), []byte("0xd0"),
			[]byte("0xd1"), 1), want: pickle.ErrMalformed},
		{name: "zfile that lies low", data: bytes.Replace(read(t, "zfile-0.9.4"), []byte("0xd0"),
			[]byte("0xcf"), 1), want: pickle.ErrMalformed},
		{name: "zfile without length", data: append([]byte("ZF0x"), make([]byte, 40)...),
			want: pickle.ErrMalformed},
		{name: "lzma dictionary", data: bigDict, want: pickle.ErrLimit, limit: "WindowBytes"},
		{name: "xz dictionary", data: read(t, "xz"), limits: pickle.Limits{WindowBytes: 1 << 20},
			want: pickle.ErrLimit, limit: "WindowBytes"},
		{name: "zstd window", data: read(t, "zstd-stream"),
			limits: pickle.Limits{WindowBytes: 1024}, want: pickle.ErrLimit, limit: "WindowBytes"},
		{name: "input bytes", data: read(t, "gzip"), limits: pickle.Limits{InputBytes: 100},
			want: pickle.ErrLimit, limit: "InputBytes"},
		{name: "decompressed bytes", data: read(t, "gzip"),
			limits: pickle.Limits{DecompressedBytes: 1242}, want: pickle.ErrLimit,
			limit: "DecompressedBytes"},
		{name: "ratio", data: bomb(t, 17<<20), want: pickle.ErrLimit, limit: "CompressionRatio"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := unfold(bytes.NewReader(c.data), c.limits)
			if !errors.Is(err, c.want) || !kindOf(err) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			var lim *pickle.LimitError
			if c.limit != "" && (!errors.As(err, &lim) || lim.Limit != c.limit) {
				t.Errorf("error %#v, want a LimitError of %s", err, c.limit)
			}
		})
	}
}

// At the limit itself nothing is refused.
func TestLimitsAllow(t *testing.T) {
	gz := read(t, "gzip")
	limits := pickle.Limits{DecompressedBytes: 1243, InputBytes: int64(len(gz))}
	if _, _, err := unfold(bytes.NewReader(gz), limits); err != nil {
		t.Error(err)
	}
	if _, _, err := unfold(bytes.NewReader(bomb(t, 15<<20)), pickle.Limits{}); err != nil {
		t.Errorf("15 MiB of zeros: %v", err)
	}
	if _, _, err := unfold(bytes.NewReader(bomb(t, 17<<20)),
		pickle.Limits{CompressionRatio: pickle.NoLimit}); err != nil {
		t.Errorf("17 MiB of zeros without a limit on the ratio: %v", err)
	}
}

// bomb returns n zeros, compressed by a factor of about 1,030.
func bomb(t *testing.T, n int64) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Recognising a plain binary pickle takes one call of Read of the source.
func TestPlainReadsNoFurther(t *testing.T) {
	for _, pkl := range []string{"\x80\x04K\x01.", "(lp0\n.", "K\x01.", "I1\n."} {
		r, w := io.Pipe()
		go func() { _, _ = w.Write([]byte(pkl)) }() // the pipe stays open
		z, err := compress.NewReader(r, pickle.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(pkl))
		if _, err := io.ReadFull(z, got); err != nil || string(got) != pkl {
			t.Errorf("%q: got %q, error %v", pkl, got, err)
		}
	}
}

func TestSourceErrorIsKept(t *testing.T) {
	broken := errors.New("the network is down")
	for _, name := range []string{"gzip", "zlib-9", "bzip2", "xz", "lzma", "zstd", "lz4",
		"tar-gzip", "tar-pax", "zip-stored", "sample.pkl"} {
		data := read(t, name)
		r := io.MultiReader(bytes.NewReader(data[:min(len(data)/2, 700)]), iotest.ErrReader(broken))
		if _, _, err := unfold(r, pickle.Limits{}); !errors.Is(err, broken) {
			t.Errorf("%s: error %v, want the source's", name, err)
		}
	}
}

func TestReadAfterClose(t *testing.T) {
	for _, name := range []string{"zstd", "sample.pkl"} {
		z, err := compress.NewReader(bytes.NewReader(read(t, name)), pickle.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Error(err)
		}
		if n, err := z.Read(make([]byte, 10)); n != 0 || err == nil {
			t.Errorf("%s: read %d bytes after Close, error %v", name, n, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range samples {
		f.Add(read(f, s.name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, formats, err := unfold(bytes.NewReader(data),
			pickle.Limits{DecompressedBytes: 1 << 20, WindowBytes: 1 << 20})
		if err != nil && !kindOf(err) {
			t.Fatalf("%v: error without a kind: %v", formats, err)
		}
	})
}
