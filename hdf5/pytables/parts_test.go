package pytables_test

import (
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/hdf5/pytables"
	"github.com/unpkl/unpkl/ndarray"
)

// TestParts: the parts of a table together have the rows of the whole table.
func TestParts(t *testing.T) {
	const rows = 10_000
	numbers, labels := make([]float64, rows), make([]int64, rows)
	texts := make([]string, rows)
	for i := range rows {
		numbers[i], labels[i], texts[i] = float64(i)/3, int64(rows-i), string(rune('a'+i%26))
	}
	x, err1 := frame.NewSeries("x", numbers)
	s, err2 := frame.NewSeries("s", texts)
	l, err3 := frame.NewSeries("", labels)
	f, err4 := frame.New(x, s)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f.Index = frame.NewIndex(l)
	path := filepath.Join(t.TempDir(), "x.h5")
	w, err := hdf5.Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := w.Frame("df", f, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Dataset("array", mustArray(t, numbers), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := hdf5.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, size := range []int{0, 1, 3000, rows, 2 * rows} {
		at := 0
		for part, err := range pytables.Parts(file, "df", size, withPickles) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range part.Rows() {
				if got := part.Index.At(i); got != labels[at] {
					t.Fatalf("label %v of row %d, not %d", got, at, labels[at])
				}
				if a, b := part.Column("x").At(i), part.Column("s").At(i); a != numbers[at] ||
					b != texts[at] {
					t.Fatalf("row %d is %v, %v", at, a, b)
				}
				at++
			}
		}
		if at != rows {
			t.Errorf("parts of %d rows: %d rows in all", size, at)
		}
	}
	for _, err := range pytables.Parts(file, "array", 1, nil) {
		if err == nil {
			t.Error("an array is a table")
		}
	}
}

func mustArray(t *testing.T, data []float64) *ndarray.Array {
	t.Helper()
	a, err := ndarray.FromSlice(data)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
