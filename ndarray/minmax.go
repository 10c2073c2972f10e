package ndarray

import "math"

// Min returns the least elements along the given axes, or of the whole array if none are given, as
// an array of the same dtype without those axes: numpy.min. As in NumPy, the result is NaN if there
// is a NaN among floats or complex numbers, and NaT if there is one among times. Complex numbers
// are ordered by their real parts first. The error is of the kind ErrDType for text, long doubles,
// objects and other dtypes without an order, of the kind ErrShape if a result would be that of no
// elements, and of the kind ErrBounds for an axis that does not exist.
func (a *Array) Min(axes ...int) (*Array, error) { return a.extreme(axes, "min", -1) }

// Max returns the greatest elements, as [Array.Min] returns the least: numpy.max.
func (a *Array) Max(axes ...int) (*Array, error) { return a.extreme(axes, "max", 1) }

// extreme returns the least elements if sign is -1, and the greatest if it is 1.
func (a *Array) extreme(axes []int, name string, sign int) (*Array, error) {
	r, err := reduceOver(a, axes)
	if err != nil {
		return nil, err
	}
	if r.count == 0 && r.size > 0 {
		return nil, errorf(ErrShape, "%s of nothing in an array of shape %s", name,
			shapeText(a.Shape()))
	}
	dt := a.DType()
	switch dt.kind {
	case KindBool:
		f := a.floatAt()
		bools := make([]bool, r.size)
		for i, x := range extremesOf(r, f, sign, nil) {
			bools[i] = x != 0
		}
		return result(r, bools, nil)
	case KindInt:
		return a.narrowed(r, extremesOf(r, a.intAt(), sign, nil))
	case KindUint:
		return narrowedUint(r, extremesOf(r, a.uintAt(), sign, nil), dt)
	case KindTimedelta, KindDatetime:
		isNaT := func(x int64) bool { return x == NaT }
		return result(r, extremesOf(r, a.intAt(), sign, isNaT), dt.NewByteOrder(NativeEndian))
	case KindFloat:
		return a.extremeFloat(r, name, sign)
	case KindComplex:
		if dt.itemsize <= 16 {
			return a.extremeComplex(r, sign)
		}
	}
	return nil, noExtreme(a, name)
}

func noExtreme(a *Array, name string) error {
	return errorf(ErrDType, "no %s of an array of dtype %s, shape %s", name, a.DType().brief(),
		shapeText(a.Shape()))
}

// extremesOf returns the extremes of numbers. odd, if not nil, reports whether a number, such as a
// NaN, is the result wherever it occurs.
func extremesOf[T int64 | uint64 | float64](r *reduction, at func(pos int) T, sign int,
	odd func(T) bool) []T {
	best := make([]T, r.size)
	met := make([]bool, r.size)
	r.each(func(pos, out int, x reduceAxis) {
		for range x.n {
			v := at(pos)
			switch {
			case !met[out]:
				best[out], met[out] = v, true
			case odd != nil && (odd(best[out]) || odd(v)):
				if odd(v) && !odd(best[out]) {
					best[out] = v
				}
			case sign < 0 && v < best[out] || sign > 0 && v > best[out]:
				best[out] = v
			}
			pos, out = pos+x.in, out+x.out
		}
	})
	return best
}

// narrowed returns integers as an array of a's own itemsize.
func (a *Array) narrowed(r *reduction, values []int64) (*Array, error) {
	switch a.DType().itemsize {
	case 1:
		return result(r, converted[int8](values), nil)
	case 2:
		return result(r, converted[int16](values), nil)
	case 4:
		return result(r, converted[int32](values), nil)
	}
	return result(r, values, nil)
}

func narrowedUint(r *reduction, values []uint64, dt *DType) (*Array, error) {
	switch dt.itemsize {
	case 1:
		return result(r, converted[uint8](values), nil)
	case 2:
		return result(r, converted[uint16](values), nil)
	case 4:
		return result(r, converted[uint32](values), nil)
	}
	return result(r, values, nil)
}

func converted[T,
	F int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](values []F) []T {
	out := make([]T, len(values))
	for i, v := range values {
		out[i] = T(v)
	}
	return out
}

func (a *Array) extremeFloat(r *reduction, name string, sign int) (*Array, error) {
	isNaN := func(x float64) bool { return x != x }
	if a.DType().itemsize > 8 {
		return nil, noExtreme(a, name)
	}
	values := extremesOf(r, a.floatAt(), sign, isNaN)
	switch a.DType().itemsize {
	case 2:
		halves := make([]Float16, len(values))
		for i, x := range values {
			halves[i] = NewFloat16(x)
		}
		return result(r, halves, nil)
	case 4:
		floats := make([]float32, len(values))
		for i, x := range values {
			floats[i] = float32(x)
		}
		return result(r, floats, nil)
	}
	return result(r, values, nil)
}

func (a *Array) extremeComplex(r *reduction, sign int) (*Array, error) {
	at := a.complexAt()
	best := make([]complex128, r.size)
	met := make([]bool, r.size)
	isNaN := func(z complex128) bool { return math.IsNaN(real(z)) || math.IsNaN(imag(z)) }
	r.each(func(pos, out int, x reduceAxis) {
		for range x.n {
			switch v := at(pos); {
			case !met[out], isNaN(v) && !isNaN(best[out]):
				best[out], met[out] = v, true
			case !isNaN(best[out]) && beyond(v, best[out], sign):
				best[out] = v
			}
			pos, out = pos+x.in, out+x.out
		}
	})
	if a.DType().itemsize == 16 {
		return result(r, best, nil)
	}
	short := make([]complex64, len(best))
	for i, z := range best {
		short[i] = complex64(z)
	}
	return result(r, short, nil)
}

// beyond reports whether v is less than the other number if sign is -1, or greater if it is 1.
func beyond(v, than complex128, sign int) bool {
	if sign < 0 {
		v, than = than, v
	}
	return real(v) > real(than) || real(v) == real(than) && imag(v) > imag(than)
}
