//go:build purego

package ndarray

import "encoding/binary"

// sizeOf returns the size of a T in bytes.
func sizeOf[T Element]() int {
	var zero T
	return binary.Size(zero)
}

// sliceOf returns a copy of b as elements in this machine's byte order.
func sliceOf[T Element](b []byte) ([]T, bool) {
	s := make([]T, len(b)/sizeOf[T]())
	fill(s, b, NativeEndian)
	return s, true
}

// bytesOf returns a copy of s as bytes.
func bytesOf[T Element](s []T) []byte {
	b, err := binary.Append(make([]byte, 0, len(s)*sizeOf[T]()), binary.NativeEndian, s)
	if err != nil {
		panic(err) // every Element has a fixed size
	}
	return b
}

// largePages does nothing.
func largePages[T Element]([]T) (done func()) { return func() {} }

// fill decodes src, in the given byte order, into dst, which must be long enough.
func fill[T Element](dst []T, src []byte, order ByteOrder) {
	if len(src) == 0 {
		return
	}
	if order == NotApplicable {
		order = NativeEndian
	}
	if _, err := binary.Decode(src, order.binary(), dst[:len(src)/sizeOf[T]()]); err != nil {
		panic(err) // every Element has a fixed size
	}
}

// fillStructs returns false: without unsafe, structs are filled field by field.
func fillStructs[T any](dst []T, a *Array) bool { return false }
