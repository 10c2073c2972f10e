package fastread

import (
	"github.com/unpkl/unpkl/internal/slab"
	"github.com/unpkl/unpkl/ndarray"
)

// Sizes in bytes.
const (
	ownMemory = 1 << 10 // from where on a value has memory of its own
	textMost  = 4 << 10 // of the largest slab of text
)

// boxes are where small plain values are put.
type boxes struct {
	slab.Values
	blobs   slab.Slab[[]byte]
	lists   slab.Slab[[]any]
	items   slab.Slab[any]
	data    slab.Slab[byte] // at multiples of 16
	headers ndarray.Slab
}

// bytes boxes mem, which is the caller's to give away.
func (b *boxes) bytes(mem []byte) any {
	if len(mem) >= ownMemory {
		return mem
	}
	p := b.blobs.One(24)
	*p = mem
	return slab.BoxBytes(p)
}

// emptyList is every list without items: what has no room cannot change.
var emptyList any = []any{}

// light makes a list of a copy of items that hold no memory of their own.
func (b *boxes) light(items []any) any {
	if len(items) == 0 {
		return emptyList
	}
	l := b.lists.One(24)
	*l = b.copied(items)
	return slab.BoxList(l)
}

func (b *boxes) copied(items []any) []any {
	if n := len(items); n*16 >= ownMemory {
		return append(make([]any, 0, n), items...)
	}
	l := b.items.Many(len(items), 16)
	copy(l, items)
	return l
}

// memory returns n bytes at a multiple of 16.
func (b *boxes) memory(n int) []byte {
	if n == 0 {
		return []byte{}
	}
	size := (n + 15) &^ 15
	if n >= ownMemory {
		return make([]byte, n, size)[:n:n]
	}
	return b.data.Many(size, 1)[:n:n]
}

// listOf copies items into a list of its own that may grow.
func listOf(items []any, room int) *[]any {
	l := new([]any)
	*l = append(make([]any, 0, max(room, len(items))), items...)
	return l
}
