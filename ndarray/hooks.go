package ndarray

import (
	"github.com/unpkl/unpkl/internal/arrayhook"
	"github.com/unpkl/unpkl/internal/texts"
)

// init sets the functions that package internal/pending calls.
func init() {
	arrayhook.NewArray = func(class string, set any) any {
		return newPending(class, set.(func(*Array, any) error))
	}
	arrayhook.NewDType = func(initial, set any) any {
		return newPendingDType(initial.(*DType), set.(func(*DType, any) error))
	}
	arrayhook.NewMasked = func(class, baseClass string, set any) any {
		return newPendingMasked(class, baseClass, set.(func(*Masked, any) error))
	}
	arrayhook.IsPending = func(v any) bool {
		switch v := v.(type) {
		case *Array:
			return v.set != nil
		case *DType:
			return v.set != nil
		}
		return false
	}
	arrayhook.SetData = func(a, dt any, shape []int, order byte, data []byte) error {
		return a.(*Array).setData(dt.(*DType), shape, Order(order), data)
	}
	arrayhook.SetObjects = func(a, dt any, shape []int, order byte, elems []any) error {
		return a.(*Array).setObjects(dt.(*DType), shape, Order(order), elementsOf(elems),
			len(elems))
	}
	arrayhook.SetTexts = func(a, dt any, shape []int, order byte, column *texts.Column) error {
		return a.(*Array).setTexts(dt.(*DType), shape, Order(order), column)
	}
	arrayhook.SetSpec = func(d, spec any) error { return d.(*DType).setSpec(spec.(DTypeSpec)) }
	arrayhook.NonText = func(a any, yield func(any) bool) { a.(*Array).nonText(yield) }
	arrayhook.Repr = func(v any) string { return pythonRepr(v, 0) }
	arrayhook.NewSlab = func() any { return new(slab) }
	arrayhook.SlabArray = func(s, dt any, shape []int, order byte, data []byte) (any, error) {
		return s.(*slab).array(dt.(*DType), shape, Order(order), data)
	}
}
