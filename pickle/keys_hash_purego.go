//go:build purego

package pickle

import "hash/maphash"

// hashComparable is that of keys_hash.go. With the build tag purego, which the standard library
// knows too, maphash.Comparable panics on a struct with a nil interface (Go 1.26).
func hashComparable(seed maphash.Seed, key any) uint64 {
	if d, ok := key.(digestKey); ok {
		return maphash.Bytes(seed, d.sum[:])
	}
	return maphash.Bytes(seed, appendKey(nil, key))
}
