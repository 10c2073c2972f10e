package pickle

import (
	"math/bits"
	"unicode/utf8"
)

// pickleMemo is the memo of a Pickler: which values have been written, and under
// which memo index. Indices count up from 0, one for each value memoized.
//
// It may have as many identities as the pickle has bytes, so one takes 12 bytes, or 16 where there
// are values without one between, and 8 in the blocks where the values lie close together, up to 65
// where there are 1.5 to a block; and neither is copied to grow.
type pickleMemo struct {
	next         uint32
	firstEntries [maxFirstEntries]memoEntry // the first identities, as long as there are no more
	// identities are those of the values in the order of their indices, in chunks. The blocks have
	// the number of each, counted from 1, at its place in memory.
	identities []identityChunk
	used       uint32 // how many there are
	kinds      identityKinds
	blocks     memoBlocks
	// slots is an open-addressing table of the numbers of those that have no block, or whose place
	// there is another's; 0 is an empty slot. Its length is a power of two. The bits that numbers
	// do not need tell most identities apart without a look at them.
	slots     []uint32
	tags      uint32 // a mask of these bits
	usedSlots int

	// Values that are one object in CPython however they are made: each is at
	// its index plus 1, 0 if not written yet.
	emptyString, emptyBytes uint32
	singles                 *memoSingles // nil if there were none
	singlesUsed             bool

	globals smallMap[Global, uint32]
	modules smallMap[string, moduleName]
	strings smallMap[string, uint32] // strings shared by value
}

// release empties the memo.
func (m *pickleMemo) release() {
	clear(m.firstEntries[:min(m.used, maxFirstEntries)])
	if len(m.identities) > 0 {
		first := m.identities[0].release()
		clear(m.identities)
		m.identities = append(m.identities[:0], first)
	}
	m.blocks.release()
	if len(m.kinds.others) > maxKeptKinds {
		m.kinds = identityKinds{}
	}
	if len(m.slots) == memoSlots {
		if m.usedSlots > 0 {
			clear(m.slots)
		}
	} else {
		m.slots, m.tags = nil, 0
	}
	if m.singlesUsed {
		*m.singles = memoSingles{}
		m.singlesUsed = false
	}
	m.next, m.used, m.usedSlots = 0, 0, 0
	m.emptyString, m.emptyBytes = 0, 0
	m.globals.release()
	m.modules.release()
	m.strings.release()
}

// memoSingles has the places of the strings of one character and the bytes objects of one byte.
type memoSingles struct {
	chars, byteValues [256]uint32
	// ownChar is set for a chars that was not a string of an object tree.
	ownChar [256]bool
}

// single returns the singles.
func (m *pickleMemo) ensureSingles() *memoSingles {
	if m.singles == nil {
		m.singles = new(memoSingles)
	}
	m.singlesUsed = true
	return m.singles
}

// moduleName is where the name of a module was memoized, and whether it was that of
// a knownGlobal.
type moduleName struct {
	idx         uint32
	fromProgram bool
}

const (
	memoSlots = 64
	// The table grows fourfold up to this size, then twofold.
	memoSlotsMany = 1 << 16

	maxFirstEntries = 8

	identityBits  = 9
	identityItems = 1 << identityBits // in a chunk, of which the first begins with identityFirst
	identityFirst = 32
)

// identityKinds numbers the types and lengths of identities: the length and the type where
// both are small numbers, which are the most, and a number given in turn for others.
type identityKinds struct {
	cache  [32]identityKind // at the hash of each
	others map[identityKind]uint32
}

type identityKind struct {
	typ    uintptr
	n      int
	number uint32
}

const numberedKind = 7 // in the three bits of a type that is a small number

// of returns the number of the type and length of id.
func (k *identityKinds) of(id objectID) uint32 {
	if id.typ < numberedKind && uint(id.n) < 1<<29 {
		return uint32(id.n)<<3 | uint32(id.typ)
	}
	cached := &k.cache[(id.typ>>4^uintptr(id.n))%uintptr(len(k.cache))]
	if cached.typ != id.typ || cached.n != id.n {
		key := identityKind{typ: id.typ, n: id.n}
		number, ok := k.others[key]
		if !ok {
			if k.others == nil {
				k.others = make(map[identityKind]uint32)
			}
			number = uint32(len(k.others))<<3 | numberedKind
			k.others[key] = number
		}
		*cached = identityKind{id.typ, id.n, number}
	}
	return cached.number
}

// add assigns the next index.
func (m *pickleMemo) newIndex() uint32 {
	m.next++
	return m.next - 1
}

// lookup returns the index of id.
func (m *pickleMemo) lookup(id objectID) (uint32, bool) {
	if id.p == nil {
		return 0, false
	}
	kind := m.kinds.of(id)
	if m.blocks.n == 0 {
		return m.findFirst(id, kind)
	}
	number, place := id.blockPlace()
	if b := m.blocks.find(number); b != nil {
		n := b.places[place]
		if n == 0 {
			return 0, false
		}
		if m.isIdentity(n, id, kind) {
			return m.index(n), true
		}
	} else if !m.blocks.closed {
		return 0, false
	}
	if len(m.slots) == 0 {
		return 0, false
	}
	n := *m.find(id, kind) &^ m.tags
	if n == 0 {
		return 0, false
	}
	return m.index(n), true
}

// insert returns the index of id, or gives it the next index and returns false. The
// zero identity is always new and not listed.
func (m *pickleMemo) insert(id objectID) (uint32, bool) {
	if id.p == nil {
		return m.newIndex(), false
	}
	kind := m.kinds.of(id)
	if m.blocks.n == 0 {
		if idx, known := m.findFirst(id, kind); known {
			return idx, true
		}
		if m.used < maxFirstEntries {
			idx := m.newIndex()
			m.firstEntries[m.used] = memoEntryOf(id, kind, idx)
			m.used++
			return idx, false
		}
		m.moveFirst()
	}
	if n := m.reserve(id, kind); n != 0 {
		return m.index(n), true
	}
	idx := m.newIndex()
	m.addIdentity(id, kind, idx)
	return idx, false
}

// findFew returns the index of an identity among the first few.
func (m *pickleMemo) findFirst(id objectID, kind uint32) (uint32, bool) {
	for i := range m.firstEntries[:m.used] {
		if f := &m.firstEntries[i]; f.is(id, kind) {
			return f.idx, true
		}
	}
	return 0, false
}

// moveFew moves the first few identities to where many are.
func (m *pickleMemo) moveFirst() {
	m.used = 0
	for i := range m.firstEntries {
		f := &m.firstEntries[i]
		m.reserve(f.id(), f.kind)
		m.addIdentity(f.id(), f.kind, f.idx)
	}
}

// reserve returns the number of an identity, or 0 if it is none: then it gets the next
// number, with which list is to list it.
func (m *pickleMemo) reserve(id objectID, kind uint32) uint32 {
	number, place := id.blockPlace()
	if b := m.blocks.get(number, m.used); b != nil {
		at := &b.places[place]
		switch {
		case *at == 0:
			*at = m.used + 1
			return 0
		case m.isIdentity(*at, id, kind):
			return *at
		}
	}
	if m.usedSlots*3 >= len(m.slots)*2 || (m.used+1)&m.tags != 0 {
		m.grow()
	}
	s := m.find(id, kind)
	if *s != 0 {
		return *s &^ m.tags
	}
	*s = m.used + 1 | id.tag()&m.tags
	m.usedSlots++
	return 0
}

// list adds an identity.
func (m *pickleMemo) addIdentity(id objectID, kind, idx uint32) {
	if m.used%identityItems == 0 && int(m.used>>identityBits) == len(m.identities) {
		m.identities = append(m.identities, newIdentityChunk(m.used == 0))
	}
	m.identities[m.used>>identityBits].add(id, kind, idx)
	m.used++
}

// is reports whether id, of that kind, is the n-th identity, counted from 1.
func (m *pickleMemo) isIdentity(n uint32, id objectID, kind uint32) bool {
	return m.identities[(n-1)>>identityBits].is((n-1)%identityItems, id, kind)
}

// index returns the index of the n-th identity, counted from 1.
func (m *pickleMemo) index(n uint32) uint32 {
	return m.identities[(n-1)>>identityBits].index((n - 1) % identityItems)
}

// find returns the slot of id, or the empty one where it belongs.
func (m *pickleMemo) find(id objectID, kind uint32) *uint32 {
	mask, tag := uintptr(len(m.slots)-1), id.tag()&m.tags
	for i := id.home(mask); ; i++ {
		s := &m.slots[i&mask]
		if *s == 0 || *s&m.tags == tag && m.isIdentity(*s&^m.tags, id, kind) {
			return s
		}
	}
}

// grow makes room for more slots, or for higher numbers beside their tags.
func (m *pickleMemo) grow() {
	old, tags := m.slots, m.tags
	size := max(memoSlots, len(old))
	switch {
	case m.usedSlots*3 < len(old)*2:
	case len(old) >= memoSlotsMany:
		size = 2 * len(old)
	default:
		size = max(memoSlots, 4*len(old))
	}
	m.slots = make([]uint32, size)
	m.tags = ^uint32(0) << min(32, bits.Len64(2*uint64(max(memoSlots, m.used))))
	mask := uintptr(size - 1)
	for _, s := range old {
		if s == 0 {
			continue
		}
		n := s &^ tags
		id := m.identities[(n-1)>>identityBits].at((n - 1) % identityItems)
		i := id.home(mask)
		for m.slots[i&mask] != 0 {
			i++
		}
		m.slots[i&mask] = n | id.tag()&m.tags
	}
}

// insertText is insert for a string. One of a single character of Latin-1 without an
// identity is the interpreter's own; one with an identity may be another object,
// as CPython before 3.12 has two of some letters.
func (m *pickleMemo) insertText(s string, id objectID) (uint32, bool) {
	if s == "" {
		return m.insertSingle(&m.emptyString)
	}
	if !isSingleString(s) {
		return m.insert(id)
	}
	r, _ := utf8.DecodeRuneInString(s)
	char, own := &m.ensureSingles().chars[r&0xff], &m.singles.ownChar[r&0xff]
	if id.p == nil {
		*own = true
		return m.insertSingle(char)
	}
	if idx, known := m.lookup(id); known || *own {
		if !known {
			idx = *char - 1
		}
		return idx, true
	}
	idx, _ := m.insert(id)
	if *char == 0 {
		*char = idx + 1
	}
	return idx, false
}

// insertString is insert for strings that are shared by value.
func (m *pickleMemo) insertString(s string) (uint32, bool) {
	if idx, ok := m.strings.get(s); ok {
		return idx, true
	}
	idx := m.newIndex()
	m.strings.add(s, idx)
	return idx, false
}

// insertSingle is insert for a value with a place of its own.
func (m *pickleMemo) insertSingle(at *uint32) (uint32, bool) {
	if *at != 0 {
		return *at - 1, true
	}
	idx := m.newIndex()
	*at = idx + 1
	return idx, false
}

// insertAt is insertSingle where the value has a place of its own, else insert.
func (m *pickleMemo) insertAt(at *uint32, id objectID) (uint32, bool) {
	if at != nil {
		return m.insertSingle(at)
	}
	return m.insert(id)
}

// lookupAt is the lookup that goes with insertAt.
func (m *pickleMemo) lookupAt(at *uint32, id objectID) (uint32, bool) {
	if at != nil {
		return *at - 1, *at != 0
	}
	return m.lookup(id)
}
