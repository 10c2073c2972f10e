package unpkl

import (
	"reflect"
	"unsafe"

	"github.com/nlpodyssey/gopickle/types"
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

// The in-place functions return a list or tuple as the []any that it is, without
// a copy of its slice header: c must not be used any more.
//
// unsafe: an interface that holds a slice points to its header, and types.List and types.Tuple are
// []any by definition. What an interface points to must never change, so nothing
// may append to c afterwards; trees belong to nobody else.
func listInPlace(c *types.List) any   { return sliceAt((*[]any)(c)) }
func tupleInPlace(c *types.Tuple) any { return sliceAt((*[]any)(c)) }

func sliceAt(s *[]any) (v any) {
	v = anySliceZero
	(*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1] = unsafe.Pointer(s)
	return v
}

var anySliceZero any = []any(nil)
