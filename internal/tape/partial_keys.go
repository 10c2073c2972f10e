package tape

import (
	"hash/maphash"
	"math"
	"slices"
)

// How many entries a dict has, and at which place one stands, is told by their number where no key
// is equal to another one, as in what picklers write. Of keys that are dropped the hashes are kept
// to find out.

var keySeed = maphash.MakeSeed()

const maxKeyDepth = 8 // of tuples in tuples

// keyHash returns a hash of a key that equal keys share; ok is false for one that is not text, a
// number, None or a tuple of these.
func (t *Tape) keyHash(id ID, depth int) (hash uint64, ok bool) {
	switch c := &t.cells[id]; c.kind {
	case None:
		return maphash.Comparable(keySeed, struct{}{}), true
	case False, True:
		return maphash.Comparable(keySeed, int64(c.kind-False)), true
	case Int:
		return maphash.Comparable(keySeed, int64(c.v)), true
	case Float:
		f := math.Float64frombits(c.v)
		if i := int64(f); f >= -1<<62 && f <= 1<<62 && float64(i) == f {
			return maphash.Comparable(keySeed, i), true
		}
		return maphash.Comparable(keySeed, c.v), math.Abs(f) < 1<<62
	case Str, Py2Str, Bytes: // which may be equal, as far as it matters
		return maphash.Bytes(keySeed, t.span(c)), true
	case Tuple:
		var h maphash.Hash
		h.SetSeed(keySeed)
		for _, item := range t.singleExtent(c) {
			hash, ok := t.keyHash(item, depth+1)
			if !ok || depth == maxKeyDepth {
				return 0, false
			}
			maphash.WriteComparable(&h, hash)
		}
		return h.Sum64(), true
	}
	return 0, false
}

// keysOf returns the hashes of the keys of a batch, if the entries of the container are told by
// their places; ok is false where one has no hash.
func (t *Tape) hashNewKeys(id ID, items []ID, is pathState, level int) (keys []uint64, ok bool) {
	if is == offPath || !t.countsEntries(id, level) {
		return nil, true
	}
	keys = t.partial.keyHashes[:0]
	for i := 0; i < len(items); i += 2 {
		hash, ok := t.keyHash(items[i], 0)
		if !ok {
			return nil, false
		}
		keys = append(keys, hash)
	}
	t.partial.keyHashes = keys
	return keys, true
}

// tellsPlaces reports whether the entries of a container on the way are told by their places.
func (t *Tape) countsEntries(id ID, level int) bool {
	return t.cells[id].kind == Dict && level < len(t.partial.path) && t.partial.path[level].Selection != nil &&
		!t.partial.path[level].Selection.AnyCount
}

// hasOwnKeys reports whether no key of a container is equal to another one, if it matters.
func (t *Tape) hasUniqueKeys(l *Partial) bool {
	if l.offPath || !t.countsEntries(l.ID, l.level) {
		return true
	}
	keys, ok := t.appendKeyHashes(l.omittedKeys, l.ID)
	slices.Sort(keys)
	return ok && len(slices.Compact(keys)) == len(keys)
}

// hashes appends the hashes of a dict's keys.
func (t *Tape) appendKeyHashes(keys []uint64, dict ID) (all []uint64, ok bool) {
	walk := t.Children(dict)
	for b := walk.Batch(); b != nil; b = walk.Batch() {
		for i := 0; i < len(b); i += 2 {
			hash, ok := t.keyHash(b[i], 0)
			if !ok {
				return nil, false
			}
			keys = append(keys, hash)
		}
	}
	return keys, true
}

// HasOwnKeys reports whether a dict's keys are known to be different from each other.
func (t *Tape) HasUniqueKeys(dict ID) bool {
	keys, ok := t.appendKeyHashes(nil, dict)
	slices.Sort(keys)
	return ok && len(slices.Compact(keys)) == len(keys)
}
