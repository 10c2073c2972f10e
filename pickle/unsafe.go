package pickle

import (
	"strings"
	"unsafe"
)

// This file holds every use of unsafe in the package; boxing is in internal/slab.
//
// Strings. stringOf makes a string of bytes that nothing writes to afterwards,
// as strings.Builder does.
//
// Memory. unclearedBytes gets memory that is not set to zero, which takes as long as
// reading a payload into it, from a strings.Builder, whose Grow promises that many
// bytes. All of it is written to before it is read.
//
// Identity. dataWord tells NaNs and values of foreign types apart as Python's
// id does; it is compared, never dereferenced.

type emptyInterface struct {
	typ  unsafe.Pointer
	data unsafe.Pointer
}

func typeWord(v any) unsafe.Pointer { return (*emptyInterface)(unsafe.Pointer(&v)).typ }

func dataWord(v any) unsafe.Pointer { return (*emptyInterface)(unsafe.Pointer(&v)).data }

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

// stringAddr tells strings that share their bytes.
func stringAddr(s string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(s))) }
