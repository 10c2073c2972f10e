package pickle

import "github.com/nlpodyssey/gopickle/types"

// batchSize is the greatest number of items that CPython writes between a MARK and its APPENDS,
// SETITEMS or ADDITEMS.
const batchSize = 1000

// step runs the topmost task until it is done or has pushed another one.
func (p *pickling) step(t *task) error {
	switch t.kind {
	case taskItems, taskAnys:
		return p.stepItems(t, *p.stack.items.top())
	case taskPairs:
		return p.stepPairs(t, *p.stack.dicts.top())
	case taskAnyMap:
		return p.stepAnyMap(t)
	case taskGoSlice:
		return p.stepGoSlice(t)
	case taskGoMap:
		return p.stepGoMap(t, p.stack.values.top())
	case taskGoStruct:
		return p.stepStruct(t, p.stack.values.top())
	case taskTuple, taskFrozenSet, taskGoTuple:
		return p.stepTuple(t)
	case taskTuple1:
		return p.stepTuple1(t)
	case taskReduce:
		return p.stepReduce(t, p.stack.objects.top())
	default:
		for range t.n {
			p.op(t.op)
		}
		p.stack.pop()
		return nil
	}
}

// saveList writes a list.
func (p *pickling) saveList(items []any, id objectID) error {
	if p.beginList(id) {
		p.saveItems(task{kind: taskItems, op: OpAppends, exact: true}, items)
	}
	return nil
}

// beginList writes an empty list. If the memo has the list, it fetches that and returns false.
func (p *pickling) beginList(id objectID) bool {
	return p.beginContainer(id, OpEmptyList, OpList)
}

// beginContainer writes an empty container with the opcode empty, or at protocol 0 with a MARK and
// the opcode text. It memoizes the container, since its items may refer to it. If the memo has the
// container, it fetches that and returns false.
func (p *pickling) beginContainer(id objectID, empty, text Opcode) bool {
	idx, known := p.memo.insert(id)
	if known {
		p.get(idx)
		return false
	}
	if p.proto > 0 {
		p.op(empty)
	} else {
		p.out.buf = append(p.out.buf, byte(OpMark), byte(text))
	}
	p.put(idx)
	return true
}

// isAlone reports whether item i is written with APPEND or SETITEM instead of in a batch. In an
// exact list or dict this is so for the only item of the container, and with an iterator for the
// only item of a batch. See batch_list_exact and batch_list in _pickle.c.
func (p *pickling) isAlone(t *task, i int) bool {
	if p.proto == 0 {
		return true
	}
	if t.op == OpAddItems {
		return false
	}
	if t.exact {
		return t.n == 1
	}
	return i%batchSize == 0 && i+1 == t.n
}

// beginItem writes the opcode that precedes the next item, and counts the item.
func (p *pickling) beginItem(t *task) {
	if t.i%batchSize == 0 && !p.isAlone(t, t.i) {
		p.op(OpMark)
	}
	t.i++
	t.phase = itemWritten
}

// endItem writes the opcodes that follow the current item, if there is one.
func (p *pickling) endItem(t *task) {
	if t.phase == itemIdle {
		return
	}
	t.phase = itemIdle
	switch {
	case p.isAlone(t, t.i-1):
		if t.op == OpSetItems {
			p.op(OpSetItem)
		} else {
			p.op(OpAppend)
		}
	case t.i%batchSize == 0 || t.i == t.n:
		p.op(t.op)
	}
	if t.i == t.n && t.i%batchSize == 0 && p.proto > 0 &&
		(t.op == OpAddItems || t.op == OpSetItems && t.exact) {
		// CPython writes an empty batch behind the items of a set or exact dict that fill their
		// batches.
		p.out.buf = append(p.out.buf, byte(OpMark), byte(t.op))
	}
}

// saveItems writes items in batches, and pushes a task for those from the first that is not an
// atom.
func (p *pickling) saveItems(t task, items []any) {
	if t.n = len(items); t.n > 0 && !p.atomItems(&t, items) {
		p.stack.pushItems(t, items)
	}
}

// stepItems runs a task for items.
func (p *pickling) stepItems(t *task, items []any) error {
	for depth := p.stack.depth(); p.stack.depth() == depth; {
		if t.phase != itemBegun {
			if p.atomItems(t, items) {
				p.stack.pop()
				return nil
			}
			continue
		}
		t.phase = itemWritten
		if t.exact && t.n == 1 {
			// Only an opcode follows the item, so that a smaller task is enough.
			goText := t.kind == taskAnys
			p.stack.pop()
			p.stack.pushOp(OpAppend)
			return p.saveListItem(items[0], goText)
		}
		if err := p.saveListItem(items[t.i-1], t.kind == taskAnys); err != nil {
			return err
		}
	}
	return nil
}

// saveListItem writes an item of a list or set.
func (p *pickling) saveListItem(v any, goText bool) error {
	if goText {
		return p.saveGoAny(v)
	}
	return p.save(v)
}

// stepGoSlice runs a task for the items of a slice or array whose element type is not any.
func (p *pickling) stepGoSlice(t *task) error {
	v := p.stack.values.top()
	for depth := p.stack.depth(); p.stack.depth() == depth; {
		p.endItem(t)
		if t.i == t.n {
			p.stack.pop()
			return nil
		}
		p.beginItem(t)
		if err := p.saveGo(v.plan, v.val.Index(t.i-1)); err != nil {
			return err
		}
	}
	return nil
}

// saveDict writes a dict.
func (p *pickling) saveDict(d types.Dict, id objectID) error {
	if p.beginDict(id) {
		p.savePairs(task{kind: taskPairs, op: OpSetItems, exact: true}, d)
	}
	return nil
}

// beginDict is beginList for a dict.
func (p *pickling) beginDict(id objectID) bool {
	return p.beginContainer(id, OpEmptyDict, OpDict)
}

// savePairs writes pairs in batches, and pushes a task for those from the first that is not an
// atom.
func (p *pickling) savePairs(t task, pairs types.Dict) {
	if t.n = len(pairs); t.n > 0 && !p.atomPairs(&t, pairs) {
		p.stack.pushPairs(t, pairs)
	}
}

// stepPairs runs a task for pairs.
func (p *pickling) stepPairs(t *task, pairs types.Dict) error {
	var err error
	for depth := p.stack.depth(); err == nil && p.stack.depth() == depth; {
		switch t.phase {
		case itemBegun:
			t.phase = itemKey
			err = p.save(pairs[t.i-1].Key)
		case itemKey:
			t.phase = itemWritten
			err = p.save(pairs[t.i-1].Value)
		default:
			if p.atomPairs(t, pairs) {
				p.stack.pop()
				return nil
			}
		}
	}
	return err
}

// saveTuple writes a tuple.
func (p *pickling) saveTuple(items []any) error {
	return p.saveTupleAs(items, tupleID(items))
}

// saveTupleAs writes a tuple with the identity id.
func (p *pickling) saveTupleAs(items []any, id objectID) error {
	if len(items) == 0 {
		p.emptyTuple()
		return nil
	}
	if idx, known := p.memo.lookup(id); known {
		p.get(idx)
		return nil
	}
	if p.proto < 2 || len(items) > 3 {
		p.op(OpMark)
	}
	t := task{kind: taskTuple, noMemo: id.p == nil, n: len(items)}
	for t.i < t.n && p.saveAtom(items[t.i], false) {
		t.i++
	}
	if t.i == t.n {
		p.endTupleAs(&t, id)
	} else {
		p.stack.pushItems(t, items)
	}
	return nil
}

// emptyTuple writes (), which is never memoized.
func (p *pickling) emptyTuple() {
	if p.proto > 0 {
		p.op(OpEmptyTuple)
	} else {
		p.out.buf = append(p.out.buf, byte(OpMark), byte(OpTuple))
	}
}

// stepTuple runs a task for a tuple or frozenset.
func (p *pickling) stepTuple(t *task) error {
	if t.kind == taskTuple && t.n == 1 {
		item := &(*p.stack.items.top())[0]
		fresh := t.noMemo
		p.stack.pop()
		if fresh {
			p.stack.pushTuple1(nil)
		} else {
			p.stack.pushTuple1(item)
		}
		return p.save(*item)
	}
	for depth := p.stack.depth(); p.stack.depth() == depth; {
		if t.i == t.n {
			p.endTuple(t)
			p.stack.pop()
			return nil
		}
		t.i++
		var err error
		if t.kind == taskGoTuple {
			v := p.stack.values.top()
			err = p.saveGo(v.plan, v.val.Index(t.i-1))
		} else {
			err = p.save((*p.stack.items.top())[t.i-1])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stepTuple1 writes the opcode for the innermost tuple of t.
func (p *pickling) stepTuple1(t *task) error {
	item := *p.stack.tuple1Items.top()
	p.stack.tuple1Items.pop()
	var id objectID
	if item != nil {
		id = itemID(item)
	}
	p.endTupleAs(&task{kind: taskTuple, n: 1}, id)
	if t.n--; t.n == 0 {
		p.stack.pop()
	}
	return nil
}

// endTuple writes the opcode that makes a tuple or frozenset of the items on the stack. If the memo
// has it by now, it contains itself: then the items are popped, and the one that was made inside is
// fetched.
func (p *pickling) endTuple(t *task) {
	var id objectID
	switch {
	case t.kind == taskFrozenSet:
		id = *p.stack.ids.top()
	case t.kind == taskTuple && !t.noMemo:
		id = tupleID(*p.stack.items.top())
	}
	p.endTupleAs(t, id)
}

// endTupleAs is endTuple with the identity id.
func (p *pickling) endTupleAs(t *task, id objectID) {
	idx, known := p.memo.insert(id)
	if !known {
		switch {
		case t.kind == taskFrozenSet:
			p.op(OpFrozenSet)
		case p.proto >= 2 && t.n <= 3:
			p.op(OpTuple1 + Opcode(t.n-1))
		default:
			p.op(OpTuple)
		}
		p.put(idx)
		return
	}
	switch {
	case t.kind != taskFrozenSet && p.proto >= 2 && t.n <= 3:
		p.pops(t.n)
	case p.proto > 0:
		p.op(OpPopMark)
	default:
		p.pops(t.n + 1) // the MARK too
	}
	p.get(idx)
}

// pops writes n POPs.
func (p *pickling) pops(n int) {
	for range n {
		p.op(OpPop)
	}
}

// saveSet writes a set. Below protocol 4 it is a call of set with a list.
func (p *pickling) saveSet(items []any, id objectID) error {
	if p.proto < 4 {
		return p.saveSetCall("set", items, id)
	}
	idx, known := p.memo.insert(id)
	if known {
		p.get(idx)
		return nil
	}
	p.op(OpEmptySet)
	p.put(idx)
	p.saveItems(task{kind: taskItems, op: OpAddItems}, items)
	return nil
}

// saveFrozenSet writes a frozenset. Below protocol 4 it is a call of frozenset with a list.
func (p *pickling) saveFrozenSet(items []any, id objectID) error {
	if p.proto < 4 {
		return p.saveSetCall("frozenset", items, id)
	}
	if idx, known := p.memo.lookup(id); known {
		p.get(idx)
		return nil
	}
	p.op(OpMark)
	p.stack.pushItems(task{kind: taskFrozenSet}, items)
	p.stack.ids.push(id)
	return nil
}

// saveSetCall writes a set or frozenset as a call of its class with a list.
func (p *pickling) saveSetCall(class string, items []any, id objectID) error {
	if idx, known := p.memo.lookup(id); known {
		p.get(idx)
		return nil
	}
	list := types.List(items)
	return p.saveNewObject(&Object{Class: programGlobal{Module: "builtins", Name: class},
		Args: []any{&list}}, id)
}
