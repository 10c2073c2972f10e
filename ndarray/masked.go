package ndarray

// Masked is a masked array: NumPy's numpy.ma.MaskedArray.
type Masked struct {
	// Data has all elements. Masked elements have some arbitrary value.
	Data *Array
	// Mask is true where an element is masked. It has the shape of Data. Its dtype is bool, or for
	// a structured Data the same structure of bools. A nil Mask means that nothing is masked
	// (numpy.ma.nomask).
	Mask *Array
	// FillValue is the value with which NumPy fills masked elements, as a 0-d array, or nil for the
	// default of the dtype.
	FillValue any
	// Class is the Python class; "" means "numpy.ma.MaskedArray".
	Class string
	// BaseClass is the Python class of Data; "" means "numpy.ndarray".
	BaseClass string
	// HardMask says that an assignment does not unmask elements.
	HardMask bool
	// Extra is what a subclass has beside the other fields, such as the whole state that was in a
	// pickle. It is nil for most arrays.
	Extra any

	set func(m *Masked, state any) error // not nil while pending
}

// newPendingMasked implements NewMasked of package internal/pending.
func newPendingMasked(class, baseClass string, set func(m *Masked, state any) error) *Masked {
	m := &Masked{Data: newPending("", nil), Class: class, BaseClass: baseClass, set: set}
	m.Data.SetClass(baseClass)
	return m
}

// PySetState sets the state of a pending masked array; gopickle's machine calls it for the opcode
// BUILD. For any other masked array the error is of the kind ErrState.
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

// IsMasked reports whether the element at the index is masked. A structured element is masked if
// all its fields are. A bad index panics, as it does for At.
func (m *Masked) IsMasked(index ...int) bool {
	if m.Mask == nil {
		return false
	}
	return allTrue(m.Mask.At(index...))
}

// allTrue reports whether an element of a mask, or each part of it, is true.
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

// maskedMark takes the place of a masked element in the text of a masked array.
type maskedMark struct{}

// String returns str(array) as NumPy 2 formats it. Without a mask it is the text of Data; otherwise
// it is that of an array of objects, in which masked elements are shown as "--". For records it is
// the text of Data, because the mask has a value for each field.
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
