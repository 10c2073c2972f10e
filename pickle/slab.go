package pickle

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/slab"
)

// slabReset is the length in bytes of a payload behind which new slabs are begun. A caller that
// keeps one container must not keep the large payload of another one alive.
const slabReset = 16 << 10

// slabs has the memory in which small values are allocated together.
type slabs struct {
	slab.Values
	bytes   slab.Slab[[]byte]
	letters slab.Slab[byte]
	text16  slab.Slab[byte] // memory of bytes objects, each of which begins at a multiple of 16
	lists   slab.Slab[types.List]
	dicts   slab.Slab[types.Dict]
	tuples  slab.Slab[types.Tuple]
	items   slab.Slab[any]
	entries slab.Slab[types.DictEntry]
}

// The sizes in bytes of an interface, a slice header and a DictEntry.
const (
	anySize    = 16
	headerSize = 24
	entrySize  = 32
)

// startAnew makes later values go into new slabs.
func (s *slabs) startAnew() {
	s.bytes = slab.Slab[[]byte]{}
	s.lists = slab.Slab[types.List]{}
	s.dicts = slab.Slab[types.Dict]{}
	s.tuples = slab.Slab[types.Tuple]{}
	s.items = slab.Slab[any]{}
	s.entries = slab.Slab[types.DictEntry]{}
}

// text returns the str with the bytes b. It copies them unless they are owned, which allows the
// string to keep them.
func (s *slabs) text(b []byte, owned bool) any {
	switch {
	case len(b) == 0:
		return ""
	case owned:
		return s.String(stringOf(b))
	case len(b) >= slab.Apart:
		return string(b)
	}
	mem := s.letters.Many(len(b), 1)
	copy(mem, b)
	return s.String(stringOf(mem))
}

// bytesValue returns b as an interface. The caller must not use b afterwards.
func (s *slabs) bytesValue(b []byte) any {
	if len(b) >= slab.Apart {
		return b
	}
	p := s.bytes.One(headerSize)
	*p = b
	return slab.BoxBytes(p)
}

// noItems is the memory of every empty list and tuple.
var noItems = []any{}

// copyItems returns a copy of items.
func (s *slabs) copyItems(items []any) []any {
	mem := s.manyItems(len(items))
	copy(mem, items)
	return mem
}

// manyItems returns memory for n items.
func (s *slabs) manyItems(n int) []any {
	if n == 0 {
		return noItems
	}
	return s.items.Many(n, anySize)
}
