//go:build !purego

package opcode

import "unsafe"

// stringOf returns b as a string for a parser that does not keep it.
//
// unsafe: the string is the memory of b, which does not change while the parser runs; errors of
// package strconv hold copies.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
