package pytables_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/hdf5/pytables"
)

// exercise reads every frame and list in a file.
func exercise(data []byte) {
	f, err := hdf5.NewBytes(data, &hdf5.Options{Bytes: 4 << 20, ChunkBytes: 4 << 20,
		Members: 1 << 12, Workers: 1})
	if err != nil {
		return
	}
	defer f.Close()
	opts := &pytables.Options{Unpickle: func(b []byte) (any, error) { return unpkl.LoadBytes(b) }}
	keys, _ := pytables.Keys(f)
	for _, key := range keys {
		df, err := pytables.Frame(f, key, opts)
		if err != nil {
			continue
		}
		for _, c := range df.Columns {
			for i := range min(c.Len(), 10) {
				_ = c.At(i)
			}
		}
	}
	for o, err := range f.Walk() {
		if d, ok := o.(*hdf5.Dataset); ok && err == nil && len(keys) == 0 {
			pytables.List(d, opts)
			pytables.Array(d)
		}
	}
}

// TestEveryByte changes some bytes of the kept files.
func TestEveryByte(t *testing.T) {
	files, err := filepath.Glob("../../testdata/hdf5/pandas/*.h5")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		stride := len(data)/20 | 1
		if os.Getenv("UNPKL_HDF5_EVERY") != "" {
			stride = 1
		}
		changed := bytes.Clone(data)
		for i := 0; i < len(data); i += stride {
			changed[i] ^= 0xff
			exercise(changed)
			changed[i] = data[i] ^ 1
			exercise(changed)
			changed[i] = data[i]
		}
	}
}

func FuzzFrame(f *testing.F) {
	files, err := filepath.Glob("../../testdata/hdf5/pandas/*.h5")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		if data, err := os.ReadFile(path); err == nil && len(data) < 20<<10 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 1<<20 {
			exercise(data)
		}
	})
}
