package tape

import "slices"

// A pass for one part of a pickle keeps no cells of what the part cannot have. The part is what
// keys and indices lead to from the root. The containers on the way, and those that they hold
// beside it, are filled in batches, and where the next step leads to nothing in a batch the tape is
// taken back to where the batch began. That needs that nothing refers to cells of the batch later
// on: no number of the memo that is fetched then, which a first scan tells (see fetched), no older
// container that the batch changed, no Go value of a host, and nothing on the stack. A batch of
// which that is not sure is kept.
//
// What is done is a guess about the rest of the pickle: the containers may turn out not to be on
// the way, or to be met elsewhere. So who asks for a part asks [Tape.Cut] at the end, and reads the
// pickle again without it where the guess was wrong.

// Step is one step from a container to what it holds: the value of a key, or the item of a list at
// an index.
type Step struct {
	Key string // of a dict
	// Int is an index that is not negative, or the key of a dict that is an int, if IsInt.
	Int   int64
	IsInt bool
}

// CutFrom is from how many bytes of input on a pass for one part is worth the scan. Only tests set
// it, before they read anything.
var CutFrom = 1 << 20

// besideFrom is how large the batches of a container beside the way are at least. Picklers write
// them of a thousand items, and smaller ones are the last of their container.
func besideFrom() int { return CutFrom / 2000 }

// cut is the state of a pass for one part.
type cut struct {
	steps   []Step
	fetched fetched
	way     batch // of the container on the way that was filled last
	beside  batch // of the one beside it
	// failed says that the guess was wrong.
	failed bool
	// from is the container of each step of which items were dropped, or noID.
	from []ID
	// hollow are containers beside the way of which items were dropped, until they become items of
	// a container on the way; kept are those from then on.
	hollow, kept []ID
	none         []ID // as many IDNone as were needed
}

// batch is where the batch began that a container gets next.
type batch struct {
	of      ID
	at      place
	touched bool // what is older was changed since then
}

// place is how much a tape held.
type place struct {
	cells, children, extents, calls, values, memo int
}

// beginBatch begins a batch of a container.
func (t *Tape) beginBatch(b *batch, of ID) {
	*b = batch{of: of, at: place{len(t.cells), len(t.children), len(t.extents), len(t.calls),
		len(t.values), len(t.memo.dense)}}
	t.floor = ID(len(t.cells))
}

// startCut begins a pass for the part that steps lead to, where that is worth it and possible.
func (t *Tape) startCut(steps []Step) {
	t.cut, t.cutDepth, t.floor = nil, 0, 0
	if len(steps) == 0 || !t.isSlice || len(t.w.All())-t.w.Pos < CutFrom {
		return
	}
	f, ok := scanFetched(t.w.All(), t.w.Pos)
	if !ok {
		return
	}
	t.cut = &cut{steps: steps, fetched: f, way: batch{of: noID}, beside: batch{of: noID},
		from: slices.Repeat([]ID{noID}, len(steps))}
	t.cutDepth = len(steps)
	t.memo.dense = slices.Grow(t.memo.dense, f.puts)
}

// Cut returns of a pass with [Options].Steps which containers lack items that these lead past: one
// for each step, of which 0 lacks nothing. It is nil where no container does. ok is false where the
// tape is not fit for anything, and the pickle has to be read again without steps.
func (t *Tape) Cut() (from []ID, ok bool) {
	c := t.cut
	if c == nil || len(c.hollow) == 0 &&
		!slices.ContainsFunc(c.from, func(id ID) bool { return id != noID }) {
		return nil, true
	}
	if c.failed || len(c.hollow) > 0 || t.w.Pos != c.fetched.end ||
		slices.ContainsFunc(c.kept, t.IsShared) {
		return nil, false
	}
	from = make([]ID, len(c.from))
	for i, id := range c.from {
		if id != noID {
			from[i] = id
		}
	}
	return from, true
}

// touch notes that a cell is changed which may be older than the batch.
func (t *Tape) touch(id ID) {
	if id < t.floor {
		t.cut.beside.touched = true
		t.cut.way.touched = t.cut.way.touched || id < ID(t.cut.way.at.cells)
	}
}

// wayStep returns the step from the container at an index of the stack, if it is on the way as far
// as the stack tells. beside says that it is not, but an item of one that is.
func (t *Tape) wayStep(at int) (step int, way, beside bool) {
	step = len(t.marks)
	if step > len(t.cut.steps) || step == 0 && at != 0 {
		return 0, false, false
	}
	for i := range step {
		mark := int(t.marks[i])
		next := at
		if i+1 < step {
			next = int(t.marks[i+1]) - 1
		}
		if i == 0 && mark != 1 || next < mark {
			return 0, false, false
		}
		before := t.stack[mark:next]
		if leads, holds := t.leads(&t.cut.steps[i], t.stack[mark-1], before); !leads {
			return step, false, holds && i == step-1
		}
	}
	return step, step < len(t.cut.steps), false
}

// leads reports whether a step leads from a container to what stands behind the given part of a
// batch, and whether it would be an item at all.
func (t *Tape) leads(s *Step, container ID, before []ID) (leads, holds bool) {
	switch c := &t.cells[container]; c.kind {
	case Dict:
		holds = len(before)%2 == 1
		return holds && t.isKey(s, before[len(before)-1]), holds
	case List:
		return s.IsInt && s.Int == int64(c.n)+int64(len(before)), true
	}
	return false, false
}

// isKey reports whether a key may be that of a step.
func (t *Tape) isKey(s *Step, key ID) bool {
	switch c := &t.cells[key]; c.kind {
	case Str:
		return string(t.span(c)) == s.Key
	case Int:
		return s.IsInt && int64(c.v) == s.Int
	}
	return false
}

// cutItems adds a batch to a container at an index of the stack, or drops it; done is false where
// it does neither. The stack ends with the container.
func (t *Tape) cutItems(at int, items []ID) (done bool, err error) {
	id := t.stack[at]
	kind := t.cells[id].kind
	step, way, beside := t.wayStep(at)
	switch {
	case kind != Dict && kind != List:
	case way:
		return true, t.cutWay(step, id, items)
	case beside && (len(items) >= besideFrom() || t.cut.beside.of == id):
		return true, t.cutBeside(id, items)
	}
	t.touch(id)
	return false, nil
}

// cutWay adds a batch to a container on the way, or drops it.
func (t *Tape) cutWay(step int, id ID, items []ID) error {
	c, s := t.cut, &t.cut.steps[step]
	kind := t.cells[id].kind
	if kind == Dict && len(items)%2 != 0 {
		return errOddItems
	}
	if kind == Dict && !t.plainKeys(items) {
		c.failed = true // such a key may be equal to that of the step
	}
	absorbed := t.absorb(s, id, items)
	drop := t.isPast(s, id, items) && c.way.of == id && t.canDrop(&c.way)
	if drop || absorbed > 0 {
		if c.from[step] != noID && c.from[step] != id {
			c.failed = true
		}
		c.from[step] = id
	}
	var err error
	if drop {
		err = t.dropBatch(&c.way, id, items)
	} else {
		c.kept = append(c.kept, c.hollow[:absorbed]...)
		err = t.fill(id, items)
	}
	c.hollow = c.hollow[absorbed:]
	c.beside.of = noID
	t.beginBatch(&c.way, id)
	return err
}

// cutBeside adds a batch to a container beside the way, or drops it.
func (t *Tape) cutBeside(id ID, items []ID) error {
	b := &t.cut.beside
	// One that was fetched is older than the batch of the container on the way that it is put into.
	t.cut.way.touched = t.cut.way.touched || id < ID(t.cut.way.at.cells)
	if b.of == id && t.canDrop(b) {
		if t.cells[id].kind == Dict {
			if len(items)%2 != 0 {
				return errOddItems
			}
			if err := t.checkKeys(items, 2); err != nil {
				return err
			}
		}
		if !slices.Contains(t.cut.hollow, id) {
			t.cut.hollow = append(t.cut.hollow, id)
		}
		t.takeBack(b)
	} else if err := t.fill(id, items); err != nil {
		return err
	}
	t.beginBatch(b, id)
	return nil
}

// absorb returns how many of the hollow containers the batch has as items that the step leads past.
// It fails where one is anything else by now.
func (t *Tape) absorb(s *Step, id ID, items []ID) int {
	c := t.cut
	n := 0
	for i, item := range items {
		if n == len(c.hollow) || item != c.hollow[n] {
			continue
		}
		if leads, holds := t.leads(s, id, items[:i]); holds && !leads {
			n++
		}
	}
	c.failed = c.failed || n < len(c.hollow)
	return n
}

// fill adds a batch to a container.
func (t *Tape) fill(id ID, items []ID) error {
	if t.cells[id].kind == Dict {
		return t.setItems(id, items)
	}
	return t.grow(id, items)
}

// plainKeys reports whether all keys of a batch are text and ints.
func (t *Tape) plainKeys(items []ID) bool {
	for i := 0; i < len(items); i += 2 {
		if kind := t.cells[items[i]].kind; kind != Str && kind != Int {
			return false
		}
	}
	return true
}

// isPast reports whether a step leads to none of the items of a batch.
func (t *Tape) isPast(s *Step, container ID, items []ID) bool {
	c := &t.cells[container]
	if c.kind == List {
		n := int64(c.n)
		return s.IsInt && s.Int >= 0 && (s.Int < n || s.Int >= n+int64(len(items)))
	}
	for i := 0; i < len(items); i += 2 {
		if t.isKey(s, items[i]) {
			return false
		}
	}
	return true
}

// canDrop reports whether nothing refers to the cells of a batch.
func (t *Tape) canDrop(b *batch) bool {
	c := t.cut
	if c.failed || b.touched || len(t.values) != b.at.values || t.memo.far != nil ||
		t.memo.count != len(t.memo.dense) {
		return false
	}
	for _, id := range t.stack {
		if id >= ID(b.at.cells) {
			return false
		}
	}
	return !c.fetched.behind(b.at.memo, len(t.memo.dense), t.w.Pos)
}

// dropBatch drops a batch of a container on the way. The items of a list become None, so that the
// others keep their indices.
func (t *Tape) dropBatch(b *batch, id ID, items []ID) error {
	c := t.cut
	t.takeBack(b)
	if t.cells[id].kind == Dict {
		return nil
	}
	for len(c.none) < len(items) {
		c.none = append(c.none, IDNone)
	}
	return t.grow(id, c.none[:len(items)])
}

// takeBack takes the tape back to where a batch began. What the memo has of the batch is nothing
// from now on.
func (t *Tape) takeBack(b *batch) {
	at := &b.at
	t.cells, t.children = t.cells[:at.cells], t.children[:at.children]
	t.forgetLate()
	t.extents, t.calls = t.extents[:at.extents], t.calls[:at.calls]
	for i := at.memo; i < len(t.memo.dense); i++ {
		t.memo.dense[i] = noID
	}
}
