//go:build !purego

package pickle

import "hash/maphash"

// hashComparable returns a hash that is the same for equal comparable forms.
func hashComparable(seed maphash.Seed, key any) uint64 { return maphash.Comparable(seed, key) }
