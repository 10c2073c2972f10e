//go:build purego

package opcode

// stringOf returns b as a string.
func stringOf(b []byte) string { return string(b) }
