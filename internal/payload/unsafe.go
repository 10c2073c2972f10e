//go:build !purego

package payload

import (
	"strings"
	"unsafe"
)

// Uncleared returns n > 0 bytes of any content, all of which the caller writes to before it reads
// them. With the build tag purego they are zeros.
//
// unsafe: setting memory to zero takes as long as reading a payload into it, and only a
// strings.Builder, whose Grow promises that many bytes, gives memory without it. Nothing has its
// string.
func Uncleared(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}
