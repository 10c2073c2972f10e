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
	if unpkl.CopiesSlices {
		t.Skip("built with purego")
	}
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

// TestReuseAfterMismatch: where a list of numbers turns out to hold something else, nothing shows
// of what the memory held before.
func TestReuseAfterMismatch(t *testing.T) {
	const stale = 7
	for _, n := range []int{100, 20_000} {
		list := make([]any, n)
		for i := range list {
			list[i] = i%5 + 1
		}
		list[n-3], list[n-1] = "text", 3
		data, err := unpkl.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, goroutines := range []int{1, 4} {
			checkNoStale[int64](t, data, n, stale, goroutines)
			checkNoStale[int](t, data, n, stale, goroutines)
			checkNoStale[float64](t, data, n, stale, goroutines)
		}
	}
}

// checkNoStale reads a list of n items, the last but two of which is no number, into a slice.
func checkNoStale[T int64 | int | float64](
	t *testing.T, data []byte, n int, stale T, goroutines int,
) {
	t.Helper()
	reused := slices.Repeat([]T{stale}, n)[:0]
	var fresh []T
	for _, v := range []*[]T{&reused, &fresh} {
		err := unpkl.Unmarshal(data, v, unpkl.WithConcurrency(goroutines))
		if err == nil {
			t.Fatal("text was put into a number")
		}
		for i, x := range *v {
			if want := T(i%5 + 1); x != want && (x != 0 || i < n-3) && (i < n-1 || x != 3) {
				t.Fatalf("%T of %d: element %d is %v, want %v or 0", x, n, i, x, want)
			}
		}
	}
}
