package ndarray

// FromStrided returns an array over data, without a copy. The position in data of the element at an
// index is the sum of each index times its stride. Strides are in bytes, as those of
// [Array.Strides] are. They must be multiples of the size of a T and not negative; several indexes
// may lead to the same element. The error is of the kind ErrShape unless there is a stride for each
// dimension and all elements are within data. With the build tag purego data is copied.
//
// Reference: numpy.lib.stride_tricks.as_strided, which does not check.
func FromStrided[T Element](data []T, shape, strides []int) (*Array, error) {
	t := DTypeOf[T]()
	size, _, err := checkShape(shape, t.itemsize)
	if err != nil {
		return nil, err
	}
	if len(strides) != len(shape) {
		return nil, errorf(ErrShape, "%d strides for shape %s", len(strides), shapeText(shape))
	}
	last := 0 // byte position of the last element
	for i, n := range shape {
		s := strides[i]
		if s < 0 || s%t.itemsize != 0 || n > 1 && s > (len(data)*t.itemsize-last)/(n-1) {
			return nil, errorf(ErrShape, "shape %s, strides %s over %d elements of dtype %s",
				shapeText(shape), shapeText(strides), len(data), t)
		}
		last += max(n-1, 0) * s
	}
	if size > 0 && last+t.itemsize > len(data)*t.itemsize {
		return nil, errorf(ErrShape, "shape %s, strides %s over %d elements of dtype %s",
			shapeText(shape), shapeText(strides), len(data), t)
	}
	a, err := FromSlice(data)
	if err != nil {
		return nil, err
	}
	v := a.view()
	sh, st := v.makeDims(len(shape))
	copy(sh, shape)
	copy(st, strides)
	v.setFlags()
	return v, nil
}

// Extent returns the memory of an array from its first element to its last as a []T, including what
// may be between them. The position of an element there is the sum of each index times its stride,
// in elements. It is for libraries that use strides, such as BLAS. ok is false unless T is the type
// of the dtype in this machine's byte order, all strides are non-negative multiples of the size of
// a T, and the array has elements. With the build tag purego the result is a copy.
func Extent[T Element](a *Array) (elements []T, ok bool) {
	t := DTypeOf[T]()
	if a.alive() != nil || !holds(a.DType(), t) || t.itemsize > 1 && !a.DType().IsNative() ||
		a.Size() == 0 {
		return nil, false
	}
	last := 0
	for i, n := range a.Shape() {
		s := a.Strides()[i]
		if n > 1 && (s < 0 || s%t.itemsize != 0) {
			return nil, false
		}
		last += (n - 1) * s
	}
	b := a.data[a.pos : a.pos+last+t.itemsize]
	if t == boolDType {
		for _, c := range b {
			if c > 1 {
				return nil, false
			}
		}
	}
	return sliceOf[T](b)
}
