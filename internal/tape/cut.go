package tape

import (
	"math"
	"slices"

	"github.com/unpkl/unpkl/internal/opcode"
)

// A pass for one part of a pickle keeps no cells of what the part cannot have. The part is what
// steps lead to from the root: keys and indices, or some of the items of a container. The
// containers on the way, and those that they hold beside it, are filled in batches, and where the
// next step leads to nothing in a batch the tape is taken back to where the batch began. That needs
// that nothing refers to cells of the batch later on: no number of the memo that is fetched then,
// which a first scan tells (see fetched), no older cell that the batch changed, nothing that a host
// keeps, and nothing on the stack. A batch of which that is not sure is kept.
//
// What is done is a guess about the rest of the pickle: the containers may turn out not to be on
// the way, or to be met elsewhere. So who asks for a part asks [Tape.Cut] at the end, and reads the
// pickle again without steps where the guess was wrong. A container that lacks items has to become
// an item of the container around it on the way, at a place that the steps lead to as was guessed,
// and that one of the one around it, up to the root; and none of them may be met twice. Until a
// container is such an item it pends.

// Step says which items of a container are wanted.
type Step struct {
	Key string // of a dict
	// Int is an index that is not negative, or the key of a dict that is an int, if IsInt.
	Int   int64
	IsInt bool
	// Some, if it is not nil, are items by their positions instead.
	Some *Some
}

// Some are items of a container by their positions: of a dict in the order of the pickle.
type Some struct {
	// Wanted are the positions, ascending and apart. How many items there are is told in any case.
	Wanted []Range
	// Into is the first position of which what the item holds is not wanted. What the items before
	// it hold is what the next step leads to, or all of it where there is none.
	Into int
	// Tuples says that what a tuple holds counts for the tuple.
	Tuples bool
	// Lists says that the positions are of lists alone.
	Lists bool
	// Uncounted says that it does not matter how many entries a dict has.
	Uncounted bool
	// Flat says that of a dict Into is 0.
	Flat bool
}

// Range is the positions from From on, below To.
type Range struct{ From, To int }

// Wants reports whether a position is wanted.
func (s *Some) Wants(i int) bool {
	at, _ := slices.BinarySearchFunc(s.Wanted, i, func(r Range, i int) int {
		if r.To <= i {
			return -1
		}
		return 0
	})
	return at < len(s.Wanted) && s.Wanted[at].From <= i
}

// wantsAny reports whether any of the positions from i on, below j, is wanted.
func (s *Some) wantsAny(i, j int) bool {
	return slices.ContainsFunc(s.Wanted, func(r Range) bool { return r.From < j && i < r.To })
}

// isNotOf reports whether a step does not say what is wanted of containers of a kind.
func (s *Step) isNotOf(kind Kind) bool { return s.Some != nil && s.Some.Lists && kind != List }

// CutFrom is from how many bytes of input on a pass for one part is worth the scan. Only tests set
// it, before they read anything.
var CutFrom = 1 << 20

// besideFrom is how large the batches of a container beside the way are at least. Picklers write
// them of a thousand items, and smaller ones are the last of their container.
func besideFrom() int { return CutFrom / 2000 }

// deeper is how many levels below the last step containers are left out of.
const deeper = 3

// cut is the state of a pass for one part.
type cut struct {
	steps   []Step
	tuples  bool // all steps are through tuples
	fetched fetched
	// open are the batches that have begun with the MARKs on the stack, as far as they are counted.
	open []batch
	base batch // of the root, behind its last batch
	// failed says that the guess was wrong, dropped that anything was left out.
	failed, dropped bool
	// pending are the containers that lack items, or hold some that do, until they are items of
	// their own, in the order of their cells; lacks are those from then on, and tuples between.
	pending, lacks []*Lack
	whole          map[ID]bool // containers that are met again, of which nothing is left out
	keys           []uint64    // of a batch
}

// batch is what a container gets at once.
type batch struct {
	of      ID // of the base alone
	at      place
	touched bool // what is older was changed since then
}

// place is how much a tape held.
type place struct {
	cells, children, extents, calls, values, memo, lacks int
}

// Lack is which items a container has on a tape of a pass for a part.
type Lack struct {
	ID ID
	// N is how many items, of a dict entries, the pickle gives it; Kept are those that it has.
	N    int
	Kept []Range

	level  int  // how many steps lead to it
	beside bool // it is no part of what the steps lead to
	// keys are the hashes of the keys that a dict lacks.
	keys []uint64
}

// keep notes n items that the container keeps.
func (l *Lack) keep(n int) {
	if last := len(l.Kept) - 1; last >= 0 && l.Kept[last].To == l.N {
		l.Kept[last].To += n
	} else {
		l.Kept = append(l.Kept, Range{l.N, l.N + n})
	}
	l.N += n
}

// Place returns at which place of what the container keeps item i is, if that is kept.
func (l *Lack) Place(i int) (place int, ok bool) {
	for _, r := range l.Kept {
		if i < r.To {
			return place + i - r.From, i >= r.From
		}
		place += r.To - r.From
	}
	return 0, false
}

// IsWhole reports whether the container lacks nothing itself.
func (l *Lack) IsWhole() bool {
	return l.N == 0 || len(l.Kept) == 1 && l.Kept[0] == Range{0, l.N}
}

// place returns how much the tape holds, with this many cells.
func (t *Tape) place(cells int) place {
	return place{cells, len(t.children), len(t.extents), len(t.calls), len(t.values),
		len(t.memo.dense), len(t.cut.lacks)}
}

// isCut reports whether a batch that a fresh container gets concerns a pass for a part: n items, or
// keys and values, of which the last MARK is still on the stack if marked.
func (t *Tape) isCut(target ID, n int, marked bool) bool {
	c, around := t.cut, len(t.marks)
	if marked {
		around--
	}
	if around < t.cutSteps || around < t.cutDepth && n >= besideFrom() || c.pendsFrom(target) ||
		target < ID(c.base.at.cells) {
		return true
	}
	around = min(around, t.cutDepth)
	return around > 0 && target < ID(c.open[around-1].at.cells)
}

// openBatch notes that a MARK begins a batch.
func (t *Tape) openBatch(cells int) {
	t.cut.open[len(t.marks)-1] = batch{at: t.place(cells)}
	t.floor = ID(cells)
}

// startCut begins a pass for the part that steps lead to, where that is worth it and possible.
func (t *Tape) startCut(steps []Step) {
	t.cut, t.cutSteps, t.cutDepth, t.floor, t.taken = nil, 0, 0, 0, 0
	if len(steps) == 0 || !t.isSlice || len(t.w.All())-t.w.Pos < CutFrom {
		return
	}
	f, ok := scanFetched(t.w.All(), t.w.Pos)
	if !ok {
		return
	}
	t.cutSteps, t.cutDepth = len(steps), len(steps)+deeper
	t.cut = &cut{steps: steps, fetched: f, base: batch{of: noID},
		open: make([]batch, t.cutDepth), whole: map[ID]bool{},
		tuples: !slices.ContainsFunc(steps, func(s Step) bool {
			return s.Some == nil || !s.Some.Tuples
		})}
	t.memo.dense = slices.Grow(t.memo.dense, f.puts)
}

// Cut reports of a pass with [Options].Steps whether anything was left out: then [Tape.Lacks] tells
// what. ok is false where the tape is not fit for anything, and the pickle has to be read again
// without steps.
func (t *Tape) Cut() (lacks, ok bool) {
	c := t.cut
	if c == nil || !c.dropped {
		return false, true
	}
	if t.op != opcode.Stop || c.failed || t.w.Pos != c.fetched.end || !t.absorbRoot() {
		return true, false
	}
	for _, l := range c.lacks {
		if t.IsShared(l.ID) || !t.hasOwnKeys(l) {
			return true, false
		}
	}
	return true, true
}

// Lacks returns what the containers that the steps lead through lack, in no order. It is of a tape
// that [Tape.Cut] found fit.
func (t *Tape) Lacks() []*Lack {
	if t.cut == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(t.cut.lacks), func(l *Lack) bool {
		return l.beside || l.IsWhole()
	})
}

// touch notes that a cell is changed which may be older than a batch.
func (t *Tape) touch(id ID) {
	if id >= t.floor {
		return
	}
	c := t.cut
	for i := range min(len(t.marks), len(c.open)) {
		b := &c.open[i]
		b.touched = b.touched || id < ID(b.at.cells)
	}
	c.base.touched = c.base.touched || id < ID(c.base.at.cells)
}

// Hold notes that a host keeps a cell, so that no batch that has begun can be dropped.
func (t *Tape) Hold() {
	if t.cut != nil {
		t.touch(0)
	}
}

// where is where a container stands.
type where uint8

const (
	elsewhere where = iota // nothing is known about it, or it is wanted as it is
	onWay                  // the steps so far lead to it
	beside                 // they lead past it
)

// whereIs returns where the container at an index of the stack is, as far as that tells, and how
// many containers are around it.
func (t *Tape) whereIs(at int) (is where, level int) {
	marks := len(t.marks)
	if marks >= t.cutDepth {
		return elsewhere, 0
	}
	is, from := onWay, 0
	for i := range marks + 1 {
		pos := at
		if i < marks {
			pos = int(t.marks[i]) - 1
		}
		if pos < from {
			return elsewhere, 0
		}
		if is, level = t.descend(t.stack[from:pos], i, level, is); is == elsewhere {
			return is, 0
		}
		if i < marks {
			from = int(t.marks[i])
		}
	}
	if is == onWay && (level == len(t.cut.steps) ||
		t.cut.steps[level].isNotOf(t.cells[t.stack[at]].kind)) {
		return elsewhere, 0 // wanted as it is
	}
	return is, level
}

// maxSingle is how many containers inside each other may each have no item but the next.
const maxSingle = 8

// descend returns where what stands on a part of the stack is, of which the first lies behind the
// MARK of a container, if mark is not 0, or is the root.
func (t *Tape) descend(part []ID, mark, level int, is where) (where, int) {
	if n := len(part); n > 0 && t.takesMore(part[n-1]) {
		return elsewhere, 0
	}
	var inside [maxSingle]int
	n, end := 0, len(part)
	for n < len(inside) {
		i := t.onlyItemOf(part[:end], mark == 0)
		if i < 0 {
			break
		}
		inside[n], end = i, i
		n++
	}
	switch {
	case mark > 0:
		container := t.stack[t.marks[mark-1]-1]
		if is = t.enter(level, container, part[:end], is); is == elsewhere {
			return is, 0
		}
		level++
	case end > 0 && !t.cut.tuples:
		return elsewhere, 0
	}
	for k := n - 1; k >= 0; k-- {
		to := len(part)
		if k > 0 {
			to = inside[k-1]
		}
		if is = t.enter(level, part[inside[k]], part[inside[k]+1:to], is); is == elsewhere {
			return is, 0
		}
		level++
	}
	return is, level
}

// onlyItemOf returns the place of a container without items on a part of the stack whose first item
// may be what stands above the part: picklers write no MARK for a single one. It is negative where
// there is none.
func (t *Tape) onlyItemOf(part []ID, isRoot bool) int {
	n := len(part)
	if n >= 2 && t.isEmpty(part[n-2], Dict) {
		if kind := t.cells[part[n-1]].kind; kind == Str || kind == Int {
			return n - 2
		}
	}
	if n == 1 && isRoot && t.isEmpty(part[0], List) {
		return 0
	}
	return -1
}

func (t *Tape) isEmpty(id ID, kind Kind) bool {
	c := &t.cells[id]
	return c.kind == kind && c.n == 0 && t.cut.pends(id) == nil
}

// enter returns where what stands behind the given part of a container's batch is.
func (t *Tape) enter(level int, container ID, before []ID, is where) where {
	leads, holds := t.leads(level, container, before, is)
	switch {
	case !holds, is == onWay && level == len(t.cut.steps): // or inside of what is wanted
		return elsewhere
	case !leads:
		return beside
	}
	return onWay
}

// takesMore reports whether what stands above a cell on the stack may be an argument or a state of
// it, rather than an item beside it.
func (t *Tape) takesMore(id ID) bool {
	switch c := &t.cells[id]; c.kind {
	case Class, Value:
		return true
	case Call:
		return c.flags&flagInert != 0 && !t.calls[c.v].hasState
	}
	return false
}

// leads reports whether a step leads from a container to what stands behind the given part of a
// batch, and whether it would be an item at all. From a container beside the way no step leads on.
func (t *Tape) leads(step int, container ID, before []ID, is where) (leads, holds bool) {
	c := &t.cells[container]
	n := len(before)
	switch c.kind {
	case Dict:
		holds, n = len(before)%2 == 1, n/2
	case List:
		holds = true
	}
	if !holds || is != onWay || step >= len(t.cut.steps) {
		return false, holds
	}
	s := &t.cut.steps[step]
	switch {
	case s.isNotOf(c.kind):
		return false, false
	case s.Some != nil:
		i := t.countItems(container) + n
		into := i < s.Some.Into && !(s.Some.Flat && c.kind == Dict)
		return into && s.Some.Wants(i), true
	case c.kind == Dict:
		return t.isKey(s, before[len(before)-1]), true
	}
	return s.IsInt && s.Int == int64(t.countItems(container)+n), true
}

// countItems returns how many items a list has by now, or entries a dict, with those left out.
func (t *Tape) countItems(id ID) int {
	if l := t.cut.pends(id); l != nil {
		return l.N
	}
	if t.cells[id].kind == Dict {
		return int(t.cells[id].n) / 2
	}
	return int(t.cells[id].n)
}

// pends returns the container if it pends, else nil.
func (c *cut) pends(id ID) *Lack {
	for i := len(c.pending) - 1; i >= 0 && c.pending[i].ID >= id; i-- {
		if c.pending[i].ID == id {
			return c.pending[i]
		}
	}
	return nil
}

// pendsFrom reports whether anything pends from a cell on.
func (c *cut) pendsFrom(id ID) bool {
	last := len(c.pending) - 1
	return last >= 0 && c.pending[last].ID >= id
}

// pend returns a container as one that pends.
func (t *Tape) pend(id ID, is where, level int) *Lack {
	c := t.cut
	if l := c.pends(id); l != nil {
		return l
	}
	l := &Lack{ID: id, level: level, beside: is == beside}
	if n := t.countItems(id); n > 0 {
		l.keep(n)
	}
	at, _ := slices.BinarySearchFunc(c.pending, id, func(l *Lack, id ID) int {
		return int(int64(l.ID) - int64(id))
	})
	c.pending = slices.Insert(c.pending, at, l)
	return l
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
	c, id := t.cut, t.stack[at]
	t.touch(id)
	kind := t.cells[id].kind
	if kind != Dict && kind != List {
		return false, nil
	}
	is, level := t.whereIs(at)
	if is == elsewhere || is == beside && len(items) < besideFrom() && !c.pendsFrom(id) {
		return false, nil
	}
	if kind == Dict {
		if len(items)%2 != 0 {
			return true, errOddItems
		}
		if err := t.checkKeys(items, 2); err != nil {
			return true, err
		}
	}
	var b *batch
	switch {
	case t.op == opcode.Appends || t.op == opcode.SetItems:
		b = &c.open[len(t.marks)]
	case at == 0 && c.base.of == id:
		b = &c.base
	}
	err = t.addOrDrop(b, id, items, is, level)
	if at == 0 {
		c.base = batch{of: id, at: t.place(len(t.cells))}
		t.floor = ID(len(t.cells))
	}
	return true, err
}

// addOrDrop adds a batch to a container, or drops it. b is nil where it is not known where the
// batch began.
func (t *Tape) addOrDrop(b *batch, id ID, items []ID, is where, level int) error {
	c := t.cut
	held := c.pendsFrom(id + 1)
	if held && !t.absorbInto(id, items, is, level) {
		c.failed = true
	}
	n := len(items)
	if t.cells[id].kind == Dict {
		n /= 2
	}
	if b != nil && !c.failed && t.isPast(id, items, is, level) && t.canDrop(b) && t.isMetOnce(id) {
		if keys, ok := t.keysOf(id, items, is, level); ok {
			l := t.pend(id, is, level)
			l.N += n
			l.keys = append(l.keys, keys...)
			t.takeBack(b)
			c.dropped = true
			return nil
		}
	}
	if held {
		t.pend(id, is, level)
	}
	if l := c.pends(id); l != nil {
		l.keep(n)
	}
	if t.cells[id].kind == Dict {
		return t.setItems(id, items)
	}
	return t.grow(id, items)
}

// absorbInto takes what pends and is newer than a container, on the way or beside it, as items of
// its batch. It returns false where anything is no such item.
func (t *Tape) absorbInto(id ID, items []ID, is where, level int) bool {
	c, dict := t.cut, t.cells[id].kind == Dict
	for i, item := range items {
		if dict && i%2 == 0 {
			continue
		}
		if !c.pendsFrom(id + 1) {
			return true
		}
		leads, _ := t.leads(level, id, items[:i], is)
		if !t.absorbItem(item, !leads, level+1, 0) {
			return false
		}
	}
	return !c.pendsFrom(id + 1)
}

// absorbRoot takes what pends as the root, or as what that holds if it is a tuple.
func (t *Tape) absorbRoot() bool {
	return t.absorbItem(t.root, false, 0, 0) && len(t.cut.pending) == 0
}

// maxTuples is how many tuples inside each other may stand between a container and its items.
const maxTuples = 8

// absorbItem takes of what pends what an item is or, of a tuple, holds. It returns false where that
// is not where it was guessed to be.
func (t *Tape) absorbItem(item ID, isBeside bool, level, depth int) bool {
	c := t.cut
	switch kind := t.cells[item].kind; {
	case kind == List || kind == Dict:
		at := slices.IndexFunc(c.pending, func(l *Lack) bool { return l.ID == item })
		if at < 0 {
			return true
		}
		l := c.pending[at]
		if l.beside != isBeside || l.level != level {
			return false
		}
		c.pending = slices.Delete(c.pending, at, at+1)
		c.lacks = append(c.lacks, l)
	case kind == Tuple && c.tuples && depth < maxTuples:
		before := len(c.lacks)
		for _, child := range t.single(&t.cells[item]) {
			if !t.absorbItem(child, isBeside, level, depth+1) {
				return false
			}
		}
		if len(c.lacks) > before {
			c.lacks = append(c.lacks, &Lack{ID: item, beside: true})
		}
	}
	return true
}

// isPast reports whether none of the items of a batch is wanted.
func (t *Tape) isPast(id ID, items []ID, is where, level int) bool {
	if is == beside {
		return true
	}
	s, dict := &t.cut.steps[level], t.cells[id].kind == Dict
	n, count := t.countItems(id), len(items)
	if dict {
		count /= 2
	}
	switch {
	case s.Some != nil:
		return !s.Some.wantsAny(n, n+count)
	case !dict:
		return s.IsInt && s.Int >= 0 && (s.Int < int64(n) || s.Int >= int64(n+count))
	}
	for i := 0; i < len(items); i += 2 {
		switch kind := t.cells[items[i]].kind; {
		case kind != Str && kind != Int:
			t.cut.failed = true // such a key may be equal to that of the step
			return false
		case t.isKey(s, items[i]):
			return false
		}
	}
	return true
}

// canDrop reports whether nothing refers to the cells of a batch.
func (t *Tape) canDrop(b *batch) bool {
	if b.touched || t.memo.far != nil || t.memo.count != len(t.memo.dense) {
		return false
	}
	for _, id := range t.stack {
		if id >= ID(b.at.cells) {
			return false
		}
	}
	return !t.cut.fetched.behind(b.at.memo, len(t.memo.dense), t.w.Pos)
}

// isMetOnce reports whether the pickle does not fetch a container later on.
func (t *Tape) isMetOnce(id ID) bool {
	c := t.cut
	if c.pends(id) != nil {
		return true // it was asked
	}
	if t.IsShared(id) || c.whole[id] {
		return false
	}
	for i := len(t.memo.dense) - 1; i >= 0; i-- {
		if at := t.memo.dense[i]; at == noID || at > id {
			continue
		} else if at == id && c.fetched.behind(i, i+1, t.w.Pos) {
			c.whole[id] = true
			return false
		}
		break
	}
	return true
}

// takeBack takes the tape back to where a batch began. What the memo has of the batch is nothing
// from now on.
func (t *Tape) takeBack(b *batch) {
	at := &b.at
	t.taken++
	t.cells, t.children = t.cells[:at.cells], t.children[:at.children]
	t.forgetLate()
	t.extents, t.calls = t.extents[:at.extents], t.calls[:at.calls]
	clear(t.values[at.values:])
	t.values = t.values[:at.values]
	for i := at.memo; i < len(t.memo.dense); i++ {
		t.memo.dense[i] = noID
	}
	clear(t.cut.lacks[at.lacks:])
	t.cut.lacks = t.cut.lacks[:at.lacks]
}

// Taken returns how many batches of this pickle were dropped: each time the IDs from some one on
// are free for other cells.
func (t *Tape) Taken() int { return t.taken }

// everything is the last of the positions.
const everything = math.MaxInt

// All are all items of a container, each with what the next step leads to.
func All() *Some { return &Some{Wanted: []Range{{0, everything}}, Into: everything} }

// takesRun reports whether the list at an index of the stack, behind whose MARK a run stands, may
// get it as one: not where some of its items may be left out.
func (t *Tape) takesRun(at int) bool {
	last := len(t.marks) - 1
	t.marks = t.marks[:last]
	is, _ := t.whereIs(at)
	t.touch(t.stack[at])
	t.marks = t.marks[:last+1]
	return is == elsewhere
}
