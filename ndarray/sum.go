package ndarray

// pairwiseBlock is how many elements are added up by eight sums side by side; more are halved.
//
// Reference: numpy/_core/src/umath/loops_utils.h.src, PW_BLOCKSIZE.
const pairwiseBlock = 128

// bufferSize is how many elements NumPy converts at a time if it adds them as another type.
const bufferSize = 8192

// Sum adds the elements along the given axes, or all elements if none are given, and returns an
// array without those axes: numpy.sum. A negative axis counts from the end.
//
// The dtype of the result is NumPy's: int64 for bools and signed integers and uint64 for unsigned
// ones, which wrap around, and that of the array for floats, complex numbers and timedelta64. A sum
// of floats has the same rounding errors as in NumPy: it is pairwise along the axis that is
// innermost in memory. The error is of the kind ErrDType for other dtypes, including long doubles,
// and of the kind ErrBounds for an axis that does not exist. The sum of no elements is 0.
//
// Reference: numpy/_core/src/umath/loops_utils.h.src, pairwise_sum.
func (a *Array) Sum(axes ...int) (*Array, error) {
	r, err := reduceOver(a, axes)
	if err != nil {
		return nil, err
	}
	dt := a.DType()
	switch dt.kind {
	case KindBool:
		f := a.floatAt()
		return result(r, sumInts(r, func(pos int) int64 { return int64(f(pos)) }), nil)
	case KindInt:
		return result(r, sumInts(r, a.intAt()), nil)
	case KindUint:
		return result(r, sumInts(r, a.uintAt()), nil)
	case KindTimedelta:
		return result(r, sumTimes(r, a.intAt()), dt.NewByteOrder(NativeEndian))
	case KindComplex:
		if dt.itemsize <= 16 {
			return sumComplex(r, dt)
		}
	case KindFloat:
		buffered := !dt.IsNative()
		switch dt.itemsize {
		case 2:
			return result(r, sumHalves(r, buffered), nil)
		case 4:
			return result(r, sumFloats(r, float32At(a), buffered), nil)
		case 8:
			return result(r, sumFloats(r, a.floatAt(), buffered), nil)
		}
	}
	return nil, errorf(ErrDType, "no sum of an array of dtype %s, shape %s", dt.brief(),
		shapeText(a.Shape()))
}

// Mean returns the arithmetic means along the given axes, or of all elements if none are given:
// numpy.mean. Bools and integers are summed as float64 and give float64. Floats and complex numbers
// keep their dtype, and float16 is summed as float32. The mean of no elements is NaN. Errors are
// those of [Array.Sum]; timedelta64 is an error of the kind ErrDType.
//
// Reference: numpy/_core/_methods.py, _mean.
func (a *Array) Mean(axes ...int) (*Array, error) {
	r, err := reduceOver(a, axes)
	if err != nil {
		return nil, err
	}
	dt, n := a.DType(), float64(r.count)
	switch {
	case dt.kind == KindBool, dt.kind == KindInt, dt.kind == KindUint:
		return result(r, divided(sumFloats(r, a.floatAt(), true), n), nil)
	case dt.kind == KindFloat && dt.itemsize == 2:
		sums := divided(sumFloats(r, float32At(a), true), float32(n))
		halves := make([]Float16, len(sums))
		for i, x := range sums {
			halves[i] = NewFloat16(float64(x))
		}
		return result(r, halves, nil)
	case dt.kind == KindFloat && dt.itemsize == 4:
		return result(r, divided(sumFloats(r, float32At(a), !dt.IsNative()), float32(n)), nil)
	case dt.kind == KindFloat && dt.itemsize == 8:
		return result(r, divided(sumFloats(r, a.floatAt(), !dt.IsNative()), n), nil)
	case dt.kind == KindComplex && dt.itemsize == 8:
		re, im := sumParts(r, float32Parts(a), !dt.IsNative())
		return result(r, joined[float32, complex64](dividedParts(re, im, n)), nil)
	case dt.kind == KindComplex && dt.itemsize == 16:
		re, im := sumParts(r, a.partsAt(), !dt.IsNative())
		return result(r, joined[float64, complex128](dividedParts(re, im, n)), nil)
	}
	return nil, errorf(ErrDType, "no mean of an array of dtype %s, shape %s", dt.brief(),
		shapeText(a.Shape()))
}

// float32At returns a function that returns the float at a byte position as a float32.
func float32At(a *Array) func(pos int) float32 {
	f := a.floatAt()
	return func(pos int) float32 { return float32(f(pos)) }
}

// partsAt returns a function that returns the real or imaginary part at a byte position.
func (a *Array) partsAt() func(pos int) float64 {
	half := *a.DType()
	half.kind, half.itemsize = KindFloat, a.DType().itemsize/2
	return (&Array{dt: &half, data: a.data}).floatAt()
}

func float32Parts(a *Array) func(pos int) float32 {
	f := a.partsAt()
	return func(pos int) float32 { return float32(f(pos)) }
}

func divided[T float32 | float64](sums []T, n T) []T {
	for i := range sums {
		sums[i] /= n
	}
	return sums
}

// dividedParts divides complex numbers by a real one, as NumPy does by Smith's method: as
// complex128, with the rounding error of its reciprocal.
func dividedParts[T float32 | float64](re, im []T, n float64) ([]T, []T) {
	if n == 0 {
		return divided(re, 0), divided(im, 0)
	}
	inverse := 1 / n
	for i := range re {
		x, y := float64(re[i]), float64(im[i])
		re[i], im[i] = T((x+y*0)*inverse), T((y-x*0)*inverse)
	}
	return re, im
}

// sumInts adds integers. Sums wrap around.
func sumInts[T int64 | uint64](r *reduction, at func(pos int) T) []T {
	sums := make([]T, r.size)
	r.each(func(pos, out int, x reduceAxis) {
		for range x.n {
			sums[out] += at(pos)
			pos, out = pos+x.in, out+x.out
		}
	})
	return sums
}

// sumTimes adds timedelta64. A sum with a NaT is NaT.
func sumTimes(r *reduction, at func(pos int) int64) []int64 {
	sums := make([]int64, r.size)
	r.each(func(pos, out int, x reduceAxis) {
		for range x.n {
			if v := at(pos); v == NaT || sums[out] == NaT {
				sums[out] = NaT
			} else {
				sums[out] += v
			}
			pos, out = pos+x.in, out+x.out
		}
	})
	return sums
}

// chunk returns how many of n elements NumPy adds pairwise at a time.
func chunk(n int, buffered bool) int {
	if buffered {
		return min(n, bufferSize)
	}
	return n
}

// sumFloats adds floats. buffered says that NumPy converts them into a buffer first.
func sumFloats[T float32 | float64](r *reduction, at func(pos int) T, buffered bool) []T {
	sums := make([]T, r.size)
	if r.isScattered() {
		r.gathered(func(pos func(i int) int, n int) {
			sums[0] += pairwise(func(i int) T { return at(pos(i)) }, 0, n, 1)
		})
		return sums
	}
	r.each(func(pos, out int, x reduceAxis) {
		if !x.reduced {
			for range x.n {
				sums[out] += at(pos)
				pos, out = pos+x.in, out+x.out
			}
			return
		}
		for left := x.n; left > 0; {
			n := chunk(left, buffered)
			sums[out] += pairwise(at, pos, n, x.in)
			pos, left = pos+n*x.in, left-n
		}
	})
	return sums
}

// sumHalves adds float16: as float32 within a row, and the sum of a row is rounded to float16.
func sumHalves(r *reduction, buffered bool) []Float16 {
	at := float32At(r.a)
	sums := make([]Float16, r.size)
	add := func(out int, x float32) {
		sums[out] = NewFloat16(float64(float32(sums[out].Float64()) + x))
	}
	if r.isScattered() {
		r.gathered(func(pos func(i int) int, n int) {
			add(0, pairwise(func(i int) float32 { return at(pos(i)) }, 0, n, 1))
		})
		return sums
	}
	r.each(func(pos, out int, x reduceAxis) {
		if !x.reduced {
			for range x.n {
				add(out, at(pos))
				pos, out = pos+x.in, out+x.out
			}
			return
		}
		for left := x.n; left > 0; {
			n := chunk(left, buffered)
			add(out, pairwise(at, pos, n, x.in))
			pos, left = pos+n*x.in, left-n
		}
	})
	return sums
}

// pairwise adds n floats with a stride in bytes.
func pairwise[T float32 | float64](at func(pos int) T, pos, n, stride int) T {
	switch {
	case n < 8:
		sum := T(0)
		for range n {
			sum += at(pos)
			pos += stride
		}
		return sum
	case n <= pairwiseBlock:
		var s [8]T
		for i := range s {
			s[i] = at(pos + i*stride)
		}
		i := 8
		for ; i < n-n%8; i += 8 {
			for k := range s {
				s[k] += at(pos + (i+k)*stride)
			}
		}
		sum := ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
		for ; i < n; i++ {
			sum += at(pos + i*stride)
		}
		return sum
	}
	half := n / 2
	half -= half % 8
	return pairwise(at, pos, half, stride) + pairwise(at, pos+half*stride, n-half, stride)
}

func sumComplex(r *reduction, dt *DType) (*Array, error) {
	if dt.itemsize == 8 {
		re, im := sumParts(r, float32Parts(r.a), !dt.IsNative())
		return result(r, joined[float32, complex64](re, im), nil)
	}
	re, im := sumParts(r, r.a.partsAt(), !dt.IsNative())
	return result(r, joined[float64, complex128](re, im), nil)
}

// joined returns complex numbers from their parts.
func joined[T float32 | float64, C complex64 | complex128](re, im []T) []C {
	out := make([]C, len(re))
	for i := range out {
		out[i] = C(complex(float64(re[i]), float64(im[i])))
	}
	return out
}

// sumParts adds the real and the imaginary parts of complex numbers.
func sumParts[T float32 | float64](r *reduction, at func(pos int) T, buffered bool) (re, im []T) {
	re, im = make([]T, r.size), make([]T, r.size)
	part := r.a.DType().itemsize / 2
	if r.isScattered() {
		r.gathered(func(pos func(i int) int, n int) {
			x, y := pairwiseParts(func(i int) T { return at(pos(i>>1) + i&1*part) }, 0, n, 2, 1)
			re[0] += x
			im[0] += y
		})
		return re, im
	}
	r.each(func(pos, out int, x reduceAxis) {
		if !x.reduced {
			for range x.n {
				re[out] += at(pos)
				im[out] += at(pos + part)
				pos, out = pos+x.in, out+x.out
			}
			return
		}
		for left := x.n; left > 0; {
			n := chunk(left, buffered)
			x1, x2 := pairwiseParts(at, pos, n, x.in, part)
			re[out] += x1
			im[out] += x2
			pos, left = pos+n*x.in, left-n
		}
	})
	return re, im
}

// pairwiseParts is pairwise for n complex numbers. part is the distance of the imaginary part from
// the real part, in bytes.
func pairwiseParts[T float32 | float64](at func(pos int) T, pos, n, stride, part int) (re, im T) {
	switch {
	case n < 4:
		for range n {
			re += at(pos)
			im += at(pos + part)
			pos += stride
		}
		return re, im
	case 2*n <= pairwiseBlock:
		var a, b [4]T
		for i := range a {
			a[i], b[i] = at(pos+i*stride), at(pos+i*stride+part)
		}
		i := 4
		for ; i < n-n%4; i += 4 {
			for k := range a {
				a[k] += at(pos + (i+k)*stride)
				b[k] += at(pos + (i+k)*stride + part)
			}
		}
		re = (a[0] + a[1]) + (a[2] + a[3])
		im = (b[0] + b[1]) + (b[2] + b[3])
		for ; i < n; i++ {
			re += at(pos + i*stride)
			im += at(pos + i*stride + part)
		}
		return re, im
	}
	half := n // half of the 2n numbers, rounded down to a multiple of 8
	half -= half % 8
	half /= 2
	r1, i1 := pairwiseParts(at, pos, half, stride, part)
	r2, i2 := pairwiseParts(at, pos+half*stride, n-half, stride, part)
	return r1 + r2, i1 + i2
}
