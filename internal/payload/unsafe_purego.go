//go:build purego

package payload

// Uncleared returns n > 0 zeros.
func Uncleared(n int) []byte { return make([]byte, n) }
