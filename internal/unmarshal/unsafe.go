package unmarshal

import (
	"reflect"
	"unsafe"
)

// castSlice returns the slice s, of a type without pointers, as a slice of type t, whose
// elements have the same size and kind of number: []float64 as []Celsius, and []int64 as
// []int where an int has 64 bits.
//
// unsafe: Go converts neither without a copy, though memory and header are the same.
// The caller picks s by t's kind and size, see bulk.
func castSlice(s any, t reflect.Type) reflect.Value {
	v := reflect.ValueOf(s)
	if v.Type() == t {
		return v
	}
	return reflect.SliceAt(t.Elem(), unsafe.Pointer(v.Pointer()), v.Len())
}
