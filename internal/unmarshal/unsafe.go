//go:build !purego

package unmarshal

import (
	"reflect"
	"unsafe"

	"github.com/unpkl/unpkl/internal/payload"
)

// This is the only file of the package that imports unsafe. Its twin for the build tag purego does
// the same by reflection.
//
// unsafe: with reflection, setting a field takes several times as long as reading its value from
// the tape. A place is the address of a variable that reflection returned, plus the offset of a
// field according to reflection, or plus a multiple of the element size within the length of a
// slice. It is only written to as a variable of a type of the same kind and size.
//
// unsafe: clearing large memory takes as long as filling it. The memory that payload.Uncleared
// returns contains no pointers, is aligned for numbers, and is as long as the numbers.

// place is the address of a variable. The plan of the variable knows its Go type.
type place struct{ p unsafe.Pointer }

// placeOf returns the place of v, which must be addressable.
func placeOf(v reflect.Value) place { return place{v.Addr().UnsafePointer()} }

// pointee returns the place that the pointer v points to.
func pointee(v reflect.Value) place { return place{v.UnsafePointer()} }

// value returns the variable, whose type must be t.
func (d place) value(t reflect.Type) reflect.Value { return reflect.NewAt(t, d.p).Elem() }

// field returns the place of a field of the struct at d. The field must not be viaPointer.
func (d place) field(f *cellField) place { return place{unsafe.Add(d.p, f.offset)} }

func (d place) setBool(b bool)     { *(*bool)(d.p) = b }
func (d place) setString(s string) { *(*string)(d.p) = s }

// setInt sets a variable of a signed integer kind, of size bytes, to i, which it must be able to
// hold.
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

// setUint is setInt for an unsigned kind.
func (d place) setUint(size uintptr, i uint64) { d.setInt(size, int64(i)) }

// setFloat sets a variable of a float kind, of size bytes.
func (d place) setFloat(size uintptr, f float64) {
	if size == 8 {
		*(*float64)(d.p) = f
	} else {
		*(*float32)(d.p) = float32(f)
	}
}

// elements is the place of the elements of a slice, or of an addressable array.
type elements struct {
	p    unsafe.Pointer
	size uintptr // of an element, in bytes
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

// at returns the place of the element i, which must exist.
func (e elements) at(i int) place { return place{unsafe.Add(e.p, uintptr(i)*e.size)} }

// as returns the address of the variable at d as a *T. T must be a type of the same kind and size
// as the type of the variable, or a slice type whose elements are.
func as[T any](d place) (*T, bool) { return (*T)(d.p), true }

// items returns the elements of v, a slice or an addressable array, whose elements must have the
// kind and size of T.
func items[T any](v reflect.Value) ([]T, bool) {
	return unsafe.Slice((*T)(elementsOf(v).p), v.Len()), true
}

// bytesOf returns the memory of the elements of v, a slice or an addressable array of numbers.
func bytesOf(v reflect.Value) ([]byte, bool) {
	e := elementsOf(v)
	return unsafe.Slice((*byte)(e.p), uintptr(v.Len())*e.size), true
}

// sliceCap returns the capacity of the slice at d.
func (d place) sliceCap() int { return cap(*(*[]byte)(d.p)) }

// setOver sets the slice of numbers at d to the n > 0 numbers in the memory b. It returns false,
// and sets nothing, if b is not aligned to align bytes.
//
// The header of a slice has the same form for all element types: address, length and capacity, the
// last two in elements.
func (d place) setOver(b []byte, align uintptr, n int) bool {
	p := unsafe.SliceData(b)
	if uintptr(unsafe.Pointer(p))%align != 0 {
		return false
	}
	*(*[]byte)(d.p) = unsafe.Slice(p, n)
	return true
}

// stringOf returns b as a string. Nobody may write to b afterwards.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// castSlice returns the slice s, which has no pointers, as a slice of type t. The elements of t
// must have the same size and kind of number: []float64 can become []Celsius, and []int64 can
// become []int if an int has 64 bits. The function bulk chooses s accordingly.
func castSlice(s any, t reflect.Type) reflect.Value {
	v := reflect.ValueOf(s)
	if v.Type() == t {
		return v
	}
	return reflect.SliceAt(t.Elem(), unsafe.Pointer(v.Pointer()), v.Len())
}

// number is a type of 8 bytes without pointers, for which every bit pattern is a value.
type number interface{ float64 | int64 | int }

// uncleared returns n > 0 numbers, which the caller must set before they are read.
func uncleared[T number](n int) []T {
	b := payload.Uncleared(n * int(unsafe.Sizeof(T(0))))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}
