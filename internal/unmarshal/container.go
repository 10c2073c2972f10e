package unmarshal

import (
	"fmt"
	"reflect"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/plain"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// pointerPlan returns the plan of a pointer type. None sets nil. A container that was decoded into
// the same pointer type before gives the same pointer. Any other value is stored in the variable
// pointed to, which is allocated if the pointer is nil.
func pointerPlan(t reflect.Type) assignFunc {
	if isTableType(t.Elem()) {
		return tablePlan(t)
	}
	elem := planOf(t.Elem())
	return func(a *assigner, src any, dst reflect.Value) error {
		if isNone(src) {
			dst.SetZero()
			return nil
		}
		if t.Elem() == arrayType {
			if arr, ok := pyvalue.ArrayOf(src); ok { // src can be a tensor too
				src = arr
			}
		}
		if reflect.TypeOf(src) == t {
			return a.assignObject(src, dst)
		}
		if a.recall(src, dst) {
			return nil
		}
		if dst.IsNil() {
			dst.Set(reflect.New(t.Elem()))
		}
		a.remember(src, dst)
		return elem.assign(a, src, dst.Elem())
	}
}

// assignObject stores an object in a variable of the object's own type. The elements of an array of
// objects are converted to plain values first.
func (a *assigner) assignObject(src any, dst reflect.Value) error {
	switch src.(type) {
	case *ndarray.Array, *ndarray.Masked:
		v, err := a.plain.Convert(src, a.depth)
		if err != nil {
			return err
		}
		if reflect.TypeOf(v) != dst.Type() { // pandas' subclasses of arrays become tables
			return a.mismatch(src, dst.Type(), nil)
		}
		src = v
	}
	dst.Set(reflect.ValueOf(src))
	return nil
}

// slicePlan returns the plan of a slice type, for objects of sequences, sets, arrays and bytes. It
// always allocates a new slice, so that values decoded before are not overwritten.
func slicePlan(t reflect.Type) assignFunc {
	elem := planOf(t.Elem())
	fast := fastSlice(t)
	isBytes := t.Elem().Kind() == reflect.Uint8
	isAny := t == anySliceType
	return func(a *assigner, src any, dst reflect.Value) error {
		if isNone(src) {
			dst.SetZero()
			return nil
		}
		if a.recall(src, dst) {
			return nil
		}
		if table, err := a.tableOf(src); table != nil || err != nil {
			if err != nil {
				return err
			}
			return a.tableToSlice(table, src, dst, elem)
		}
		if b, ok := pyvalue.BytesOf(src); ok && isBytes {
			dst.SetBytes(append(make([]byte, 0, len(b)), b...))
			a.remember(src, dst)
			return nil
		}
		if arr, ok := pyvalue.ArrayOf(src); ok {
			return a.arrayToSlice(arr, src, dst, elem)
		}
		if m, ok := src.(*ndarray.Masked); ok {
			return a.maskedToSlice(m, src, dst, elem)
		}
		items, ok, err := a.sequenceOf(src)
		if err != nil {
			return err
		}
		if !ok {
			return a.mismatch(src, t, nil)
		}
		if isAny && pyvalue.IsContainer(src) {
			if v, ok, err := a.plainSlice(src); ok || err != nil {
				if err == nil {
					dst.Set(reflect.ValueOf(v))
				}
				return err
			}
		}
		if fast != nil && fast(a, items, dst) {
			a.remember(src, dst)
			return nil
		}
		dst.Set(reflect.MakeSlice(t, len(items), len(items)))
		a.remember(src, dst)
		return a.fill(items, dst, elem)
	}
}

// plainSlice converts a sequence to a []any with package plain, so that it is the same slice as
// where the sequence is part of a plain value.
func (a *assigner) plainSlice(src any) (any, bool, error) {
	if a.plain.Objects {
		return nil, false, nil
	}
	v, err := a.plain.Convert(src, a.depth)
	if err != nil {
		return nil, false, err
	}
	_, ok := v.([]any)
	return v, ok, nil
}

// fill assigns items to the elements of dst, which must have as many.
func (a *assigner) fill(items []any, dst reflect.Value, elem *plan) error {
	if err := a.enter(); err != nil {
		return err
	}
	defer a.leave()
	a.path = append(a.path, pathElem{})
	last := len(a.path) - 1
	for i, item := range items {
		a.path[last].index = i
		if err := elem.assign(a, item, dst.Index(i)); err != nil {
			return err
		}
	}
	a.path = a.path[:last]
	return nil
}

// fastSlice returns a function that fills slices of type t without reflection for each element, or
// nil if there is none. The function returns false, having set nothing, if an item has another
// type.
func fastSlice(t reflect.Type) func(a *assigner, items []any, dst reflect.Value) bool {
	switch t {
	case reflect.TypeFor[[]float64]():
		return fillFast[float64]
	case reflect.TypeFor[[]int]():
		return fillFast[int]
	case reflect.TypeFor[[]string]():
		return fillFast[string]
	case reflect.TypeFor[[]bool]():
		return fillFast[bool]
	case reflect.TypeFor[[]int64]():
		return fillFastInt64
	}
	return nil
}

func fillFast[T any](a *assigner, items []any, dst reflect.Value) bool {
	if int64(len(items)) > a.budget {
		return false // The general way returns the error.
	}
	out := make([]T, len(items))
	for i, item := range items {
		v, ok := item.(T)
		if !ok {
			return false
		}
		out[i] = v
	}
	a.budget -= int64(len(items))
	*dst.Addr().Interface().(*[]T) = out
	return true
}

func fillFastInt64(a *assigner, items []any, dst reflect.Value) bool {
	if int64(len(items)) > a.budget {
		return false
	}
	out := make([]int64, len(items))
	for i, item := range items {
		v, ok := item.(int)
		if !ok {
			return false
		}
		out[i] = int64(v)
	}
	a.budget -= int64(len(items))
	*dst.Addr().Interface().(*[]int64) = out
	return true
}

// arrayPlan returns the plan of an array type. The value must have as many elements.
func arrayPlan(t reflect.Type) assignFunc {
	elem := planOf(t.Elem())
	isBytes := t.Elem().Kind() == reflect.Uint8
	return func(a *assigner, src any, dst reflect.Value) error {
		if src == nil {
			return nil
		}
		if b, ok := pyvalue.BytesOf(src); ok && isBytes {
			if len(b) != t.Len() {
				return a.mismatch(src, t, lengthError(len(b), t.Len()))
			}
			reflect.Copy(dst, reflect.ValueOf(b))
			return nil
		}
		if arr, ok := pyvalue.ArrayOf(src); ok {
			return a.arrayToArray(arr, src, dst, elem)
		}
		items, ok, err := a.sequenceOf(src)
		if err != nil {
			return err
		}
		if !ok {
			return a.mismatch(src, t, nil)
		}
		if len(items) != t.Len() {
			return a.mismatch(src, t, lengthError(len(items), t.Len()))
		}
		return a.fill(items, dst, elem)
	}
}

func lengthError(got, want int) error { return fmt.Errorf("%d elements, not %d", got, want) }

// mapPlan returns the plan of a map type, for dicts, and for sets if t is map[T]struct{} or
// map[T]bool.
func mapPlan(t reflect.Type) assignFunc {
	key, elem := planOf(t.Key()), planOf(t.Elem())
	member := reflect.Zero(t.Elem())
	isSet := t.Elem().Kind() == reflect.Bool || t.Elem() == reflect.TypeFor[struct{}]()
	if t.Elem().Kind() == reflect.Bool {
		member = reflect.New(t.Elem()).Elem()
		member.SetBool(true)
	}
	return func(a *assigner, src any, dst reflect.Value) error {
		if isNone(src) {
			dst.SetZero()
			return nil
		}
		if a.recall(src, dst) {
			return nil
		}
		if table, err := a.tableOf(src); table != nil || err != nil {
			if err != nil {
				return err
			}
			return a.tableToMap(table, src, dst, key, elem)
		}
		if members, ok := pyvalue.SetItems(src); ok && isSet {
			return a.assignSet(src, members, dst, key, member)
		}
		entries, ok := pyvalue.EntriesOf(src)
		if !ok {
			return a.mismatch(src, t, nil)
		}
		if t == stringMapType && dst.Len() == 0 && !a.plain.Objects && plain.AllStrings(entries) {
			v, err := a.plain.Convert(src, a.depth)
			if err != nil {
				return err
			}
			if m, ok := v.(map[string]any); ok {
				dst.Set(reflect.ValueOf(m))
				return nil
			}
		}
		return a.assignMap(src, entries, dst, key, elem)
	}
}

// assignMap adds entries to the map in dst. If that is not empty, the entries go into a map of
// their own first, so that two keys of the dict that are equal in Go are noticed.
func (a *assigner) assignMap(src any, entries types.Dict, dst reflect.Value, key,
	elem *plan) error {
	if err := a.enter(); err != nil {
		return err
	}
	defer a.leave()
	t := dst.Type()
	m := dst
	if dst.Len() == 0 {
		if dst.IsNil() {
			dst.Set(reflect.MakeMapWithSize(t, len(entries)))
		}
		a.remember(src, dst)
	} else {
		a.remember(src, dst)
		m = reflect.MakeMapWithSize(t, len(entries))
	}
	k, v := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
	for i, e := range entries {
		ok, err := a.assignKey(e.Key, k, key)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		v.SetZero()
		if err := a.in(keyText(e.Key), elem, e.Value, v); err != nil {
			return err
		}
		before := m.Len()
		m.SetMapIndex(k, v)
		if m.Len() == before && i > 0 {
			if err := a.mismatch(src, t, pyvalue.KeyError("two keys are %s in Go",
				plain.ShownKey(k.Interface()))); err != nil {
				return err
			}
		}
	}
	if m != dst {
		for it := m.MapRange(); it.Next(); {
			dst.SetMapIndex(it.Key(), it.Value())
		}
	}
	return nil
}

// assignKey decodes a dict key into dst. It returns false if the key does not fit, after it has
// recorded the mismatch.
func (a *assigner) assignKey(src any, dst reflect.Value, key *plan) (bool, error) {
	misses := a.misses
	dst.SetZero()
	if src == nil && dst.Kind() != reflect.Interface && dst.Kind() != reflect.Pointer {
		return false, a.mismatch(src, dst.Type(), nil)
	}
	if dst.Kind() == reflect.Interface {
		k, err := a.plain.Key(src)
		if err != nil {
			return false, err
		}
		if k == nil {
			return true, nil
		}
		if !reflect.TypeOf(k).AssignableTo(dst.Type()) {
			return false, a.mismatch(src, dst.Type(), nil)
		}
		dst.Set(reflect.ValueOf(k))
		return true, nil
	}
	a.path = append(a.path, pathElem{name: keyText(src), named: true})
	err := key.assign(a, src, dst)
	a.path = a.path[:len(a.path)-1]
	if err != nil {
		return false, err
	}
	if !dst.Comparable() {
		return false, a.mismatch(src, dst.Type(), pyvalue.ErrKey)
	}
	return a.misses == misses, nil
}

// assignSet adds the members of a set to a map[T]struct{} or map[T]bool.
func (a *assigner) assignSet(src any, members []any, dst reflect.Value, key *plan,
	member reflect.Value) error {
	if err := a.enter(); err != nil {
		return err
	}
	defer a.leave()
	if dst.IsNil() {
		dst.Set(reflect.MakeMapWithSize(dst.Type(), len(members)))
	}
	a.remember(src, dst)
	k := reflect.New(dst.Type().Key()).Elem()
	for _, item := range members {
		ok, err := a.assignKey(item, k, key)
		if err != nil {
			return err
		}
		if ok {
			dst.SetMapIndex(k, member)
		}
	}
	return nil
}

// keyText formats a dict key for a path.
func keyText(k any) string {
	switch k := k.(type) {
	case string:
		return k
	case []byte:
		return string(k)
	case pickle.Py2String:
		return string(k)
	case int, float64, bool, nil:
		return fmt.Sprint(k)
	}
	return pyvalue.Describe(k)
}
