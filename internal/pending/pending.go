// Package pending creates arrays, masked arrays and dtypes in two steps, as unpickling does: first
// the value, to which other values may refer at once, and later its state, at the opcode BUILD.
// Until then the value is pending. The package also has functions of arrays that sibling packages
// need and users do not. An array owns the memory that it is given.
package pending

import (
	"iter"

	"github.com/unpkl/unpkl/internal/arrayhook"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
)

// NewArray returns a pending array. PySetState sets it, once, by calling set. Until then it looks
// like an array before BUILD in NumPy: int8, shape (0,). Class is the Python class if it is a
// subclass of ndarray, such as "numpy.matrix", or else "".
func NewArray(class string, set func(a *ndarray.Array, state any) error) *ndarray.Array {
	return arrayhook.NewArray(class, set).(*ndarray.Array)
}

// NewDType returns a pending dtype that looks like initial. PySetState may change it, once, by
// calling set, until the dtype is first used by an array, a scalar, a field or a subarray.
func NewDType(initial *ndarray.DType, set func(d *ndarray.DType, state any) error) *ndarray.DType {
	return arrayhook.NewDType(initial, set).(*ndarray.DType)
}

// NewMasked returns a pending masked array. PySetState sets it, once, by calling set, which sets
// Data and the other fields. Until then Data looks like an array before BUILD in NumPy: int8, shape
// (0,).
func NewMasked(class, baseClass string,
	set func(m *ndarray.Masked, state any) error) *ndarray.Masked {
	return arrayhook.NewMasked(class, baseClass, set).(*ndarray.Masked)
}

// IsArray reports whether an array is pending.
func IsArray(a *ndarray.Array) bool { return arrayhook.IsPending(a) }

// IsDType reports whether a dtype is pending.
func IsDType(d *ndarray.DType) bool { return arrayhook.IsPending(d) }

// SetData sets a pending array to what [ndarray.New] returns for these arguments.
func SetData(a *ndarray.Array, dt *ndarray.DType, shape []int, order ndarray.Order,
	data []byte) error {
	return arrayhook.SetData(a, dt, shape, byte(order), data)
}

// SetObjects sets a pending array to what [ndarray.NewObjects] returns for these arguments.
func SetObjects(a *ndarray.Array, dt *ndarray.DType, shape []int, order ndarray.Order,
	elems []any) error {
	return arrayhook.SetObjects(a, dt, shape, byte(order), elems)
}

// SetTexts sets a pending array of dtype object to the values of a column in C order. Its errors
// are those of SetObjects. A column of millions of strings takes less memory and time than their Go
// strings; NumPy has no such form.
func SetTexts(a *ndarray.Array, dt *ndarray.DType, shape []int, order ndarray.Order,
	column *texts.Column) error {
	return arrayhook.SetTexts(a, dt, shape, byte(order), column)
}

// SetSpec sets a pending dtype to the one that spec describes.
func SetSpec(d *ndarray.DType, spec ndarray.DTypeSpec) error { return arrayhook.SetSpec(d, spec) }

// Repr returns the text of a number, str, bytes or None as Python's repr has it.
func Repr(v any) string { return arrayhook.Repr(v) }

// NonText returns the elements of an array of dtype object that are not strings, in C order. It
// skips strings without boxing them. An array of another dtype has no such elements.
func NonText(a *ndarray.Array) iter.Seq[any] {
	return func(yield func(any) bool) { arrayhook.NonText(a, yield) }
}

// Slab allocates the headers of many small arrays together, which takes less time and memory than
// one by one. Keeping one of the arrays keeps the memory of up to 31 other headers. The zero value
// is ready for use. A Slab is not safe for concurrent use.
type Slab struct {
	slab any // what arrayhook.NewSlab returned, or nil before the first array
}

// New is [ndarray.New], with the same errors.
func (s *Slab) New(dt *ndarray.DType, shape []int, order ndarray.Order,
	data []byte) (*ndarray.Array, error) {
	if s.slab == nil {
		s.slab = arrayhook.NewSlab()
	}
	a, err := arrayhook.SlabArray(s.slab, dt, shape, byte(order), data)
	if err != nil {
		return nil, err
	}
	return a.(*ndarray.Array), nil
}
