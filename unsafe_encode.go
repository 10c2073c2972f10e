package unpkl

import (
	"reflect"
	"strings"
	"unsafe"
)

// built returns what was written to b, which must not be used any more.
//
// unsafe: a Builder, unlike make, gets memory that is not set to zero first, which for a large array
// takes as long as to write it; but it gives only a string.
func built(b *strings.Builder) []byte {
	return unsafe.Slice(unsafe.StringData(b.String()), b.Len())
}

// memory returns the memory of v, a slice of numbers.
//
// unsafe: reflect.SliceAt does the same, but makes a type and a header each time, a tenth of what
// it takes to write a small array. The result is read only, and keeps the memory.
func memory(v reflect.Value) []byte {
	if v.Len() == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(v.UnsafePointer()), v.Len()*int(v.Type().Elem().Size()))
}
