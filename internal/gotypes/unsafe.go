//go:build !purego

package gotypes

import (
	"reflect"
	"unsafe"
)

// memory returns the memory of v, a slice of numbers. With the build tag purego it returns a copy.
//
// unsafe: bytes have no alignment, so the memory of numbers can be a slice of bytes. The result is
// only read, and keeps the memory alive. reflect.SliceAt does the same, but its type and header
// take a tenth of the time of writing a small array.
func memory(v reflect.Value) []byte {
	if v.Len() == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(v.UnsafePointer()), v.Len()*int(v.Type().Elem().Size()))
}
