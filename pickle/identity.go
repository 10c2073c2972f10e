package pickle

import (
	"reflect"
	"slices"
)

// This file has the identity of a value, which is where its bytes are.

// objectID says whether two values are one, as Python's "is" does. The zero
// identity belongs to no value.
type objectID struct {
	p   pointer
	typ uintptr // the type's address, or one of the small numbers below
	n   int     // length of a string, []byte, tuple or Go slice
}

// memoEntry is an identity by itself, with its kind and index as an identityChunk has them.
type memoEntry struct {
	p         pointer
	kind, idx uint32
}

func memoEntryOf(id objectID, kind, idx uint32) memoEntry { return memoEntry{id.p, kind, idx} }

func (f *memoEntry) is(id objectID, kind uint32) bool { return f.p == id.p && f.kind == kind }

// id returns where the value is, without the type and length that its kind stands for.
func (f *memoEntry) id() objectID { return objectID{p: f.p} }

// identityChunk is a run of identities: where each is, which keeps it there, its kind (see
// identityKinds), and its index.
type identityChunk struct {
	p     []pointer
	kind  []uint32
	first uint32   // the first index
	idx   []uint32 // empty as long as each is the one before plus 1
}

// newIdentityChunk returns a chunk of identityItems, of which the first begins with fewer.
func newIdentityChunk(first bool) identityChunk {
	n := identityItems
	if first {
		n = identityFirst
	}
	return identityChunk{p: make([]pointer, 0, n), kind: make([]uint32, 0, n)}
}

// is reports whether the i-th identity is id, of that kind.
func (c *identityChunk) is(i uint32, id objectID, kind uint32) bool {
	return c.p[i] == id.p && c.kind[i] == kind
}

// index returns the index of the i-th identity.
func (c *identityChunk) index(i uint32) uint32 {
	if len(c.idx) > 0 {
		return c.idx[i]
	}
	return c.first + i
}

// at returns the address of the i-th identity.
func (c *identityChunk) at(i uint32) objectID { return objectID{p: c.p[i]} }

// add appends id, of that kind, with its index.
func (c *identityChunk) add(id objectID, kind, idx uint32) {
	n := len(c.p)
	if n == 0 {
		c.first = idx
	}
	c.p, c.kind = append(c.p, id.p), append(c.kind, kind)
	if len(c.idx) == 0 && idx != c.first+uint32(n) {
		c.idx = slices.Grow(c.idx, cap(c.kind))
		for i := range n {
			c.idx = append(c.idx, c.first+uint32(i))
		}
	}
	if len(c.idx) > 0 {
		c.idx = append(c.idx, idx)
	}
}

// release returns c without identities.
func (c *identityChunk) release() identityChunk {
	clear(c.p)
	return identityChunk{p: c.p[:0], kind: c.kind[:0], idx: c.idx[:0]}
}

// block returns which block of the memo id belongs to, and its place there.
func (id objectID) blockPlace() (number uintptr, place uint) {
	p := addressWord(id.p)
	return p >> blockShift, uint(p>>placeShift) % blockPlaces
}

const (
	idString    = 1
	idPy2String = 2
	idBytes     = 3
	idTuple     = 5
)

func stringID(s string) objectID { return objectID{stringPointer(s), idString, len(s)} }

func bytesID(b []byte) objectID { return objectID{slicePointer(b), idBytes, len(b)} }

// tupleID is that of a tuple's items: a tuple cannot change, so two with the
// same items are as good as one, and the arguments of an Object are the items of
// the tuple that they were read from.
func tupleID(items []any) objectID { return objectID{slicePointer(items), idTuple, len(items)} }

// itemID is tupleID for the tuple of that one item.
func itemID(item *any) objectID { return objectID{itemPointer(item), idTuple, 1} }

// boxID is that of what v points to, or of the box that holds it. Boxed
// values never change, so two values in one box are equal.
func boxID(v any) objectID { return objectID{boxPointer(v), typeOfBox(v), 0} }

// pointerID is that of the pointer, map or non-empty slice v, the same
// as boxID gives for a pointer of that type.
func pointerID(v reflect.Value) objectID {
	id := objectID{valuePointer(v), typeAddress(v.Type()), 0}
	if v.Kind() == reflect.Slice {
		id.n = v.Len()
	}
	return id
}

// sameType reports whether two types are one, as == does in a function of its own.
func sameType(a, b reflect.Type) bool { return typeAddress(a) == typeAddress(b) }

// typeHash tells types apart, in a few bits.
func typeHash(t reflect.Type) uint {
	return uint(uint64(typeAddress(t)) >> 4 * hashFactor >> 32)
}

const hashFactor = 0x9e3779b97f4a7c15

// home is the slot, of a table of mask+1, where the search for id begins. What lies together in
// memory is written one after another, so its slots lie together too.
func (id objectID) home(mask uintptr) uintptr {
	p := uint64(addressWord(id.p))
	return uintptr(p>>8*hashFactor>>28^p>>4&15) & mask
}

// tag tells identities of one slot apart, in its upper bits.
func (id objectID) tag() uint32 { return uint32(uint64(addressWord(id.p)) * hashFactor >> 32) }
