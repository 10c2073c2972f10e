//go:build purego

package pickle

import "hash/maphash"

// hashComparable is the twin of that in keys_hash.go. The standard library uses the build tag
// purego too, and its maphash.Comparable then panics on a struct with a nil interface (Go 1.26).
func hashComparable(seed maphash.Seed, key any) uint64 {
	if d, ok := key.(digestKey); ok {
		return maphash.Bytes(seed, d.sum[:])
	}
	return maphash.Bytes(seed, appendKey(nil, key))
}
