//go:build purego

package plain

// stringOf returns a copy of the bytes as a string.
func stringOf(b []byte) string { return string(b) }
