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

// sharedText is the string of a cell to which the pickle refers more than once, or nil. If several
// goroutines create it at the same time, each string is as good as the others.
type sharedText = atomic.Pointer[string]

// leaf returns the plain value of a cell that is not a container and needs no object. ok is false
// for other cells.
func (m *maker) leaf(id tape.ID) (v any, ok bool) {
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

// rareLeaf is leaf for less frequent kinds.
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
		return m.seenObject(id)
	case tape.Value: // A shared cell becomes one when its object is created.
		return m.seenObject(id)
	case tape.Class:
		return m.class(id)
	}
	return nil, false
}

// seenObject returns an object that stays an object in plain values and was reached before.
func (m *maker) seenObject(id tape.ID) (any, bool) {
	if slot, ok := m.t.Shared(id); ok && m.slots[slot].height == noHeight {
		return m.slots[slot].plain, true
	}
	return nil, false
}

// class returns the plain value of a class, unless the class is one of pandas, where it may stand
// for None, or of another library that is converted from objects.
func (m *maker) class(id tape.ID) (any, bool) {
	if v, found := m.classes[id]; found {
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

// knownCall returns the plain value of a call that package known recognises. It returns false if
// the pickle may also refer to the object of an array or of its data.
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

// int returns an int, or a *big.Int if i does not fit.
func (m *maker) int(i int64) any {
	if math.MinInt <= i && i <= math.MaxInt {
		return m.arena.Int(int(i))
	}
	return opcode.PyInt(i)
}

// text returns the string of a cell of kind Str, as an any.
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
	return m.arena.String(m.arena.copyText(b))
}

// textOf returns the string of a text cell.
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
	return m.arena.copyText(b)
}

// sharedText returns the string of a text cell with a slot. It creates the string at most once per
// goroutine.
func (m *maker) sharedText(id tape.ID, slot int) *string {
	p := m.sharedTexts[slot].Load()
	if p == nil {
		p = new(string)
		if b := m.t.Span(id); len(b) > 0 {
			if *p = stringOf(b); !m.t.Owned(id) {
				*p = m.arena.copyText(b)
			}
		}
		m.sharedTexts[slot].Store(p)
	}
	return p
}

// key returns the map key for a cell of kind Str.
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

// listLeaves stores the values of ids in list, up to the first cell that is not a leaf. It returns
// how many cells and how many items it stored; a run is one cell but several items.
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

// strLeaves stores entries in dict, up to the first one whose value is not a leaf. It returns how
// many cells of ids it used.
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

// run stores the items of a run in items, and returns their number.
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

// floats stores the floats of the run b in items.
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

// consts stores the items of a run of None, True and False. items must be nil before.
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

// ints stores the ints of the run b in items.
func (m *maker) ints(b []byte, items []any) {
	for i := range items {
		v, size := tape.NextInt(b)
		items[i] = m.int(v)
		b = b[size:]
	}
}
