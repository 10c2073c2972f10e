package unmarshal

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
)

// NOTE. An array is decoded into nested slices one dimension at a time: each row is a view, which
// the plan of the inner slice decodes. The elements of the last dimension are converted together,
// see bulk.

// arrayToSlice decodes an array into a slice, or into nested slices.
func (a *assigner) arrayToSlice(arr *ndarray.Array, src any, dst reflect.Value, elem *plan) error {
	t := dst.Type()
	if arr.NDim() == 0 {
		return a.mismatch(src, t, nil)
	}
	if fill := bulk(t.Elem()); fill != nil && !arr.HasObject() {
		if arr.NDim() != 1 {
			return a.mismatch(src, t, nil)
		}
		if a.budget -= int64(arr.Size()); a.budget < 0 {
			return pyvalue.LimitError("Expansion", a.expansion, a.expansion+1)
		}
		v, err := fill(arr)
		if err != nil {
			return a.mismatch(src, t, err)
		}
		dst.Set(castSlice(v, t))
		return nil
	}
	n := arr.Shape()[0]
	if err := a.affords(arr); err != nil {
		return err
	}
	dst.Set(reflect.MakeSlice(t, n, n))
	a.remember(src, dst)
	return a.rows(arr, dst, elem)
}

// arrayToArray decodes an array into a Go array, whose length must be that of the first dimension.
func (a *assigner) arrayToArray(arr *ndarray.Array, src any, dst reflect.Value, elem *plan) error {
	t := dst.Type()
	if arr.NDim() == 0 || arr.Shape()[0] != t.Len() {
		return a.mismatch(src, t, nil)
	}
	if fill := bulk(t.Elem()); fill != nil && !arr.HasObject() && arr.NDim() == 1 {
		v, err := fill(arr)
		if err != nil {
			return a.mismatch(src, t, err)
		}
		reflect.Copy(dst, castSlice(v, reflect.SliceOf(t.Elem())))
		return nil
	}
	if err := a.affords(arr); err != nil {
		return err
	}
	return a.rows(arr, dst, elem)
}

// affords returns an error if the first dimension is longer than the budget. It is called before
// memory for the elements is allocated, because an array whose elements take no bytes can have any
// number of them.
func (a *assigner) affords(arr *ndarray.Array) error {
	if int64(arr.Shape()[0]) > a.budget {
		return pyvalue.LimitError("Expansion", a.expansion,
			a.expansion-a.budget+int64(arr.Shape()[0]))
	}
	return nil
}

// rows decodes the elements or rows along the first dimension.
func (a *assigner) rows(arr *ndarray.Array, dst reflect.Value, elem *plan) error {
	if err := a.enter(); err != nil {
		return err
	}
	defer a.leave()
	a.path = append(a.path, pathElem{})
	last := len(a.path) - 1
	for i := range arr.Shape()[0] {
		a.path[last].index = i
		var item any
		if arr.NDim() == 1 {
			item = arr.At(i)
		} else {
			row, err := arr.Index(i)
			if err != nil {
				return err
			}
			item = row
		}
		if err := elem.assign(a, item, dst.Index(i)); err != nil {
			return err
		}
	}
	a.path = a.path[:last]
	return nil
}

// bulk returns a function that converts a one-dimensional array to a slice with elements of t's
// kind and size, or nil if each element must be assigned by itself. See castSlice.
func bulk(t reflect.Type) func(*ndarray.Array) (any, error) {
	if t.Implements(pyvalue.UnmarshalerType) ||
		reflect.PointerTo(t).Implements(pyvalue.UnmarshalerType) || t == pyvalue.DurationType {
		return nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return bulkOf[bool]
	case reflect.Int8:
		return bulkOf[int8]
	case reflect.Int16:
		return bulkOf[int16]
	case reflect.Int32:
		return bulkOf[int32]
	case reflect.Int64:
		return bulkOf[int64]
	case reflect.Uint8:
		return bulkOf[uint8]
	case reflect.Uint16:
		return bulkOf[uint16]
	case reflect.Uint32:
		return bulkOf[uint32]
	case reflect.Uint64:
		return bulkOf[uint64]
	case reflect.Float32:
		return bulkOf[float32]
	case reflect.Float64:
		return bulkOf[float64]
	case reflect.Complex64:
		return bulkOf[complex64]
	case reflect.Complex128:
		return bulkOf[complex128]
	case reflect.Int:
		if t.Size() == 8 {
			return bulkOf[int64]
		}
		return bulkOf[int32]
	case reflect.Uint:
		if t.Size() == 8 {
			return bulkOf[uint64]
		}
		return bulkOf[uint32]
	}
	return nil
}

// bulkOf returns the array's own memory if that is a writeable []T, or else converted values. A
// value that T cannot hold is an error.
func bulkOf[T ndarray.Element](arr *ndarray.Array) (any, error) {
	if arr.Writeable() {
		if s, err := ndarray.Slice[T](arr); err == nil {
			return s, nil
		}
	}
	return ndarray.Values[T](arr)
}

var errMasked = errors.New("elements are masked, and only nil can stand for one")

// maskedToSlice decodes a masked array into a slice. A masked element becomes nil; it is a mismatch
// if the element type has no nil.
func (a *assigner) maskedToSlice(m *ndarray.Masked, src any, dst reflect.Value, elem *plan) error {
	t := dst.Type()
	if m.Data.NDim() == 0 {
		return a.mismatch(src, t, nil)
	}
	n, masked := m.Data.Shape()[0], 0
	for i := range n {
		if m.Data.NDim() == 1 && m.IsMasked(i) {
			masked++
		}
	}
	nils := t.Elem().Kind() == reflect.Pointer || t.Elem().Kind() == reflect.Interface
	switch {
	case m.Mask != nil && m.Data.NDim() > 1:
		return a.mismatch(src, t, fmt.Errorf("more than one dimension"))
	case masked == 0:
		return a.arrayToSlice(m.Data, src, dst, elem)
	case !nils:
		return a.mismatch(src, t, fmt.Errorf("%d %w", masked, errMasked))
	}
	if err := a.affords(m.Data); err != nil {
		return err
	}
	dst.Set(reflect.MakeSlice(t, n, n))
	for i := range n {
		if m.IsMasked(i) {
			continue
		}
		if err := a.at(i, elem, m.Data.At(i), dst.Index(i)); err != nil {
			return err
		}
	}
	return nil
}
