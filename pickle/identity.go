package pickle

import (
	"reflect"
	"slices"
)

// objectID is the identity of a value, which consists of the address of its bytes, its type and its
// length. Two values with equal identities are the same Python object. The zero identity belongs to
// no value.
type objectID struct {
	p   pointer
	typ uintptr // the address of the type, or idString and the like
	n   int     // length of a string, []byte, tuple or Go slice
}

// memoEntry is an identity with its kind and memo index, as in an identityChunk.
type memoEntry struct {
	p         pointer
	kind, idx uint32
}

func memoEntryOf(id objectID, kind, idx uint32) memoEntry { return memoEntry{id.p, kind, idx} }

func (f *memoEntry) is(id objectID, kind uint32) bool { return f.p == id.p && f.kind == kind }

// id returns the address of the identity, without the type and length for which the kind stands.
func (f *memoEntry) id() objectID { return objectID{p: f.p} }

// identityChunk has a number of identities: the address and the kind (see identityKinds) of each,
// and its memo index. The addresses keep the values where they are.
type identityChunk struct {
	p     []pointer
	kind  []uint32
	first uint32   // the memo index of the first identity
	idx   []uint32 // the memo indices, or empty if they are first, first+1, ...
}

// newIdentityChunk returns an empty chunk. The first chunk of a memo begins with less memory.
func newIdentityChunk(first bool) identityChunk {
	n := identityItems
	if first {
		n = identityFirst
	}
	return identityChunk{p: make([]pointer, 0, n), kind: make([]uint32, 0, n)}
}

// is reports whether the i-th identity is id, which has the given kind.
func (c *identityChunk) is(i uint32, id objectID, kind uint32) bool {
	return c.p[i] == id.p && c.kind[i] == kind
}

// index returns the memo index of the i-th identity.
func (c *identityChunk) index(i uint32) uint32 {
	if len(c.idx) > 0 {
		return c.idx[i]
	}
	return c.first + i
}

// at returns the address of the i-th identity.
func (c *identityChunk) at(i uint32) objectID { return objectID{p: c.p[i]} }

// add appends id with its kind and memo index.
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

// release returns c without its identities and memo indices.
func (c *identityChunk) release() identityChunk {
	clear(c.p)
	return identityChunk{p: c.p[:0], kind: c.kind[:0], idx: c.idx[:0]}
}

// blockPlace returns the number of the memo's block for id, and its place there.
func (id objectID) blockPlace() (number uintptr, place uint) {
	p := addressWord(id.p)
	return p >> blockShift, uint(p>>placeShift) % blockPlaces
}

// The numbers that objectID has instead of a type for values of object trees.
const (
	idString    = 1
	idPy2String = 2
	idBytes     = 3
	idTuple     = 5
)

// stringID returns the identity of a string.
func stringID(s string) objectID { return objectID{stringPointer(s), idString, len(s)} }

// bytesID returns the identity of a bytes object.
func bytesID(b []byte) objectID { return objectID{slicePointer(b), idBytes, len(b)} }

// tupleID returns the identity of a tuple, which is that of the slice of its items. Two tuples with
// the same slice may be one object, since tuples cannot change. The arguments of an Object have the
// identity of the tuple that was read.
func tupleID(items []any) objectID { return objectID{slicePointer(items), idTuple, len(items)} }

// itemID is tupleID for the tuple of one item.
func itemID(item *any) objectID { return objectID{itemPointer(item), idTuple, 1} }

// boxID returns the identity of the value to which v points, or if v is no pointer, of the memory
// in which the interface has its value. Such memory never changes, so that two interfaces with the
// same memory are equal.
func boxID(v any) objectID { return objectID{boxPointer(v), typeOfBox(v), 0} }

// pointerID returns the identity of a pointer, map or non-empty slice v. For a pointer it is that
// of boxID.
func pointerID(v reflect.Value) objectID {
	id := objectID{valuePointer(v), typeAddress(v.Type()), 0}
	if v.Kind() == reflect.Slice {
		id.n = v.Len()
	}
	return id
}

// sameType reports whether two types are identical. It is faster than ==, which calls a function.
func sameType(a, b reflect.Type) bool { return typeAddress(a) == typeAddress(b) }

// typeHash returns a hash of a type.
func typeHash(t reflect.Type) uint {
	return uint(uint64(typeAddress(t)) >> 4 * hashFactor >> 32)
}

// hashFactor is the factor of multiplicative hashes: 2**64 divided by the golden ratio.
const hashFactor = 0x9e3779b97f4a7c15

// home returns the slot at which the search for id begins, in a table of mask+1 slots. Values that
// are close together in memory have slots that are close together, since they are mostly written
// one after another.
func (id objectID) home(mask uintptr) uintptr {
	p := uint64(addressWord(id.p))
	return uintptr(p>>8*hashFactor>>28^p>>4&15) & mask
}

// tag returns a hash whose upper bits distinguish identities with the same home.
func (id objectID) tag() uint32 { return uint32(uint64(addressWord(id.p)) * hashFactor >> 32) }
