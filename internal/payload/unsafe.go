//go:build !purego

package payload

import (
	"strings"
	"unsafe"
)

// Uncleared returns n > 0 bytes of arbitrary content, which the caller must overwrite before
// reading them. With the build tag purego they are zeros.
//
// unsafe: clearing memory takes as long as reading an array into it. In Go only strings.Builder
// allocates memory without clearing it; Grow guarantees the capacity. No other code has the string,
// so the bytes may be changed.
func Uncleared(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}
