package pickle

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/slab"
)

// slabReset is the length in bytes of a payload after which values go into new slabs: keeping one
// container must not keep another one's array.
const slabReset = 16 << 10

// slabs are where a machine puts small values.
type slabs struct {
	slab.Values
	bytes   slab.Slab[[]byte]
	letters slab.Slab[byte]
	text16  slab.Slab[byte] // bytes objects, each at a multiple of 16
	lists   slab.Slab[types.List]
	dicts   slab.Slab[types.Dict]
	tuples  slab.Slab[types.Tuple]
	items   slab.Slab[any]
	entries slab.Slab[types.DictEntry]
}

const (
	anySize    = 16
	headerSize = 24
	entrySize  = 32
)

// apart makes what follows live in new slabs.
func (s *slabs) apart() {
	s.bytes = slab.Slab[[]byte]{}
	s.lists = slab.Slab[types.List]{}
	s.dicts = slab.Slab[types.Dict]{}
	s.tuples = slab.Slab[types.Tuple]{}
	s.items = slab.Slab[any]{}
	s.entries = slab.Slab[types.DictEntry]{}
}

// text boxes b, which is text: a copy, unless b is the caller's to give away.
func (s *slabs) text(b []byte, own bool) any {
	switch {
	case len(b) == 0:
		return ""
	case own:
		return s.String(stringOf(b))
	case len(b) >= slab.Apart:
		return string(b)
	}
	mem := s.letters.Many(len(b), 1)
	copy(mem, b)
	return s.String(stringOf(mem))
}

// bytesValue boxes b, which is the caller's to give away.
func (s *slabs) bytesValue(b []byte) any {
	if len(b) >= slab.Apart {
		return b
	}
	p := s.bytes.One(headerSize)
	*p = b
	return slab.BoxBytes(p)
}

var noItems = []any{}

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
