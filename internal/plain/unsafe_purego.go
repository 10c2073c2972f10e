//go:build purego

package plain

// stringOf returns a copy of b as a string.
func stringOf(b []byte) string { return string(b) }
