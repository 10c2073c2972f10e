package hdf5_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
)

// hostileSeed is a small file with what can be added to.
func hostileSeed(t testing.TB) []byte {
	t.Helper()
	path := create(t, func(w *hdf5.Writer) {
		x := array(t, count[int32](6), 3, 2)
		must(t, w.Dataset("x", x, &hdf5.DatasetOptions{
			Chunks: []int{2, 1}, MaxShape: []int{hdf5.Unlimited, 2}, Deflate: 1}))
		must(t, w.Dataset("g/y", x, nil))
		must(t, w.SetAttr("x", "n", 1))
		must(t, w.SetAttr("/", "text", "text"))
	})
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// addTo adds to a file that may be anything.
func addTo(t testing.TB, path string, data []byte) {
	t.Helper()
	must(t, os.WriteFile(path, data, 0o600))
	w, err := hdf5.OpenFile(path, nil)
	if err != nil {
		return
	}
	defer w.Abort()
	x := array(t, count[int32](6), 3, 2)
	_ = w.Dataset("g/z", x, nil)
	_ = w.Group("a/b/c")
	_ = w.HardLink("hard", "x")
	_ = w.SetAttr("x", "n", 2)
	_ = w.SetAttr("g", "n", 2)
	if p, err := w.Extend("x"); err == nil {
		_ = p.Append(x)
	}
	if w.Close() != nil {
		return
	}
	if f, err := hdf5.Open(path, nil); err == nil {
		_ = f.Close()
	}
}

// Bytes of a file are changed before it is added to.
func TestAddToHostile(t *testing.T) {
	hdf5.DoNotSync()
	seed := hostileSeed(t)
	path := filepath.Join(t.TempDir(), "x.h5")
	step := 211
	if os.Getenv("UNPKL_HDF5_EVERY_BYTE") != "" {
		step = 1
	}
	for at := 0; at < len(seed); at += step {
		for _, x := range []byte{seed[at] ^ 0x80, seed[at] + 1, 0xff} {
			data := bytes.Clone(seed)
			data[at] = x
			addTo(t, path, data)
		}
		addTo(t, path, seed[:at])
	}
}

// FuzzOpenFile adds to hostile files: an error or a file, no panic and no hang.
func FuzzOpenFile(f *testing.F) {
	hdf5.DoNotSync()
	f.Add(hostileSeed(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		addTo(t, filepath.Join(t.TempDir(), "x.h5"), data)
	})
}
