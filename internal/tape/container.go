package tape

import (
	"math"

	"github.com/unpkl/unpkl/internal/opcode"
)

// addExtent adds children to a container: to its last extent if that is at the end of t.children,
// else as a new extent.
func (t *Tape) addExtent(c *cell, ids []ID) {
	at, n := uint32(len(t.children)), uint32(len(ids))
	if len(t.children)+len(ids) > cap(t.children) {
		left := len(t.w.Buf) - t.w.Pos
		size := max(t.growCap(len(t.children), left), len(t.children)+len(ids))
		t.children = append(make([]ID, 0, size), t.children...)
	}
	t.children = append(t.children, ids...)
	if c.flags&flagMany == 0 {
		first, count := uint32(c.v>>32), uint32(c.v)
		switch {
		case count == 0:
			c.v = uint64(at)<<32 | uint64(n)
		case first+count == at:
			c.v += uint64(n)
		default:
			e := uint32(len(t.extents))
			t.extents = append(t.extents, extent{first, count, e + 1}, extent{at, n, 0})
			c.v = uint64(e)<<32 | uint64(e+1)
			c.flags |= flagMany
		}
		return
	}
	last := &t.extents[uint32(c.v)]
	if last.at+last.count == at {
		last.count += n
		return
	}
	e := uint32(len(t.extents))
	last.next = e
	t.extents = append(t.extents, extent{at, n, 0})
	c.v = c.v>>32<<32 | uint64(e)
}

// addItems adds items to the container id.
func (t *Tape) addItems(id ID, ids []ID) error {
	c := &t.cells[id]
	n := uint64(c.n) + uint64(len(ids))
	if n > math.MaxUint32 || uint64(len(t.children))+uint64(len(ids)) > maxChildren {
		return malformed("more than %d items", uint64(maxChildren))
	}
	t.addExtent(c, ids)
	c.n = uint32(n)
	return nil
}

// newContainer makes a container of the items.
func (t *Tape) newContainer(kind Kind, ids []ID) (ID, error) {
	id := t.add(cell{kind: kind})
	return id, t.addItems(id, ids)
}

// loadMarked carries out the opcodes that use all values above the topmost MARK.
func (t *Tape) loadMarked(op opcode.Code) error {
	mark, ok := t.popMark()
	if !ok {
		return errNoMark
	}
	switch op {
	case opcode.Appends:
		return t.loadAppends(mark)
	case opcode.SetItems:
		return t.loadSetItems(mark)
	case opcode.AddItems:
		return t.loadAddItems(mark)
	case opcode.Obj:
		return t.loadObj(mark)
	case opcode.Inst:
		return t.loadInst(mark)
	}
	items := t.stack[mark:]
	t.stack = t.stack[:mark]
	kind := List
	switch op {
	case opcode.PopMark:
		return nil
	case opcode.Tuple:
		if len(items) == 0 {
			t.stack = append(t.stack, IDEmptyTuple)
			return nil
		}
		kind = Tuple
	case opcode.Dict:
		kind = Dict
	case opcode.FrozenSet:
		kind = FrozenSet
		if err := t.checkHashable(items, 1); err != nil {
			return err
		}
	}
	id := t.add(cell{kind: kind})
	var err error
	if kind == Dict {
		err = t.setItems(id, items)
	} else {
		err = t.addItems(id, items)
	}
	t.stack = append(t.stack[:mark], id)
	return err
}

// target pops the items above mark and returns the cell below it, to which an opcode adds them. The
// items stay valid until something is pushed. If there are none, CPython does not look at the
// target.
func (t *Tape) target(mark int) (id ID, items []ID, err error) {
	if mark > len(t.stack) || mark <= t.fence {
		return 0, nil, t.underflow()
	}
	items = t.stack[mark:]
	t.stack = t.stack[:mark]
	return t.stack[mark-1], items, nil
}

// loadAppends appends the items above mark to the value below it.
func (t *Tape) loadAppends(mark int) error {
	id, items, err := t.target(mark)
	if err != nil || len(items) == 0 {
		return err
	}
	if t.partial != nil {
		if done, err := t.addBatch(mark-1, items); done {
			return err
		}
	}
	c := &t.cells[id]
	switch {
	case c.kind == List:
		return t.addItems(id, items)
	case c.kind == Call && c.flags&flagInert != 0:
		return t.growCall(id, items)
	}
	return t.host.Append(id, items)
}

// growCall appends items to an inert call.
func (t *Tape) growCall(id ID, items []ID) error {
	call := &t.calls[t.cells[id].v]
	if call.items == 0 {
		call.items = t.add(cell{kind: List})
	}
	return t.addItems(call.items, items)
}

// fillFresh is the fast path for SETITEMS on an empty dict with keys that are all Strs, and for
// APPENDS on an empty list, which is how most containers are filled. It returns the rest of the
// stack. If ok is false, it did nothing.
func (t *Tape) fillFresh(op opcode.Code, stack []ID, cells []cell) (left []ID, ok bool) {
	marks, mark := len(t.marks), t.fence
	if marks == 0 || mark == 0 || marks > 1 && mark == int(t.marks[marks-2]) {
		return nil, false
	}
	items := stack[mark:]
	if t.partial != nil && t.concernsPartial(stack[mark-1], len(items), true) {
		return nil, false
	}
	target := &cells[stack[mark-1]]
	kind := List
	if op == opcode.SetItems {
		kind = Dict
	}
	if target.kind != kind || target.n != 0 || len(items) == 0 ||
		len(t.children)+len(items) > min(cap(t.children), maxChildren) {
		return nil, false
	}
	if kind == Dict {
		if len(items)%2 != 0 {
			return nil, false
		}
		for i := 0; i < len(items); i += 2 {
			if cells[items[i]].kind != Str {
				return nil, false
			}
		}
	}
	target.n = uint32(len(items))
	target.v = uint64(len(t.children))<<32 | uint64(len(items))
	t.children = append(t.children, items...)
	t.popMark()
	return stack[:mark], true
}

// fillNext is the fast path for SETITEM with a key that is a Str, and for APPEND, on a container
// that is empty or has one extent at the end of t.children, as in pickles of protocol 0. It returns
// the same as fillFresh.
func (t *Tape) fillNext(op opcode.Code, stack []ID, cells []cell) (left []ID, ok bool) {
	kind, n := List, 1
	if op == opcode.SetItem {
		kind, n = Dict, 2
	}
	at := len(stack) - n
	if at <= t.fence || len(t.children)+n > min(cap(t.children), maxChildren) ||
		t.partial != nil && t.concernsPartial(stack[at-1], n, false) {
		return nil, false
	}
	target := &cells[stack[at-1]]
	first, count := int(target.v>>32), int(uint32(target.v))
	if target.kind != kind || target.flags&(flagMany|flagShared) != 0 || target.n > maxChildren-2 ||
		kind == Dict && cells[stack[at]].kind != Str {
		return nil, false
	}
	switch {
	case count == 0:
		target.v = uint64(len(t.children)) << 32
	case first+count != len(t.children):
		return nil, false
	}
	target.v += uint64(n)
	target.n += uint32(n)
	t.children = append(t.children, stack[at:]...)
	return stack[:at], true
}

// loadSetItems sets the entries above mark in the value below it.
func (t *Tape) loadSetItems(mark int) error {
	id, items, err := t.target(mark)
	if err != nil || len(items) == 0 {
		return err
	}
	if t.partial != nil {
		if done, err := t.addBatch(mark-1, items); done {
			return err
		}
	}
	c := &t.cells[id]
	if c.kind == Dict {
		return t.setItems(id, items)
	}
	if len(items)%2 != 0 {
		return errOddItems
	}
	if c.kind == Call && c.flags&flagInert != 0 {
		return t.addEntries(id, items)
	}
	if c.kind == Value && c.aux == uint16(Dict) {
		t.noteLateEntries(id, items)
	}
	return t.host.SetItems(id, items)
}

// setItems adds entries to a dict. It does not look for equal keys: the code that makes a value of
// the dict does.
func (t *Tape) setItems(id ID, items []ID) error {
	if len(items)%2 != 0 {
		return errOddItems
	}
	if err := t.checkHashable(items, 2); err != nil {
		return err
	}
	if c := &t.cells[id]; c.flags&flagShared != 0 && c.n > 0 {
		t.noteLateEntries(id, items)
	}
	t.noteKeys(id, items)
	return t.addItems(id, items)
}

// noteKeys sets flagOtherKeys of a dict if one of the keys is not a Str.
func (t *Tape) noteKeys(id ID, items []ID) {
	for i := 0; i < len(items); i += 2 {
		if t.cells[items[i]].kind != Str {
			t.cells[id].flags |= flagOtherKeys
			return
		}
	}
}

// checkHashable returns an error unless every step-th item can be the key of a dict or the member
// of a set.
func (t *Tape) checkHashable(items []ID, step int) error {
	for i := 0; i < len(items); i += step {
		id := items[i]
		switch c := &t.cells[id]; c.kind {
		case ByteArray, List, Dict, Set:
			return malformed("unhashable key: %s", t.host.TypeName(id))
		case Tuple, Value, Call:
			if c.flags&flagHashable != 0 {
				continue
			}
			if c.kind == Tuple && t.holdsLeaves(c) {
				c.flags |= flagHashable // so that a long tuple is not checked each time it is used
				continue
			}
			if err := t.host.CheckHashable(id); err != nil {
				return err
			}
			t.cells[id].flags |= flagHashable
		}
	}
	return nil
}

// holdsLeaves reports whether no item of a tuple is a container, a Value or a Call, which is so for
// nearly every tuple that is a key.
func (t *Tape) holdsLeaves(c *cell) bool {
	for _, id := range t.singleExtent(c) {
		switch t.cells[id].kind {
		case None, False, True, Int, Float, BigInt, Str, Py2Str, Bytes:
		default:
			return false
		}
	}
	return true
}

// MarkHashable notes that a tuple can be the key of a dict.
func (t *Tape) MarkHashable(id ID) { t.cells[id].flags |= flagHashable }

// IsHashable reports whether it was noted that a tuple can be the key of a dict.
func (t *Tape) IsHashable(id ID) bool { return t.cells[id].flags&flagHashable != 0 }

// loadAddItems adds the items above mark to the set below it.
func (t *Tape) loadAddItems(mark int) error {
	id, items, err := t.target(mark)
	if err != nil || len(items) == 0 {
		return err
	}
	t.noteChange(id)
	switch c := &t.cells[id]; {
	case c.kind == Set:
		if err := t.checkHashable(items, 1); err != nil {
			return err
		}
		return t.addItems(id, items)
	case c.kind == Call && c.flags&flagInert != 0:
		return t.growCall(id, items)
	}
	return t.host.Add(id, items)
}
