package tape

import "github.com/unpkl/unpkl/internal/payload"

// The methods of this file are for a host: they add and change cells while the tape is being
// written.

// NewCall makes a Call with a code of the host's choice. fn is a Class or Call and args a Tuple;
// kwargs is a Dict, or IDNone for no keyword arguments.
func (t *Tape) NewCall(form Form, fn, args, kwargs ID, code uint16, inert bool) ID {
	c := cell{kind: Call, aux: code, v: uint64(len(t.calls))}
	if inert {
		c.flags = flagInert
	}
	if len(t.calls) == cap(t.calls) {
		size := t.growCap(len(t.calls), len(t.w.Buf)-t.w.Pos)
		t.calls = append(make([]call, 0, size), t.calls...)
	}
	t.calls = append(t.calls, call{fn: fn, args: args, kwargs: kwargs, form: form})
	return t.add(c)
}

// SetState sets the state of a Call, which is the argument of BUILD.
func (t *Tape) SetState(id, state ID) {
	t.noteChange(id)
	c := &t.calls[t.cells[id].v]
	c.state, c.hasState = state, true
}

// SetCode changes the code of a Call.
func (t *Tape) SetCode(id ID, code uint16) { t.cells[id].aux = code }

// NewClass makes a Class with a code of the host's choice.
func (t *Tape) NewClass(v any, code uint16, inert bool) ID {
	c := cell{kind: Class, aux: code, v: t.addValue(v)}
	if inert {
		c.flags = flagInert
	}
	return t.add(c)
}

// NewValue makes a Value.
func (t *Tape) NewValue(v any) ID { return t.add(cell{kind: Value, v: t.addValue(v)}) }

// NewSpan makes a Str, Py2Str or Bytes with a copy of b.
func (t *Tape) NewSpan(kind Kind, b []byte) (ID, error) { return t.newSpan(kind, b) }

// NewMembers makes a Set or FrozenSet. It returns an error if a member is not hashable.
func (t *Tape) NewMembers(kind Kind, ids []ID) (ID, error) {
	if err := t.checkHashable(ids, 1); err != nil {
		return 0, err
	}
	return t.newContainer(kind, ids)
}

// NewTuple makes a Tuple.
func (t *Tape) NewTuple(ids []ID) (ID, error) { return t.newContainer(Tuple, ids) }

// NewList makes a List.
func (t *Tape) NewList(ids []ID) (ID, error) { return t.newContainer(List, ids) }

// AddEntries adds pairs, which are keys and values by turns, to the entries of a Call. It returns
// an error if a key is not hashable.
func (t *Tape) AddEntries(id ID, pairs []ID) error {
	if err := t.checkHashable(pairs, 2); err != nil {
		return err
	}
	return t.addEntries(id, pairs)
}

// addEntries is AddEntries for keys that are hashable.
func (t *Tape) addEntries(id ID, pairs []ID) error {
	t.noteChange(id)
	call := &t.calls[t.cells[id].v]
	if call.entries == 0 {
		call.entries = t.add(cell{kind: Dict})
	}
	t.noteKeys(call.entries, pairs)
	return t.addItems(call.entries, pairs)
}

// MakeSpan makes a Str, Py2Str or Bytes of n bytes and returns its memory, which the caller must
// fill.
func (t *Tape) MakeSpan(kind Kind, n int) (ID, []byte, error) {
	v, mem, err := t.arena.allocAligned(n)
	return t.add(t.spanOf(kind, v, n)), mem, err
}

// Replace makes a cell a Value of v, for every reference to it. A Value that replaced a Tuple or
// Dict is still accepted by the opcodes that need a tuple or a dict.
func (t *Tape) Replace(id ID, v any) {
	t.noteChange(id)
	c := &t.cells[id]
	was := c.kind
	n := cell{kind: Value, flags: c.flags & (flagShared | flagHashable), v: t.addValue(v)}
	if was == Tuple || was == Dict {
		n.aux = uint16(was)
	} else if was == Value {
		n.aux, n.n = c.aux, c.n
	}
	if c.flags&flagShared != 0 && was >= Str {
		n.n = uint32(t.slot(id, c)) + 1
	}
	*c = n
	if t.onReplace != nil {
		t.onReplace(id, v)
	}
}

// OnReplace sets a function that is called whenever Replace has replaced a cell, or nil.
func (t *Tape) OnReplace(f func(id ID, v any)) { t.onReplace = f }

// Recycle lets the next pickle be read into the memory of a span, if that is a large payload in
// memory of its own. The caller must keep none of the bytes and not ask for the span again.
func (t *Tape) Recycle(id ID) {
	c := &t.cells[id]
	if !t.Owned(id) || t.isSlice {
		return
	}
	chunk := t.arena.chunks[c.v>>spanShift]
	if c.v&maxOffset == 0 && len(chunk) == len(t.Span(id)) && len(chunk) >= payload.Large {
		t.arena.recycle(chunk)
	}
}

// MarkShared marks a cell as shared, although the pickle refers to it once, since the caller keeps
// what is made of it.
func (t *Tape) MarkShared(id ID) {
	if c := &t.cells[id]; c.flags&flagShared == 0 {
		t.markShared(id, c)
	}
}

// AddChildren adds IDs to the children of the tape without giving them to a container. It returns
// their indices as [BatchCursor.Next] does.
func (t *Tape) AddChildren(ids []ID) (from, to uint32) {
	from = uint32(len(t.children))
	t.children = append(t.children, ids...)
	return from, uint32(len(t.children))
}
