// Package pending makes arrays, masked arrays and dtypes as unpickling does: first the value, which
// others may hold already, and later, by BUILD, its state. It also has what sibling packages need
// of arrays and users do not. Memory that an array is given becomes the array's.
package pending

import (
	"iter"

	"github.com/unpkl/unpkl/internal/arrayhook"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
)

// NewArray returns an array that PySetState will set, once, by calling set. Until then it looks
// like NumPy's own half-made one: int8, shape (0,). Class is the Python class if it is a subclass
// of ndarray, such as "numpy.matrix", else "".
func NewArray(class string, set func(a *ndarray.Array, state any) error) *ndarray.Array {
	return arrayhook.NewArray(class, set).(*ndarray.Array)
}

// NewDType returns a dtype like initial that PySetState may still change, once, by calling set,
// until the dtype is first used: by an array, a scalar, a field or a subarray.
func NewDType(initial *ndarray.DType, set func(d *ndarray.DType, state any) error) *ndarray.DType {
	return arrayhook.NewDType(initial, set).(*ndarray.DType)
}

// NewMasked returns a masked array that PySetState will set, once, by calling set, which gives it
// Data and the rest. Until then Data is NumPy's half-made array: int8, shape (0,).
func NewMasked(class, baseClass string,
	set func(m *ndarray.Masked, state any) error) *ndarray.Masked {
	return arrayhook.NewMasked(class, baseClass, set).(*ndarray.Masked)
}

// IsArray reports whether an array still waits for its state.
func IsArray(a *ndarray.Array) bool { return arrayhook.IsPending(a) }

// IsDType reports whether a dtype still waits for its state.
func IsDType(d *ndarray.DType) bool { return arrayhook.IsPending(d) }

// SetData sets a pending array as [ndarray.New] makes one.
func SetData(a *ndarray.Array, dt *ndarray.DType, shape []int, order ndarray.Order,
	data []byte) error {
	return arrayhook.SetData(a, dt, shape, byte(order), data)
}

// SetObjects sets a pending array as [ndarray.NewObjects] makes one.
func SetObjects(a *ndarray.Array, dt *ndarray.DType, shape []int, order ndarray.Order,
	elems []any) error {
	return arrayhook.SetObjects(a, dt, shape, byte(order), elems)
}

// SetTexts sets a pending array of dtype object to the values of a column in C order. Its errors
// are those of SetObjects. NumPy has no such form: it saves memory, and a look at each string, for
// columns of a million.
func SetTexts(a *ndarray.Array, dt *ndarray.DType, shape []int, order ndarray.Order,
	column *texts.Column) error {
	return arrayhook.SetTexts(a, dt, shape, byte(order), column)
}

// SetSpec sets a pending dtype to what spec says.
func SetSpec(d *ndarray.DType, spec ndarray.DTypeSpec) error { return arrayhook.SetSpec(d, spec) }

// NonText returns the elements of an array of dtype object that are not a string, in C order. It
// looks at the strings without making values of type any of them. An array of another dtype has
// none.
func NonText(a *ndarray.Array) iter.Seq[any] {
	return func(yield func(any) bool) { arrayhook.NonText(a, yield) }
}

// Slab makes many small arrays with little work and memory for each: their headers lie side by
// side, so that keeping one keeps the memory of up to 31 others too. Its zero value is ready for
// use; it is not safe for concurrent use.
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
