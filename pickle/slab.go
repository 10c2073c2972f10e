package pickle

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/slab"
)

const (
	// A payload from slabApart bytes on has memory of its own, and what is
	// made after it goes into new slabs: keeping one container must not keep
	// another one's array.
	slabApart = 1 << 10
	slabReset = 16 << 10
)

// slabs are where a machine puts small values.
type slabs struct {
	slab.Values
	bytes   slab.Slab[[]byte]
	text    slab.Slab[byte]
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

// string copies b, which is text.
func (s *slabs) string(b []byte) any {
	if len(b) == 0 {
		return ""
	}
	if len(b) >= slabApart {
		return string(b)
	}
	return s.String(s.text1(b))
}

// text1 copies a short b into the slab of text.
func (s *slabs) text1(b []byte) string {
	mem := s.text.Many(len(b), 1)
	copy(mem, b)
	return stringOf(mem)
}

// bytesValue boxes b, which is the caller's to give away.
func (s *slabs) bytesValue(b []byte) any {
	if len(b) >= slabApart {
		return b
	}
	p := s.bytes.One(headerSize)
	*p = b
	return slab.BoxBytes(p)
}

var noItems = []any{}

// list returns a new list of a copy of items.
func (s *slabs) list(items []any) *types.List {
	l := s.lists.One(headerSize)
	*l = s.copyItems(items)
	return l
}

func (s *slabs) tuple(items []any) *types.Tuple {
	t := s.tuples.One(headerSize)
	*t = s.copyItems(items)
	return t
}

func (s *slabs) copyItems(items []any) []any {
	if len(items) == 0 {
		return noItems
	}
	mem := s.items.Many(len(items), anySize)
	copy(mem, items)
	return mem
}

// extend appends items to l: the first ones without room to spare, as most lists get
// all at once; after that by doubling, since every byte of memory that is new
// costs more than copying.
func (s *slabs) extend(l *types.List, items []any) {
	switch n := len(*l) + len(items); {
	case cap(*l) >= n:
		*l = append(*l, items...)
	case cap(*l) == 0:
		*l = s.copyItems(items)
	default:
		bigger := make([]any, n, max(n, 2*cap(*l)))
		copy(bigger[copy(bigger, *l):], items)
		*l = bigger
	}
}
