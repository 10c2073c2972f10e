//go:build !purego

package unmarshal

import (
	"reflect"
	"unsafe"

	"github.com/unpkl/unpkl/internal/payload"
)

// This file is the only one with package unsafe. Its twin under the build tag purego does the same
// by reflection.
//
// unsafe: reflection finds a field anew for each value, which costs several times what reading the
// value does. A place is the address of a variable that reflection gave, plus the offset that
// reflection gives for a field, or a multiple of the size of an element below the length of its
// slice. It is written to as a variable of a type of the same kind and size.
//
// unsafe: setting large memory to zero takes as long as filling it. What package payload leaves
// uncleared has no pointers, begins where a number may, and is as long as the numbers.

// place is a variable of a Go type that its plan knows.
type place struct{ p unsafe.Pointer }

// placeOf returns the place of v, which can be addressed.
func placeOf(v reflect.Value) place { return place{v.Addr().UnsafePointer()} }

// pointee returns the place that v, a pointer, points to.
func pointee(v reflect.Value) place { return place{v.UnsafePointer()} }

// value returns the variable, which is of type t.
func (d place) value(t reflect.Type) reflect.Value { return reflect.NewAt(t, d.p).Elem() }

// field returns a field of a struct that is not behind a pointer.
func (d place) field(f *cellField) place { return place{unsafe.Add(d.p, f.offset)} }

func (d place) setBool(b bool)     { *(*bool)(d.p) = b }
func (d place) setString(s string) { *(*string)(d.p) = s }

// setInt sets a variable of an int kind of so many bytes to an i that it holds.
func (d place) setInt(size uintptr, i int64) {
	switch size {
	case 8:
		*(*int64)(d.p) = i
	case 4:
		*(*int32)(d.p) = int32(i)
	case 2:
		*(*int16)(d.p) = int16(i)
	default:
		*(*int8)(d.p) = int8(i)
	}
}

// setUint is setInt for an uint kind.
func (d place) setUint(size uintptr, i uint64) { d.setInt(size, int64(i)) }

// setFloat sets a variable of a float kind of so many bytes.
func (d place) setFloat(size uintptr, f float64) {
	if size == 8 {
		*(*float64)(d.p) = f
	} else {
		*(*float32)(d.p) = float32(f)
	}
}

// elements are those of a slice, or of an array that can be addressed.
type elements struct {
	p    unsafe.Pointer
	size uintptr
}

func elementsOf(v reflect.Value) elements {
	e := elements{size: v.Type().Elem().Size()}
	if v.Kind() == reflect.Slice {
		e.p = v.UnsafePointer()
	} else {
		e.p = v.Addr().UnsafePointer()
	}
	return e
}

// at returns the place of the element i, which there must be.
func (e elements) at(i int) place { return place{unsafe.Add(e.p, uintptr(i)*e.size)} }

// as returns the address of the variable at d as that of a T, which is a type of the same kind and
// size, or a slice of elements that are.
func as[T any](d place) (*T, bool) { return (*T)(d.p), true }

// items returns the elements of v, a slice or an array that can be addressed, whose elements are of
// the kind and size of T.
func items[T any](v reflect.Value) ([]T, bool) {
	return unsafe.Slice((*T)(elementsOf(v).p), v.Len()), true
}

// bytesOf returns the memory of the elements of v, a slice or an array that can be addressed, of
// numbers.
func bytesOf(v reflect.Value) ([]byte, bool) {
	e := elementsOf(v)
	return unsafe.Slice((*byte)(e.p), uintptr(v.Len())*e.size), true
}

// sliceCap returns the capacity of a variable that is a slice.
func (d place) sliceCap() int { return cap(*(*[]byte)(d.p)) }

// setOver sets a variable that is a slice of numbers to the n > 0 numbers whose memory b is. It
// returns false, and sets nothing, where b does not begin at a multiple of align.
//
// The header of a slice is the same for all types: where it begins, and its length and capacity.
func (d place) setOver(b []byte, align uintptr, n int) bool {
	p := unsafe.SliceData(b)
	if uintptr(unsafe.Pointer(p))%align != 0 {
		return false
	}
	*(*[]byte)(d.p) = unsafe.Slice(p, n)
	return true
}

// stringOf returns b, which nobody writes to any more, as a string.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// castSlice returns the slice s, of a type without pointers, as a slice of type t, whose
// elements have the same size and kind of number: []float64 as []Celsius, and []int64 as
// []int where an int has 64 bits. The caller picks s by t's kind and size, see bulk.
func castSlice(s any, t reflect.Type) reflect.Value {
	v := reflect.ValueOf(s)
	if v.Type() == t {
		return v
	}
	return reflect.SliceAt(t.Elem(), unsafe.Pointer(v.Pointer()), v.Len())
}

// number is a type of 8 bytes without pointers, all of whose bits are values.
type number interface{ float64 | int64 | int }

// uncleared returns n > 0 numbers that are to be written before they are read.
func uncleared[T number](n int) []T {
	b := payload.Uncleared(n * int(unsafe.Sizeof(T(0))))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}
