//go:build !purego

package gotypes

import (
	"reflect"
	"unsafe"
)

// memory returns the memory of v, a slice of numbers; with the build tag purego it is a copy.
//
// unsafe: the memory of numbers is bytes, which have no alignment to keep. The result is read only,
// and keeps the memory. The function reflect.SliceAt does the same, but makes a type and a header
// each time, a tenth of what it takes to write a small array.
func memory(v reflect.Value) []byte {
	if v.Len() == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(v.UnsafePointer()), v.Len()*int(v.Type().Elem().Size()))
}
