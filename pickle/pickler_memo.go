package pickle

import "unicode/utf8"

// pickleMemo is the memo of a Pickler: which values have been written, and under
// which memo index. Indices count up from 0, one for each value memoized.
type pickleMemo struct {
	next uint32
	// slots is an open-addressing table of identities; its length is a power of two.
	slots []memoSlot
	used  int
	kinds identityKinds

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
	s := m.find(id)
	return s.idx, s.p != nil
}

// find returns the slot of id, or the empty one where it belongs.
func (m *pickleMemo) find(id objectID) *memoSlot {
	kind, mask := m.kinds.of(id), uintptr(len(m.slots)-1)
	for i := id.home(mask); ; i++ {
		s := &m.slots[i&mask]
		if s.p == nil || s.p == id.p && s.kind == kind {
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
	if m.used*3 >= len(m.slots)*2 {
		m.grow()
	}
	s := m.find(id)
	if s.p != nil {
		return s.idx, true
	}
	*s = memoSlot{id.p, m.kinds.of(id), m.add()}
	m.used++
	return s.idx, false
}

func (m *pickleMemo) grow() {
	old := m.slots
	factor := 4
	if len(old) >= memoSlotsMany {
		factor = 2
	}
	m.slots = make([]memoSlot, max(memoSlots, factor*len(old)))
	mask := uintptr(len(m.slots) - 1)
	for _, s := range old {
		if s.p == nil {
			continue
		}
		i := objectID{p: s.p}.home(mask)
		for m.slots[i&mask].p != nil {
			i++
		}
		m.slots[i&mask] = s
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
