//go:build !purego

package plain

import "unsafe"

// stringOf returns a string of the bytes themselves, which nothing may write to any more.
//
// unsafe: a string and a slice of bytes point to memory alike, and callers give theirs away.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
