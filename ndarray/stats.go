package ndarray

import "math"

// Stats is the result of [Array.Stats].
type Stats struct {
	// Min and Max are the least and the greatest element: int64, uint64, or float64 for floats of
	// any size and for bools (0 and 1). As in numpy.min and numpy.max, they are NaN if any element
	// is NaN. They are nil for an array without elements.
	Min, Max any
	// Mean is the arithmetic mean. It is NaN if any element is NaN, or if there are none.
	Mean float64
	// NaN is the number of elements that are NaN.
	NaN int
}

// Stats returns the least and greatest element, the mean and the number of NaNs of an array of
// bools, integers or floats, in one pass. The sum is computed in float64 with compensation of
// rounding errors, so its last digits may be more exact than NumPy's. Long doubles are rounded to
// float64. For other dtypes the error is of the kind ErrDType.
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

// mean computes the sum with Neumaier's compensation.
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
		lost = 0 // The compensation is NaN if the sum is infinite.
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
