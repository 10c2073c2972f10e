package plain

import (
	"github.com/unpkl/unpkl/internal/slab"
	"github.com/unpkl/unpkl/internal/tape"
)

// Sizes in bytes.
const (
	anySize    = 16
	headerSize = 24
)

// arena is where small plain values are put: leaves, and lists of leaves. What holds containers,
// or leaves with memory of their own, does not lie side by side with others, which keeping one of
// them would keep.
type arena struct {
	slab.Values
	blobs   slab.Slab[[]byte]
	lists   slab.Slab[[]any]
	items   slab.Slab[any]
	letters slab.Slab[byte]
	data    slab.Slab[byte] // bytes objects, at multiples of 16
}

// emptyList is every list without items: what has no room cannot change.
var emptyList any = []any{}

// list makes a list of n nils, and a value of it.
func (b *arena) list(n int, light bool) ([]any, any) {
	if !light || n*anySize >= slab.Apart {
		l := make([]any, n)
		return l, l
	}
	p := b.lists.One(headerSize)
	*p = b.items.Many(n, anySize)
	return *p, slab.BoxList(p)
}

// bytes boxes b, which is the caller's to give away.
func (b *arena) bytes(mem []byte) any {
	if len(mem) >= slab.Apart {
		return mem
	}
	p := b.blobs.One(headerSize)
	*p = mem
	return slab.BoxBytes(p)
}

// copied returns a copy of text.
func (b *arena) copied(text []byte) string {
	if len(text) >= slab.Apart {
		return string(text)
	}
	mem := b.letters.Many(len(text), 1)
	copy(mem, text)
	return stringOf(mem)
}

// isLight reports whether a cell becomes a leaf without much memory of its own.
func isLight(t *tape.Tape, id tape.ID) bool {
	switch t.Kind(id) {
	case tape.None, tape.False, tape.True, tape.Int, tape.Float:
		return true
	case tape.Str, tape.Bytes, tape.Py2Str, tape.ByteArray:
		return t.Size(id) < slab.Apart
	}
	return false
}

// areLight is isLight of few cells. Many have memory of their own anyway.
func areLight(t *tape.Tape, ids []tape.ID) bool {
	if len(ids)*anySize >= slab.Apart {
		return false
	}
	for _, id := range ids {
		if !isLight(t, id) {
			return false
		}
	}
	return true
}
