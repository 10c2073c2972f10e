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
	// Extra is what a subclass keeps beside all that, nil if nothing: the whole state that the
	// reader of the pickle found the array in.
	Extra any

	set func(m *Masked, state any) error // not nil while pending
}

// newPendingMasked is NewMasked of package internal/pending.
func newPendingMasked(class, baseClass string, set func(m *Masked, state any) error) *Masked {
	m := &Masked{Data: newPending("", nil), Class: class, BaseClass: baseClass, set: set}
	m.Data.SetClass(baseClass)
	return m
}

// PySetState gives a masked array that unpickling made its state; it is how gopickle's machine
// carries out BUILD. Afterwards, and for any other masked array, it is an error of the kind
// ErrState.
func (m *Masked) PySetState(state any) error {
	if m.set == nil {
		return errorf(ErrState, "a masked array that is already set cannot be given a state")
	}
	if err := m.set(m, state); err != nil {
		return err
	}
	m.set = nil
	return nil
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

// maskedMark is what stands in the text of a masked array for a masked element.
type maskedMark struct{}

// String returns str(array) as NumPy 2 prints it: where nothing can be masked as the array that
// Data is, else as an array of objects in which "--" stands for what is masked. Of records it shows
// Data, since there fields are masked one by one.
//
// Reference: numpy/ma/core.py, MaskedArray.__str__.
func (m *Masked) String() string {
	switch {
	case m.Data == nil:
		return "<masked array without data>"
	case m.Mask == nil, !sameShape(m.Mask.Shape(), m.Data.Shape()), m.Data.DType().isStruct(),
		m.Data.alive() != nil, m.Mask.alive() != nil, m.Data.tooLarge():
		return m.Data.String()
	}
	elems := make([]any, 0, m.Data.Size())
	for index, v := range m.Data.Indexed() {
		switch x := v.(type) {
		case float32:
			v = float64(x)
		case Float16:
			v = x.Float64()
		case complex64:
			v = complex128(x)
		}
		if m.IsMasked(index...) {
			v = maskedMark{}
		}
		elems = append(elems, v)
	}
	shown, err := NewObjects(objectDType, m.Data.Shape(), OrderC, elems)
	if err != nil {
		return m.Data.String()
	}
	return shown.String()
}
