package tape

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/unpkl/unpkl/internal/opcode"
)

// In Python, a value that POP removes can have had an effect: it may be the result of a call that
// changed an object, or a dict from the memo that got more entries. A six-item __reduce__,
// cloudpickle and dill complete objects in this way. Each such change follows directly behind the
// object that it completes, which is on top of the stack after the POP. The tape records the
// changes with that object, in their order, so that a pickler can repeat them at the same point.
// Functions and classes that refer to themselves depend on that.

// noteDropped records the effect of a value that POP removes.
func (t *Tape) noteDropped(id ID) error {
	switch c := &t.cells[id]; {
	case c.kind == Dict, c.kind == Value && c.aux == uint16(Dict):
		return t.dropDict(id)
	case c.kind == Call, c.kind == Value:
		return t.dropCall(id)
	}
	return nil
}

// dropCall records a call whose result is popped, if it may have changed an object.
func (t *Tape) dropCall(id ID) error {
	c := &t.cells[id]
	if c.kind == Value {
		if c.flags&flagShared == 0 && t.host.IsMethodCall(id) {
			return t.recordDropped(id, IDNone)
		}
		return nil
	}
	if c.flags&flagInert == 0 || c.flags&flagShared != 0 {
		return nil
	}
	args := &t.cells[t.calls[c.v].args]
	if args.kind != Tuple || args.n == 0 {
		return nil
	}
	first := t.singleExtent(args)[0]
	if !t.takesDropped(first) || t.repeatsCall(c) {
		return nil
	}
	return t.recordDropped(id, first)
}

// repeatsCall reports whether the next opcode fetches the result of an equal call from the memo. A
// pickler that finds an object among the object's own arguments writes the call twice and pops the
// second result, which has no effect.
func (t *Tape) repeatsCall(c *cell) bool {
	op, _, err := t.w.PeekOpcode()
	if err != nil || op != opcode.BinGet && op != opcode.LongBinGet {
		return false // it may be a GET of protocol 0; then the call is recorded, which does no harm
	}
	index := uint64(t.w.Buf[t.w.Pos+1])
	if op == opcode.LongBinGet {
		index = uint64(binary.LittleEndian.Uint32(t.w.Buf[t.w.Pos+1:]))
	}
	id, ok := t.memo.get(index)
	if !ok || t.cells[id].kind != Call {
		return false
	}
	a, b := &t.calls[t.cells[id].v], &t.calls[c.v]
	x, y := &t.cells[a.args], &t.cells[b.args]
	return a.form == b.form && a.fn == b.fn && x.kind == Tuple && y.kind == Tuple &&
		slices.Equal(t.singleExtent(x), t.singleExtent(y))
}

// takesDropped reports whether a cell is an object with which dropped calls can be recorded.
func (t *Tape) takesDropped(id ID) bool {
	c := &t.cells[id]
	return c.kind == Call && c.flags&flagInert != 0 || c.kind == Value && t.host.IsObject(id)
}

// recordDropped records a dropped call with the object on top of the stack, or if that is no object
// with first, unless first is IDNone.
func (t *Tape) recordDropped(id, first ID) error {
	target := first
	if n := len(t.stack); n > t.fence && t.takesDropped(t.stack[n-1]) {
		target = t.stack[n-1]
	}
	if target == IDNone {
		return nil
	}
	t.noteChange(target)
	if t.cells[target].kind == Value {
		t.PinBatches()
		return t.host.Drop(target, id)
	}
	at := t.cells[target].v
	if t.calls[at].dropped == 0 {
		dropped := t.add(cell{kind: List})
		t.calls[at].dropped = dropped
	}
	return t.addItems(t.calls[at].dropped, []ID{id})
}

// lateEntries are the entries that a dict got after the memo had given it out.
type lateEntries struct {
	keys      []ID     // Strs
	earlier   [][]byte // the keys that the dict had before, if there are few
	otherKeys bool     // one of the keys is not a Str: then nothing is recorded
}

// maxEarlierKeys is the number of earlier keys with which those of late entries are compared. The
// globals of a function have few entries when it is made: the name of its module and little else.
const maxEarlierKeys = 16

// noteLateEntries notes entries that are added to a dict which the memo gave out and which has
// entries already.
func (t *Tape) noteLateEntries(id ID, items []ID) {
	l := t.lateEntries[id]
	if l == nil {
		l = t.newLateEntries(id)
	}
	for i := 0; i < len(items); i += 2 {
		if t.cells[items[i]].kind != Str {
			l.otherKeys = true
			return
		}
		key := t.Span(items[i])
		if !slices.ContainsFunc(l.earlier, func(k []byte) bool { return bytes.Equal(k, key) }) {
			l.keys = append(l.keys, items[i])
		}
	}
}

// forgetLateEntries forgets the dicts whose cells were rolled back.
func (t *Tape) forgetLateEntries() {
	for id := range t.lateEntries {
		if int(id) >= len(t.cells) {
			delete(t.lateEntries, id)
		}
	}
}

// newLateEntries notes the keys of a dict before more are added.
func (t *Tape) newLateEntries(id ID) *lateEntries {
	l := &lateEntries{}
	if t.lateEntries == nil {
		t.lateEntries = make(map[ID]*lateEntries)
	}
	t.lateEntries[id] = l
	c := &t.cells[id]
	if c.kind == Value {
		for _, key := range t.host.Keys(id, maxEarlierKeys) {
			l.earlier = append(l.earlier, []byte(key))
		}
		return l
	}
	if l.otherKeys = c.flags&flagOtherKeys != 0; !l.otherKeys && c.n <= 2*maxEarlierKeys {
		for had := t.Items(id); len(had) > 0; had = had[2:] {
			l.earlier = append(l.earlier, t.Span(had[0]))
		}
	}
	return l
}

// dropDict records the late entries of a dict that is popped, as a call that sets them.
func (t *Tape) dropDict(id ID) error {
	l := t.lateEntries[id]
	delete(t.lateEntries, id)
	if l == nil || l.otherKeys || len(l.keys) == 0 {
		return nil
	}
	call, err := t.host.LateEntries(id, l.keys)
	if err != nil || call == IDNone {
		return err
	}
	return t.recordDropped(call, IDNone)
}
