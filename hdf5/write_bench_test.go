package hdf5_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// waves returns data that compresses as well as measurements do.
func waves(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Round(1000*math.Sin(float64(i)/50)) / 8
	}
	return x
}

func BenchmarkWrite(b *testing.B) {
	a := array(b, waves(8<<20), 8<<10, 1<<10)
	for name, opts := range map[string]*hdf5.DatasetOptions{
		"contiguous":       nil,
		"chunked":          {Chunks: []int{128, 1024}},
		"deflate4-shuffle": {Chunks: []int{128, 1024}, Deflate: 4, Shuffle: true},
		"deflate1":         {Chunks: []int{128, 1024}, Deflate: 1},
		"lzf-shuffle":      {Chunks: []int{128, 1024}, LZF: true, Shuffle: true},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(a.NBytes()))
			path := filepath.Join(b.TempDir(), "x.h5")
			for b.Loop() {
				w, err := hdf5.Create(path, nil)
				must(b, err)
				must(b, w.Dataset("x", a, opts))
				must(b, w.Close())
			}
		})
	}
	b.Run("append", func(b *testing.B) {
		b.SetBytes(int64(a.NBytes()))
		b.ReportAllocs()
		path := filepath.Join(b.TempDir(), "x.h5")
		for b.Loop() {
			w, err := hdf5.Create(path, nil)
			must(b, err)
			p, err := w.Appendable("x", ndarray.DTypeOf[float64](), []int{1024}, nil)
			must(b, err)
			for i := range a.Shape()[0] / 16 {
				part, err := a.Slice(0, 16*i, 16*i+16, 1)
				must(b, err)
				must(b, p.Append(part))
			}
			must(b, w.Close())
		}
	})
}
