package fastread_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// TestStreamOfLargeArrays reads arrays that go past every buffer between values that do not, one pickle after
// another: what the machine reads past the buffer must leave it as it was.
func TestStreamOfLargeArrays(t *testing.T) {
	const pickles = 5
	readers := map[string]func(data []byte) io.Reader{
		"bytes.Reader": func(data []byte) io.Reader { return bytes.NewReader(data) },
		"bytes.Buffer": func(data []byte) io.Reader { return bytes.NewBuffer(data) },
		"some bytes":   func(data []byte) io.Reader { return iotest.HalfReader(bytes.NewReader(data)) },
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
				data, err := unpkl.Marshal(map[string]any{"x": want[k], "k": k, "text": fmt.Sprint("text ", k)}, unpkl.WithProtocol(protocol))
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
						t.Fatalf("%s, protocol %d, %d elements, pickle %d: %v", name, protocol, n, k, err)
					}
					got, err := ndarray.Slice[float64](v["x"].(*ndarray.Array))
					if err != nil || !slices.Equal(got, want[k]) || v["k"] != k || v["text"] != fmt.Sprint("text ", k) {
						t.Fatalf("%s, protocol %d, %d elements, pickle %d: other values, %v", name, protocol, n, k, err)
					}
				}
				if err := d.Decode(new(any)); err != io.EOF {
					t.Errorf("%s, protocol %d, %d elements: %v at the end", name, protocol, n, err)
				}
			}
		}
	}
}
