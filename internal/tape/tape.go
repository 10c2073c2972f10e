package tape

import (
	"github.com/unpkl/unpkl/internal/ballast"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/window"
)

// Tape is what the opcodes of a pickle build. The zero value is ready for [Tape.Read].
//
// A Tape is filled by one goroutine. Once Read has returned, any number of goroutines may call the
// methods that only look, which are those of this file.
type Tape struct {
	cells    []cell
	children []ID     // of all containers, by extents
	extents  []extent // of the containers that have several; the first is not used
	calls    []call
	values   []any        // Go values that cells stand for
	longs    opcode.Longs // makes the ints among them
	arena    arena
	runs     []byte // the opcodes of runs, where the input does not stay
	runItems int    // the numbers and bools in all runs
	memo     memo
	// fixedShared says that cells before firstID are no longer fixedCells, since they are shared.
	fixedShared bool
	slots       int           // cells that are shared
	farSlots    map[ID]uint32 // the slots that do not fit cell.aux
	root        ID
	onReplace   func(id ID, v any) // see Watch
	ballast     ballast.Ballast    // see Expect

	pass // the state of Read
}

// reset empties the tape and keeps its memory, unless that is much.
func (t *Tape) reset() {
	if len(t.cells) < int(firstID) || t.fixedShared {
		t.cells = append(t.cells[:0], fixedCells[:]...)
		t.fixedShared = false
	}
	t.cells = t.cells[:firstID]
	t.children = t.children[:0]
	t.extents = append(t.extents[:0], extent{})
	t.calls = t.calls[:0]
	clear(t.values)
	t.values = t.values[:0]
	t.arena.reset()
	t.runs = t.runs[:0]
	t.runItems = 0
	t.memo.reset()
	t.ballast.Drop()
	t.slots, t.farSlots = 0, nil
	t.stack, t.marks = t.stack[:0], t.marks[:0]
}

// Release drops what a tape refers to, so that it can be kept for another pickle, and its memory
// where that is much.
func (t *Tape) Release() {
	const keep = 4 << 20 // cells, and numbers of the memo
	if max(cap(t.cells), cap(t.memo.dense)) > keep {
		*t = Tape{}
		return
	}
	t.reset()
	t.w, t.host, t.limits, t.onReplace, t.partial = nil, nil, Limits{}, nil, nil
}

// fixedCells are the cells before firstID.
var fixedCells = func() (cells [firstID]cell) {
	cells[IDNone].kind = None
	cells[IDFalse].kind = False
	cells[IDTrue].kind = True
	cells[IDEmptyTuple] = cell{kind: Tuple, flags: flagHashable}
	for i := range 256 {
		cells[int(idSmallInts)+i] = cell{kind: Int, v: uint64(i)}
	}
	return cells
}()

// Root returns the value of the pickle.
func (t *Tape) Root() ID { return t.root }

// Len returns the number of cells: every ID is below it.
func (t *Tape) Len() int { return len(t.cells) }

// Kind returns the kind of a cell.
func (t *Tape) Kind(id ID) Kind { return t.cells[id].kind }

// Int returns the value of an Int.
func (t *Tape) Int(id ID) int64 { return int64(t.cells[id].v) }

// FloatBits returns the bits of a Float.
func (t *Tape) FloatBits(id ID) uint64 { return t.cells[id].v }

// Value returns the Go value of a BigInt, Class or Value.
func (t *Tape) Value(id ID) any { return t.values[t.cells[id].v] }

// Code returns what the host said of a Class or a Call.
func (t *Tape) Code(id ID) uint16 { return t.cells[id].aux }

// IsInert reports whether a Class or a Call is one that no host knows.
func (t *Tape) IsInert(id ID) bool { return t.cells[id].flags&flagInert != 0 }

// Span returns the bytes of a Str, Py2Str, Bytes or ByteArray. They must not be changed, but those
// of a span that is [Tape.Owned] may be given away.
func (t *Tape) Span(id ID) []byte { return t.span(&t.cells[id]) }

func (t *Tape) span(c *cell) []byte {
	chunk := t.arena.chunks[c.v>>spanShift]
	if c.flags&flagWhole != 0 {
		return chunk
	}
	at := c.v & maxOffset
	return chunk[at : at+uint64(c.n) : at+uint64(c.n)]
}

// Owned reports whether the bytes of a span are nobody else's, so that a value may keep them. They
// are not where they are part of an input that is a slice.
func (t *Tape) Owned(id ID) bool {
	c := &t.cells[id]
	return c.v>>spanShift != inputChunk && c.flags&flagInput == 0
}

// IsShared reports whether a cell may be met more than once.
func (t *Tape) IsShared(id ID) bool { return t.cells[id].flags&flagShared != 0 }

// Shared reports whether a cell may be met more than once, and if so its slot: a number below
// [Tape.Slots] that no other shared cell has.
func (t *Tape) Shared(id ID) (slot int, shared bool) {
	c := &t.cells[id]
	switch {
	case c.flags&flagShared == 0 || c.kind < Str && c.kind != Value:
		return 0, false
	case c.kind == Value:
		return int(c.n) - 1, c.n != 0 // what was a number has none
	}
	return t.slot(id, c), true
}

func (t *Tape) slot(id ID, c *cell) int {
	switch c.kind {
	case Call:
		return int(t.calls[c.v].slot) - 1
	case Value:
		return int(c.n) - 1
	}
	if c.kind >= Str && c.aux != 0 {
		return int(c.aux) - 1
	}
	return int(t.farSlots[id])
}

// Slots returns the number of shared cells.
func (t *Tape) Slots() int { return t.slots }

// Size returns the number of items of a container: of a Dict the keys and values, of a list with
// runs all items of the runs.
func (t *Tape) Size(id ID) int { return int(t.cells[id].n) }

// OnlyStrKeys reports whether every key of a Dict is a Str.
func (t *Tape) OnlyStrKeys(id ID) bool { return t.cells[id].flags&flagOtherKeys == 0 }

// HasRuns reports whether children of a List may be runs.
func (t *Tape) HasRuns(id ID) bool { return t.cells[id].flags&flagRuns != 0 }

// Children is a walk over the children of a container, by the batches that the pickle added.
type Children struct {
	t     *Tape
	batch []ID
	next  uint32 // extent, or 0
}

// Children returns a walk over the children of a container.
func (t *Tape) Children(id ID) Children {
	c := &t.cells[id]
	if c.flags&flagMany == 0 {
		return Children{t: t, batch: t.singleExtent(c)}
	}
	return Children{t: t, next: uint32(c.v >> 32)}
}

// single returns the children of a container with one extent.
func (t *Tape) singleExtent(c *cell) []ID {
	at, count := c.v>>32, uint64(uint32(c.v))
	return t.children[at : at+count : at+count]
}

// Batch returns the next batch, which is of the tape's memory, and nil after the last one.
func (w *Children) Batch() []ID {
	if len(w.batch) > 0 {
		b := w.batch
		w.batch = nil
		return b
	}
	for w.next != 0 {
		e := &w.t.extents[w.next]
		w.next = e.next
		if e.count > 0 {
			return w.t.children[e.at : e.at+e.count : e.at+e.count]
		}
	}
	return nil
}

// Rest is a walk over children in the size of a number, for who has many walks at once: the extent
// that comes next.
type BatchCursor struct {
	extent uint32 // index, or 0
	only   ID     // the container whose only extent comes next, or 0
}

// Rest returns a walk over the children of a container, which must stay what it is until the first
// Next.
func (t *Tape) Cursor(id ID) BatchCursor {
	c := &t.cells[id]
	if c.flags&flagMany == 0 {
		return BatchCursor{only: id}
	}
	return BatchCursor{extent: uint32(c.v >> 32)}
}

// Done reports whether no batch is left.
func (r BatchCursor) Done() bool { return r == BatchCursor{} }

// Next returns the next batch, as the indices of its first child and behind its last one, which are
// equal after the last batch, and the walk behind it. See [Tape.Child].
func (r BatchCursor) Next(t *Tape) (from, to uint32, rest BatchCursor) {
	if r.only != 0 {
		v := t.cells[r.only].v
		return uint32(v >> 32), uint32(v>>32) + uint32(v), BatchCursor{}
	}
	for r.extent != 0 {
		e := &t.extents[r.extent]
		r.extent = e.next
		if e.count > 0 {
			return e.at, e.at + e.count, r
		}
	}
	return 0, 0, r
}

// Child returns the child at an index that [Rest.Next] returned.
func (t *Tape) Child(i uint32) ID { return t.children[i] }

// Items returns the children of a container in one slice, which is the tape's where they lie
// together.
func (t *Tape) Items(id ID) []ID {
	c := &t.cells[id]
	if c.flags&flagMany == 0 {
		return t.singleExtent(c)
	}
	items := make([]ID, 0, c.n)
	w := t.Children(id)
	for b := w.Batch(); b != nil; b = w.Batch() {
		items = append(items, b...)
	}
	return items
}

// CallInfo is what a Call is: see Tape.Call.
type CallInfo struct {
	Fn   ID // the class
	Args ID // a Tuple
	// Kwargs is a Dict of keyword arguments if HasKwargs.
	Kwargs ID
	State  ID // the argument of BUILD, if HasState
	// Items is a List of what was appended, if HasItems; Entries a Dict of the items that were set,
	// if HasEntries, in which equal keys may be several.
	Items, Entries ID
	// Dropped is a List of calls, if HasDropped, that were made for the result of this one and
	// whose own results the pickle drops: in Python they happened. Their arguments hold this call.
	Dropped                                               ID
	Form                                                  Form
	HasState, HasKwargs, HasItems, HasEntries, HasDropped bool
}

// Call returns the parts of a Call.
func (t *Tape) Call(id ID) CallInfo {
	c := &t.calls[t.cells[id].v]
	return CallInfo{
		Fn: c.fn, Args: c.args, Kwargs: c.kwargs, State: c.state, Items: c.items,
		Entries: c.entries,
		Dropped: c.dropped, HasDropped: c.dropped != 0,
		Form: c.form, HasState: c.hasState,
		HasKwargs: c.kwargs != 0, HasItems: c.items != 0, HasEntries: c.entries != 0,
	}
}

// Run returns the opcodes of a run, one after another, each with its argument: BINFLOATs of Floats;
// BININTs and LONG1s of at most 8 bytes of Ints; NONE, NEWTRUE and NEWFALSE of Consts. There are
// Size of them; more bytes may follow.
func (t *Tape) Run(id ID) []byte {
	c := &t.cells[id]
	if t.w.IsSlice() {
		return t.arena.chunks[inputChunk][c.v:]
	}
	return t.runs[c.v:]
}

// Window returns the input, for a host that reads what follows an opcode.
func (t *Tape) Window() *window.Window { return t.w }
