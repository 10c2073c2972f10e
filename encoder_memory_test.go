package unpkl

import (
	"math"
	"runtime"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

// counter counts what is written to it.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestEncodeMemory writes arrays of 64 MB: their bytes go to the writer from where they are, at
// every protocol, contiguous or not.
func TestEncodeMemory(t *testing.T) {
	if CopiesSlices {
		t.Skip("built with purego")
	}
	const n = 8 << 20
	x := make([]float64, n)
	square, err := ndarray.FromSlice(x, 1024, n/1024)
	if err != nil {
		t.Fatal(err)
	}
	half, err := square.Slice(1, 0, n/1024, 2)
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		X []float64 `pickle:"x"`
	}
	for _, c := range []struct {
		name string
		v    any
		size int64
	}{
		{"slice", x, 8 * n}, {"struct", holder{x}, 8 * n}, {"map", map[string]any{"x": x}, 8 * n},
		{"F order", square.T(), 8 * n}, {"every other column", half, 4 * n},
		{"bytes", make([]byte, 8*n), 8 * n},
	} {
		for protocol := range 6 {
			if protocol < 3 && c.name != "struct" {
				continue // making text of 64 MB takes a second
			}
			var written counter
			var err error
			got := allocated(func() {
				err = NewEncoder(&written, WithProtocol(protocol)).Encode(c.v)
			})
			// Text of protocol 0 has several characters for a zero.
			if err != nil || int64(written) < c.size ||
				protocol > 0 && int64(written) > c.size+1000 {
				t.Errorf("%s at protocol %d: %d bytes, %v", c.name, protocol, written, err)
			}
			if got > 1<<20 {
				t.Errorf("%s at protocol %d: %d bytes were allocated", c.name, protocol, got)
			}
		}
	}
	var data []byte
	if got := allocated(func() { data, err = Marshal(x) }); err != nil || got > 8*n+1<<20 {
		t.Errorf("Marshal: %d bytes allocated for %d, %v", got, len(data), err)
	}
}

// TestMarshalNaNKeys writes a map with keys that are equal to nothing, which all come out.
func TestMarshalNaNKeys(t *testing.T) {
	m := map[any]int{math.NaN(): 1, math.NaN(): 1, 1.5: 3, "a": 4}
	data, err := Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	got := map[any]int{}
	if err := Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	nans := 0
	for k := range got {
		if f, ok := k.(float64); ok && math.IsNaN(f) {
			nans++
		}
	}
	if len(got) != 4 || nans != 2 || got[1.5] != 3 || got["a"] != 4 {
		t.Errorf("got %v", got)
	}
}
