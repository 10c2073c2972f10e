package tape

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/unpkl/unpkl/internal/opcode"
)

// What a POP takes away has still happened in Python: a call whose result nobody wants, and a dict
// that the memo gave out to get more entries. Six-item __reduce__, cloudpickle and dill complete
// objects so: each such step follows at once on the object that it completes, which is then on top
// of the stack. The steps are kept with that object, in their order, so that who writes it again
// can repeat them where they were: functions and classes that refer to themselves depend on it.

// drop keeps what the value that a POP takes away stands for.
func (t *Tape) noteDropped(id ID) error {
	switch c := &t.cells[id]; {
	case c.kind == Dict, c.kind == Value && c.aux == uint16(Dict):
		return t.dropDict(id)
	case c.kind == Call, c.kind == Value:
		return t.dropCall(id)
	}
	return nil
}

// dropCall keeps a call whose result is popped, if an object needs it.
func (t *Tape) dropCall(id ID) error {
	c := &t.cells[id]
	if c.kind == Value {
		if c.flags&flagShared == 0 && t.host.IsMethodCall(id) {
			return t.keepDropped(id, IDNone)
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
	if !t.canKeepDropped(first) || t.repeatsCall(c) {
		return nil
	}
	return t.keepDropped(id, first)
}

// madeBefore reports whether the next opcode fetches the result of the same call: an object that is
// among its own arguments is made twice, and the second one is nobody's.
func (t *Tape) repeatsCall(c *cell) bool {
	op, _, err := t.w.Opcode()
	if err != nil || op != opcode.BinGet && op != opcode.LongBinGet {
		return false // or a GET of protocol 0, where the call is kept to no harm
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

// hasSteps reports whether a cell is of an object that steps can be kept with.
func (t *Tape) canKeepDropped(id ID) bool {
	c := &t.cells[id]
	return c.kind == Call && c.flags&flagInert != 0 || c.kind == Value && t.host.IsObject(id)
}

// keepStep keeps a step with the object on top of the stack, or else with the one that it is for.
func (t *Tape) keepDropped(id, first ID) error {
	target := first
	if n := len(t.stack); n > t.fence && t.canKeepDropped(t.stack[n-1]) {
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

// late is what a dict that the memo gave out has got since: the keys, and whether all are text.
type lateEntries struct {
	keys      []ID
	earlier   [][]byte // keys that it had before, if those are few
	otherKeys bool
}

// maxFirst bounds the entries of a dict that the keys of later ones are compared with: those that a
// function is made with are the name of its module and little else.
const maxEarlierKeys = 16

// noteLate notes what is added to a dict that the memo gave out and that has entries.
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

// forgetLate forgets the dicts whose cells are cut off.
func (t *Tape) forgetLateEntries() {
	for id := range t.lateEntries {
		if int(id) >= len(t.cells) {
			delete(t.lateEntries, id)
		}
	}
}

// newLate notes which keys a dict has before more are added.
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

// dropDict keeps the step that gave a dict, which is popped, its latest entries.
func (t *Tape) dropDict(id ID) error {
	l := t.lateEntries[id]
	delete(t.lateEntries, id)
	if l == nil || l.otherKeys || len(l.keys) == 0 {
		return nil
	}
	step, err := t.host.LateEntries(id, l.keys)
	if err != nil || step == IDNone {
		return err
	}
	return t.keepDropped(step, IDNone)
}
