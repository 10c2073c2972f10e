package ndarray

// Masked is a masked array: NumPy's numpy.ma.MaskedArray.
type Masked struct {
	// Data holds all elements, those that are masked with whatever value they have.
	Data *Array
	// Mask is true where an element is masked. It has the shape of Data, and its dtype is
	// bool, or for a structured Data the same structure of bools. Nil means that
	// nothing is masked (numpy.ma.nomask).
	Mask *Array
	// FillValue is what NumPy fills masked elements with, as a 0-d array, or nil for the
	// default of the dtype.
	FillValue any
	// Class is the Python class, "numpy.ma.MaskedArray" if empty.
	Class string
	// BaseClass is the class of Data in Python, "numpy.ndarray" if empty.
	BaseClass string
	// HardMask tells that assigning does not unmask.
	HardMask bool
}

// IsMasked reports whether the element at the index is masked; of a structured element,
// whether all its fields are. It panics as At does for an index that is out of
// range.
func (m *Masked) IsMasked(index ...int) bool {
	if m.Mask == nil {
		return false
	}
	return allTrue(m.Mask.At(index...))
}

// allTrue reports whether an element of a mask is true, or all its parts.
func allTrue(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case Record:
		for _, x := range v.Values {
			if !allTrue(x) {
				return false
			}
		}
		return true
	case *Array:
		for x := range v.Elements() {
			if !allTrue(x) {
				return false
			}
		}
		return true
	}
	return false
}
