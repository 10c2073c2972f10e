package reconstruct

import (
	"fmt"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// fillNumpyMasked adds masked arrays.
//
// Reference: numpy/ma/core.py (_mareconstruct, MaskedArray.__getstate__, __setstate__),
// numpy/ma/mrecords.py.
func fillNumpyMasked(t table) {
	t.add("numpy.ma.core", "_mareconstruct", &entry{call: callMaskedReconstruct})
	t.add("numpy.ma.mrecords", "_mrreconstruct", &entry{call: callMaskedReconstruct})
	t.addAll("numpy.ma.core", inert, "MaskedArray", "mvoid")
	t.addAll("numpy.ma", inert, "MaskedArray")
	t.addAll("numpy.core.ma", inert, "MaskedArray")
	t.addAll("numpy.ma.mrecords", inert, "MaskedRecords")
	t.add("numpy.ma.core", "MaskedConstant", &entry{call: callMaskedConstant})
}

// callMaskedReconstruct implements _mareconstruct(subtype, baseclass, baseshape, basetype), and
// _mrreconstruct, whose data is always in C order.
func callMaskedReconstruct(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(4, 4); err != nil {
		return nil, err
	}
	if madeClass(args[0]) || madeClass(args[1]) {
		return record(c, args)
	}
	subtype, ok := args[0].(pickle.Named)
	if !ok {
		return nil, a.wrong(0, "subtype", "numpy.ma.MaskedArray or a subclass")
	}
	base, err := reconstructAs(a, 1, 2, c.resolver)
	if err != nil {
		return nil, err
	}
	data, ok := base.(*ndarray.Array)
	if !ok {
		return nil, a.wrong(1, "baseclass", "numpy.ndarray or a subclass")
	}
	class := subtype.Global().String()
	m := maskedState{class: class, fn: "state of " + class, baseClass: data.Class(),
		cOrder: c.global.Name == "_mrreconstruct", r: c.resolver}
	return pending.NewMasked(class, m.baseClass, m.set), nil
}

// maskedState holds what a masked array needs when its state arrives.
type maskedState struct {
	class, fn string
	baseClass string // class of the data array
	cOrder    bool   // the data is in C order even if is_fortran is true
	r         *Resolver
}

// set applies the state (version, shape, dtype, is_fortran, data, mask, fill_value). The version is
// ignored, as in NumPy. A subclass may add items: see ownState.
func (s maskedState) set(m *ndarray.Masked, state any) error {
	outer := argReader{fn: s.fn, vals: []any{state}}
	items, err := outer.tuple(0, "state")
	if err != nil {
		return err
	}
	items, extended := ownState(s.class, items, 7)
	a := argReader{fn: s.fn, vals: items}
	if err := a.count(7, 7); err != nil {
		return err
	}
	data := arrayState{fn: s.fn}
	if err := data.read(argReader{fn: s.fn, vals: items[1:5]}, s.r); err != nil {
		return err
	}
	if s.cOrder {
		data.order = ndarray.OrderC
	}
	arr, err := data.build()
	if err != nil {
		return err
	}
	mask, err := data.mask(items[5])
	if err != nil {
		return err
	}
	switch items[6].(type) {
	case nil, *ndarray.Array, *ndarray.Scalar, bool, int, float64, string, []byte, pickle.Py2String,
		complex128:
	default:
		return a.wrong(6, "fill_value", "None or a 0-d array")
	}
	arr.SetClass(s.baseClass)
	m.Data, m.Mask, m.FillValue = arr, mask, items[6]
	if extended {
		m.Extra = state
	}
	return nil
}

// mask reads the bytes of the mask: one bool for each element, or for a structured dtype one for
// each field. NumPy before 1.3 wrote one bool for each record.
func (s *arrayState) mask(v any) (*ndarray.Array, error) {
	dt, err := maskDType(s.dtype)
	if err != nil {
		return nil, refused(s.fn, err)
	}
	m := *s
	m.dtype, m.data = dt, v
	if b, ok := v.([]byte); ok && dt.Names() != nil {
		perRecord := m
		perRecord.dtype = ndarray.DTypeOf[bool]()
		if len(b) == perRecord.nbytes() && len(b) != m.nbytes() {
			m = perRecord
		}
	}
	arr, err := m.build()
	if err != nil {
		return nil, fmt.Errorf("mask: %w", err)
	}
	return arr, nil
}

// maskDType returns the dtype of an array's mask, as numpy.ma.make_mask_descr does. The recursion
// is bounded by the depth that package ndarray allows for dtypes.
func maskDType(dt *ndarray.DType) (*ndarray.DType, error) {
	if base, shape := dt.Subarray(); base != nil {
		inner, err := maskDType(base)
		if err != nil {
			return nil, err
		}
		return ndarray.NewSubarray(inner, shape...)
	}
	if dt.Names() == nil || dt.Kind() != ndarray.KindVoid {
		return ndarray.DTypeOf[bool](), nil
	}
	fields := make([]ndarray.Field, len(dt.Fields()))
	for i, f := range dt.Fields() {
		inner, err := maskDType(f.DType)
		if err != nil {
			return nil, err
		}
		fields[i] = ndarray.Field{Name: f.Name, Title: f.Title, DType: inner}
	}
	return ndarray.NewStruct(fields, false)
}

// callMaskedConstant returns numpy.ma.masked, the 0-d array whose only element is masked.
func callMaskedConstant(c Class, args []any) (any, error) {
	if err := c.args(args).count(0, 0); err != nil {
		return nil, err
	}
	data, err := ndarray.New(ndarray.DTypeOf[float64](), nil, ndarray.OrderC, make([]byte, 8))
	if err != nil {
		return nil, err
	}
	mask, err := ndarray.New(ndarray.DTypeOf[bool](), nil, ndarray.OrderC, []byte{1})
	if err != nil {
		return nil, err
	}
	data.SetWriteable(false)
	mask.SetWriteable(false)
	return &ndarray.Masked{Data: data, Mask: mask, Class: c.global.String()}, nil
}
