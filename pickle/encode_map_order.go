package pickle

import (
	"cmp"
	"reflect"
	"strings"
)

// compareKeys orders the keys of a map: numbers before text before the rest, those of one kind by
// their value, and those of two other types by the names of the types. Python's dicts are equal
// in any order, so keys of which nothing says which is less, such as two pointers to structs,
// are in no particular one: 0 then does not say that they are the same.
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

// compareAlike orders two keys of one type that is not one of Go's basic ones or an array.
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

// compareByMethod orders two keys of one type by its method Compare, as that of time.Time, or Cmp,
// as that of *big.Int, if it has one.
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

// compareObjects orders objects by their classes and by those of their arguments that are numbers
// or text: enough for the members of an enum.
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

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compareTypes orders keys that are equal but for their type.
func compareTypes(a, b reflect.Value) int {
	return cmp.Or(
		strings.Compare(a.Type().String(), b.Type().String()),
		strings.Compare(a.Type().PkgPath(), b.Type().PkgPath()))
}

// The kinds of keys, in the order in which they are written.
const (
	rankNone = iota
	rankBool
	rankNumber
	rankComplex
	rankText
	rankArray
	rankOther
)

// keyRank orders the kinds of keys.
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

// compareNumbers compares two ints, uints or floats, NaN before all others.
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

func asFloat(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return v.Float()
}
