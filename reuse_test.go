package unpkl_test

import (
	"bytes"
	"io"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// marshalArray returns the pickle of {"X": an array of n floats}.
func marshalArray(t *testing.T, n int) []byte {
	t.Helper()
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i) / 3
	}
	a, err := ndarray.FromSlice(x)
	if err != nil {
		t.Fatal(err)
	}
	data, err := unpkl.Marshal(map[string]any{"X": a})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestReuseOfArrays: the next large array goes into the memory of the one before.
func TestReuseOfArrays(t *testing.T) {
	const n = 512 << 10
	data := marshalArray(t, n)
	var v struct{ X []float64 }
	for _, from := range []struct {
		name string
		read func() error
	}{
		{"slice", func() error { return unpkl.Unmarshal(data, &v) }},
		{"reader", func() error {
			return unpkl.NewDecoder(struct{ io.Reader }{bytes.NewReader(data)}).Decode(&v)
		}},
	} {
		if err := from.read(); err != nil {
			t.Fatal(err)
		}
		before := &v.X[0]
		// The least of several, since under the race detector a pool drops what it is given at
		// random.
		least := uint64(math.MaxUint64)
		for range 20 {
			var start, end runtime.MemStats
			runtime.ReadMemStats(&start)
			if err := from.read(); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&end)
			least = min(least, end.TotalAlloc-start.TotalAlloc)
		}
		if &v.X[0] != before || len(v.X) != n || v.X[n-1] != float64(n-1)/3 {
			t.Errorf("%s: other memory, or other values", from.name)
		}
		if least > 1<<20 {
			t.Errorf("%s: %d bytes allocated for an array of %d", from.name, least, 8*n)
		}
	}
}

// TestReuseOfSlices: elements are zero before they are read into, and what was kept of them stays.
func TestReuseOfSlices(t *testing.T) {
	type row struct {
		A, B int
		L    []int
	}
	marshal := func(v any) []byte {
		data, err := unpkl.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	rows := []row{{1, 2, []int{3}}, {4, 5, []int{6}}}
	kept, memory := rows[0].L, &rows[0]
	if err := unpkl.Unmarshal(marshal([]any{map[string]any{"A": 7, "L": []any{8}}}),
		&rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || &rows[0] != memory || rows[0].A != 7 || rows[0].B != 0 ||
		!slices.Equal(rows[0].L, []int{8}) || kept[0] != 3 {
		t.Errorf("%v, and what was kept is %v", rows, kept)
	}
	// What an earlier pickle shared is not shared by values that are two now.
	twice := make([]int, 2)
	v := struct{ A, B []int }{twice, twice}
	if err := unpkl.Unmarshal(marshal(map[string]any{"A": []any{1, 2}, "B": []any{3, 4}}),
		&v); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(v.A, []int{1, 2}) || !slices.Equal(v.B, []int{3, 4}) {
		t.Errorf("%v", v)
	}
}
