package hdf5_test

import (
	"os"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// BenchmarkRead reads the datasets of the file that UNPKL_HDF5_BENCH names, which
// scripts/gen_hdf5_bench.py writes and reads with h5py.
func BenchmarkRead(b *testing.B) {
	path := os.Getenv("UNPKL_HDF5_BENCH")
	if path == "" {
		b.Skip("UNPKL_HDF5_BENCH names no file")
	}
	f, err := hdf5.Open(path, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		name, path   string
		start, count []int
	}{
		{"contig", "contig", nil, nil},
		{"gz", "gz", nil, nil},
		{"chunk", "chunk", nil, nil},
		{"lzf", "lzf", nil, nil},
		{"sparse", "sparse", []int{50000, 70000}, []int{1000, 1000}},
		{"sparseoff", "sparse", []int{50250, 70250}, []int{1000, 1000}},
		{"gzcol", "gz", []int{0, 5}, []int{8192, 1}},
		{"vstr", "vstr", nil, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			d, err := f.Dataset(c.path)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				a, err := d.Slice(c.start, c.count, nil)
				if err != nil {
					b.Fatal(err)
				}
				if c.name == "contig" {
					touch(b, a)
				}
				b.SetBytes(int64(a.NBytes()))
			}
		})
	}
}

// touch copies the elements, so that the pages of a mapping are read.
func touch(b *testing.B, a *ndarray.Array) {
	if _, err := ndarray.Values[float64](a); err != nil {
		b.Fatal(err)
	}
}
