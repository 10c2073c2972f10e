package pickle

import "github.com/nlpodyssey/gopickle/types"

// Sizes of the slabs. A value that is kept keeps its whole slab, so slabs start
// small, in case the pickle is, and stay small.
const (
	slabFirst = 256     // bytes of a first slab
	slabMax   = 8 << 10 // bytes of the largest
	// A payload from slabApart on has memory of its own, and what is
	// made after it goes into new slabs: keeping one container must not keep
	// another one's array.
	slabApart = 1 << 10
	slabReset = 16 << 10
)

// slab hands out values of one type from chunks.
type slab[T any] struct {
	chunk []T
	used  int
	next  int // length of the next chunk
}

func (s *slab[T]) grow(least, elemSize int) {
	s.next = min(max(2*s.next, slabFirst/elemSize), slabMax/elemSize)
	s.chunk = make([]T, max(s.next, least))
	s.used = 0
}

// one returns a new zero value. elemSize is the size of T in bytes.
func (s *slab[T]) one(elemSize int) *T {
	if s.used == len(s.chunk) {
		s.grow(1, elemSize)
	}
	p := &s.chunk[s.used]
	s.used++
	return p
}

// many returns n new zero values in a row, without room to grow in place.
func (s *slab[T]) many(n, elemSize int) []T {
	if len(s.chunk)-s.used < n {
		if n*elemSize > slabMax/8 {
			return make([]T, n)
		}
		s.grow(n, elemSize)
	}
	p := s.chunk[s.used : s.used+n : s.used+n]
	s.used += n
	return p
}

// slabs are where a machine puts small values.
type slabs struct {
	ints    slab[int]
	floats  slab[float64]
	strings slab[string]
	bytes   slab[[]byte]
	text    slab[byte]
	text16  slab[byte] // bytes objects, each at a multiple of 16
	lists   slab[types.List]
	dicts   slab[types.Dict]
	tuples  slab[types.Tuple]
	items   slab[any]
	entries slab[types.DictEntry]
}

const (
	wordSize   = 8
	anySize    = 16
	headerSize = 24
	entrySize  = 32
)

// apart makes what follows live in new slabs.
func (s *slabs) apart() {
	s.bytes = slab[[]byte]{}
	s.lists = slab[types.List]{}
	s.dicts = slab[types.Dict]{}
	s.tuples = slab[types.Tuple]{}
	s.items = slab[any]{}
	s.entries = slab[types.DictEntry]{}
}

// The ints that are shared instead of boxed.
const (
	sharedMin = -128
	sharedMax = 1023
)

var sharedInts = func() (t [sharedMax - sharedMin + 1]any) {
	for i := range t {
		t[i] = i + sharedMin
	}
	return t
}()

func (s *slabs) int(i int) any {
	if uint(i-sharedMin) < uint(len(sharedInts)) {
		return sharedInts[i-sharedMin]
	}
	p := s.ints.one(wordSize)
	*p = i
	return boxInt(p)
}

func (s *slabs) float(f float64) any {
	p := s.floats.one(wordSize)
	*p = f
	return boxFloat(p)
}

// boxedString boxes str.
func (s *slabs) boxedString(str string) any {
	p := s.strings.one(anySize)
	*p = str
	return boxString(p)
}

// string copies b, which is text.
func (s *slabs) string(b []byte) any {
	if len(b) == 0 {
		return ""
	}
	if len(b) >= slabApart {
		return string(b)
	}
	return s.boxedString(s.text1(b))
}

// text1 copies a short b into the slab of text.
func (s *slabs) text1(b []byte) string {
	mem := s.text.many(len(b), 1)
	copy(mem, b)
	return stringOf(mem)
}

// bytesValue boxes b, which is the caller's to give away.
func (s *slabs) bytesValue(b []byte) any {
	if len(b) >= slabApart {
		return b
	}
	p := s.bytes.one(headerSize)
	*p = b
	return boxBytes(p)
}

var noItems = []any{}

// list returns a new list of a copy of items.
func (s *slabs) list(items []any) *types.List {
	l := s.lists.one(headerSize)
	*l = s.copyItems(items)
	return l
}

func (s *slabs) tuple(items []any) *types.Tuple {
	t := s.tuples.one(headerSize)
	*t = s.copyItems(items)
	return t
}

func (s *slabs) copyItems(items []any) []any {
	if len(items) == 0 {
		return noItems
	}
	mem := s.items.many(len(items), anySize)
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
