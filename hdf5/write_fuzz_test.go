package hdf5_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// hostileSeed returns a small file that can be added to.
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

// addTo adds to any file, wherever something can be added, and reads the result.
func addTo(t testing.TB, path string, data []byte) {
	t.Helper()
	must(t, os.WriteFile(path, data, 0o600))
	old, err := hdf5.NewBytes(data, small)
	if err != nil {
		return
	}
	w, err := hdf5.OpenFile(path, nil)
	if err != nil {
		return
	}
	defer w.Abort()
	objects := 0
	for o, err := range old.Walk() {
		if objects++; objects > 20 {
			break
		}
		if err == nil {
			addToObject(w, o)
		}
	}
	_ = w.Dataset("g/z", array(t, count[int32](6), 3, 2), nil)
	_ = w.Group("a/b/c")
	_ = w.HardLink("hard", "x")
	if w.Close() != nil {
		return
	}
	data, err = os.ReadFile(path)
	must(t, err)
	exercise(t, data, small)
}

func addToObject(w *hdf5.Writer, o hdf5.Object) {
	path := o.Path()
	for a, err := range o.Attrs() {
		if err == nil {
			_ = w.SetAttr(path, a.Name(), "set")
		}
		break
	}
	_ = w.SetAttr(path, "n", 2)
	_ = w.HardLink("hard to"+strings.ReplaceAll(path, "/", " "), path)
	switch o := o.(type) {
	case *hdf5.Group:
		_ = w.Group(path + "/added")
		_ = w.SoftLink(path+"/soft", "x")
	case *hdf5.Dataset:
		row := 1
		for _, n := range o.Shape()[min(1, len(o.Shape())):] {
			row *= n
		}
		p, err := w.Extend(path)
		if err != nil || row > 1<<16 {
			return
		}
		if a, err := ndarray.Zeros(o.DType(), append([]int{1}, o.Shape()[1:]...)...); err == nil {
			_ = p.Append(a)
		}
	}
}

// Bytes of files are changed before the files are added to: some, or all of them if
// UNPKL_HDF5_EVERY_BYTE is set, which takes minutes.
func TestAddToHostile(t *testing.T) {
	hdf5.DoNotSync()
	files := keptFiles(t, 16<<10)
	files["own"] = hostileSeed(t)
	every := os.Getenv("UNPKL_HDF5_EVERY_BYTE") != ""
	path := filepath.Join(t.TempDir(), "x.h5")
	for name, seed := range files {
		addTo(t, path, seed)
		step := 7993
		if every {
			step = 1
		} else if name == "own" {
			step = 211
		}
		for at := len(name) % step; at < len(seed); at += step {
			for _, x := range []byte{seed[at] ^ 0x80, seed[at] + 1, 0xff} {
				data := bytes.Clone(seed)
				data[at] = x
				addTo(t, path, hdf5.FixChecksums(data))
			}
			addTo(t, path, seed[:at])
		}
	}
}

// FuzzOpenFile adds to hostile files. The result is an error or a file, never a panic or a hang.
func FuzzOpenFile(f *testing.F) {
	hdf5.DoNotSync()
	f.Add(hostileSeed(f))
	for _, data := range keptFiles(f, 12<<10) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) <= 1<<18 {
			addTo(t, filepath.Join(t.TempDir(), "x.h5"), hdf5.FixChecksums(data))
		}
	})
}
