package pickle

import (
	"hash/maphash"

	"github.com/nlpodyssey/gopickle/types"
)

// keyIndex finds the entries of a dict or the members of a set by their keys: a table with open
// addressing and linear probing. A slot is the lower half of the key's hash above the place of the
// entry, counted from 1, so the keys are not in it a second time, it grows without them, and it is
// nothing to the garbage collector. The seed is its own, so equal hashes cannot be sent in bulk.
type keyIndex struct {
	slots []uint64 // 0 is an empty one
	n     int      // entries, as far as the index knows them
	seed  maphash.Seed
}

// maxIndexed is how many entries can have a place: 64 GiB of keys.
const maxIndexed = 1<<32 - 1

// newKeyIndex returns an index of n entries, with room for more of them. keyAt returns the key at a
// place.
func newKeyIndex(k *keyer, n, more int, keyAt func(i int) any) (*keyIndex, error) {
	x := &keyIndex{seed: maphash.MakeSeed()}
	x.reserve(n + more)
	for i := range n {
		if _, err := x.find(k, i, keyAt, keyAt(i)); err != nil {
			return nil, err
		}
	}
	x.n = n
	return x, nil
}

// reserve makes room for n entries in all, with a third of the slots empty.
func (x *keyIndex) reserve(n int) {
	if 3*n <= 2*len(x.slots) {
		return
	}
	size := max(16, 2*len(x.slots))
	for 3*n > 2*size {
		size *= 2
	}
	old := x.slots
	x.slots = make([]uint64, size)
	for _, s := range old {
		if s != 0 {
			x.put(s)
		}
	}
}

// put stores a slot of a key that is not there.
func (x *keyIndex) put(s uint64) {
	mask := len(x.slots) - 1
	i := int(s>>32) & mask
	for x.slots[i] != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = s
}

// find returns the place of key among n entries, or else n, where it is then taken to be.
func (x *keyIndex) find(k *keyer, n int, keyAt func(i int) any, key any) (int, error) {
	h, err := k.hash(x.seed, key)
	if err != nil {
		return 0, err
	}
	at, slot, err := x.lookup(k, h, keyAt, key)
	if at >= 0 || err != nil {
		return at, err
	}
	if uint64(n) >= maxIndexed {
		return 0, Unsupported("more than %d keys", uint64(maxIndexed))
	}
	x.slots[slot] = h<<32 | uint64(n+1)
	if x.n++; 3*x.n > 2*len(x.slots) {
		x.reserve(x.n + 1)
	}
	return n, nil
}

// lookup returns the place of key, whose hash is h, or else -1 and the slot that is free for it.
func (x *keyIndex) lookup(k *keyer, h uint64, keyAt func(i int) any, key any) (at, slot int,
	err error) {
	mask := len(x.slots) - 1
	slot = int(uint32(h)) & mask
	for ; x.slots[slot] != 0; slot = (slot + 1) & mask {
		s := x.slots[slot]
		if uint32(s>>32) != uint32(h) {
			continue
		}
		at = int(uint32(s)) - 1
		same, err := k.equal(keyAt(at), key)
		if same || err != nil {
			return at, slot, err
		}
	}
	return -1, slot, nil
}

// hash returns a hash of the comparable form of v; most keys need no such form for it.
func (k *keyer) hash(seed maphash.Seed, v any) (uint64, error) {
	switch v := v.(type) {
	case string:
		if len(v) < longKey {
			return maphash.String(seed, v), nil
		}
	case int:
		return maphash.Comparable(seed, v), nil
	case *types.Tuple:
		if h, ok, err := k.hashFlat(seed, *v); ok || err != nil {
			return h, err
		}
	}
	key, err := k.key(v)
	if err != nil {
		return 0, err
	}
	return hashKey(seed, key), nil
}

// hashKey is the hash of a comparable form.
func hashKey(seed maphash.Seed, key any) uint64 {
	switch key := key.(type) {
	case string:
		return maphash.String(seed, key)
	case int:
		return maphash.Comparable(seed, key)
	}
	return hashComparable(seed, key)
}

// hashFlat is the hash of a small tuple of values with forms that are no digests; ok
// is false for another one. Of equal tuples all are such or none, as their items' forms are equal.
func (k *keyer) hashFlat(seed maphash.Seed, items []any) (h uint64, ok bool, err error) {
	if len(items) >= cheapKey {
		return 0, false, nil
	}
	const odd = 0x9e3779b97f4a7c15
	h = tagTuple
	for _, item := range items {
		var part uint64
		switch v := item.(type) {
		case int:
			part = maphash.Comparable(seed, v)
		case *types.Tuple, *FrozenSet:
			return 0, false, nil
		default:
			key, err := k.atom(item)
			if err != nil {
				return 0, false, err
			}
			if _, digest := key.(digestKey); digest {
				return 0, false, nil
			}
			part = hashKey(seed, key)
		}
		h = (h ^ part) * odd
		h ^= h >> 32
	}
	return h, true, nil
}

// equal reports whether two keys, which both have been hashed, are one.
func (k *keyer) equal(a, b any) (bool, error) {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return x == y, nil
		}
	case int:
		if y, ok := b.(int); ok {
			return x == y, nil
		}
	}
	keyA, err := k.key(a)
	if err != nil {
		return false, err
	}
	keyB, err := k.key(b)
	return err == nil && keyA == keyB, err
}
