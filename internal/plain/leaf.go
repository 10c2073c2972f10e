package plain

import (
	"encoding/binary"
	"math"
	"sync/atomic"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/slab"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// sharedText is text that may be met again. Several goroutines may make it at once, each its own:
// which one is kept cannot be seen.
type sharedText = atomic.Pointer[string]

// leaf returns the plain value of a cell that holds no others and of which no object is needed.
func (m *maker) leaf(id tape.ID) (any, bool) {
	t := m.t
	switch t.Kind(id) {
	case tape.None:
		return nil, true
	case tape.False:
		return false, true
	case tape.True:
		return true, true
	case tape.Int:
		return m.int(t.Int(id)), true
	case tape.Float:
		return m.arena.Float(math.Float64frombits(t.FloatBits(id))), true
	case tape.Str:
		return m.text(id), true
	}
	return m.rareLeaf(id)
}

// rareLeaf is leaf for what few leaves are.
func (m *maker) rareLeaf(id tape.ID) (any, bool) {
	t := m.t
	switch t.Kind(id) {
	case tape.BigInt:
		return t.Value(id), true
	case tape.Py2Str:
		return pickle.Py2String(m.textOf(id)), true
	case tape.Bytes:
		if !t.IsShared(id) {
			return m.arena.bytes(t.Bytes(id, &m.arena.data)), true
		}
	case tape.ByteArray:
		if !t.IsShared(id) {
			return m.arena.bytes(t.Bytes(id, nil)), true
		}
	case tape.Call:
		if !t.IsInert(id) {
			return m.knownCall(id)
		}
		return m.metObject(id)
	case tape.Value: // which the cell of an object that was made is
		return m.metObject(id)
	case tape.Class:
		return m.class(id)
	}
	return nil, false
}

// metObject returns an object that was met before and stays what it is.
func (m *maker) metObject(id tape.ID) (any, bool) {
	if slot, ok := m.t.Shared(id); ok && m.slots[slot].height == noLevel {
		return m.slots[slot].plain, true
	}
	return nil, false
}

// class returns the plain value of a class that is neither of pandas, where it may be None, nor of
// any other library that is read from objects.
func (m *maker) class(id tape.ID) (any, bool) {
	if v, met := m.classes[id]; met {
		return v, true
	}
	class, ok := m.t.Value(id).(pickle.Named)
	if !ok || pyvalue.IsLibrary(class.Global()) {
		return nil, false
	}
	if m.classes == nil {
		m.classes = make(map[tape.ID]any)
	}
	v := pyvalue.PlainLeaf(class)
	m.classes[id] = v
	return v, true
}

// knownCall returns the plain value of a call that was put off, unless others refer to its object.
func (m *maker) knownCall(id tape.ID) (any, bool) {
	if v, ok := m.known.Plain(m.t, id); ok {
		return v, true
	}
	p, ok := known.Array(m.t, id)
	if !ok || m.t.IsShared(id) || m.t.IsShared(p.Data) {
		return nil, false
	}
	a, err := m.known.Array(m.t, &p, m.t.Bytes(p.Data, &m.arena.data), m.owner)
	return a, err == nil
}

func (m *maker) int(i int64) any {
	if math.MinInt <= i && i <= math.MaxInt {
		return m.arena.Int(int(i))
	}
	return opcode.PyInt(i)
}

// text returns the value of a Str.
func (m *maker) text(id tape.ID) any {
	if slot, ok := m.t.Shared(id); ok {
		return slab.BoxString(m.sharedText(id, slot))
	}
	b := m.t.Span(id)
	switch {
	case len(b) == 0:
		return ""
	case m.t.Owned(id):
		return m.arena.String(stringOf(b))
	case len(b) <= maxCachedString && m.stringCache.use():
		return m.stringCache.find(b, &m.arena)
	}
	return m.arena.String(m.arena.copied(b))
}

// textOf returns the text of a span, which is remembered where it may be met again.
func (m *maker) textOf(id tape.ID) string {
	if slot, ok := m.t.Shared(id); ok {
		return *m.sharedText(id, slot)
	}
	b := m.t.Span(id)
	switch {
	case len(b) == 0:
		return ""
	case m.t.Owned(id):
		return stringOf(b)
	}
	return m.arena.copied(b)
}

// sharedText returns the text of a span that may be met again.
func (m *maker) sharedText(id tape.ID, slot int) *string {
	p := m.sharedTexts[slot].Load()
	if p == nil {
		p = new(string)
		if b := m.t.Span(id); len(b) > 0 {
			if *p = stringOf(b); !m.t.Owned(id) {
				*p = m.arena.copied(b)
			}
		}
		m.sharedTexts[slot].Store(p)
	}
	return p
}

// key returns the key of a map that a Str is.
func (m *maker) key(id tape.ID) string {
	if slot, ok := m.t.Shared(id); ok {
		if p := m.sharedTexts[slot].Load(); p != nil {
			return *p
		}
		return *m.sharedText(id, slot)
	}
	b := m.t.Span(id)
	if len(b) > 0 && len(b) <= maxCachedString && !m.t.Owned(id) && m.keyCache.use() {
		s, _ := m.keyCache.find(b, &m.arena).(string)
		return s
	}
	return m.textOf(id)
}

// listLeaves makes items of a list up to the first one that is no leaf, and returns how many cells
// and how many items those were.
func (m *maker) listLeaves(list []any, ids []tape.ID) (cells, items int) {
	for i, id := range ids {
		if kind := m.t.Kind(id); kind.IsRun() {
			items += m.run(kind, id, list[items:])
			continue
		}
		v, ok := m.leaf(id)
		if !ok {
			return i, items
		}
		list[items] = v
		items++
	}
	return len(ids), items
}

// strLeaves makes entries of a dict up to the first one whose value is no leaf, and returns how
// many cells those were.
func (m *maker) strLeaves(dict map[string]any, ids []tape.ID) int {
	for i := 0; i+1 < len(ids); i += 2 {
		v, ok := m.leaf(ids[i+1])
		if !ok {
			return i
		}
		dict[m.key(ids[i])] = v
	}
	return len(ids)
}

// run makes the items of a run and returns how many there are.
func (m *maker) run(kind tape.Kind, id tape.ID, items []any) int {
	n := m.t.Size(id)
	b := m.t.Run(id)
	switch kind {
	case tape.Floats:
		m.floats(b, items[:n])
	case tape.Ints:
		m.ints(b, items[:n])
	default:
		consts(b[:n], items)
	}
	return n
}

func (m *maker) floats(b []byte, items []any) {
	for len(items) > 0 {
		row := m.arena.FloatRow(len(items))
		for i := range row {
			row[i] = math.Float64frombits(binary.BigEndian.Uint64(b[1:]))
			b = b[tape.FloatSize:]
		}
		slab.BoxFloats(items, row)
		items = items[len(row):]
	}
}

// consts makes the items of a run of None, True and False.
func consts(b []byte, items []any) {
	for i, op := range b {
		switch tape.Const(op) {
		case tape.IDTrue:
			items[i] = true
		case tape.IDFalse:
			items[i] = false
		}
	}
}

func (m *maker) ints(b []byte, items []any) {
	for i := range items {
		v, size := tape.NextInt(b)
		items[i] = m.int(v)
		b = b[size:]
	}
}
