package pickle

import (
	"math/bits"
	"unicode/utf8"
)

// pickleMemo is the memo of a Pickler: it maps the values that have been written to their memo
// indices, which count up from 0. Most values are found by their identity.
//
// There may be as many identities as the pickle has bytes, so they must take little memory. Each
// takes 12 bytes, or 16 if values without an identity were memoized in between. In the blocks it
// takes 8 bytes more if values are close together in memory, and up to 65 if there are 1.5 to a
// block. Neither identities nor blocks are copied when the memo grows.
//
// Invariant: as long as there are at most maxFirstEntries identities, they are in firstEntries.
// Later on all are in identities, in the order of their numbers, and the number of each is in its
// block or in a slot. Numbers are counted from 1.
type pickleMemo struct {
	next         uint32 // the next memo index
	firstEntries [maxFirstEntries]memoEntry
	identities   []identityChunk
	used         uint32 // number of identities
	kinds        identityKinds
	blocks       memoBlocks
	// slots is a hash table with open addressing, whose length is a power of two. It has the
	// numbers of the identities that have no block, or whose place in the block is in use; 0 is an
	// empty slot. The bits of a slot that numbers do not need, which are those of the mask tags,
	// have a tag that distinguishes most identities quickly.
	slots     []uint32
	tags      uint32
	usedSlots int

	// These values are one object in CPython, wherever they come from. Each field is the memo index
	// plus 1, or 0 if the value was not written.
	emptyString, emptyBytes uint32
	singles                 *memoSingles // may be nil
	singlesUsed             bool         // singles is not empty

	globals smallMap[Global, uint32]
	modules smallMap[string, moduleName]
	strings smallMap[string, uint32] // strings that are shared by value
}

// release empties the memo and keeps some of its memory.
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

// memoSingles has, for each string of one Latin-1 character and each bytes object of one byte, the
// memo index plus 1, or 0 if it was not written.
type memoSingles struct {
	chars, byteValues [256]uint32
	// ownChar says that the string was written without an identity.
	ownChar [256]bool
}

// ensureSingles returns the singles and notes that they are used.
func (m *pickleMemo) ensureSingles() *memoSingles {
	if m.singles == nil {
		m.singles = new(memoSingles)
	}
	m.singlesUsed = true
	return m.singles
}

// moduleName is the memo index of the name of a module. fromProgram says that it was written for a
// programGlobal.
type moduleName struct {
	idx         uint32
	fromProgram bool
}

const (
	memoSlots = 64 // number of slots of the smallest table
	// memoSlotsMany is the number of slots up to which a table grows fourfold, and then twofold.
	memoSlotsMany = 1 << 16

	maxFirstEntries = 8

	identityBits  = 9
	identityItems = 1 << identityBits // number of identities in a chunk
	identityFirst = 32                // number for which the first chunk has memory at first
)

// identityKinds gives a number, called the kind, to each pair of type and length of an identity.
// For most pairs both are small, and the kind consists of them. The other pairs are numbered in
// turn.
type identityKinds struct {
	cache  [32]identityKind // the last pairs, by their hashes
	others map[identityKind]uint32
}

// identityKind is a pair of type and length with its kind, which is 0 in a key of others.
type identityKind struct {
	typ    uintptr
	n      int
	number uint32
}

// numberedKind is in the low three bits of a kind that was numbered in turn.
const numberedKind = 7

// of returns the kind of id.
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

// newIndex returns the next memo index.
func (m *pickleMemo) newIndex() uint32 {
	m.next++
	return m.next - 1
}

// lookup returns the memo index of id; ok is false if the memo does not have id.
func (m *pickleMemo) lookup(id objectID) (idx uint32, ok bool) {
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

// insert returns the memo index of id and true. If the memo does not have id, it adds id with the
// next index and returns false. The zero identity is never found and not added.
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

// findFirst returns the memo index of an identity in firstEntries.
func (m *pickleMemo) findFirst(id objectID, kind uint32) (uint32, bool) {
	for i := range m.firstEntries[:m.used] {
		if f := &m.firstEntries[i]; f.is(id, kind) {
			return f.idx, true
		}
	}
	return 0, false
}

// moveFirst moves the identities from firstEntries to identities.
func (m *pickleMemo) moveFirst() {
	m.used = 0
	for i := range m.firstEntries {
		f := &m.firstEntries[i]
		m.reserve(f.id(), f.kind)
		m.addIdentity(f.id(), f.kind, f.idx)
	}
}

// reserve returns the number of an identity. If the memo does not have it, reserve stores the next
// number for it and returns 0; the caller must then call addIdentity.
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

// addIdentity appends an identity, for which reserve has stored the next number.
func (m *pickleMemo) addIdentity(id objectID, kind, idx uint32) {
	if m.used%identityItems == 0 && int(m.used>>identityBits) == len(m.identities) {
		m.identities = append(m.identities, newIdentityChunk(m.used == 0))
	}
	m.identities[m.used>>identityBits].add(id, kind, idx)
	m.used++
}

// isIdentity reports whether id, of the given kind, has the number n.
func (m *pickleMemo) isIdentity(n uint32, id objectID, kind uint32) bool {
	return m.identities[(n-1)>>identityBits].is((n-1)%identityItems, id, kind)
}

// index returns the memo index of the identity with the number n.
func (m *pickleMemo) index(n uint32) uint32 {
	return m.identities[(n-1)>>identityBits].index((n - 1) % identityItems)
}

// find returns the slot of id, or the empty slot for it.
func (m *pickleMemo) find(id objectID, kind uint32) *uint32 {
	mask, tag := uintptr(len(m.slots)-1), id.tag()&m.tags
	for i := id.home(mask); ; i++ {
		s := &m.slots[i&mask]
		if *s == 0 || *s&m.tags == tag && m.isIdentity(*s&^m.tags, id, kind) {
			return s
		}
	}
}

// grow makes room for more slots, or for numbers of more bits.
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

// insertText is insert for a string. For a single Latin-1 character without an identity, CPython
// has one object. A string with an identity may be another object, since before version 3.12
// CPython had two objects for some characters.
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

// insertString is insert for a string that is shared by value.
func (m *pickleMemo) insertString(s string) (uint32, bool) {
	if idx, ok := m.strings.get(s); ok {
		return idx, true
	}
	idx := m.newIndex()
	m.strings.add(s, idx)
	return idx, false
}

// insertSingle is insert for a value whose memo index plus 1 is at *at.
func (m *pickleMemo) insertSingle(at *uint32) (uint32, bool) {
	if *at != 0 {
		return *at - 1, true
	}
	idx := m.newIndex()
	*at = idx + 1
	return idx, false
}

// insertAt is insertSingle, or insert if at is nil.
func (m *pickleMemo) insertAt(at *uint32, id objectID) (uint32, bool) {
	if at != nil {
		return m.insertSingle(at)
	}
	return m.insert(id)
}

// lookupAt is the lookup for insertAt.
func (m *pickleMemo) lookupAt(at *uint32, id objectID) (uint32, bool) {
	if at != nil {
		return *at - 1, *at != 0
	}
	return m.lookup(id)
}
