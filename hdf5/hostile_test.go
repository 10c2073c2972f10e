package hdf5_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/unpkl/unpkl/hdf5"
)

// small are limits under which a file of a few KiB cannot ask for much memory.
var small = &hdf5.Options{Bytes: 4 << 20, ChunkBytes: 1 << 20, Members: 1 << 12, Workers: 1}

// exercise reads everything in a file, and checks that errors are those of this package.
func exercise(t testing.TB, data []byte, opts *hdf5.Options) {
	f, err := hdf5.NewBytes(data, opts)
	if err != nil {
		known(t, err)
		return
	}
	defer f.Close()
	objects := 0
	for o, err := range f.Walk() {
		if err != nil {
			known(t, err)
		}
		if objects++; objects > 2000 {
			return
		}
		if o == nil || err != nil {
			continue
		}
		for a, err := range o.Attrs() {
			if err != nil {
				known(t, err)
				continue
			}
			if _, err := a.Value(); err != nil {
				known(t, err)
			}
		}
		if g, ok := o.(*hdf5.Group); ok {
			names, _ := g.Names()
			for _, name := range names[:min(len(names), 8)] {
				if _, err := g.Object(name); err != nil {
					known(t, err)
				}
			}
		}
		if d, ok := o.(*hdf5.Dataset); ok {
			exerciseDataset(t, d)
		}
	}
}

func exerciseDataset(t testing.TB, d *hdf5.Dataset) {
	if _, err := d.Read(); err != nil {
		known(t, err)
	}
	if _, err := d.FillValue(); err != nil {
		known(t, err)
	}
	shape := d.Shape()
	if n := len(d.Datatype().Dims); d.IsNull() || n > 0 {
		return
	}
	start, count, step := make([]int, len(shape)), make([]int, len(shape)), make([]int, len(shape))
	for i, n := range shape {
		start[i], step[i] = n/3, 2
		count[i] = min((n-n/3+1)/2, 3)
	}
	if _, err := d.Slice(start, count, step); err != nil {
		known(t, err)
	}
	parts := 0
	for _, err := range d.Chunks() {
		if err != nil {
			known(t, err)
		}
		if parts++; parts > 20 {
			break
		}
	}
}

// known checks that an error is of one of the documented kinds.
func known(t testing.TB, err error) {
	var e *hdf5.Error
	if !errors.As(err, &e) {
		t.Errorf("%v is a %T", err, err)
		return
	}
	for _, kind := range []error{
		hdf5.ErrTruncated, hdf5.ErrMalformed, hdf5.ErrLimit, hdf5.ErrUnsupported,
		hdf5.ErrNotFound, hdf5.ErrSelection,
	} {
		if errors.Is(err, kind) {
			return
		}
	}
	t.Errorf("%v is of no kind", err)
}

// keptFiles returns the files in testdata of at most size bytes.
func keptFiles(t testing.TB, size int) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../testdata/hdf5/*.h5")
	if err != nil || len(paths) == 0 {
		t.Fatal("no files", err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) <= size {
			files[filepath.Base(path)] = data
		}
	}
	return files
}

// TestEveryByte changes bytes of the kept files, one at a time, and reads the files: some bytes, or
// all of them if UNPKL_HDF5_EVERY is set, which takes minutes.
func TestEveryByte(t *testing.T) {
	every := os.Getenv("UNPKL_HDF5_EVERY") != ""
	for name, data := range keptFiles(t, 64<<10) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stride := 1
			if !every {
				stride = max(len(data)/15, 1) | 1
			}
			changed := bytes.Clone(data)
			for i := 0; i < len(data); i += stride {
				for _, to := range []byte{data[i] ^ 1, data[i] ^ 0xff, 0} {
					if to == data[i] {
						continue
					}
					changed[i] = to
					started := time.Now()
					exercise(t, changed, small)
					if took := time.Since(started); took > 10*time.Second {
						t.Errorf("byte %d to %d: took %v", i, to, took)
					}
				}
				changed[i] = data[i]
			}
		})
	}
}

// TestCut truncates the kept files at every byte, or in a short run at some bytes.
func TestCut(t *testing.T) {
	every := os.Getenv("UNPKL_HDF5_EVERY") != ""
	for name, data := range keptFiles(t, 64<<10) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stride := 1
			if !every {
				stride = max(len(data)/100, 1)
			}
			for n := 0; n < len(data); n += stride {
				_, err := hdf5.NewBytes(data[:n], small)
				if err == nil {
					t.Fatalf("cut at %d: no error", n)
				}
				known(t, err)
			}
		})
	}
}

// TestMemory: the memory that reading a changed file takes is bounded by the limits, not by the
// sizes in the file.
func TestMemory(t *testing.T) {
	data := keptFiles(t, 1<<20)["layout_growing_latest.h5"]
	var before, after runtime.MemStats
	changed := bytes.Clone(data)
	for i := 0; i < len(data); i += 97 {
		changed[i] ^= 0xff
		runtime.ReadMemStats(&before)
		exercise(t, changed, small)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 256<<20 {
			t.Errorf("byte %d: %d bytes allocated", i, n)
		}
		changed[i] = data[i]
	}
}
