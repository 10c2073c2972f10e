package pickle

import (
	"strings"
	"unsafe"
)

// This file holds every use of unsafe in the package.
//
// Boxing. Putting an int, float64, string or []byte into an any makes Go
// allocate the word or header that the interface points to, one by one: most of
// the time of loading small values. The box functions make the interface point
// into a slab instead. That relies on the layout of an empty interface, a type
// word and a data word, which TestBox checks; a slot of a slab is written once,
// before it is boxed, and never again, as interface values must be.
//
// Strings. stringOf makes a string of bytes that nothing writes to afterwards,
// as strings.Builder does.
//
// Memory. unclearedBytes gets memory that is not set to zero, which takes as long as reading
// a payload into it, from a strings.Builder, whose Grow promises that many bytes. What was in it before is nobody's
// business: all of it is written to before it is read.
//
// Identity. dataWord tells NaNs and values of foreign types apart as Python's
// id does; it is compared, never dereferenced.

type emptyInterface struct {
	typ  unsafe.Pointer
	data unsafe.Pointer
}

func typeWord(v any) unsafe.Pointer { return (*emptyInterface)(unsafe.Pointer(&v)).typ }

func dataWord(v any) unsafe.Pointer { return (*emptyInterface)(unsafe.Pointer(&v)).data }

var (
	intWord     = typeWord(int(0))
	float64Word = typeWord(float64(0))
	stringWord  = typeWord("")
	bytesWord   = typeWord([]byte(nil))
)

func boxInt(p *int) (v any) {
	*(*emptyInterface)(unsafe.Pointer(&v)) = emptyInterface{intWord, unsafe.Pointer(p)}
	return v
}

func boxFloat(p *float64) (v any) {
	*(*emptyInterface)(unsafe.Pointer(&v)) = emptyInterface{float64Word, unsafe.Pointer(p)}
	return v
}

func boxString(p *string) (v any) {
	*(*emptyInterface)(unsafe.Pointer(&v)) = emptyInterface{stringWord, unsafe.Pointer(p)}
	return v
}

func boxBytes(p *[]byte) (v any) {
	*(*emptyInterface)(unsafe.Pointer(&v)) = emptyInterface{bytesWord, unsafe.Pointer(p)}
	return v
}

func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// unclearedBytes returns n > 0 bytes of any content.
func unclearedBytes(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}

// misalignment returns how far b begins past a multiple of align.
func misalignment(b []byte, align uintptr) int {
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (align - 1))
}

// sameString reports that a and b are the same bytes in memory.
func stringAddr(s string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(s))) }
