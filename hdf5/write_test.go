package hdf5_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// create creates a file in a folder of the test, calls write, and returns the path.
func create(t testing.TB, write func(w *hdf5.Writer)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.h5")
	w, err := hdf5.Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	write(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// array is FromSlice for tests.
func array[T ndarray.Element](t testing.TB, data []T, shape ...int) *ndarray.Array {
	t.Helper()
	a, err := ndarray.FromSlice(data, shape...)
	must(t, err)
	return a
}

// count returns the numbers from 0 to n-1.
func count[T int32 | int64 | float32 | float64 | uint8](n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(i)
	}
	return x
}

// needPython returns UNPKL_HDF5_PYTHON, and skips the test if it is not set.
func needPython(t testing.TB) string {
	t.Helper()
	exe := os.Getenv("UNPKL_HDF5_PYTHON")
	if exe == "" {
		t.Skip("UNPKL_HDF5_PYTHON is not set")
	}
	return exe
}

// python runs a script with arguments under UNPKL_HDF5_PYTHON, and fails the test if the script
// fails.
func python(t testing.TB, script string, args ...string) string {
	t.Helper()
	cmd := exec.Command(needPython(t), append([]string{"-c", script}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// openWritten opens a file that was written with this package's own reader.
func openWritten(t testing.TB, path string) *hdf5.File {
	t.Helper()
	f, err := hdf5.Open(path, nil)
	must(t, err)
	t.Cleanup(func() { must(t, f.Close()) })
	return f
}

func TestWrittenArraysReadBack(t *testing.T) {
	want := map[string]*ndarray.Array{}
	path := create(t, func(w *hdf5.Writer) {
		for d, dtype := range writtenDTypes {
			for s, shape := range writtenShapes {
				a := randomArray(t, dtype, shape)
				for kind, options := range writtenOptions(shape) {
					name := fmt.Sprintf("%d-%d/%s", d, s, kind)
					want[name] = a
					must(t, w.Dataset(name, a, options))
				}
				must(t, w.SetAttr(fmt.Sprintf("%d-%d", d, s), "value", a))
			}
		}
	})
	f := openWritten(t, path)
	for name, a := range want {
		d, err := f.Dataset(name)
		must(t, err)
		got, err := d.Read()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !sameElements(t, got, a) {
			t.Errorf("%s: %v, not %v", name, got.DType(), a.DType())
		}
		g, err := f.Group(filepath.Dir(name))
		must(t, err)
		attr, err := g.Attr("value")
		must(t, err)
		got, err = attr.Read()
		must(t, err)
		if !sameElements(t, got, a) {
			t.Errorf("%s, attribute: %v, not %v", name, got.DType(), a.DType())
		}
	}
}

// sameElements compares arrays, or their bytes if HDF5 has another dtype for them.
func sameElements(t testing.TB, a, b *ndarray.Array) bool {
	t.Helper()
	if a.Equal(b) {
		return true
	}
	x, err := a.AppendBytes(nil, ndarray.OrderC)
	must(t, err)
	y, err := b.AppendBytes(nil, ndarray.OrderC)
	must(t, err)
	return slices.Equal(a.Shape(), b.Shape()) && bytes.Equal(x, y)
}
