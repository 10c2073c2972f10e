package plain

import (
	"github.com/unpkl/unpkl/internal/slab"
	"github.com/unpkl/unpkl/internal/tape"
)

// Sizes on 64-bit systems, in bytes.
const (
	anySize    = 16
	headerSize = 24
)

// arena allocates small plain values, many in one piece of memory: leaves, and lists of leaves.
// Keeping one of them keeps the whole piece, so values that are large, or hold containers, are
// allocated by themselves.
type arena struct {
	slab.Values
	blobs   slab.Slab[[]byte]
	lists   slab.Slab[[]any]
	items   slab.Slab[any]
	letters slab.Slab[byte]
	data    slab.Slab[byte] // for bytes objects, aligned to 16 bytes
}

// emptyList is the value of every empty list. It can be shared, because it has no room for an item.
var emptyList any = []any{}

// list returns a list of n nils, and the same list as an any. small says that only small leaves
// will be stored in it.
func (b *arena) list(n int, small bool) ([]any, any) {
	if !small || n*anySize >= slab.Apart {
		l := make([]any, n)
		return l, l
	}
	p := b.lists.One(headerSize)
	*p = b.items.Many(n, anySize)
	return *p, slab.BoxList(p)
}

// bytes returns mem as an any. The caller must not use mem afterwards.
func (b *arena) bytes(mem []byte) any {
	if len(mem) >= slab.Apart {
		return mem
	}
	p := b.blobs.One(headerSize)
	*p = mem
	return slab.BoxBytes(p)
}

// copyText returns a copy of text.
func (b *arena) copyText(text []byte) string {
	if len(text) >= slab.Apart {
		return string(text)
	}
	mem := b.letters.Many(len(text), 1)
	copy(mem, text)
	return stringOf(mem)
}

// isSmallLeaf reports whether the plain value of a cell is a leaf that takes little memory.
func isSmallLeaf(t *tape.Tape, id tape.ID) bool {
	switch t.Kind(id) {
	case tape.None, tape.False, tape.True, tape.Int, tape.Float:
		return true
	case tape.Str, tape.Bytes, tape.Py2Str, tape.ByteArray:
		return t.Size(id) < slab.Apart
	}
	return false
}

// areSmallLeaves reports whether all cells are small leaves. It is false for many cells, because a
// long list is allocated by itself anyway.
func areSmallLeaves(t *tape.Tape, ids []tape.ID) bool {
	if len(ids)*anySize >= slab.Apart {
		return false
	}
	for _, id := range ids {
		if !isSmallLeaf(t, id) {
			return false
		}
	}
	return true
}
