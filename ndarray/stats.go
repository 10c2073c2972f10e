package ndarray

import "math"

// Stats are what [Array.Stats] finds.
type Stats struct {
	// Min and Max are the least and the greatest element: int64, uint64 or, for floats
	// of any size and bools (0 and 1), float64. As numpy.min and numpy.max say, they are NaN if
	// any element is. They are nil for an array without elements.
	Min, Max any
	// Mean is the arithmetic mean, NaN if any element is or there are none.
	Mean float64
	// NaN is how many elements are NaN.
	NaN int
}

// Stats returns the least and greatest element, the mean and the number of NaNs of an array of
// bools, integers or floats, in one pass. The sum is kept in float64 with the rounding
// errors added back, so that the mean may be better in its last digits than
// NumPy's. Long doubles count as their nearest float64. Other dtypes are an error of the
// kind ErrDType.
func (a *Array) Stats() (Stats, error) {
	if err := a.alive(); err != nil {
		return Stats{}, err
	}
	f := a.floatAt()
	if f == nil {
		return Stats{}, errorf(ErrDType, "an array of dtype %s, shape %s has no real numbers",
			a.DType().brief(), shapeText(a.Shape()))
	}
	if a.Size() == 0 {
		return Stats{Mean: math.NaN()}, nil
	}
	var st Stats
	st.Mean, st.NaN = a.mean(f)
	switch {
	case a.DType().kind == KindInt:
		st.Min, st.Max = extremes(a, a.intAt())
	case a.DType().kind == KindUint:
		st.Min, st.Max = extremes(a, a.uintAt())
	case st.NaN > 0:
		st.Min, st.Max = math.NaN(), math.NaN()
	default:
		st.Min, st.Max = extremes(a, f)
	}
	return st, nil
}

// mean sums with Neumaier's compensation.
func (a *Array) mean(f func(pos int) float64) (mean float64, nan int) {
	sum, lost := 0.0, 0.0
	for pos := range a.positions() {
		x := f(pos)
		if x != x {
			nan++
		}
		t := sum + x
		if math.Abs(sum) >= math.Abs(x) {
			lost += (sum - t) + x
		} else {
			lost += (x - t) + sum
		}
		sum = t
	}
	if math.IsInf(sum, 0) || sum != sum {
		lost = 0 // it is NaN by now
	}
	return (sum + lost) / float64(a.Size()), nan
}

func extremes[T int64 | uint64 | float64](a *Array, at func(pos int) T) (least, greatest T) {
	least, greatest = at(a.pos), at(a.pos)
	for pos := range a.positions() {
		x := at(pos)
		least, greatest = min(least, x), max(greatest, x)
	}
	return least, greatest
}
