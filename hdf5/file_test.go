package hdf5_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// TestConcurrent reads one dataset from several goroutines, and closes the file behind them.
func TestConcurrent(t *testing.T) {
	f := open("layout_growing_latest.h5")
	var wait sync.WaitGroup
	for _, name := range []string{"i8le", "f8be", "vstr", "compound"} {
		d, err := f.Dataset(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := d.Read()
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			wait.Go(func() {
				for range 20 {
					got, err := d.Read()
					if err != nil && !errors.Is(err, hdf5.ErrClosed) ||
						err == nil && !got.Equal(want) {
						t.Error(name, got, err)
						return
					}
					for a, err := range d.Attrs() {
						t.Error(a, err)
					}
				}
			})
		}
	}
	wait.Wait()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestClosed: arrays in the mapping are invalid after Close, and their methods say so.
func TestClosed(t *testing.T) {
	f := open("layout_contiguous_latest.h5")
	d, err := f.Dataset("i8le")
	if err != nil {
		t.Fatal(err)
	}
	mapped, err := d.Read()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := f.Dataset("vstr")
	if err != nil {
		t.Fatal(err)
	}
	copied, err := texts.Read()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error("closing twice:", err)
	}
	if _, err := ndarray.Values[int64](mapped); hdf5Mapped && !errors.Is(err, ndarray.ErrClosed) {
		t.Error("an array of a closed file:", err)
	}
	if _, err := ndarray.Strings(copied); err != nil {
		t.Error(err)
	}
	if _, err := d.Read(); !errors.Is(err, hdf5.ErrClosed) {
		t.Error("reading from a closed file:", err)
	}
	if _, err := f.Object("/"); !errors.Is(err, hdf5.ErrClosed) {
		t.Error("an object of a closed file:", err)
	}
}

// hdf5Mapped says that Open maps files on this system.
var hdf5Mapped = func() bool {
	_, err := os.Stat("/proc/self/maps")
	return err == nil
}()

// TestPrivate: writing to an array does not change the file.
func TestPrivate(t *testing.T) {
	data, err := os.ReadFile("../testdata/hdf5/layout_contiguous_latest.h5")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.h5")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := hdf5.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := f.Dataset("i8le")
	if err != nil {
		t.Fatal(err)
	}
	a, err := d.Read()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetAt(int64(math.MaxInt64), 0, 0); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(data) {
		t.Error("the file has changed", err)
	}
}

// TestHuge slices datasets that are larger than memory, with steps larger than a chunk.
func TestHuge(t *testing.T) {
	if math.MaxInt == math.MaxInt32 {
		t.Skip("no int has the indexes")
	}
	large := 1 << 19
	large <<= 19
	for _, name := range []string{"huge_earliest.h5", "huge_latest.h5"} {
		f := open(name)
		defer f.Close()
		for o, err := range f.Walk() {
			if err != nil {
				t.Fatal(err)
			}
			d, ok := o.(*hdf5.Dataset)
			if !ok {
				continue
			}
			started := time.Now()
			a, err := d.Slice([]int{3, 0}, []int{3, 2}, []int{large, 1 << 19})
			if err != nil || fmt.Sprint(a) != "[[1 7]\n [7 7]\n [7 7]]" {
				t.Errorf("%s %s: %v %v", name, o.Path(), a, err)
			}
			chunks := 0
			for _, err := range d.Chunks() {
				if err != nil {
					t.Error(err)
				}
				chunks++
			}
			if chunks < 1 || chunks > 3 {
				t.Errorf("%s %s: %d chunks", name, o.Path(), chunks)
			}
			if took := time.Since(started); took > 5*time.Second {
				t.Errorf("%s %s: took %v", name, o.Path(), took)
			}
		}
	}
}

// TestMillion reads the group of a million members in the file that UNPKL_HDF5_MILLION
// names.
func TestMillion(t *testing.T) {
	path := os.Getenv("UNPKL_HDF5_MILLION")
	if path == "" {
		t.Skip("UNPKL_HDF5_MILLION names no file")
	}
	f, err := hdf5.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g, err := f.Group("g")
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	l, err := g.Link("m0123456")
	t.Logf("one link in %v: %+v %v", time.Since(started), l, err)
	started = time.Now()
	names, err := g.Names()
	t.Logf("%d names in %v %v", len(names), time.Since(started), err)
}

// TestLinks: links that lead to each other are an error.
func TestLinks(t *testing.T) {
	f := open("groups_60_0_earliest.h5")
	defer f.Close()
	if _, err := f.Object("/dangling"); !errors.Is(err, hdf5.ErrNotFound) {
		t.Error(err)
	}
	o, err := f.Object("/many/sub/back/sub/back/sub/./über/deep")
	if err != nil || o.Path() != "/many/sub/back/sub/back/sub/über/deep" {
		t.Error(o, err)
	}
	seen := 0
	for o, err := range f.Walk() {
		if err != nil {
			t.Error(o, err)
		}
		seen++
	}
	if seen != 7 { // with the datasets m00000 and m00049's kin
		t.Error(seen, "objects")
	}
}

func ExampleDataset_Scales() {
	f := open("scales_latest.h5")
	defer f.Close()
	d, err := f.Dataset("/d")
	if err != nil {
		fmt.Println(err)
		return
	}
	scales, err := d.Scales()
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := scales[0][0].Read()
	fmt.Println(len(scales), x, err)
	// Output: 2 [0. 1. 2.] <nil>
}
