package stats_test

import (
	"math/rand/v2"
	"testing"

	"github.com/unpkl/unpkl/internal/stats"
	"github.com/unpkl/unpkl/ndarray"
)

// BenchmarkArray reads 256 MB of float64.
func BenchmarkArray(b *testing.B) {
	values := make([]float64, 32<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range values {
		values[i] = r.NormFloat64()
	}
	a, err := ndarray.FromSlice(values)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(a.NBytes()))
	for b.Loop() {
		if _, err := stats.Array(a, nil); err != nil {
			b.Fatal(err)
		}
	}
}
