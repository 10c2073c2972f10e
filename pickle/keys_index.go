package pickle

import (
	"hash/maphash"

	"github.com/nlpodyssey/gopickle/types"
)

// keyIndex finds the entries of a dict or the members of a set by their keys. It is a hash table
// with open addressing and linear probing. A slot has the lower half of the key's hash in its upper
// half, and in its lower half the index of the entry plus 1. So the table does not contain the
// keys, it grows without them, and the garbage collector does not scan it. Each index has a seed of
// its own, so that an attacker cannot send many keys with equal hashes.
type keyIndex struct {
	slots []uint64 // 0 is an empty slot
	n     int      // number of entries in the index
	seed  maphash.Seed
}

// maxIndexed is the greatest number of entries.
const maxIndexed = 1<<32 - 1

// newKeyIndex returns an index of n entries, with room for more. keyAt returns the key of entry i.
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

// reserve makes room for n entries altogether. At least a third of the slots stays empty.
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

// put stores the slot of a key that the table does not have.
func (x *keyIndex) put(s uint64) {
	mask := len(x.slots) - 1
	i := int(s>>32) & mask
	for x.slots[i] != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = s
}

// find returns the index of the entry with a key among n entries. If there is none, it returns n,
// and the caller must add the entry there.
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

// lookup returns the index of the entry with a key whose hash is h, or -1 and the index of the slot
// for a new one.
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

// hash returns a hash that depends only on the comparable form of v. For most keys it does not make
// that form.
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

// hashKey returns the hash of a comparable form.
func hashKey(seed maphash.Seed, key any) uint64 {
	switch key := key.(type) {
	case string:
		return maphash.String(seed, key)
	case int:
		return maphash.Comparable(seed, key)
	}
	return hashComparable(seed, key)
}

// hashFlat returns the hash of a small tuple whose items have comparable forms that are not
// digests; ok is false for any other tuple. It is the same for equal tuples, since the comparable
// forms of their items are equal.
func (k *keyer) hashFlat(seed maphash.Seed, items []any) (h uint64, ok bool, err error) {
	if len(items) >= cheapItems {
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
			key, err := k.leafKey(item)
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

// equal reports whether two hashable keys are equal.
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
