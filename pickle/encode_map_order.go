package pickle

import (
	"cmp"
	"reflect"
	"strings"
)

// compareKeys compares two keys of a map. The order is None, bools, numbers, complex numbers,
// strings, arrays, and then keys of other types. Keys of one rank are ordered by value, and keys of
// different other types by the names of their types. If there is no order for two keys, such as
// pointers to structs, the result is 0, which does not mean that they are equal. Their order in the
// pickle is then arbitrary, which does no harm, since Python's dicts are equal in any order.
func compareKeys(a, b reflect.Value) int {
	if a.Kind() == reflect.Interface {
		a = a.Elem()
	}
	if b.Kind() == reflect.Interface {
		b = b.Elem()
	}
	if order := cmp.Compare(keyRank(a), keyRank(b)); order != 0 || !a.IsValid() {
		return order
	}
	switch keyRank(a) {
	case rankBool:
		return cmp.Compare(boolInt(a.Bool()), boolInt(b.Bool()))
	case rankNumber:
		return cmp.Or(compareNumbers(a, b), compareTypes(a, b))
	case rankComplex:
		x, y := a.Complex(), b.Complex()
		return cmp.Or(
			cmp.Compare(real(x), real(y)), cmp.Compare(imag(x), imag(y)), compareTypes(a, b))
	case rankText:
		return cmp.Or(strings.Compare(a.String(), b.String()), compareTypes(a, b))
	case rankArray:
		for i := range min(a.Len(), b.Len()) {
			if order := compareKeys(a.Index(i), b.Index(i)); order != 0 {
				return order
			}
		}
		return cmp.Or(cmp.Compare(a.Len(), b.Len()), compareTypes(a, b))
	}
	if a.Type() != b.Type() {
		return compareTypes(a, b)
	}
	return compareAlike(a, b)
}

// compareAlike compares two keys of one type whose rank is rankOther.
func compareAlike(a, b reflect.Value) int {
	if a.Kind() == reflect.Pointer && (a.IsNil() || b.IsNil()) {
		return cmp.Compare(boolInt(!a.IsNil()), boolInt(!b.IsNil()))
	}
	if order, ok := compareByMethod(a, b); ok {
		return order
	}
	switch {
	case a.Type() == objectPointer && a.CanInterface():
		return compareObjects(a.Interface().(*Object), b.Interface().(*Object))
	case a.Kind() == reflect.Struct:
		for i := range a.NumField() {
			if order := compareKeys(a.Field(i), b.Field(i)); order != 0 {
				return order
			}
		}
	}
	return 0
}

var objectPointer = reflect.TypeFor[*Object]()

// compareByMethod compares two keys of one type by their method Compare, such as that of time.Time,
// or Cmp, such as that of *big.Int; ok is false if the type has neither.
func compareByMethod(a, b reflect.Value) (order int, ok bool) {
	if !a.CanInterface() || !b.CanInterface() || a.NumMethod() == 0 {
		return 0, false
	}
	m := a.MethodByName("Compare")
	if !m.IsValid() {
		m = a.MethodByName("Cmp")
	}
	if !m.IsValid() {
		return 0, false
	}
	t := m.Type()
	if t.NumIn() != 1 || t.In(0) != a.Type() || t.NumOut() != 1 || t.Out(0).Kind() != reflect.Int {
		return 0, false
	}
	return int(m.Call([]reflect.Value{b})[0].Int()), true
}

// compareObjects compares objects by their classes, and then by those of their arguments that are
// numbers or strings. This is enough for the members of an enum.
func compareObjects(a, b *Object) int {
	if order := strings.Compare(a.ClassName(), b.ClassName()); order != 0 {
		return order
	}
	for i := range min(len(a.Args), len(b.Args)) {
		x, y := reflect.ValueOf(a.Args[i]), reflect.ValueOf(b.Args[i])
		order := cmp.Compare(keyRank(x), keyRank(y))
		if order == 0 && keyRank(x) < rankArray {
			order = compareKeys(x, y)
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a.Args), len(b.Args))
}

// boolInt returns 1 for true and 0 for false.
func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compareTypes compares the names of the types of two keys.
func compareTypes(a, b reflect.Value) int {
	return cmp.Or(
		strings.Compare(a.Type().String(), b.Type().String()),
		strings.Compare(a.Type().PkgPath(), b.Type().PkgPath()))
}

// The ranks of keys: keys of a lower rank are written first.
const (
	rankNone = iota
	rankBool
	rankNumber
	rankComplex
	rankText
	rankArray
	rankOther
)

// keyRank returns the rank of a key.
func keyRank(v reflect.Value) int {
	switch {
	case !v.IsValid():
		return rankNone
	case v.Kind() == reflect.Bool:
		return rankBool
	case v.CanInt() || v.CanUint() || v.CanFloat():
		return rankNumber
	case v.CanComplex():
		return rankComplex
	case v.Kind() == reflect.String:
		return rankText
	case v.Kind() == reflect.Array:
		return rankArray
	}
	return rankOther
}

// compareNumbers compares two ints, uints or floats. NaN is less than all others.
func compareNumbers(a, b reflect.Value) int {
	switch {
	case a.CanInt() && b.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint() && b.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanInt() && b.CanUint():
		if a.Int() < 0 {
			return -1
		}
		return cmp.Compare(uint64(a.Int()), b.Uint())
	case a.CanUint() && b.CanInt():
		return -compareNumbers(b, a)
	}
	return cmp.Compare(asFloat(a), asFloat(b))
}

// asFloat converts an int, uint or float.
func asFloat(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return v.Float()
}
