package convert_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// TestHDF5EmptyText: datasets of text without elements are read as empty arrays.
func TestHDF5EmptyText(t *testing.T) {
	t.Parallel()
	object, err := ndarray.ParseDType("O")
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range [][]int{{0}, {0, 5}, {5, 0}} {
		a, err := ndarray.NewObjects(object, shape, ndarray.OrderC, nil)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "empty.h5")
		w, err := hdf5.Create(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Dataset("x", a, nil); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		v, err := convert.Read(path + "#/x")
		got, ok := v.(*ndarray.Array)
		if err != nil || !ok || !slices.Equal(got.Shape(), shape) {
			t.Errorf("%v: %v, %v", shape, v, err)
		}
	}
}
