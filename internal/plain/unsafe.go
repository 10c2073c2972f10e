//go:build !purego

package plain

import "unsafe"

// stringOf returns b as a string. Nobody may write to b afterwards.
//
// unsafe: a string and a slice of bytes both begin with a pointer to the bytes, and the callers
// give up their slice.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
