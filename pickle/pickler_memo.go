package pickle

import (
	"math/bits"
	"unicode/utf8"
)

// pickleMemo is the memo of a Pickler: which values have been written, and under
// which memo index. Indices count up from 0, one for each value memoized.
//
// It may have as many identities as the pickle has bytes, so one takes 12 bytes and 6 to 12
// in a table, and only the table is copied to grow.
type pickleMemo struct {
	next uint32
	// slots is an open-addressing table of indices plus 1 by the identities at them; 0 is an
	// empty slot. Its length is a power of two. The bits that indices do not need tell most
	// identities apart without a look at them.
	slots []uint32
	tags  uint32 // a mask of these bits
	used  int
	// identities are those of the values, by index, in chunks.
	identities []identityChunk
	kinds      identityKinds

	// Values that are one object in CPython however they are made: each is at
	// its index plus 1, 0 if not written yet.
	emptyString, emptyBytes uint32
	chars, byteValues       [256]uint32
	// ownChar is set for a chars that was not a string of an object tree.
	ownChar [256]bool

	globals map[Global]uint32
	modules map[string]moduleName
	strings map[string]uint32 // strings shared by value
}

// moduleName is where the name of a module was memoized, and whether it was that of
// a KnownGlobal.
type moduleName struct {
	idx   uint32
	known bool
}

const (
	memoSlots = 64
	// The table grows fourfold up to this size, then twofold.
	memoSlotsMany = 1 << 16

	identityBits  = 9
	identityItems = 1 << identityBits // in a chunk, of which the first begins with identityFirst
	identityFirst = 32
)

// identityKinds numbers the types and lengths of identities: the length and the type where
// both are small numbers, which are the most, and a number given in turn for others.
type identityKinds struct {
	recent [32]identityKind // at the hash of each
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
	recent := &k.recent[(id.typ>>4^uintptr(id.n))%uintptr(len(k.recent))]
	if recent.typ != id.typ || recent.n != id.n {
		key := identityKind{typ: id.typ, n: id.n}
		number, ok := k.others[key]
		if !ok {
			if k.others == nil {
				k.others = make(map[identityKind]uint32)
			}
			number = uint32(len(k.others))<<3 | numberedKind
			k.others[key] = number
		}
		*recent = identityKind{id.typ, id.n, number}
	}
	return recent.number
}

// add assigns the next index.
func (m *pickleMemo) add() uint32 {
	m.next++
	return m.next - 1
}

// lookup returns the index of id.
func (m *pickleMemo) lookup(id objectID) (uint32, bool) {
	if len(m.slots) == 0 || id.p == nil {
		return 0, false
	}
	n := *m.find(id, m.kinds.of(id)) &^ m.tags
	return n - 1, n != 0
}

// find returns the slot of id, or the empty one where it belongs.
func (m *pickleMemo) find(id objectID, kind uint32) *uint32 {
	mask, tag := uintptr(len(m.slots)-1), id.tag()&m.tags
	for i := id.home(mask); ; i++ {
		s := &m.slots[i&mask]
		if *s == 0 {
			return s
		}
		if n := *s&^m.tags - 1; *s&m.tags == tag && m.identities[n>>identityBits].is(n%identityItems, id, kind) {
			return s
		}
	}
}

// insert returns the index of id, or gives it the next index and returns false. The
// zero identity is always new and not listed.
func (m *pickleMemo) insert(id objectID) (uint32, bool) {
	if id.p == nil {
		return m.add(), false
	}
	if m.used*3 >= len(m.slots)*2 || (m.next+1)&m.tags != 0 {
		m.grow()
	}
	kind := m.kinds.of(id)
	s := m.find(id, kind)
	if *s != 0 {
		return *s&^m.tags - 1, true
	}
	idx := m.add()
	*s = idx + 1 | id.tag()&m.tags
	m.used++
	chunk := int(idx >> identityBits)
	for len(m.identities) <= chunk {
		m.identities = append(m.identities, identityChunk{})
	}
	m.identities[chunk].set(int(idx%identityItems), chunk == 0, id, kind)
	return idx, false
}

// grow makes room for more identities, or for higher indices beside their tags.
func (m *pickleMemo) grow() {
	size := max(memoSlots, len(m.slots))
	switch {
	case m.used*3 < len(m.slots)*2:
	case len(m.slots) >= memoSlotsMany:
		size = 2 * len(m.slots)
	default:
		size = max(memoSlots, 4*len(m.slots))
	}
	m.slots = make([]uint32, size)
	m.tags = ^uint32(0) << min(32, bits.Len64(max(uint64(size), 2*uint64(m.next))))
	mask := uintptr(size - 1)
	for n := range m.identities {
		for j, p := range m.identities[n].p {
			if p == nil { // the index of a value without an identity
				continue
			}
			id := objectID{p: p}
			i := id.home(mask)
			for m.slots[i&mask] != 0 {
				i++
			}
			m.slots[i&mask] = uint32(n<<identityBits|j) + 1 | id.tag()&m.tags
		}
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
	char, own := &m.chars[r&0xff], &m.ownChar[r&0xff]
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
func (m *pickleMemo) insertString(table *map[string]uint32, s string) (uint32, bool) {
	if idx, ok := (*table)[s]; ok {
		return idx, true
	}
	if *table == nil {
		*table = make(map[string]uint32)
	}
	idx := m.add()
	(*table)[s] = idx
	return idx, false
}

// insertSingle is insert for a value with a place of its own.
func (m *pickleMemo) insertSingle(at *uint32) (uint32, bool) {
	if *at != 0 {
		return *at - 1, true
	}
	idx := m.add()
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
