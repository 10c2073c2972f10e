package ndarray

import "slices"

// A Scalar is one element with its dtype, such as NumPy's numpy.float64(1.5), as opposed to a
// Python number.
type Scalar struct {
	dt   *DType
	data []byte
	elem any // instead of data, for a dtype with objects
}

// NewScalar returns the scalar whose bytes are the first ItemSize bytes of data, whose memory it
// shares. As in NumPy, further bytes are ignored. The error is of the kind ErrShape for fewer
// bytes, and of the kind ErrDType for dtypes with objects and subarrays.
func NewScalar(dt *DType, data []byte) (*Scalar, error) {
	if err := scalarDType(dt); err != nil {
		return nil, err
	}
	if dt.object {
		return nil, errorf(ErrDType, "a scalar of dtype %s cannot be made from raw bytes",
			dt.brief())
	}
	if len(data) < dt.itemsize {
		return nil, errorf(ErrShape, "%d bytes of data for a scalar of dtype %s (itemsize %d)",
			len(data), dt.brief(), dt.itemsize)
	}
	return &Scalar{dt: dt, data: data[:dt.itemsize:dt.itemsize]}, nil
}

// NewObjectScalar returns a scalar of a dtype with objects. elem is as in [NewObjects].
func NewObjectScalar(dt *DType, elem any) (*Scalar, error) {
	if err := scalarDType(dt); err != nil {
		return nil, err
	}
	if !dt.object {
		return nil, errorf(ErrDType, "a scalar of dtype %s is made from bytes", dt.brief())
	}
	if err := checkElement(dt, elem); err != nil {
		return nil, err
	}
	return &Scalar{dt: dt, elem: elem}, nil
}

func scalarDType(dt *DType) error {
	if dt == nil {
		return errorf(ErrDType, "no dtype")
	}
	dt.freeze()
	if base, _ := dt.Subarray(); base != nil {
		return errorf(ErrDType, "a scalar cannot have the subarray dtype %s", dt.brief())
	}
	return nil
}

// DType returns the dtype of the scalar. For the zero Scalar it is V0, which has no bytes.
func (s *Scalar) DType() *DType {
	if s.dt == nil {
		return noDType
	}
	return s.dt
}

// Value returns the scalar as a Go value, of the types that [Array.At] lists.
func (s *Scalar) Value() any {
	if s.DType().object {
		return objectElement(s.DType(), s.elem)
	}
	return element(s.DType(), s.data, false)
}

// Bytes returns a copy of the bytes in the dtype's byte order, or nil for dtypes with objects.
func (s *Scalar) Bytes() []byte { return slices.Clone(s.data) }

// Array returns the scalar as a 0-d array that shares its memory.
func (s *Scalar) Array() *Array {
	a := &Array{dt: s.DType(), data: s.data}
	a.setFlags()
	if s.DType().object {
		a.extra().elems = elementsOf([]any{s.elem})
	}
	return a
}

// String returns str() of the scalar, as NumPy 2 formats it.
func (s *Scalar) String() string { return scalarText(s.DType(), s.Value(), printDepth) }
