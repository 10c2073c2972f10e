package pickle

// memo is the memo of a machine: a slice for the indices that picklers use,
// which are dense, and a map for the others, so that a PUT at a huge index costs one
// entry.
type memo struct {
	dense  []any
	sparse map[uint64]any
	count  int
}

// unset stands in dense for an index that nothing was stored at.
type unset struct{}

// get returns the value at i.
func (m *memo) get(i uint64) (any, bool) {
	if i < uint64(len(m.dense)) {
		if v := m.dense[i]; v != (unset{}) {
			return v, true
		}
	}
	v, ok := m.sparse[i]
	return v, ok
}

// put stores v at i.
func (m *memo) put(i uint64, v any) {
	if i < uint64(len(m.dense)) {
		if _, gap := m.dense[i].(unset); gap {
			if _, there := m.sparse[i]; there {
				delete(m.sparse, i)
			} else {
				m.count++
			}
		}
		m.dense[i] = v
		return
	}
	if _, there := m.sparse[i]; there {
		m.sparse[i] = v
		return
	}
	m.count++
	if i > uint64(2*m.count+64) {
		if m.sparse == nil {
			m.sparse = make(map[uint64]any)
		}
		m.sparse[i] = v
		return
	}
	for uint64(len(m.dense)) < i {
		m.dense = append(m.dense, unset{})
	}
	m.dense = append(m.dense, v)
}

// reset empties the memo, and keeps its memory for the next pickle unless that
// is much.
func (m *memo) reset() {
	const keep = 4096
	if cap(m.dense) > keep {
		m.dense = nil
	}
	clear(m.dense)
	*m = memo{dense: m.dense[:0]}
}
