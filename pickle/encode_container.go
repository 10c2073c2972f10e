package pickle

import "github.com/nlpodyssey/gopickle/types"

// batchSize is how many items CPython puts between a MARK and its APPENDS,
// SETITEMS or ADDITEMS.
const batchSize = 1000

// step runs the task on top until it is done or has pushed another.
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

// beginList writes an empty list, or fetches the one that is known and returns
// false.
func (p *pickling) beginList(id objectID) bool {
	return p.beginContainer(id, OpEmptyList, OpList)
}

// begin writes an empty container. All of them are memoized before their items.
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

// single reports whether item i stands alone: APPEND or SETITEM instead of a batch.
// An exact list or dict does that for one item in all, an iterator for one item
// in a batch (batch_list_exact and batch_list of _pickle.c).
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

// before writes what comes before item i.
func (p *pickling) beginItem(t *task) {
	if t.i%batchSize == 0 && !p.isAlone(t, t.i) {
		p.op(OpMark)
	}
	t.i++
	t.phase = itemWritten
}

// after writes what comes after the item before t.i, and at the end after all of them.
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
		// Of a set and an exact dict whose items fill the batches there is an empty one more.
		p.out.buf = append(p.out.buf, byte(OpMark), byte(t.op))
	}
}

// saveItems writes items in batches, or what of them can be written at once.
func (p *pickling) saveItems(t task, items []any) {
	if t.n = len(items); t.n > 0 && !p.atomItems(&t, items) {
		p.stack.pushItems(t, items)
	}
}

// stepItems writes items in batches.
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
			// Nothing comes after the item but an opcode.
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

// stepGoSlice writes the items of a slice or array of another type than any.
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

func (p *pickling) beginDict(id objectID) bool {
	return p.beginContainer(id, OpEmptyDict, OpDict)
}

// savePairs writes pairs in batches, or what of them can be written at once.
func (p *pickling) savePairs(t task, pairs types.Dict) {
	if t.n = len(pairs); t.n > 0 && !p.atomPairs(&t, pairs) {
		p.stack.pushPairs(t, pairs)
	}
}

// stepPairs writes pairs in batches.
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

// stepTuple writes the items of a tuple or frozenset and then makes it of them.
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

// stepTuple1 makes the innermost of the tuples of t.
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

// endTuple makes a tuple or frozenset of the items on the stack. If it is in the
// memo by now, it contains itself: then the items are thrown away, and the
// one that was made inside is fetched.
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

func (p *pickling) pops(n int) {
	for range n {
		p.op(OpPop)
	}
}

// saveSet writes a set: as a call of set with a list below protocol 4.
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

// saveFrozenSet writes a frozenset: as a call of frozenset with a list below
// protocol 4.
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

func (p *pickling) saveSetCall(class string, items []any, id objectID) error {
	if idx, known := p.memo.lookup(id); known {
		p.get(idx)
		return nil
	}
	list := types.List(items)
	return p.saveNewObject(&Object{Class: programGlobal{Module: "builtins", Name: class},
		Args: []any{&list}}, id)
}
