// Package stats computes statistics of arrays, columns and lists in one pass: the number of
// elements, missing ones and distinct ones, the extremes, mean, standard deviation and quantiles.
// Several goroutines read large arrays piece by piece from where they lie in the file.
package stats

import (
	"math"
	"slices"

	"github.com/unpkl/unpkl/ndarray"
)

// Summary has the statistics of a sequence of elements. If they are no numbers or times, Mean and
// Std are NaN and Quantiles is nil.
type Summary struct {
	// Count is the number of elements that are not missing. Missing is the number of those that are
	// NaN, NaT, None or masked.
	Count, Missing int64
	// Distinct is the number of distinct elements. If there are many, it is an estimate, and
	// DistinctEstimated is set.
	Distinct          int64
	DistinctEstimated bool
	// Min and Max are the least and the greatest element: an int64, uint64, float64, string,
	// ndarray.Datetime64 or Timedelta64, or a time.Time of a column with a time zone. They are nil if
	// there are no elements and for complex numbers.
	Min, Max any
	// Mean is the arithmetic mean: a float64, a complex128, or an ndarray.Datetime64 or time.Time.
	Mean any
	// Std is the standard deviation of the population, as numpy.std computes it. For times it is in
	// units of the dtype.
	Std float64
	// Unit is the unit of Std, and of Mean and Quantiles of timedeltas. Its Base is "" if the elements
	// are no times.
	Unit ndarray.DatetimeUnit
	// Quantiles are the quantiles at Fractions, interpolated as numpy.quantile does. Each is a
	// float64, or a time of the type of Min. If Sampled is not 0, they were computed from a sample
	// of that many elements.
	Quantiles []any
	Sampled   int
	// Bins is a histogram of the elements that the quantiles were computed from, with bins of equal
	// width between their extremes.
	Bins []int
}

// HasMean reports whether the elements are of a kind that has a mean.
func (s *Summary) HasMean() bool {
	f, ok := s.Mean.(float64)
	_, text := s.Min.(string)
	return s.Mean != nil && !text && (!ok || f == f || s.Min != nil)
}

// Fractions says which quantiles a Summary has.
var Fractions = []float64{0.05, 0.25, 0.5, 0.75, 0.95}

const (
	// maxExact is the greatest number of elements for which the quantiles are exact.
	maxExact = 1 << 20
	// sampleSize is the approximate number of elements in the sample of a larger array.
	sampleSize = 1 << 17
	// bins is the length of Summary.Bins.
	bins = 24
)

// moments are the count, the mean and the sum of squared deviations of some elements. They are
// merged by the formulas of Chan, Golub and LeVeque (1979), which keep the digits that plain sums
// of squares lose.
type moments struct {
	n        int64
	mean, m2 float64 // m2 is the sum of squared deviations from the mean
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

// sample has what the quantiles and the number of distinct elements are computed from.
type sample struct {
	values   []float64
	distinct distinct
}

// addSample adds the quantiles, the histogram and the number of distinct elements. sampled says
// that k.values are not all of the elements.
func (s *Summary) addSample(k *sample, sampled bool) {
	s.Distinct, s.DistinctEstimated = k.distinct.count()
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

// quantile interpolates between the two sorted values nearest to the quantile at fraction f, as
// method "linear" of numpy.quantile does.
func quantile(sorted []float64, f float64) float64 {
	at := f * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	a, b, t := sorted[i], sorted[i+1], at-float64(i)
	if t >= 0.5 { // count from the nearer value, which loses fewer digits
		return b - (b-a)*(1-t)
	}
	return a + (b-a)*t
}

// histogram counts sorted values in bins of equal width.
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
