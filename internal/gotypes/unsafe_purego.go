//go:build purego

package gotypes

import (
	"encoding/binary"
	"math"
	"reflect"
)

// memory returns a copy of the memory of v, a slice of bools or numbers.
func memory(v reflect.Value) []byte {
	size := int(v.Type().Elem().Size())
	b := make([]byte, 0, v.Len()*size)
	for i := range v.Len() {
		switch x := v.Index(i); {
		case x.Kind() == reflect.Bool:
			b = append(b, 0)
			if x.Bool() {
				b[len(b)-1] = 1
			}
		case x.CanInt():
			b = appendWord(b, uint64(x.Int()), size)
		case x.CanUint():
			b = appendWord(b, x.Uint(), size)
		case x.CanFloat():
			b = appendFloat(b, x.Float(), size)
		case x.CanComplex():
			b = appendFloat(b, real(x.Complex()), size/2)
			b = appendFloat(b, imag(x.Complex()), size/2)
		}
	}
	return b
}

// appendFloat appends a float of size bytes.
func appendFloat(b []byte, f float64, size int) []byte {
	if size == 4 {
		return appendWord(b, uint64(math.Float32bits(float32(f))), size)
	}
	return appendWord(b, math.Float64bits(f), size)
}

// appendWord appends the lowest size bytes of a number in native byte order.
func appendWord(b []byte, u uint64, size int) []byte {
	switch size {
	case 1:
		return append(b, byte(u))
	case 2:
		return binary.NativeEndian.AppendUint16(b, uint16(u))
	case 4:
		return binary.NativeEndian.AppendUint32(b, uint32(u))
	}
	return binary.NativeEndian.AppendUint64(b, u)
}
