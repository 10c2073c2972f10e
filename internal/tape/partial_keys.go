package tape

import (
	"hash/maphash"
	"math"
	"slices"
)

// A partial pass selects entries of a dict by position and counts them. Both are right only if no
// two keys of the dict are equal, which holds in what picklers write. To verify it, the pass keeps
// the hashes of the keys that it drops.

// keySeed is the seed of all hashes of keys.
var keySeed = maphash.MakeSeed()

// maxKeyDepth is the greatest number of nested tuples in a key that has a hash.
const maxKeyDepth = 8

// keyHash returns a hash of a key that equal keys share; ok is false for a key that is not text,
// a number, None or a tuple of these, and for very large numbers.
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
	case Str, Py2Str, Bytes: // a Py2Str may equal a Str; for others an equal hash does no harm
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

// hashNewKeys returns the hashes of the keys of a batch, or nil if the entries of the container are
// not counted; ok is false if a key has no hash.
func (t *Tape) hashNewKeys(id ID, items []ID, state pathState, level int) (keys []uint64,
	ok bool) {
	if state == offPath || !t.countsEntries(id, level) {
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

// countsEntries reports whether a container on the path is a dict whose entries are selected by
// position or counted.
func (t *Tape) countsEntries(id ID, level int) bool {
	if t.cells[id].kind != Dict || level >= len(t.partial.path) {
		return false
	}
	selection := t.partial.path[level].Selection
	return selection != nil && !selection.AnyCount
}

// hasUniqueKeys reports whether no two keys of a container in the pickle are equal, or whether that
// does not matter.
func (t *Tape) hasUniqueKeys(l *Partial) bool {
	if l.offPath || !t.countsEntries(l.ID, l.level) {
		return true
	}
	keys, ok := t.appendKeyHashes(l.omittedKeys, l.ID)
	slices.Sort(keys)
	return ok && len(slices.Compact(keys)) == len(keys)
}

// appendKeyHashes appends the hashes of a dict's keys; ok is false if a key has no hash.
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

// HasUniqueKeys reports whether no two keys of a dict are equal. It may be false for unique keys
// too.
func (t *Tape) HasUniqueKeys(dict ID) bool {
	keys, ok := t.appendKeyHashes(nil, dict)
	slices.Sort(keys)
	return ok && len(slices.Compact(keys)) == len(keys)
}
