package payload

import (
	"strings"
	"unsafe"
)

// Uncleared returns n > 0 bytes of any content, all of which the caller writes to before it reads
// them.
//
// unsafe: setting memory to zero takes as long as reading a payload into it, and only a
// strings.Builder, whose Grow promises that many bytes, gives memory without it.
func Uncleared(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}

// Misalignment returns how far b begins past a multiple of align, a power of two.
//
// unsafe: the address is only looked at.
func Misalignment(b []byte, align uintptr) int {
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (align - 1))
}
