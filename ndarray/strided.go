package ndarray

// FromStrided returns an array over data, without copying, whose element at an index lies the sum
// of index times stride behind data's beginning. Strides are in bytes, as [Array.Strides] are, not
// negative, and multiples of the size of a T; an element that two indexes lead to is one. It fails
// with ErrShape unless there is a stride for each dimension and all elements lie within data. With
// the build tag purego data is copied.
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
	last := 0 // the position of the last element
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

// Extent returns the memory of an array from its first element to its last as a []T, with what may
// lie between them: element index is at the sum of index times stride, in elements. It is for
// libraries that know strides, such as BLAS. ok is false unless T is the type of the dtype in this
// machine's byte order, no stride is negative, all are multiples of the size of a T, and the array
// has elements. With the build tag purego it is a copy.
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
