// Package stats sums up arrays, columns and lists in one pass: how many elements there are and are
// missing, the least and greatest, mean, standard deviation, quantiles, how many are different.
// Large arrays are read by several goroutines, piece by piece, as they lie in the file.
package stats

import (
	"math"
	"slices"

	"github.com/unpkl/unpkl/ndarray"
)

// Summary is what is found. Of values that are no numbers Mean, Std and Quantiles are NaN and nil.
type Summary struct {
	// Count is the number of elements that are there, Missing that of the others: NaN, NaT, None,
	// what is masked.
	Count, Missing int64
	// Distinct is how many different elements there are, of many an estimate.
	Distinct          int64
	DistinctEstimated bool
	// Min and Max are the least and greatest element: int64, uint64, float64, a string, an
	// ndarray.Datetime64 or Timedelta64, a time.Time of a column with a time zone; nil where there are
	// none, and of complex numbers.
	Min, Max any
	// Mean is the arithmetic mean: a float64, a complex128, or an ndarray.Datetime64 or time.Time.
	Mean any
	// Std is the standard deviation of the elements, divided by their number as numpy.std does; of
	// times in units of the dtype.
	Std float64
	// Unit is what Std, and Mean and Quantiles of lengths of time, are ticks of; its Base is "" where
	// the elements are no times.
	Unit ndarray.DatetimeUnit
	// Quantiles are those at Fractions, interpolated as numpy.quantile does: float64, or times as
	// Min is. They are of a sample where Sampled is not 0: so many elements.
	Quantiles []any
	Sampled   int
	// Bins are the counts of the elements that the quantiles are of, in equal parts of the range
	// from Min to Max.
	Bins []int
}

// HasMean reports whether the elements are such that they have a mean.
func (s *Summary) HasMean() bool {
	f, ok := s.Mean.(float64)
	_, text := s.Min.(string)
	return s.Mean != nil && !text && (!ok || f == f || s.Min != nil)
}

// Fractions are the quantiles of a Summary.
var Fractions = []float64{0.05, 0.25, 0.5, 0.75, 0.95}

const (
	// exactMost is how many elements are kept for exact quantiles.
	exactMost = 1 << 20
	// sampleSize is about how many are kept of more.
	sampleSize = 1 << 17
	// bins is the number of Bins.
	bins = 24
)

// moments are those of the elements so far. They are merged by the formulas of Chan, Golub and
// LeVeque (1979), which keep the digits that sums of squares lose.
type moments struct {
	n        int64
	mean, m2 float64 // m2 is the sum of squared differences from the mean
}

func (m *moments) merge(o moments) {
	if o.n == 0 {
		return
	}
	if m.n == 0 {
		*m = o
		return
	}
	n := float64(m.n + o.n)
	delta := o.mean - m.mean
	m.mean += delta * (float64(o.n) / n)
	m.m2 += o.m2 + delta*delta*(float64(m.n)/n*float64(o.n))
	m.n += o.n
}

func (m *moments) std() float64 {
	if m.n == 0 {
		return math.NaN()
	}
	return math.Sqrt(m.m2 / float64(m.n))
}

// kept are elements that quantiles and different values are counted of.
type kept struct {
	values    []float64
	different distinct
}

// finish adds what the kept elements say.
func (s *Summary) finish(k *kept, sampled bool) {
	s.Distinct, s.DistinctEstimated = k.different.count()
	s.Distinct = min(s.Distinct, s.Count)
	if sampled {
		s.Sampled = len(k.values)
	}
	if len(k.values) == 0 {
		return
	}
	slices.Sort(k.values)
	first, last := k.values[0], k.values[len(k.values)-1]
	if math.IsInf(first, 0) || math.IsInf(last, 0) {
		return
	}
	for _, f := range Fractions {
		s.Quantiles = append(s.Quantiles, quantile(k.values, f))
	}
	s.Bins = histogram(k.values)
}

// quantile interpolates between the two nearest of sorted values, as numpy.quantile's method
// "linear".
func quantile(sorted []float64, f float64) float64 {
	at := f * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	a, b, t := sorted[i], sorted[i+1], at-float64(i)
	if t >= 0.5 { // from the nearer one, which loses fewer digits
		return b - (b-a)*(1-t)
	}
	return a + (b-a)*t
}

// histogram counts sorted values in equal parts of their range.
func histogram(sorted []float64) []int {
	first, last := sorted[0], sorted[len(sorted)-1]
	width := last - first
	if width == 0 || math.IsInf(width, 0) {
		return []int{len(sorted)}
	}
	counts := make([]int, bins)
	for _, v := range sorted {
		counts[min(int((v-first)/width*bins), bins-1)]++
	}
	return counts
}
