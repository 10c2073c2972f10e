package texts

import (
	"fmt"
	"reflect"
	"strings"
)

// Sprint is fmt.Sprint for a value from a pickle. Such a value may contain itself, and then
// gopickle's String methods recurse until the stack overflows, from which no program recovers. A
// value that is nested more than maxSprintDepth deep, or has more than maxSprintParts parts, is
// shown by its Go type. The text of nil is None.
func Sprint(v any) string {
	if v == nil {
		return "None"
	}
	parts := maxSprintParts
	if !printable(reflect.ValueOf(v), maxSprintDepth, &parts) {
		return fmt.Sprintf("a %T", v)
	}
	return fmt.Sprint(v)
}

const (
	maxSprintDepth = 16
	maxSprintParts = 1000
)

// gopickle is the path of the module whose String methods may not end.
const gopickle = "github.com/nlpodyssey/gopickle/"

// printable reports whether v is small enough to print. parts is the number of values that it may
// still visit.
func printable(v reflect.Value, depth int, parts *int) bool {
	if *parts--; depth == 0 || *parts < 0 {
		return false
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map,
		reflect.Struct:
	default:
		return true
	}
	if hasOwnText(v.Type()) {
		return true
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return v.IsNil() || printable(v.Elem(), depth-1, parts)
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if !printable(it.Key(), depth-1, parts) || !printable(it.Value(), depth-1, parts) {
				return false
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !printable(v.Field(i), depth-1, parts) {
				return false
			}
		}
	default:
		for i := range v.Len() {
			if !printable(v.Index(i), depth-1, parts) {
				return false
			}
		}
	}
	return true
}

var stringer = reflect.TypeFor[fmt.Stringer]()

// hasOwnText reports whether a type has a String method that is not one of gopickle's.
func hasOwnText(t reflect.Type) bool {
	if !t.Implements(stringer) {
		return false
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() != reflect.Interface && !strings.HasPrefix(t.PkgPath(), gopickle)
}
