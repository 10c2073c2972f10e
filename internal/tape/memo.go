package tape

// memo is the memo of a pickle: an ID for each index. Picklers use the indices 0, 1, 2, ..., which
// are in a slice. An index far above the others is in a map, so that a PUT at a huge index costs
// one entry only.
//
// Invariant: no index is in both dense and far. noID in dense stands for an index at which nothing
// is stored. count is the number of indices at which a PUT stored something.
type memo struct {
	dense []ID
	far   map[uint64]ID
	count int
}

func (m *memo) reset() { *m = memo{dense: m.dense[:0]} }

// get returns the cell at an index.
func (m *memo) get(i uint64) (ID, bool) {
	if i < uint64(len(m.dense)) {
		return m.dense[i], m.dense[i] != noID
	}
	id, ok := m.far[i]
	return id, ok
}

// put stores a cell at an index.
func (m *memo) put(i uint64, id ID) {
	if _, there := m.get(i); !there {
		m.count++
	} else if i >= uint64(len(m.dense)) {
		m.far[i] = id
		return
	}
	switch {
	case i < uint64(len(m.dense)):
		m.dense[i] = id
	case i > uint64(2*m.count+64):
		if m.far == nil {
			m.far = make(map[uint64]ID)
		}
		m.far[i] = id
	default:
		for uint64(len(m.dense)) < i {
			// An entry of the map whose index becomes dense moves into the slice.
			old, there := m.far[uint64(len(m.dense))]
			if !there {
				old = noID
			}
			delete(m.far, uint64(len(m.dense)))
			m.dense = append(m.dense, old)
		}
		m.dense = append(m.dense, id)
	}
}
