package plain

import (
	"unsafe"

	"github.com/nlpodyssey/gopickle/types"
)

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
