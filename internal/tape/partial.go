package tape

import (
	"math"
	"slices"

	"github.com/unpkl/unpkl/internal/opcode"
)

// A partial pass reads a pickle for one part of it: the values to which a path leads from the root.
// Each step of the path is a key, an index, or a selection of a container's items. The pass keeps
// no cells of values that the part cannot contain.
//
// Picklers fill a container in batches: a MARK, the items, and an APPENDS or SETITEMS. When a batch
// ends in which the next step leads to nothing, the pass rolls the tape back to where the batch
// began. This is done for the containers on the path and for containers inside them that are off
// the path. A batch can be dropped only if nothing refers to its cells later on:
//   - the rest of the pickle fetches none of the memo indices at which the batch stored something,
//     which a scan before the pass tells (see memoFetches);
//   - the batch changed no older cell;
//   - no host keeps one of its cells;
//   - none of its cells is on the stack.
//
// A batch that may break one of these rules is kept.
//
// While a batch is read, it is only a guess that its container is on the path, since the containers
// around it are not complete yet. Until the guess is confirmed, a container that lacks items is
// pending. It is settled when it becomes an item of the container around it, at a position that
// agrees with the guess; that one must be settled in turn, and so on up to the root. None of them
// may be shared. The caller must call [Tape.CheckPartial] at the end, and if a guess was wrong read
// the pickle again as a whole.

// PathStep says which items of a container are wanted: the entry of a dict with the key Key, the
// item of a list with the index Int or the entry of a dict with that key if IsInt, or a selection.
type PathStep struct {
	Key string
	// Int is an index, and not negative, if IsInt.
	Int   int64
	IsInt bool
	// Selection, if it is not nil, replaces Key and Int.
	Selection *Selection
}

// Selection selects items of a container by position. The position of an entry of a dict is its
// place in the pickle.
type Selection struct {
	// Wanted are the selected positions, ascending and without overlap.
	Wanted []Range
	// ContentsBelow is the position below which the contents of items are wanted too: what the next
	// step of the path selects, or everything if this is the last step. A container at a higher
	// position may be left empty.
	ContentsBelow int
	// ThroughTuples says that a path leads through tuples: a container inside a tuple counts as if
	// it stood in place of the tuple.
	ThroughTuples bool
	// ListsOnly says that the selection is for lists: everything in a dict is wanted.
	ListsOnly bool
	// AnyCount says that the number of entries of a dict need not be exact. Without it, a dict must
	// have no equal keys.
	AnyCount bool
	// ShallowDicts says that in a dict the contents of no item are wanted, whatever ContentsBelow
	// says.
	ShallowDicts bool
}

// Range is the positions from From to To-1.
type Range struct{ From, To int }

// Wants reports whether a position is selected.
func (s *Selection) Wants(i int) bool {
	at, _ := slices.BinarySearchFunc(s.Wanted, i, func(r Range, i int) int {
		if r.To <= i {
			return -1
		}
		return 0
	})
	return at < len(s.Wanted) && s.Wanted[at].From <= i
}

// wantsAny reports whether any of the positions from i to j-1 is selected.
func (s *Selection) wantsAny(i, j int) bool {
	return slices.ContainsFunc(s.Wanted, func(r Range) bool { return r.From < j && i < r.To })
}

// excludes reports whether a step does not apply to containers of a kind.
func (s *PathStep) excludes(kind Kind) bool {
	return s.Selection != nil && s.Selection.ListsOnly && kind != List
}

// PartialMinSize is the number of bytes of input from which a partial pass is worth the scan before
// it. Only tests set it, before they read anything.
var PartialMinSize = 1 << 20

// minOffPathBatch returns the number of items from which a batch of a container off the path is
// worth dropping. Picklers write batches of a thousand items, so that only the last batch of a
// container is smaller.
func minOffPathBatch() int { return PartialMinSize / 2000 }

// offPathLevels is the number of levels below the end of the path on which the batches of
// containers may still be dropped.
const offPathLevels = 3

// partialPass is the state of a partial pass.
type partialPass struct {
	path          []PathStep
	throughTuples bool // all steps are through tuples
	fetches       memoFetches
	// open has the batches that began with the MARKs on the stack, up to batchDepth MARKs.
	open []batch
	// rootBatch is the batch of the first value on the stack that began when its last batch ended.
	rootBatch batch
	omitted   bool // anything was left out
	unfit     bool // a guess was wrong, so that the tape is of no use
	// pending has the containers that lack items, or contain containers that do, and that are not
	// settled yet; it is sorted by ID. settled has those that are, and the tuples around them.
	pending, settled []*Partial
	refetched        map[ID]bool // containers that the pickle fetches later: they must be whole
	keyHashes        []uint64    // memory for the hashes of one batch
}

// batch is the items that a container gets from one opcode, or from several until the next batch.
type batch struct {
	container ID         // in rootBatch only
	start     checkpoint // the tape when the batch began
	pinned    bool       // the batch changed an older cell or a host keeps a cell: it must be kept
}

// checkpoint has the lengths of the tape's slices at some point of a pass.
type checkpoint struct {
	cells, children, extents, calls, values, memo, settled int
}

// Partial says which items of a container are on the tape of a partial pass.
type Partial struct {
	ID ID
	// N is the number of items, or of entries of a dict, in the pickle. Kept are the positions of
	// those on the tape.
	N    int
	Kept []Range

	level   int  // number of steps of the path that lead to the container
	offPath bool // the container is not on the path
	// omittedKeys are the hashes of the dict's keys that are not on the tape.
	omittedKeys []uint64
}

// addKept notes n more items of the container, which are on the tape.
func (p *Partial) addKept(n int) {
	if last := len(p.Kept) - 1; last >= 0 && p.Kept[last].To == p.N {
		p.Kept[last].To += n
	} else {
		p.Kept = append(p.Kept, Range{p.N, p.N + n})
	}
	p.N += n
}

// StoredIndex returns the index on the tape of item i, if the item is there.
func (p *Partial) StoredIndex(i int) (index int, ok bool) {
	for _, r := range p.Kept {
		if i < r.To {
			return index + i - r.From, i >= r.From
		}
		index += r.To - r.From
	}
	return 0, false
}

// IsComplete reports whether all items of the container are on the tape. The contents of an item
// may still lack some.
func (p *Partial) IsComplete() bool {
	return p.N == 0 || len(p.Kept) == 1 && p.Kept[0] == Range{0, p.N}
}

// checkpoint returns the lengths of the tape's slices; cells is the number of cells, which run may
// have in a local slice.
func (t *Tape) checkpoint(cells int) checkpoint {
	return checkpoint{cells, len(t.children), len(t.extents), len(t.calls), len(t.values),
		len(t.memo.dense), len(t.partial.settled)}
}

// concernsPartial reports whether addBatch must decide about a batch of n items, or keys and
// values. It is quick, for the fast ways of filling a container. marked says that the MARK of the
// batch is still on the stack.
func (t *Tape) concernsPartial(target ID, n int, marked bool) bool {
	c, depth := t.partial, len(t.marks)
	if marked {
		depth--
	}
	if depth < t.pathLen || depth < t.batchDepth && n >= minOffPathBatch() ||
		c.hasPendingFrom(target) || target < ID(c.rootBatch.start.cells) {
		return true
	}
	depth = min(depth, t.batchDepth)
	return depth > 0 && target < ID(c.open[depth-1].start.cells)
}

// openBatch notes that a MARK begins a batch.
func (t *Tape) openBatch(cells int) {
	t.partial.open[len(t.marks)-1] = batch{start: t.checkpoint(cells)}
	t.oldestBatch = ID(cells)
}

// startPartial makes the pass a partial one if there is a path, the input is a large slice, and
// the scan finds the memo used in the way of picklers.
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

// CheckPartial must be called after a pass with [Options].Path. omitted reports whether anything
// was left out; [Tape.Partials] then tells what. If ok is false, a guess of the pass was wrong, the
// tape is of no use, and the pickle must be read again without a path.
func (t *Tape) CheckPartial() (omitted, ok bool) {
	c := t.partial
	if c == nil || !c.omitted {
		return false, true
	}
	if t.op != opcode.Stop || c.unfit || t.w.Pos != c.fetches.end || !t.settleRoot() {
		return true, false
	}
	for _, l := range c.settled {
		if t.IsShared(l.ID) || !t.hasUniqueKeys(l) {
			return true, false
		}
	}
	return true, true
}

// Partials returns the containers on the path that lack items, in no order. [Tape.CheckPartial]
// must have returned ok.
func (t *Tape) Partials() []*Partial {
	if t.partial == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(t.partial.settled), func(l *Partial) bool {
		return l.offPath || l.IsComplete()
	})
}

// noteChange notes that a cell is changed. Batches that began after the cell was made can no longer
// be dropped.
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

// PinBatches notes that a host keeps a cell. None of the batches that have begun can be dropped
// from now on.
func (t *Tape) PinBatches() {
	if t.partial != nil {
		t.noteChange(0)
	}
}

// pathState says how a container stands to the path.
type pathState uint8

const (
	unknownPath pathState = iota // nothing can be said, or the container is wanted as a whole
	onPath                       // the steps so far lead to the container
	offPath                      // the steps lead to other containers
)

// pathStateOf returns the state of the container at an index of the stack, as far as the stack
// tells, and the number of containers around it.
func (t *Tape) pathStateOf(at int) (state pathState, level int) {
	marks := len(t.marks)
	if marks >= t.batchDepth {
		return unknownPath, 0
	}
	state, from := onPath, 0
	for i := range marks + 1 {
		pos := at
		if i < marks {
			pos = int(t.marks[i]) - 1
		}
		if pos < from {
			return unknownPath, 0
		}
		if state, level = t.descend(t.stack[from:pos], i, level, state); state == unknownPath {
			return state, 0
		}
		if i < marks {
			from = int(t.marks[i])
		}
	}
	if state == onPath && (level == len(t.partial.path) ||
		t.partial.path[level].excludes(t.cells[t.stack[at]].kind)) {
		return unknownPath, 0 // wanted as a whole
	}
	return state, level
}

// maxSingleItem is the greatest number of nested containers for which descend assumes that each has
// the next one as its only item.
const maxSingleItem = 8

// descend returns the state and level of the value above a part of the stack. The part begins
// behind the MARK with number mark, counted from 1, or with the root if mark is 0. level and state
// are those of the container of that MARK.
func (t *Tape) descend(part []ID, mark, level int, state pathState) (pathState, int) {
	if n := len(part); n > 0 && t.mayTakeArgument(part[n-1]) {
		return unknownPath, 0
	}
	var parents [maxSingleItem]int
	n, end := 0, len(part)
	for n < len(parents) {
		i := t.singleItemParent(part[:end], mark == 0)
		if i < 0 {
			break
		}
		parents[n], end = i, i
		n++
	}
	switch {
	case mark > 0:
		container := t.stack[t.marks[mark-1]-1]
		if state = t.enter(level, container, part[:end], state); state == unknownPath {
			return state, 0
		}
		level++
	case end > 0 && !t.partial.throughTuples:
		return unknownPath, 0
	}
	for k := n - 1; k >= 0; k-- {
		to := len(part)
		if k > 0 {
			to = parents[k-1]
		}
		state = t.enter(level, part[parents[k]], part[parents[k]+1:to], state)
		if state == unknownPath {
			return state, 0
		}
		level++
	}
	return state, level
}

// singleItemParent returns the index in part of an empty container whose only item is perhaps the
// value above the part, since picklers write no MARK for a single item. It returns -1 if there is
// none.
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

// isEmpty reports whether a cell is a container of a kind and got no items so far.
func (t *Tape) isEmpty(id ID, kind Kind) bool {
	c := &t.cells[id]
	return c.kind == kind && c.n == 0 && t.partial.pendingAt(id) == nil
}

// enter returns the state of the value behind the given items in a batch of a container. state
// is that of the container, and level the number of containers around it.
func (t *Tape) enter(level int, container ID, before []ID, state pathState) pathState {
	leads, isItem := t.leadsOn(level, container, before, state)
	switch {
	case !isItem, state == onPath && level == len(t.partial.path):
		return unknownPath // the container is wanted as a whole
	case !leads:
		return offPath
	}
	return onPath
}

// mayTakeArgument reports whether the value above a cell on the stack may become an argument or
// the state of the cell, so that it is no item of a batch.
func (t *Tape) mayTakeArgument(id ID) bool {
	switch c := &t.cells[id]; c.kind {
	case Class, Value:
		return true
	case Call:
		return c.flags&flagInert != 0 && !t.calls[c.v].hasState
	}
	return false
}

// leadsOn reports whether a step leads from a container to the value behind the given items in its
// batch, and whether that would be an item of the container. No step leads on from a
// container that is off the path.
func (t *Tape) leadsOn(step int, container ID, before []ID, state pathState) (leads, isItem bool) {
	c := &t.cells[container]
	n := len(before)
	switch c.kind {
	case Dict:
		isItem, n = len(before)%2 == 1, n/2
	case List:
		isItem = true
	}
	if !isItem || state != onPath || step >= len(t.partial.path) {
		return false, isItem
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

// countItems returns the number of items that a list has so far, or entries that a dict has,
// including those left out.
func (t *Tape) countItems(id ID) int {
	if l := t.partial.pendingAt(id); l != nil {
		return l.N
	}
	if t.cells[id].kind == Dict {
		return int(t.cells[id].n) / 2
	}
	return int(t.cells[id].n)
}

// pendingAt returns a container if it is pending, or else nil.
func (c *partialPass) pendingAt(id ID) *Partial {
	for i := len(c.pending) - 1; i >= 0 && c.pending[i].ID >= id; i-- {
		if c.pending[i].ID == id {
			return c.pending[i]
		}
	}
	return nil
}

// hasPendingFrom reports whether a container is pending whose ID is at least id.
func (c *partialPass) hasPendingFrom(id ID) bool {
	last := len(c.pending) - 1
	return last >= 0 && c.pending[last].ID >= id
}

// addPending makes a container pending, unless it is already, and returns it.
func (t *Tape) addPending(id ID, state pathState, level int) *Partial {
	c := t.partial
	if l := c.pendingAt(id); l != nil {
		return l
	}
	l := &Partial{ID: id, level: level, offPath: state == offPath}
	if n := t.countItems(id); n > 0 {
		l.addKept(n)
	}
	at, _ := slices.BinarySearchFunc(c.pending, id, func(l *Partial, id ID) int {
		return int(int64(l.ID) - int64(id))
	})
	c.pending = slices.Insert(c.pending, at, l)
	return l
}

// isKey reports whether a key is that of a step.
func (t *Tape) isKey(s *PathStep, key ID) bool {
	switch c := &t.cells[key]; c.kind {
	case Str:
		return string(t.span(c)) == s.Key
	case Int:
		return s.IsInt && int64(c.v) == s.Int
	}
	return false
}

// addBatch adds a batch to the container on top of the stack, whose index there is at, or drops the
// batch. done is false if the pass has nothing to decide and did neither.
func (t *Tape) addBatch(at int, items []ID) (done bool, err error) {
	c, id := t.partial, t.stack[at]
	t.noteChange(id)
	kind := t.cells[id].kind
	if kind != Dict && kind != List {
		return false, nil
	}
	state, level := t.pathStateOf(at)
	if state == unknownPath ||
		state == offPath && len(items) < minOffPathBatch() && !c.hasPendingFrom(id) {
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
	err = t.addOrOmit(b, id, items, state, level)
	if at == 0 {
		c.rootBatch = batch{container: id, start: t.checkpoint(len(t.cells))}
		t.oldestBatch = ID(len(t.cells))
	}
	return true, err
}

// addOrOmit adds a batch to a container, or drops it. b is nil if it is not known where the batch
// began; then the batch is added.
func (t *Tape) addOrOmit(b *batch, id ID, items []ID, state pathState, level int) error {
	c := t.partial
	hasInner := c.hasPendingFrom(id + 1)
	if hasInner && !t.settleItems(id, items, state, level) {
		c.unfit = true
	}
	n := len(items)
	if t.cells[id].kind == Dict {
		n /= 2
	}
	if b != nil && !c.unfit && t.wantsNone(id, items, state, level) && t.canRollBack(b) &&
		t.isNotRefetched(id) {
		if keys, ok := t.hashNewKeys(id, items, state, level); ok {
			l := t.addPending(id, state, level)
			l.N += n
			l.omittedKeys = append(l.omittedKeys, keys...)
			t.rollBack(b)
			c.omitted = true
			return nil
		}
	}
	if hasInner {
		t.addPending(id, state, level)
	}
	if l := c.pendingAt(id); l != nil {
		l.addKept(n)
	}
	if t.cells[id].kind == Dict {
		return t.setItems(id, items)
	}
	return t.addItems(id, items)
}

// settleItems settles the pending containers that are newer than a container and are items of its
// batch. It returns false if any of the newer ones cannot be settled.
func (t *Tape) settleItems(id ID, items []ID, state pathState, level int) bool {
	c, dict := t.partial, t.cells[id].kind == Dict
	for i, item := range items {
		if dict && i%2 == 0 {
			continue
		}
		if !c.hasPendingFrom(id + 1) {
			return true
		}
		leads, _ := t.leadsOn(level, id, items[:i], state)
		if !t.settleItem(item, !leads, level+1, 0) {
			return false
		}
	}
	return !c.hasPendingFrom(id + 1)
}

// settleRoot settles the root, or the containers in it if it is a tuple. It returns false if any
// container is still pending.
func (t *Tape) settleRoot() bool {
	return t.settleItem(t.root, false, 0, 0) && len(t.partial.pending) == 0
}

// maxTuples is the greatest number of nested tuples between a container and an item of it that
// settleItem looks into.
const maxTuples = 8

// settleItem settles an item of a container if it is pending, or the pending containers in it if it
// is a tuple. level and isOffPath are those of the items of the container. It returns false if an
// item was guessed to stand elsewhere. depth is the number of tuples around the item.
func (t *Tape) settleItem(item ID, isOffPath bool, level, depth int) bool {
	c := t.partial
	switch kind := t.cells[item].kind; {
	case kind == List || kind == Dict:
		at := slices.IndexFunc(c.pending, func(l *Partial) bool { return l.ID == item })
		if at < 0 {
			return true
		}
		l := c.pending[at]
		if l.offPath != isOffPath || l.level != level {
			return false
		}
		c.pending = slices.Delete(c.pending, at, at+1)
		c.settled = append(c.settled, l)
	case kind == Tuple && c.throughTuples && depth < maxTuples:
		before := len(c.settled)
		for _, child := range t.singleExtent(&t.cells[item]) {
			if !t.settleItem(child, isOffPath, level, depth+1) {
				return false
			}
		}
		if len(c.settled) > before {
			c.settled = append(c.settled, &Partial{ID: item, offPath: true})
		}
	}
	return true
}

// wantsNone reports whether none of the items of a batch is wanted.
func (t *Tape) wantsNone(id ID, items []ID, state pathState, level int) bool {
	if state == offPath {
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
			t.partial.unfit = true // the key may be equal to that of the step
			return false
		case t.isKey(s, items[i]):
			return false
		}
	}
	return true
}

// canRollBack reports whether nothing refers to the cells of a batch, now or later.
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

// isNotRefetched reports whether the rest of the pickle never fetches a container from the memo.
func (t *Tape) isNotRefetched(id ID) bool {
	c := t.partial
	if c.pendingAt(id) != nil {
		return true // this was checked when it became pending
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

// rollBack takes the tape back to where a batch began. The memo indices of the batch become empty.
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

// Rollbacks returns the number of batches of this pickle that were dropped. After each, the IDs of
// the dropped cells are used for others.
func (t *Tape) Rollbacks() int { return t.rollbacks }

// maxPosition is behind all positions.
const maxPosition = math.MaxInt

// AllItems returns the selection of all items of a container, each with those contents that the
// next step selects.
func AllItems() *Selection {
	return &Selection{Wanted: []Range{{0, maxPosition}}, ContentsBelow: maxPosition}
}

// acceptsRun reports whether the list at an index of the stack may get the run behind its MARK as
// one cell. It may not if items of the list may be left out.
func (t *Tape) acceptsRun(at int) bool {
	last := len(t.marks) - 1
	t.marks = t.marks[:last]
	state, _ := t.pathStateOf(at)
	t.noteChange(t.stack[at])
	t.marks = t.marks[:last+1]
	return state == unknownPath
}
