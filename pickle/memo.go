package pickle

import (
	"cmp"
	"slices"

	"github.com/unpkl/unpkl/internal/texts"
)

// memo is the memo of a machine. The indices that picklers use are dense: they are
// in first, and from memoFirst on in chunks, which need not be copied to grow. The others
// are in a map, so that a PUT at a huge index costs one entry.
type memo struct {
	first  []any
	texts  []memoTexts // in the order of their indices
	chunks []*[memoChunk]any
	dense  uint64 // indices in first and chunks
	sparse map[uint64]any
	count  int // values in all of it
}

const (
	memoFirst = 1 << 10
	memoChunk = 1 << 10
)

// special stands at a dense index for what is elsewhere: nothing was stored there, or it is text of
// a column, or a list that is made only if it is fetched.
type special struct{ late *lateList }

var (
	unset   any = special{}
	inTexts any = special{new(lateList)}
)

// texts are values of a column at indices one after another.
type memoTexts struct {
	from   uint64
	column *texts.Column
	index  []uint32 // of each in the column
}

func (t *memoTexts) add(k uint32) {
	if n := len(t.index); n == cap(t.index) {
		t.index = append(make([]uint32, 0, texts.Room(n, 0)), t.index...)
	}
	t.index = append(t.index, k)
}

// at returns the place of a dense index, of which a chunk of nothing but text has none.
func (m *memo) at(i uint64) *any {
	if i < memoFirst {
		return &m.first[i]
	}
	i -= memoFirst
	if c := m.chunks[i/memoChunk]; c != nil {
		return &c[i%memoChunk]
	}
	return &inTexts
}

// get returns the value at i.
func (m *memo) get(i uint64) (any, bool) {
	if i < m.dense {
		v := *m.at(i)
		if s, ok := v.(special); !ok {
			return v, true
		} else if v != unset {
			return m.resolve(i, s), true
		}
	}
	v, ok := m.sparse[i]
	return v, ok
}

// resolve returns the value at an index that something special stands at.
func (m *memo) resolve(i uint64, s special) any {
	if c, k, ok := m.text(i); ok {
		return c.At(k)
	}
	return s.late.value()
}

// text returns the column and the index in it of the text at i of the memo.
func (m *memo) text(i uint64) (c *texts.Column, k int, ok bool) {
	if i >= m.dense || *m.at(i) != inTexts {
		return nil, 0, false
	}
	n, exact := slices.BinarySearchFunc(m.texts, i, func(t memoTexts, i uint64) int { return cmp.Compare(t.from, i) })
	if !exact {
		n--
	}
	t := &m.texts[n]
	return t.column, int(t.index[i-t.from]), true
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
	if m.chunks[i/memoChunk] == nil {
		m.own(i / memoChunk)
	}
	m.chunks[i/memoChunk][i%memoChunk] = v
}

// own gives a chunk of text places.
func (m *memo) own(chunk uint64) {
	c := new([memoChunk]any)
	for i := range c {
		c[i] = inTexts
	}
	m.chunks[chunk] = c
}

// addText stores the k-th value of a column behind the dense indices.
func (m *memo) addText(c *texts.Column, k int) {
	i := m.dense
	n := len(m.texts)
	if n == 0 || m.texts[n-1].column != c || m.texts[n-1].from+uint64(len(m.texts[n-1].index)) != i {
		m.texts = append(m.texts, memoTexts{from: i, column: c})
		n++
	}
	m.texts[n-1].add(uint32(k))
	if i >= memoFirst && (i-memoFirst)%memoChunk == 0 {
		m.chunks = append(m.chunks, nil)
	}
	if i < memoFirst || m.chunks[(i-memoFirst)/memoChunk] != nil {
		m.add(inTexts)
		return
	}
	m.dense++
}

// put stores v at i.
func (m *memo) put(i uint64, v any) {
	if i < m.dense {
		p := m.at(i)
		if p == &inTexts {
			m.own((i - memoFirst) / memoChunk)
			p = m.at(i)
		}
		if *p == unset {
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
		m.add(unset)
	}
	m.add(v)
}

// reset empties the memo and keeps the memory of first for the next pickle.
func (m *memo) reset() {
	clear(m.first)
	*m = memo{first: m.first[:0]}
}
