package pickle

import "unicode/utf8"

// pickleMemo is the memo of a Pickler: which values have been written, and under
// which memo index. Indices count up from 0, one for each value memoized.
type pickleMemo struct {
	next uint32
	// slots is an open-addressing table of identities; its length is a power of two.
	slots []memoSlot
	used  int

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

type memoSlot struct {
	id  objectID
	idx uint32
}

const memoSlots = 64

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
	mask := uintptr(len(m.slots) - 1)
	for i := id.hash() & mask; ; i = (i + 1) & mask {
		s := &m.slots[i]
		if s.id == id {
			return s.idx, true
		}
		if s.id.p == nil {
			return 0, false
		}
	}
}

// insert returns the index of id, or gives it the next index and returns false. The
// zero identity is always new and not listed.
func (m *pickleMemo) insert(id objectID) (uint32, bool) {
	if id.p == nil {
		return m.add(), false
	}
	if m.used >= len(m.slots)/2 {
		m.grow()
	}
	mask := uintptr(len(m.slots) - 1)
	for i := id.hash() & mask; ; i = (i + 1) & mask {
		s := &m.slots[i]
		if s.id == id {
			return s.idx, true
		}
		if s.id.p == nil {
			*s = memoSlot{id, m.add()}
			m.used++
			return s.idx, false
		}
	}
}

func (m *pickleMemo) grow() {
	old := m.slots
	m.slots = make([]memoSlot, max(memoSlots, 4*len(old)))
	mask := uintptr(len(m.slots) - 1)
	for _, s := range old {
		if s.id.p == nil {
			continue
		}
		i := s.id.hash() & mask
		for m.slots[i].id.p != nil {
			i = (i + 1) & mask
		}
		m.slots[i] = s
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
