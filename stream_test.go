package unpkl_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// TestNothingIsWaitedFor reads pickles from connections that stay open behind them.
func TestNothingIsWaitedFor(t *testing.T) {
	t.Parallel()
	pickles := cases.FastPaths()
	for _, c := range cases.All() {
		for _, data := range c.Pickles {
			pickles = append(pickles, data)
		}
	}
	rows := make([]any, 20_000) // of several frames
	for i := range rows {
		rows[i] = map[string]any{"id": i, "name": fmt.Sprint("name", i)}
	}
	for _, protocol := range []int{0, 2, 3, 4, 5} {
		data, err := unpkl.Marshal(rows, unpkl.WithProtocol(protocol))
		if err != nil {
			t.Fatal(err)
		}
		pickles = append(pickles, data)
	}
	for i, data := range pickles {
		for _, size := range []int{1, 7, 1 << 20} {
			if size == 1 && len(data) > 1<<10 {
				size = 999
			}
			r := &cases.Connection{T: t, Data: data, Size: size}
			var in io.Reader = r
			if i%2 == 0 {
				in = bufio.NewReader(r)
			}
			var v any
			d := unpkl.NewDecoder(in)
			if err := d.Decode(&v); errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatal(err)
			}
			if t.Failed() {
				t.Fatalf("pickle %d in pieces of %d: %.100q", i, size, data)
			}
			r.Data = data
			if err := d.Decode(&v); errors.Is(err, io.ErrUnexpectedEOF) || t.Failed() {
				t.Fatalf("pickle %d again, in pieces of %d: %v", i, size, err)
			}
		}
	}
}

// TestFileIsLeftBehindThePickle reads pickles from a file that others read too.
func TestFileIsLeftBehindThePickle(t *testing.T) {
	one, err := unpkl.Marshal(map[string]any{"a": 1, "b": []any{1, 2, 3},
		"name": strings.Repeat("hello", 2000)})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "stream")
	if err := os.WriteFile(path, append(bytes.Repeat(one, 20), "rest"...), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := unpkl.NewDecoder(f)
	for i := 1; i <= 20; i++ {
		var v any
		if i%3 == 0 { // by others
			v, err = unpkl.Load(f)
		} else {
			err = d.Decode(&v)
		}
		if m, ok := v.(map[string]any); err != nil || !ok || len(m) != 3 {
			t.Fatalf("pickle %d: %v, %v", i, v, err)
		}
		if at, err := f.Seek(0, io.SeekCurrent); err != nil || at != int64(i*len(one)) {
			t.Fatalf("behind pickle %d: at %d, %v, want %d", i, at, err, i*len(one))
		}
	}
	if rest, err := io.ReadAll(f); string(rest) != "rest" || err != nil {
		t.Errorf("%q is left, %v", rest, err)
	}
	file, err := unpkl.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := file.Decoder()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		var v struct {
			A    int    `pickle:"a"`
			Name string `pickle:"name"`
		}
		if err := m.Decode(&v); err != nil || v.A != 1 || len(v.Name) != 10_000 {
			t.Fatalf("mapped, pickle %d: %v, %v", i, v, err)
		}
	}
}

// TestReaderValueBytes: lists that nearly no bytes describe are too much in compressed input, of
// the fast paths too.
func TestReaderValueBytes(t *testing.T) {
	item := "(" + strings.Repeat("]", 1000) + "e"
	data := []byte("\x80\x02]" + strings.Repeat(item, 1_000) + ".")
	if v, err := unpkl.LoadBytes(data); err != nil || len(v.([]any)) != 1_000_000 {
		t.Fatalf("as it is: %v", err)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var limit *pickle.LimitError
	for _, r := range []io.Reader{&z, bytes.NewReader(z.Bytes())} {
		if _, err := unpkl.Load(r); !errors.As(err, &limit) || limit.Limit != "CompressionRatio" {
			t.Errorf("got %v", err)
		}
	}
}

// TestStreamOfLargeArrays reads arrays that go past every buffer between values that do not, one
// pickle after another: what the machine reads past the buffer must leave it as it was.
func TestStreamOfLargeArrays(t *testing.T) {
	const pickles = 5
	readers := map[string]func(data []byte) io.Reader{
		"bytes.Reader": func(data []byte) io.Reader { return bytes.NewReader(data) },
		"bytes.Buffer": func(data []byte) io.Reader { return bytes.NewBuffer(data) },
		"some bytes": func(data []byte) io.Reader {
			return iotest.HalfReader(bytes.NewReader(data))
		},
	}
	for _, size := range []int{16, 100, 4 << 10, 300_000, 1 << 20} {
		readers[fmt.Sprint("bufio.Reader of ", size)] = func(data []byte) io.Reader {
			return bufio.NewReaderSize(bytes.NewReader(data), size)
		}
	}
	for _, protocol := range []int{2, 4, 5} {
		for _, n := range []int{1000, 9000, 20_000, 100_000} {
			if testing.Short() && n > 20_000 {
				continue
			}
			var stream bytes.Buffer
			want := make([][]float64, pickles)
			for k := range want {
				want[k] = make([]float64, n)
				for i := range want[k] {
					want[k][i] = float64(i*7 + k)
				}
				data, err := unpkl.Marshal(map[string]any{"x": want[k], "k": k,
					"text": fmt.Sprint("text ", k)}, unpkl.WithProtocol(protocol))
				if err != nil {
					t.Fatal(err)
				}
				stream.Write(data)
			}
			for name, reader := range readers {
				d := unpkl.NewDecoder(reader(slices.Clone(stream.Bytes())))
				for k := range want {
					var v map[string]any
					if err := d.Decode(&v); err != nil {
						t.Fatalf("%s, protocol %d, %d elements, pickle %d: %v", name, protocol, n,
							k, err)
					}
					got, err := ndarray.Slice[float64](v["x"].(*ndarray.Array))
					if err != nil || !slices.Equal(got, want[k]) || v["k"] != k ||
						v["text"] != fmt.Sprint("text ", k) {
						t.Fatalf("%s, protocol %d, %d elements, pickle %d: other values, %v", name,
							protocol, n, k, err)
					}
				}
				if err := d.Decode(new(any)); err != io.EOF {
					t.Errorf("%s, protocol %d, %d elements: %v at the end", name, protocol, n, err)
				}
			}
		}
	}
}
