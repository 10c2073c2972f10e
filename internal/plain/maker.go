package plain

import (
	"errors"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/ndarray"
)

// NOTE. A maker converts the cells of a tape to plain values, depth first, with an explicit stack
// of frames, one for each container that is being filled. The tape knows the size of each
// container, so the plain container is allocated at its final size before its children are
// converted. A slice or a map is a reference, so a parent can refer to a child that is not filled
// yet. A container of leaves alone is filled at once and never gets a frame.
//
// Cells that need an object (the value of a hook, an object of pandas) are converted by way of it,
// see object.go. Several goroutines convert large containers, see parallel.go.

// maker converts the cells of one pickle to plain values.
//
// Invariant: the state of slots[i] is slotOpen exactly while a frame for it is on the stack, so a
// reference to an open slot is a cycle.
type maker struct {
	// The memory of these fields is kept from one pickle to the next.
	arena   arena
	known   known.Maker
	stack   []cellFrame
	*shared // the same for all helpers
	making
}

// making is the state of a maker for one pickle.
type making struct {
	c    *Converter
	p    bridge.Pickle
	t    *tape.Tape
	base int // number of containers around the value that is being converted
	// helper says that other goroutines are reading shared at the same time. A helper must not
	// change shared, and returns errLater instead.
	helper bool
	// careful says not to convert a value that the value of a later, equal key replaces, and to use
	// one goroutine.
	careful bool
	needs   []tape.ID // of a helper: shared cells that must be converted first
	height  int32     // of a helper: the largest number of levels of a value that it converted

	stringCache stringCache     // of values
	keyCache    stringCache     // of the keys of dicts
	owner       ndarray.Owner   // of arrays, or nil
	keyItems    [maxCellKey]any // temporary storage of tupleKey
	ownClass    tape.ID         // the last class for which isOwnCall looked up that it is no library's
	classes     map[tape.ID]any // the values of classes
}

// shared has the plain values of cells to which the pickle refers more than once, by slot.
type shared struct {
	sharedTexts []sharedText
	slots       []slot
	containers  int // number of slots that are not slotEmpty
}

// slot has the plain value of a cell that is not text.
type slot struct {
	plain  any
	height int32 // levels of containers below a container; noHeight for an object
	state  slotState
	node   int // index of the same container in Converter.nodes plus 1, or 0
}

// noHeight is the height of an object that stays an object, and so is no container of plain values.
const noHeight = -1

// slotState is the state of a slot.

// slotState is the state of a slot.
type slotState uint8

const (
	slotEmpty slotState = iota // no value yet
	slotOpen                   // a container that is being filled
	slotDone                   // the value is complete
)

// cellFrame is a container that is being filled.
type cellFrame struct {
	ids    []tape.ID        // the current batch of children
	next   int              // index in ids of the next child to convert
	rest   tape.BatchCursor // the following batches
	slot   int              // of the container, or noSlot
	height int32            // levels of the children that are converted
	kind   frameKind

	// The plain values of children are stored in one of these.
	list  []any
	at    int // index in list of the next child
	byStr map[string]any
	byAny map[any]any
	keys  []any // the keys of a keyedFrame or textsFrame
	split *splitJob
}

// frameKind says how a frame stores its children.
type frameKind uint8

const (
	listFrame  frameKind = iota
	strFrame             // a dict whose keys are all text; ids has keys and values in turn
	anyFrame             // a dict with other simple keys; ids has keys and values in turn
	keyedFrame           // a dict whose keys are objects; ids has the values
	textsFrame           // a keyedFrame whose keys are all strings
	splitFrame           // a large container of which helpers left some children
)

// errLater is returned by a helper for a child that it leaves to the calling goroutine.
var errLater = errors.New("plain: not for a helper")

// Tape returns the plain value of a cell, which is inside depth levels of containers. The results
// of several calls share what the cells of the pickle share.
func (c *Converter) Tape(p bridge.Pickle, id tape.ID, depth int) (any, error) {
	if c.Objects {
		return p.Object(id)
	}
	m := c.maker
	if m == nil || m.p != p {
		m = newMaker(c, p)
		c.maker = m
	}
	m.base = depth
	m.grow(m.t.Slots())
	v, err := m.make(id)
	if err == nil || c.inPlace || m.careful {
		return v, err
	}
	// The error may not be the one to report: another goroutine may have found an earlier one, or
	// the value may belong to a key that occurs again later. A careful pass finds the right one.
	c.maker = newMaker(c, p)
	c.maker.base, c.maker.careful = depth, true
	c.restart()
	return c.maker.make(id)
}

// newMaker returns a maker for the cells of p.
func newMaker(c *Converter, p bridge.Pickle) *maker {
	t := p.Tape()
	t.MarkArgumentsShared()
	m := c.spare
	if c.spare = nil; m == nil {
		m = &maker{shared: new(shared)}
	}
	m.c, m.p, m.t, m.owner = c, p, t, p.Bounds().Owner
	m.grow(t.Slots())
	return m
}

// reset prepares a maker for another pickle. It keeps the memory of the arena, and that of the
// slots and the stack unless it is large.
func (m *maker) reset() {
	const keep = 1 << 10 // slots, frames
	s := m.shared
	if s.containers = 0; len(s.slots) > keep {
		*s = shared{}
	}
	clear(s.slots)
	for i := range s.sharedTexts {
		s.sharedTexts[i].Store(nil)
	}
	s.slots, s.sharedTexts = s.slots[:0], s.sharedTexts[:0]
	stack := m.stack[:0]
	if clear(m.stack); cap(stack) > keep {
		stack = nil
	}
	m.known.Reset()
	m.stack, m.making = stack, making{}
}

// grow makes room for n slots.
func (s *shared) grow(n int) {
	if n <= len(s.slots) {
		return
	}
	if n <= cap(s.slots) && n <= cap(s.sharedTexts) {
		s.slots, s.sharedTexts = s.slots[:n], s.sharedTexts[:n] // reset has cleared them.
		return
	}
	s.slots = append(make([]slot, 0, n), s.slots...)[:n]
	texts := make([]sharedText, n)
	for i := range s.sharedTexts {
		texts[i].Store(s.sharedTexts[i].Load())
	}
	s.sharedTexts = texts
}

// make returns the plain value of a cell.
func (m *maker) make(id tape.ID) (any, error) {
	if v, ok := m.leaf(id); ok {
		return v, nil
	}
	v, err := m.begin(id)
	for err == nil && len(m.stack) > 0 {
		err = m.fill()
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// checkDepth returns an error if a container that begins now would be nested too deep.
func (m *maker) checkDepth() error {
	if depth := m.base + len(m.stack) + 1; depth > m.c.maxDepth {
		return pyvalue.LimitError("Depth", int64(m.c.maxDepth), int64(depth))
	}
	return nil
}

// raiseHeight is called when the innermost frame gets a child that is a container of that height.
func (m *maker) raiseHeight(height int32) {
	if top := len(m.stack) - 1; top < 0 {
		m.height = max(m.height, height+1)
	} else if m.stack[top].height <= height {
		m.stack[top].height = height + 1
	}
}

// begin returns the plain value of a cell that is not a leaf. If that is a container that has not
// been converted yet and does not consist of leaves alone, begin returns it unfilled and pushes a
// frame that fills it.
func (m *maker) begin(id tape.ID) (any, error) {
	at := noSlot
	if slot, ok := m.t.Shared(id); ok {
		if m.slots[slot].state != slotEmpty {
			return m.sharedValue(slot)
		}
		if m.helper {
			m.addNeed(id)
			return nil, errLater
		}
		at = slot
	}
	switch m.t.Kind(id) {
	case tape.Tuple, tape.List:
		return m.beginList(id, at)
	case tape.Dict:
		if m.t.OnlyStrKeys(id) {
			return m.beginDict(id, at)
		}
		return m.beginAnyDict(id, at)
	case tape.Set, tape.FrozenSet:
		return m.beginSet(id, at)
	case tape.Bytes, tape.ByteArray:
		return m.sharedBytes(id)
	case tape.Call:
		return m.beginCall(id, at)
	}
	return m.viaObject(id)
}

// sharedValue returns the value of slot i, which is not empty.
func (m *maker) sharedValue(i int) (any, error) {
	s := &m.slots[i]
	if s.state == slotOpen {
		if !m.c.cycles {
			return nil, errCycle()
		}
		if m.helper {
			return nil, errLater
		}
		return s.plain, nil
	}
	if depth := m.base + len(m.stack) + 1 + int(s.height); depth > m.c.maxDepth {
		return nil, pyvalue.LimitError("Depth", int64(m.c.maxDepth), int64(depth))
	}
	m.raiseHeight(s.height)
	return s.plain, nil
}

// push pushes the frame of the container plain.
func (m *maker) push(plain any, f cellFrame) {
	if f.slot != noSlot {
		m.record(f.slot, plain, 0, slotOpen)
	}
	m.stack = append(m.stack, f)
}

// complete is called for a container of leaves alone, which is filled. at is its slot or noSlot.
func (m *maker) complete(at int, plain any) {
	if at != noSlot {
		m.record(at, plain, 0, slotDone)
	}
	m.raiseHeight(0)
}

// record sets the slot at.
func (m *maker) record(at int, plain any, height int32, state slotState) {
	s := &m.slots[at]
	if s.state == slotEmpty {
		m.containers++
	}
	s.plain, s.height, s.state = plain, height, state
	if s.node > 0 {
		n := &m.c.nodes[s.node-1]
		n.height, n.open = int(height), state == slotOpen
	}
}

// finish pops f, the innermost frame.
func (m *maker) finish(f *cellFrame) {
	height := f.height
	if f.slot != noSlot {
		m.record(f.slot, m.slots[f.slot].plain, height, slotDone)
	}
	*f = cellFrame{}
	m.stack = m.stack[:len(m.stack)-1]
	m.raiseHeight(height)
}

// batch makes the next batch of children the current one of f. It returns false if there is none.
func (m *maker) batch(f *cellFrame) bool {
	var from, to uint32
	if from, to, f.rest = f.rest.Next(m.t); from == to {
		return false
	}
	f.ids, f.next = m.t.ChildrenIn(from, to), 0
	return true
}

// fill converts children of the innermost frame until one pushes a frame of its own, or all are
// done.
func (m *maker) fill() error {
	top := len(m.stack) - 1
	f := &m.stack[top]
	for {
		if f.next == len(f.ids) {
			if !m.batch(f) {
				return m.close(f)
			}
		}
		m.fillLeaves(f)
		if f.next == len(f.ids) {
			continue
		}
		value := f.next
		if f.kind == strFrame || f.kind == anyFrame {
			value++
		}
		v, ok := m.leaf(f.ids[value])
		if !ok {
			var err error
			if v, err = m.begin(f.ids[value]); err != nil {
				return err
			}
			f = &m.stack[top] // begin may have moved the stack.
		}
		if err := m.put(f, v); err != nil {
			return err
		}
		if len(m.stack) > top+1 {
			return nil
		}
	}
}

// fillLeaves converts children of the current batch up to the first one that is not a leaf.
func (m *maker) fillLeaves(f *cellFrame) {
	switch f.kind {
	case strFrame:
		f.next += m.strLeaves(f.byStr, f.ids[f.next:])
	case listFrame:
		n, items := m.listLeaves(f.list[f.at:], f.ids[f.next:])
		f.next += n
		f.at += items
	}
}

// put stores v as the next child of a frame.
func (m *maker) put(f *cellFrame, v any) error {
	switch f.kind {
	case strFrame:
		f.byStr[m.key(f.ids[f.next])] = v
		f.next += 2
		return nil
	case anyFrame:
		return m.putAny(f, v)
	case splitFrame:
		f.putSplit(v)
		return nil
	case textsFrame:
		f.byStr[f.keys[f.next].(string)] = v
		f.next++
		return nil
	case keyedFrame:
		f.next++
		return m.c.putKey(f.byAny, f.keys[f.next-1], v)
	}
	f.list[f.at] = v
	f.at++
	f.next++
	return nil
}

// close ends a frame whose children are all converted.
func (m *maker) close(f *cellFrame) error {
	switch f.kind {
	case splitFrame:
		if done, err := m.closeSplit(f); !done || err != nil {
			return err
		}
	}
	m.finish(f)
	return nil
}
