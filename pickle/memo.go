package pickle

// memo is the memo of a machine. The indices that picklers use are dense: they are
// in first, and from memoFirst on in chunks, which need not be copied to grow. The others
// are in a map, so that a PUT at a huge index costs one entry.
type memo struct {
	first  []any
	chunks []*[memoChunk]any
	dense  uint64 // indices in first and chunks
	sparse map[uint64]any
	count  int // values in all of it
}

const (
	memoFirst = 1 << 10
	memoChunk = 1 << 10
)

// unset stands for an index between others that nothing was stored at.
type unset struct{}

// at returns the place of a dense index.
func (m *memo) at(i uint64) *any {
	if i < memoFirst {
		return &m.first[i]
	}
	i -= memoFirst
	return &m.chunks[i/memoChunk][i%memoChunk]
}

// get returns the value at i.
func (m *memo) get(i uint64) (any, bool) {
	if i < m.dense {
		v := *m.at(i)
		if _, gap := v.(unset); !gap {
			return v, true
		}
	}
	v, ok := m.sparse[i]
	return v, ok
}

// add stores v behind the dense indices.
func (m *memo) add(v any) {
	i := m.dense
	m.dense++
	if i < memoFirst {
		m.first = append(m.first, v)
		return
	}
	i -= memoFirst
	if i%memoChunk == 0 {
		m.chunks = append(m.chunks, new([memoChunk]any))
	}
	m.chunks[i/memoChunk][i%memoChunk] = v
}

// put stores v at i.
func (m *memo) put(i uint64, v any) {
	if i < m.dense {
		p := m.at(i)
		if _, gap := (*p).(unset); gap {
			if _, there := m.sparse[i]; there {
				delete(m.sparse, i)
			} else {
				m.count++
			}
		}
		*p = v
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
	for m.dense < i {
		m.add(unset{})
	}
	m.add(v)
}

// reset empties the memo and keeps the memory of first for the next pickle.
func (m *memo) reset() {
	clear(m.first)
	*m = memo{first: m.first[:0]}
}
