package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/unpkl/unpkl/internal/stats"
	"github.com/unpkl/unpkl/ndarray"
)

func arrayOf[T ndarray.Element](t *testing.T, values []T, shape ...int) *ndarray.Array {
	t.Helper()
	a, err := ndarray.FromSlice(values, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestDistinctEstimate checks that the estimate of distinct values in large arrays is near the real
// number whatever the distribution of the values.
func TestDistinctEstimate(t *testing.T) {
	const n = 1 << 18
	r := rand.New(rand.NewPCG(1, 2))
	for name, value := range map[string]func(i int) float64{
		"counted":       func(i int) float64 { return float64(i) },
		"random":        func(int) float64 { return r.NormFloat64() },
		"half are same": func(i int) float64 { return float64(i / 2) },
		"20,000":        func(i int) float64 { return float64(i%20000) * 1.5 },
		"few":           func(i int) float64 { return float64(i % 7) },
		"tiny steps":    func(i int) float64 { return 1 + float64(i)*0x1p-50 },
	} {
		values, seen := make([]float64, n), map[float64]bool{}
		for i := range values {
			values[i] = value(i)
			seen[values[i]] = true
		}
		s, err := stats.Array(arrayOf(t, values), nil)
		if err != nil {
			t.Fatal(err)
		}
		off := math.Abs(float64(s.Distinct)/float64(len(seen)) - 1)
		if exact := len(seen) < 1<<14; exact == s.DistinctEstimated || off > 0.05 ||
			exact && off != 0 {
			t.Errorf("%s: %d different, estimated %v: it says %d", name, len(seen),
				s.DistinctEstimated, s.Distinct)
		}
	}
}

// TestPieces compares the statistics of an array read in pieces by several goroutines with those of
// a plain loop, for every memory layout.
func TestPieces(t *testing.T) {
	const rows, columns = 3000, 700
	values := make([]float64, rows*columns)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range values {
		values[i] = 1e6 + r.NormFloat64()
	}
	values[77], values[1234567] = math.NaN(), math.NaN()
	a := arrayOf(t, values, rows, columns)
	step, err := a.Slice(0, 0, rows, 2)
	if err != nil {
		t.Fatal(err)
	}
	some := make([]float64, 0, len(values)/2)
	for i := 0; i < rows; i += 2 {
		some = append(some, values[i*columns:(i+1)*columns]...)
	}
	for name, c := range map[string]struct {
		a      *ndarray.Array
		values []float64
	}{"C": {a, values}, "F": {a.T(), values}, "strided": {step, some}} {
		s, err := stats.Array(c.a, nil)
		if err != nil {
			t.Fatal(err)
		}
		n, sum, least, greatest := 0, 0.0, math.Inf(1), math.Inf(-1)
		for _, v := range c.values {
			if v == v {
				n, sum, least, greatest = n+1, sum+v, min(least, v), max(greatest, v)
			}
		}
		mean, squares := sum/float64(n), 0.0
		for _, v := range c.values {
			if v == v {
				squares += (v - mean) * (v - mean)
			}
		}
		std := math.Sqrt(squares / float64(n))
		if s.Count != int64(n) || s.Missing != int64(len(c.values)-n) || s.Min != least ||
			s.Max != greatest ||
			math.Abs(s.Mean.(float64)-mean) > 1e-9*mean || math.Abs(s.Std-std) > 1e-6*std {
			t.Errorf("%s: %+v; want %d of %d, %v to %v, mean %v, std %v", name, s, n, len(c.values),
				least, greatest, mean, std)
		}
		if q := s.Quantiles[2].(float64); s.Sampled < 100_000 || math.Abs(q-1e6) > 0.02 {
			t.Errorf("%s: the median of a sample of %d is %v", name, s.Sampled, q)
		}
	}
}
