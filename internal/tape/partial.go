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
type PathStep struct {
	Key string // of a dict
	// Int is an index that is not negative, or the key of a dict that is an int, if IsInt.
	Int   int64
	IsInt bool
	// Some, if it is not nil, are items by their positions instead.
	Selection *Selection
}

// Some are items of a container by their positions: of a dict in the order of the pickle.
type Selection struct {
	// Wanted are the positions, ascending and apart. How many items there are is told in any case.
	Wanted []Range
	// Into is the first position of which what the item holds is not wanted. What the items before
	// it hold is what the next step leads to, or all of it where there is none.
	ContentsBelow int
	// Tuples says that what a tuple holds counts for the tuple.
	ThroughTuples bool
	// Lists says that the positions are of lists alone.
	ListsOnly bool
	// Uncounted says that it does not matter how many entries a dict has.
	AnyCount bool
	// Flat says that of a dict Into is 0.
	ShallowDicts bool
}

// Range is the positions from From on, below To.
type Range struct{ From, To int }

// Wants reports whether a position is wanted.
func (s *Selection) Wants(i int) bool {
	at, _ := slices.BinarySearchFunc(s.Wanted, i, func(r Range, i int) int {
		if r.To <= i {
			return -1
		}
		return 0
	})
	return at < len(s.Wanted) && s.Wanted[at].From <= i
}

// wantsAny reports whether any of the positions from i on, below j, is wanted.
func (s *Selection) wantsAny(i, j int) bool {
	return slices.ContainsFunc(s.Wanted, func(r Range) bool { return r.From < j && i < r.To })
}

// isNotOf reports whether a step does not say what is wanted of containers of a kind.
func (s *PathStep) excludes(kind Kind) bool {
	return s.Selection != nil && s.Selection.ListsOnly && kind != List
}

// CutFrom is from how many bytes of input on a pass for one part is worth the scan. Only tests set
// it, before they read anything.
var PartialMinSize = 1 << 20

// besideFrom is how large the batches of a container beside the way are at least. Picklers write
// them of a thousand items, and smaller ones are the last of their container.
func minOffPathBatch() int { return PartialMinSize / 2000 }

// deeper is how many levels below the last step containers are left out of.
const offPathLevels = 3

// cut is the state of a pass for one part.
type partialPass struct {
	path          []PathStep
	throughTuples bool // all steps are through tuples
	fetches       memoFetches
	// open are the batches that have begun with the MARKs on the stack, as far as they are counted.
	open      []batch
	rootBatch batch // of the root, behind its last batch
	// failed says that the guess was wrong, dropped that anything was left out.
	contradicted, omitted bool
	// pending are the containers that lack items, or hold some that do, until they are items of
	// their own, in the order of their cells; lacks are those from then on, and tuples between.
	pending, settled []*Partial
	refetched        map[ID]bool // containers that are met again, of which nothing is left out
	keyHashes        []uint64    // of a batch
}

// batch is what a container gets at once.
type batch struct {
	container ID // of the base alone
	start     checkpoint
	pinned    bool // what is older was changed since then
}

// place is how much a tape held.
type checkpoint struct {
	cells, children, extents, calls, values, memo, settled int
}

// Lack is which items a container has on a tape of a pass for a part.
type Partial struct {
	ID ID
	// N is how many items, of a dict entries, the pickle gives it; Kept are those that it has.
	N    int
	Kept []Range

	level   int  // how many steps lead to it
	offPath bool // it is no part of what the steps lead to
	// keys are the hashes of the keys that a dict lacks.
	omittedKeys []uint64
}

// keep notes n items that the container keeps.
func (l *Partial) addKept(n int) {
	if last := len(l.Kept) - 1; last >= 0 && l.Kept[last].To == l.N {
		l.Kept[last].To += n
	} else {
		l.Kept = append(l.Kept, Range{l.N, l.N + n})
	}
	l.N += n
}

// Place returns at which place of what the container keeps item i is, if that is kept.
func (l *Partial) StoredIndex(i int) (place int, ok bool) {
	for _, r := range l.Kept {
		if i < r.To {
			return place + i - r.From, i >= r.From
		}
		place += r.To - r.From
	}
	return 0, false
}

// IsWhole reports whether the container lacks nothing itself.
func (l *Partial) IsComplete() bool {
	return l.N == 0 || len(l.Kept) == 1 && l.Kept[0] == Range{0, l.N}
}

// place returns how much the tape holds, with this many cells.
func (t *Tape) checkpoint(cells int) checkpoint {
	return checkpoint{cells, len(t.children), len(t.extents), len(t.calls), len(t.values),
		len(t.memo.dense), len(t.partial.settled)}
}

// isCut reports whether a batch that a fresh container gets concerns a pass for a part: n items, or
// keys and values, of which the last MARK is still on the stack if marked.
func (t *Tape) concernsPartial(target ID, n int, marked bool) bool {
	c, around := t.partial, len(t.marks)
	if marked {
		around--
	}
	if around < t.pathLen || around < t.batchDepth && n >= minOffPathBatch() || c.hasPendingFrom(target) ||
		target < ID(c.rootBatch.start.cells) {
		return true
	}
	around = min(around, t.batchDepth)
	return around > 0 && target < ID(c.open[around-1].start.cells)
}

// openBatch notes that a MARK begins a batch.
func (t *Tape) openBatch(cells int) {
	t.partial.open[len(t.marks)-1] = batch{start: t.checkpoint(cells)}
	t.oldestBatch = ID(cells)
}

// startCut begins a pass for the part that steps lead to, where that is worth it and possible.
func (t *Tape) startPartial(steps []PathStep) {
	t.partial, t.pathLen, t.batchDepth, t.oldestBatch, t.rollbacks = nil, 0, 0, 0, 0
	if len(steps) == 0 || !t.isSlice || len(t.w.All())-t.w.Pos < PartialMinSize {
		return
	}
	f, ok := scanFetches(t.w.All(), t.w.Pos)
	if !ok {
		return
	}
	t.pathLen, t.batchDepth = len(steps), len(steps)+offPathLevels
	t.partial = &partialPass{path: steps, fetches: f, rootBatch: batch{container: noID},
		open: make([]batch, t.batchDepth), refetched: map[ID]bool{},
		throughTuples: !slices.ContainsFunc(steps, func(s PathStep) bool {
			return s.Selection == nil || !s.Selection.ThroughTuples
		})}
	t.memo.dense = slices.Grow(t.memo.dense, f.puts)
}

// Cut reports of a pass with [Options].Steps whether anything was left out: then [Tape.Lacks] tells
// what. ok is false where the tape is not fit for anything, and the pickle has to be read again
// without steps.
func (t *Tape) CheckPartial() (lacks, ok bool) {
	c := t.partial
	if c == nil || !c.omitted {
		return false, true
	}
	if t.op != opcode.Stop || c.contradicted || t.w.Pos != c.fetches.end || !t.settleRoot() {
		return true, false
	}
	for _, l := range c.settled {
		if t.IsShared(l.ID) || !t.hasUniqueKeys(l) {
			return true, false
		}
	}
	return true, true
}

// Lacks returns what the containers that the steps lead through lack, in no order. It is of a tape
// that [Tape.Cut] found fit.
func (t *Tape) Partials() []*Partial {
	if t.partial == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(t.partial.settled), func(l *Partial) bool {
		return l.offPath || l.IsComplete()
	})
}

// touch notes that a cell is changed which may be older than a batch.
func (t *Tape) noteChange(id ID) {
	if id >= t.oldestBatch {
		return
	}
	c := t.partial
	for i := range min(len(t.marks), len(c.open)) {
		b := &c.open[i]
		b.pinned = b.pinned || id < ID(b.start.cells)
	}
	c.rootBatch.pinned = c.rootBatch.pinned || id < ID(c.rootBatch.start.cells)
}

// Hold notes that a host keeps a cell, so that no batch that has begun can be dropped.
func (t *Tape) PinBatches() {
	if t.partial != nil {
		t.noteChange(0)
	}
}

// where is where a container stands.
type pathState uint8

const (
	unknownPath pathState = iota // nothing is known about it, or it is wanted as it is
	onPath                       // the steps so far lead to it
	offPath                      // they lead past it
)

// whereIs returns where the container at an index of the stack is, as far as that tells, and how
// many containers are around it.
func (t *Tape) pathStateOf(at int) (is pathState, level int) {
	marks := len(t.marks)
	if marks >= t.batchDepth {
		return unknownPath, 0
	}
	is, from := onPath, 0
	for i := range marks + 1 {
		pos := at
		if i < marks {
			pos = int(t.marks[i]) - 1
		}
		if pos < from {
			return unknownPath, 0
		}
		if is, level = t.descend(t.stack[from:pos], i, level, is); is == unknownPath {
			return is, 0
		}
		if i < marks {
			from = int(t.marks[i])
		}
	}
	if is == onPath && (level == len(t.partial.path) ||
		t.partial.path[level].excludes(t.cells[t.stack[at]].kind)) {
		return unknownPath, 0 // wanted as it is
	}
	return is, level
}

// maxSingle is how many containers inside each other may each have no item but the next.
const maxSingleItem = 8

// descend returns where what stands on a part of the stack is, of which the first lies behind the
// MARK of a container, if mark is not 0, or is the root.
func (t *Tape) descend(part []ID, mark, level int, is pathState) (pathState, int) {
	if n := len(part); n > 0 && t.mayTakeArgument(part[n-1]) {
		return unknownPath, 0
	}
	var inside [maxSingleItem]int
	n, end := 0, len(part)
	for n < len(inside) {
		i := t.singleItemParent(part[:end], mark == 0)
		if i < 0 {
			break
		}
		inside[n], end = i, i
		n++
	}
	switch {
	case mark > 0:
		container := t.stack[t.marks[mark-1]-1]
		if is = t.enter(level, container, part[:end], is); is == unknownPath {
			return is, 0
		}
		level++
	case end > 0 && !t.partial.throughTuples:
		return unknownPath, 0
	}
	for k := n - 1; k >= 0; k-- {
		to := len(part)
		if k > 0 {
			to = inside[k-1]
		}
		if is = t.enter(level, part[inside[k]], part[inside[k]+1:to], is); is == unknownPath {
			return is, 0
		}
		level++
	}
	return is, level
}

// onlyItemOf returns the place of a container without items on a part of the stack whose first item
// may be what stands above the part: picklers write no MARK for a single one. It is negative where
// there is none.
func (t *Tape) singleItemParent(part []ID, isRoot bool) int {
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
	return c.kind == kind && c.n == 0 && t.partial.pendingAt(id) == nil
}

// enter returns where what stands behind the given part of a container's batch is.
func (t *Tape) enter(level int, container ID, before []ID, is pathState) pathState {
	leads, holds := t.leadsOn(level, container, before, is)
	switch {
	case !holds, is == onPath && level == len(t.partial.path): // or inside of what is wanted
		return unknownPath
	case !leads:
		return offPath
	}
	return onPath
}

// takesMore reports whether what stands above a cell on the stack may be an argument or a state of
// it, rather than an item beside it.
func (t *Tape) mayTakeArgument(id ID) bool {
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
func (t *Tape) leadsOn(step int, container ID, before []ID, is pathState) (leads, holds bool) {
	c := &t.cells[container]
	n := len(before)
	switch c.kind {
	case Dict:
		holds, n = len(before)%2 == 1, n/2
	case List:
		holds = true
	}
	if !holds || is != onPath || step >= len(t.partial.path) {
		return false, holds
	}
	s := &t.partial.path[step]
	switch {
	case s.excludes(c.kind):
		return false, false
	case s.Selection != nil:
		i := t.countItems(container) + n
		into := i < s.Selection.ContentsBelow && !(s.Selection.ShallowDicts && c.kind == Dict)
		return into && s.Selection.Wants(i), true
	case c.kind == Dict:
		return t.isKey(s, before[len(before)-1]), true
	}
	return s.IsInt && s.Int == int64(t.countItems(container)+n), true
}

// countItems returns how many items a list has by now, or entries a dict, with those left out.
func (t *Tape) countItems(id ID) int {
	if l := t.partial.pendingAt(id); l != nil {
		return l.N
	}
	if t.cells[id].kind == Dict {
		return int(t.cells[id].n) / 2
	}
	return int(t.cells[id].n)
}

// pends returns the container if it pends, else nil.
func (c *partialPass) pendingAt(id ID) *Partial {
	for i := len(c.pending) - 1; i >= 0 && c.pending[i].ID >= id; i-- {
		if c.pending[i].ID == id {
			return c.pending[i]
		}
	}
	return nil
}

// pendsFrom reports whether anything pends from a cell on.
func (c *partialPass) hasPendingFrom(id ID) bool {
	last := len(c.pending) - 1
	return last >= 0 && c.pending[last].ID >= id
}

// pend returns a container as one that pends.
func (t *Tape) addPending(id ID, is pathState, level int) *Partial {
	c := t.partial
	if l := c.pendingAt(id); l != nil {
		return l
	}
	l := &Partial{ID: id, level: level, offPath: is == offPath}
	if n := t.countItems(id); n > 0 {
		l.addKept(n)
	}
	at, _ := slices.BinarySearchFunc(c.pending, id, func(l *Partial, id ID) int {
		return int(int64(l.ID) - int64(id))
	})
	c.pending = slices.Insert(c.pending, at, l)
	return l
}

// isKey reports whether a key may be that of a step.
func (t *Tape) isKey(s *PathStep, key ID) bool {
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
func (t *Tape) addBatch(at int, items []ID) (done bool, err error) {
	c, id := t.partial, t.stack[at]
	t.noteChange(id)
	kind := t.cells[id].kind
	if kind != Dict && kind != List {
		return false, nil
	}
	is, level := t.pathStateOf(at)
	if is == unknownPath || is == offPath && len(items) < minOffPathBatch() && !c.hasPendingFrom(id) {
		return false, nil
	}
	if kind == Dict {
		if len(items)%2 != 0 {
			return true, errOddItems
		}
		if err := t.checkHashable(items, 2); err != nil {
			return true, err
		}
	}
	var b *batch
	switch {
	case t.op == opcode.Appends || t.op == opcode.SetItems:
		b = &c.open[len(t.marks)]
	case at == 0 && c.rootBatch.container == id:
		b = &c.rootBatch
	}
	err = t.addOrOmit(b, id, items, is, level)
	if at == 0 {
		c.rootBatch = batch{container: id, start: t.checkpoint(len(t.cells))}
		t.oldestBatch = ID(len(t.cells))
	}
	return true, err
}

// addOrDrop adds a batch to a container, or drops it. b is nil where it is not known where the
// batch began.
func (t *Tape) addOrOmit(b *batch, id ID, items []ID, is pathState, level int) error {
	c := t.partial
	held := c.hasPendingFrom(id + 1)
	if held && !t.settleItems(id, items, is, level) {
		c.contradicted = true
	}
	n := len(items)
	if t.cells[id].kind == Dict {
		n /= 2
	}
	if b != nil && !c.contradicted && t.wantsNone(id, items, is, level) && t.canRollBack(b) && t.isNotRefetched(id) {
		if keys, ok := t.hashNewKeys(id, items, is, level); ok {
			l := t.addPending(id, is, level)
			l.N += n
			l.omittedKeys = append(l.omittedKeys, keys...)
			t.rollBack(b)
			c.omitted = true
			return nil
		}
	}
	if held {
		t.addPending(id, is, level)
	}
	if l := c.pendingAt(id); l != nil {
		l.addKept(n)
	}
	if t.cells[id].kind == Dict {
		return t.setItems(id, items)
	}
	return t.addItems(id, items)
}

// absorbInto takes what pends and is newer than a container, on the way or beside it, as items of
// its batch. It returns false where anything is no such item.
func (t *Tape) settleItems(id ID, items []ID, is pathState, level int) bool {
	c, dict := t.partial, t.cells[id].kind == Dict
	for i, item := range items {
		if dict && i%2 == 0 {
			continue
		}
		if !c.hasPendingFrom(id + 1) {
			return true
		}
		leads, _ := t.leadsOn(level, id, items[:i], is)
		if !t.settleItem(item, !leads, level+1, 0) {
			return false
		}
	}
	return !c.hasPendingFrom(id + 1)
}

// absorbRoot takes what pends as the root, or as what that holds if it is a tuple.
func (t *Tape) settleRoot() bool {
	return t.settleItem(t.root, false, 0, 0) && len(t.partial.pending) == 0
}

// maxTuples is how many tuples inside each other may stand between a container and its items.
const maxTuples = 8

// absorbItem takes of what pends what an item is or, of a tuple, holds. It returns false where that
// is not where it was guessed to be.
func (t *Tape) settleItem(item ID, isBeside bool, level, depth int) bool {
	c := t.partial
	switch kind := t.cells[item].kind; {
	case kind == List || kind == Dict:
		at := slices.IndexFunc(c.pending, func(l *Partial) bool { return l.ID == item })
		if at < 0 {
			return true
		}
		l := c.pending[at]
		if l.offPath != isBeside || l.level != level {
			return false
		}
		c.pending = slices.Delete(c.pending, at, at+1)
		c.settled = append(c.settled, l)
	case kind == Tuple && c.throughTuples && depth < maxTuples:
		before := len(c.settled)
		for _, child := range t.singleExtent(&t.cells[item]) {
			if !t.settleItem(child, isBeside, level, depth+1) {
				return false
			}
		}
		if len(c.settled) > before {
			c.settled = append(c.settled, &Partial{ID: item, offPath: true})
		}
	}
	return true
}

// isPast reports whether none of the items of a batch is wanted.
func (t *Tape) wantsNone(id ID, items []ID, is pathState, level int) bool {
	if is == offPath {
		return true
	}
	s, dict := &t.partial.path[level], t.cells[id].kind == Dict
	n, count := t.countItems(id), len(items)
	if dict {
		count /= 2
	}
	switch {
	case s.Selection != nil:
		return !s.Selection.wantsAny(n, n+count)
	case !dict:
		return s.IsInt && s.Int >= 0 && (s.Int < int64(n) || s.Int >= int64(n+count))
	}
	for i := 0; i < len(items); i += 2 {
		switch kind := t.cells[items[i]].kind; {
		case kind != Str && kind != Int:
			t.partial.contradicted = true // such a key may be equal to that of the step
			return false
		case t.isKey(s, items[i]):
			return false
		}
	}
	return true
}

// canDrop reports whether nothing refers to the cells of a batch.
func (t *Tape) canRollBack(b *batch) bool {
	if b.pinned || t.memo.far != nil || t.memo.count != len(t.memo.dense) {
		return false
	}
	for _, id := range t.stack {
		if id >= ID(b.start.cells) {
			return false
		}
	}
	return !t.partial.fetches.anyAfter(b.start.memo, len(t.memo.dense), t.w.Pos)
}

// isMetOnce reports whether the pickle does not fetch a container later on.
func (t *Tape) isNotRefetched(id ID) bool {
	c := t.partial
	if c.pendingAt(id) != nil {
		return true // it was asked
	}
	if t.IsShared(id) || c.refetched[id] {
		return false
	}
	for i := len(t.memo.dense) - 1; i >= 0; i-- {
		if at := t.memo.dense[i]; at == noID || at > id {
			continue
		} else if at == id && c.fetches.anyAfter(i, i+1, t.w.Pos) {
			c.refetched[id] = true
			return false
		}
		break
	}
	return true
}

// takeBack takes the tape back to where a batch began. What the memo has of the batch is nothing
// from now on.
func (t *Tape) rollBack(b *batch) {
	at := &b.start
	t.rollbacks++
	t.cells, t.children = t.cells[:at.cells], t.children[:at.children]
	t.forgetLateEntries()
	t.extents, t.calls = t.extents[:at.extents], t.calls[:at.calls]
	clear(t.values[at.values:])
	t.values = t.values[:at.values]
	for i := at.memo; i < len(t.memo.dense); i++ {
		t.memo.dense[i] = noID
	}
	clear(t.partial.settled[at.settled:])
	t.partial.settled = t.partial.settled[:at.settled]
}

// Taken returns how many batches of this pickle were dropped: each time the IDs from some one on
// are free for other cells.
func (t *Tape) Rollbacks() int { return t.rollbacks }

// everything is the last of the positions.
const maxPosition = math.MaxInt

// All are all items of a container, each with what the next step leads to.
func AllItems() *Selection {
	return &Selection{Wanted: []Range{{0, maxPosition}}, ContentsBelow: maxPosition}
}

// takesRun reports whether the list at an index of the stack, behind whose MARK a run stands, may
// get it as one: not where some of its items may be left out.
func (t *Tape) acceptsRun(at int) bool {
	last := len(t.marks) - 1
	t.marks = t.marks[:last]
	is, _ := t.pathStateOf(at)
	t.noteChange(t.stack[at])
	t.marks = t.marks[:last+1]
	return is == unknownPath
}
