package hdf5_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// create makes a file in a folder of the test and returns its path once write has filled it.
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

// count is the numbers from 0 on.
func count[T int32 | int64 | float32 | float64 | uint8](n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(i)
	}
	return x
}

// python runs a script with the file's path as its argument: under UNPKL_PYTHON it has to work,
// without that the test is skipped.
func python(t testing.TB, script string, args ...string) string {
	t.Helper()
	exe := os.Getenv("UNPKL_PYTHON")
	if exe == "" {
		t.Skip("UNPKL_PYTHON is not set")
	}
	out, err := exec.Command(exe, append([]string{"-c", script}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestWriteFirst(t *testing.T) {
	path := create(t, func(w *hdf5.Writer) {
		must(t, w.Dataset("/g/sub/x", array(t, count[int32](12), 3, 4), nil))
		must(t, w.Dataset("y", array(t, count[float64](1000), 10, 100), &hdf5.DatasetOptions{
			Deflate: 4, Shuffle: true, Fletcher32: true, Chunks: []int{4, 33}}))
		must(t, w.Group("empty"))
		must(t, w.SetAttr("/", "title", "größe"))
	})
	t.Log(python(t, `
import sys, h5py, numpy as np
with h5py.File(sys.argv[1]) as f:
    f.visititems(print)
    print(f['g/sub/x'][...].tolist(), dict(f.attrs))
    assert (f['y'][...] == np.arange(1000.).reshape(10,100)).all()
`, path))
}
