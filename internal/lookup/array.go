package lookup

import (
	"fmt"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/ndarray"
)

// arrayParts returns the items of an array along its first axis.
func arrayParts(a *ndarray.Array) (Parts, bool) {
	if a.NDim() == 0 {
		return Parts{}, false
	}
	return Parts{a.Shape()[0], func(i int) (string, any) {
		v, err := a.Index(i)
		if err != nil {
			return strconv.Itoa(i), nil
		}
		return strconv.Itoa(i), element(v)
	}, false}, true
}

func maskedParts(m *ndarray.Masked) (Parts, bool) {
	if m.Data.NDim() == 0 {
		return Parts{}, false
	}
	return Parts{m.Data.Shape()[0], func(i int) (string, any) {
		v, err := subscriptMasked(m, []pointer.Subscript{{Index: i}})
		if err != nil {
			return strconv.Itoa(i), nil
		}
		return strconv.Itoa(i), v
	}, false}, true
}

// scalarParts returns the fields of a structured scalar.
func scalarParts(s *ndarray.Scalar) (Parts, bool) {
	fields := s.DType().Fields()
	if fields == nil {
		return Parts{}, false
	}
	return Parts{len(fields), func(i int) (string, any) {
		v, err := s.Array().Field(fields[i].Name)
		if err != nil {
			return fields[i].Name, nil
		}
		return fields[i].Name, element(v)
	}, true}, true
}

// element returns the element of an array without dimensions, as NumPy's a[()] does: a scalar, or
// the object of an array of objects. It returns any other array unchanged.
func element(a *ndarray.Array) any {
	if a.NDim() > 0 {
		return a
	}
	dt := a.DType()
	if dt.Kind() == ndarray.KindObject {
		return a.At()
	}
	if dt.HasObject() {
		if s, err := ndarray.NewObjectScalar(dt, a.At()); err == nil {
			return s
		}
		return a.At()
	}
	data, err := a.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		return a
	}
	if s, err := ndarray.NewScalar(dt, data); err == nil {
		return s
	}
	return a
}

// subscriptArray is a[subs] in Python, but a single element is an array without dimensions. There
// may be fewer subscripts than axes.
func subscriptArray(a *ndarray.Array, subs []pointer.Subscript) (*ndarray.Array, error) {
	if len(subs) > a.NDim() {
		return nil, fmt.Errorf("too many indices: the array has %d dimensions", a.NDim())
	}
	axis := 0
	for _, s := range subs {
		n := a.Shape()[axis]
		var err error
		if s.IsSlice {
			start, step, count := s.Range(n)
			if a, err = sliceAxis(a, axis, start, step, count); err != nil {
				return nil, err
			}
			axis++
			continue
		}
		i, ok := s.At(n)
		if !ok {
			return nil, indexError{fmt.Sprintf("an array with %d items along axis %d", n, axis)}
		}
		if a, err = dropAxis(a, axis, i); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// sliceAxis returns the view of count items along an axis: every step-th item from start on.
func sliceAxis(a *ndarray.Array, axis, start, step, count int) (*ndarray.Array, error) {
	if count == 0 {
		return a.Slice(axis, 0, 0, 1)
	}
	stop := start + (count-1)*step // index of the last item
	if step > 0 {
		return a.Slice(axis, start, stop+1, step)
	}
	if stop--; stop < 0 {
		stop = -1 - a.Shape()[axis] // a stop of -1 would count from the end
	}
	return a.Slice(axis, start, stop, step)
}

// dropAxis returns the view of item i along an axis, without that axis.
func dropAxis(a *ndarray.Array, axis, i int) (*ndarray.Array, error) {
	if axis > 0 {
		order := []int{axis}
		for k := range a.NDim() {
			if k != axis {
				order = append(order, k)
			}
		}
		var err error
		if a, err = a.Transpose(order...); err != nil {
			return nil, err
		}
	}
	return a.Index(i)
}

// subscriptMasked is m[subs] in Python, with nil for a single element that is masked.
func subscriptMasked(m *ndarray.Masked, subs []pointer.Subscript) (any, error) {
	data, err := subscriptArray(m.Data, subs)
	if err != nil {
		return nil, err
	}
	part := *m
	part.Data = data
	if m.Mask != nil {
		if part.Mask, err = subscriptArray(m.Mask, subs); err != nil {
			return nil, err
		}
	}
	if data.NDim() > 0 {
		return &part, nil
	}
	if part.IsMasked() {
		return nil, nil
	}
	return element(data), nil
}

// fieldOf returns a field of a structured array; ok is false if there is no such field.
func fieldOf(a *ndarray.Array, name string) (any, bool, error) {
	if _, ok := a.DType().Field(name); !ok {
		return nil, false, nil
	}
	v, err := a.Field(name)
	if err != nil {
		return nil, false, err
	}
	return element(v), true, nil
}

// maskedField returns a field of a structured masked array, or its data, mask or fill_value.
func maskedField(m *ndarray.Masked, name string) (any, bool, error) {
	if _, ok := m.Data.DType().Field(name); ok {
		part := *m
		var err error
		if part.Data, err = m.Data.Field(name); err != nil {
			return nil, false, err
		}
		if m.Mask != nil {
			if part.Mask, err = m.Mask.Field(name); err != nil {
				return nil, false, err
			}
		}
		part.FillValue = nil
		return &part, true, nil
	}
	switch name {
	case "data":
		return m.Data, true, nil
	case "mask":
		if m.Mask == nil {
			return false, true, nil
		}
		return m.Mask, true, nil
	case "fill_value":
		return m.FillValue, true, nil
	}
	return nil, false, nil
}

// subscriptList is items[sub] in Python.
func subscriptList(items []any, s pointer.Subscript) (any, error) {
	if !s.IsSlice {
		i, ok := s.At(len(items))
		if !ok {
			return nil, indexError{fmt.Sprintf("a sequence of %d items", len(items))}
		}
		return items[i], nil
	}
	start, step, count := s.Range(len(items))
	list := types.List(everyStep(items, start, step, count))
	return &list, nil
}

// everyStep returns count elements of a slice: every step-th element from start on. The result
// shares memory with s if the elements are adjacent.
func everyStep[T any](s []T, start, step, count int) []T {
	if s == nil {
		return nil
	}
	if step == 1 || count < 2 {
		return s[start : start+count : start+count]
	}
	out := make([]T, count)
	for i := range out {
		out[i] = s[start+i*step]
	}
	return out
}

// Element returns the element at an index: a scalar, or the object of an array of objects. There
// is an index for each axis, and it must be in range.
func Element(a *ndarray.Array, index ...int) (any, error) {
	if a.DType().Kind() == ndarray.KindObject {
		return a.At(index...), nil
	}
	for _, i := range index {
		var err error
		if a, err = a.Index(i); err != nil {
			return nil, err
		}
	}
	return element(a), nil
}

// Subscript is a[subs] in Python: a view of a, or a single element.
func Subscript(a *ndarray.Array, subs ...pointer.Subscript) (any, error) {
	part, err := subscriptArray(a, subs)
	if err != nil {
		return nil, err
	}
	return element(part), nil
}

// View is [Subscript] for a result that is always a view: a single element is an array without
// dimensions.
func View(a *ndarray.Array, subs ...pointer.Subscript) (*ndarray.Array, error) {
	return subscriptArray(a, subs)
}
