package plain

import (
	"errors"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/ndarray"
)

// NOTE. Plain values are made from the cells of a tape, depth first over an explicit stack of
// frames, one for each container that is being filled. The tape knows how much each container
// holds, so it is made once, at its size, before what it holds: a slice or a map is a reference,
// and a parent can hold a child that is not filled yet. What holds nothing but leaves is filled at
// once and never has a frame.
//
// What only an object says (a value of a hook, an object of pandas) is converted from the object:
// see cross.go. Large containers are made by several goroutines: see parallel.go.

// maker makes plain values of the cells of one pickle.
//
// Invariant: slots[i] is open exactly while a frame of it is on the stack, so meeting an open one
// again is a cycle.
type maker struct {
	// What is kept from one pickle to the next: memory for small values, and for what is known of
	// the cells of one.
	arena   arena
	known   known.Maker
	stack   []cellFrame
	*shared // what became of the cells that may be met again
	making
}

// making is what a maker knows of the pickle that it makes values of.
type making struct {
	c    *Converter
	p    bridge.Pickle
	t    *tape.Tape
	base int // levels around what is being made
	// helper says that other goroutines read shared now: what only one may do is left to it, with
	// errLater.
	helper bool
	// careful makes no value that a later equal key takes the place of, and uses one goroutine.
	careful bool
	needs   []tape.ID // of a helper: shared cells that have to be made first
	height  int32     // levels of what a helper made

	stringCache stringCache     // of values
	keyCache    stringCache     // of the keys of dicts
	owner       ndarray.Owner   // of arrays, or nil
	keyItems    [maxCellKey]any // of the last key that was a tuple
	foreign     tape.ID         // the last class of no library
	classes     map[tape.ID]any // the values of classes
}

// shared is what became of the cells that may be met again, by their slots.
type shared struct {
	sharedTexts []sharedText
	slots       []slot
	// containers is the number of slots that have a container made of cells.
	containers int
}

// slot is what became of a cell that may be met again, unless that is text.
type slot struct {
	plain  any
	height int32 // levels below a container; noLevel if it is an object
	state  slotState
	node   int // index of the same container in Converter.nodes plus 1, or 0
}

// noLevel is the height of an object that stays what it is: it is no container of plain values.
const noLevel = -1

type slotState uint8

const (
	unmade slotState = iota
	open
	made
)

// cellFrame is a container that is being filled.
type cellFrame struct {
	ids    []tape.ID        // children, up to the next batch; next is the first that is still to be made
	rest   tape.BatchCursor // the batches behind
	next   int
	at     int // place of the next child in list
	slot   int // or once
	height int32
	kind   frameKind

	// Where the children go.
	list  []any // of a list: what it holds
	byStr map[string]any
	byAny map[any]any
	keys  []any // of byAny, where they are objects
	split *splitJob
}

type frameKind uint8

const (
	listFrame  frameKind = iota
	strFrame             // a dict with keys of text: keys and values in turn
	anyFrame             // a dict with other keys: keys and values in turn
	keyedFrame           // a dict whose keys are objects: values
	textsFrame           // keyedFrame whose keys are all strings
	splitFrame           // what helpers left of a large container
)

// errLater is that of a helper for what it leaves to another goroutine.
var errLater = errors.New("plain: not for a helper")

// Tape returns the plain value of a cell, which stands inside depth levels of containers. What
// cells of the same pickle share, what several calls return shares too.
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
	// Was it the first error of one goroutine, and of a value that stays? What one more pass finds
	// is sure.
	c.maker = newMaker(c, p)
	c.maker.base, c.maker.careful = depth, true
	c.forget()
	return c.maker.make(id)
}

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

// reset makes a maker ready for another pickle. It keeps what it puts small values into, and the
// memory of what it knows of shared cells, unless that is much.
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

// grow makes room for slots that the caller had the tape give to cells since.
func (s *shared) grow(n int) {
	if n <= len(s.slots) {
		return
	}
	if n <= cap(s.slots) && n <= cap(s.sharedTexts) {
		s.slots, s.sharedTexts = s.slots[:n], s.sharedTexts[:n] // which reset has cleared
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

// level checks that a container may stand where one begins now.
func (m *maker) level() error {
	if depth := m.base + len(m.stack) + 1; depth > m.c.maxDepth {
		return pyvalue.LimitError("Depth", int64(m.c.maxDepth), int64(depth))
	}
	return nil
}

// holds notes that the innermost frame holds a container of some height.
func (m *maker) holds(height int32) {
	if top := len(m.stack) - 1; top < 0 {
		m.height = max(m.height, height+1)
	} else if m.stack[top].height <= height {
		m.stack[top].height = height + 1
	}
}

// begin returns the plain value of a cell that is no leaf. For a container that is met for the
// first time and holds more than leaves it is not filled yet, and a frame that fills it is on the
// stack.
func (m *maker) begin(id tape.ID) (any, error) {
	at := once
	if slot, ok := m.t.Shared(id); ok {
		if m.slots[slot].state != unmade {
			return m.sharedValue(slot)
		}
		if m.helper {
			m.need(id)
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
		return m.beginOther(id, at)
	case tape.Set, tape.FrozenSet:
		return m.beginSet(id, at)
	case tape.Bytes, tape.ByteArray:
		return m.sharedBytes(id)
	case tape.Call:
		return m.beginCall(id, at)
	}
	return m.cross(id)
}

// sharedValue returns what became of a cell that was met before.
func (m *maker) sharedValue(i int) (any, error) {
	s := &m.slots[i]
	if s.state == open {
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
	m.holds(s.height)
	return s.plain, nil
}

// push puts a frame on the stack.
func (m *maker) push(plain any, f cellFrame) {
	if f.slot != once {
		m.keep(f.slot, plain, 0, open)
	}
	m.stack = append(m.stack, f)
}

// flat notes that a container is complete which holds leaves only.
func (m *maker) flat(at int, plain any) {
	if at != once {
		m.keep(at, plain, 0, made)
	}
	m.holds(0)
}

// keep notes what a cell became that may be met again.
func (m *maker) keep(at int, plain any, height int32, state slotState) {
	s := &m.slots[at]
	if s.state == unmade {
		m.containers++
	}
	s.plain, s.height, s.state = plain, height, state
	if s.node > 0 {
		n := &m.c.nodes[s.node-1]
		n.height, n.open = int(height), state == open
	}
}

// finish takes the innermost frame off the stack.
func (m *maker) finish(f *cellFrame) {
	height := f.height
	if f.slot != once {
		m.keep(f.slot, m.slots[f.slot].plain, height, made)
	}
	*f = cellFrame{}
	m.stack = m.stack[:len(m.stack)-1]
	m.holds(height)
}

// batch makes the next batch of children that of a frame, if there is one.
func (m *maker) batch(f *cellFrame) bool {
	var from, to uint32
	if from, to, f.rest = f.rest.Next(m.t); from == to {
		return false
	}
	f.ids, f.next = m.t.ChildrenIn(from, to), 0
	return true
}

// fill makes children of the innermost frame, up to one that has a frame of its own, or ends it.
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
			f = &m.stack[top] // the stack may have moved
		}
		if err := m.put(f, v); err != nil {
			return err
		}
		if len(m.stack) > top+1 {
			return nil
		}
	}
}

// fillLeaves makes children of a frame up to one that is no leaf.
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

// put stores the next child of a frame.
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

// close ends a frame whose children are all there.
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
