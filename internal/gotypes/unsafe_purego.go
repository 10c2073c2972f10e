//go:build purego

package gotypes

import (
	"encoding/binary"
	"reflect"
	"strconv"
)

// memory returns what the memory of v has, a slice of numbers: a copy.
func memory(v reflect.Value) []byte {
	fixed := map[reflect.Kind]reflect.Type{
		// Package binary takes no types whose size is that of the machine's words.
		reflect.Int: reflect.TypeFor[int64](), reflect.Uint: reflect.TypeFor[uint64](),
	}[v.Type().Elem().Kind()]
	if fixed != nil && strconv.IntSize == 32 {
		fixed = map[reflect.Kind]reflect.Type{
			reflect.Int64: reflect.TypeFor[int32](), reflect.Uint64: reflect.TypeFor[uint32](),
		}[fixed.Kind()]
	}
	if fixed != nil {
		s := reflect.MakeSlice(reflect.SliceOf(fixed), v.Len(), v.Len())
		for i := range v.Len() {
			s.Index(i).Set(v.Index(i).Convert(fixed))
		}
		v = s
	}
	b, err := binary.Append([]byte{}, binary.NativeEndian, v.Interface())
	if err != nil {
		panic(err) // every number has a fixed size now
	}
	return b
}
