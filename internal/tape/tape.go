package tape

import (
	"github.com/unpkl/unpkl/internal/ballast"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/window"
)

// Tape is what the opcodes of a pickle build. The zero value is ready for [Tape.Read].
//
// A Tape is filled by one goroutine. Once Read has returned, any number of goroutines may call the
// methods of this file and of look.go that do not change the tape.
type Tape struct {
	cells    []cell
	children []ID     // of all containers; a container has one or more extents of them
	extents  []extent // of the containers that have several; index 0 is not used
	calls    []call
	values   []any        // the Go values of cells of kind BigInt, Class and Value
	longs    opcode.Longs // makes the BigInts among them
	arena    arena
	runs     []byte // the opcodes of runs, if the input is a reader
	runItems int    // number of items in all runs
	memo     memo
	// fixedShared says that a cell before firstID was marked as shared, so that reset must restore
	// the fixedCells.
	fixedShared bool
	slots       int           // number of slots given to shared cells
	farSlots    map[ID]uint32 // slots that do not fit cell.aux
	root        ID
	onReplace   func(id ID, v any) // see Watch
	ballast     ballast.Ballast    // see Expect

	pass // the state of Read
}

// reset empties the tape and keeps its memory.
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

// Release drops everything to which the tape refers, so that it can be pooled. It also drops the
// memory of a large tape.
func (t *Tape) Release() {
	const keep = 4 << 20 // cells, or indices of the memo
	if max(cap(t.cells), cap(t.memo.dense)) > keep {
		*t = Tape{}
		return
	}
	t.reset()
	t.w, t.host, t.limits, t.onReplace, t.partial = nil, nil, Limits{}, nil, nil
}

// fixedCells are the cells before firstID, which every tape has.
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

// Root returns the ID of the pickle's value.
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

// Code returns the code that the host gave to a Class or a Call.
func (t *Tape) Code(id ID) uint16 { return t.cells[id].aux }

// IsInert reports whether a Class is unknown to the host, or a Call is a call of such a class.
func (t *Tape) IsInert(id ID) bool { return t.cells[id].flags&flagInert != 0 }

// Span returns the bytes of a Str, Py2Str, Bytes or ByteArray. They must not be changed. A value
// may keep them if [Tape.Owned] says so.
func (t *Tape) Span(id ID) []byte { return t.span(&t.cells[id]) }

func (t *Tape) span(c *cell) []byte {
	chunk := t.arena.chunks[c.v>>spanShift]
	if c.flags&flagWhole != 0 {
		return chunk
	}
	at := c.v & maxOffset
	return chunk[at : at+uint64(c.n) : at+uint64(c.n)]
}

// Owned reports whether nothing else refers to the bytes of a span, so that a value may keep them.
// It is false for a span of an input that is a slice, which belongs to the caller.
func (t *Tape) Owned(id ID) bool {
	c := &t.cells[id]
	return c.v>>spanShift != inputChunk && c.flags&flagInput == 0
}

// IsShared reports whether the pickle may refer to a cell more than once.
func (t *Tape) IsShared(id ID) bool { return t.cells[id].flags&flagShared != 0 }

// Shared returns the slot of a cell to which the pickle may refer more than once. Slots number the
// shared cells from 0 to [Tape.Slots] - 1. Cells of kinds before Str, except Value, have none.
func (t *Tape) Shared(id ID) (slot int, shared bool) {
	c := &t.cells[id]
	switch {
	case c.flags&flagShared == 0 || c.kind < Str && c.kind != Value:
		return 0, false
	case c.kind == Value:
		return int(c.n) - 1, c.n != 0 // a Value that replaced a number has no slot
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

// Slots returns the number of slots; see [Tape.Shared].
func (t *Tape) Slots() int { return t.slots }

// Size returns the number of items of a container. In a Dict, keys and values count one each; in a
// List, each item of a run counts.
func (t *Tape) Size(id ID) int { return int(t.cells[id].n) }

// OnlyStrKeys reports whether every key of a Dict is a Str.
func (t *Tape) OnlyStrKeys(id ID) bool { return t.cells[id].flags&flagOtherKeys == 0 }

// HasRuns reports whether any child of a List is a run.
func (t *Tape) HasRuns(id ID) bool { return t.cells[id].flags&flagRuns != 0 }

// Children is a walk over the children of a container in batches, each of which is one extent.
//
// Invariant: batch is what comes next unless it is empty; then it is the extent next, unless that
// is 0.
type Children struct {
	t     *Tape
	batch []ID
	next  uint32 // index of Tape.extents
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

// Batch returns the next batch, in the tape's memory, or nil after the last one.
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

// BatchCursor is a walk over the children of a container in 8 bytes, for callers that keep many
// walks at once. The zero value is the end of a walk.
//
// Invariant: at most one of the fields is not 0.
type BatchCursor struct {
	extent uint32 // index in Tape.extents of the next extent
	only   ID     // container whose one extent comes next
}

// Cursor returns a walk over the children of a container. The container must not be replaced
// before the first Next.
func (t *Tape) Cursor(id ID) BatchCursor {
	c := &t.cells[id]
	if c.flags&flagMany == 0 {
		return BatchCursor{only: id}
	}
	return BatchCursor{extent: uint32(c.v >> 32)}
}

// Done reports whether no batch is left.
func (r BatchCursor) Done() bool { return r == BatchCursor{} }

// Next returns the next batch and the walk behind it. The batch is the children at the indices
// from to to-1, for [Tape.Child] and [Tape.ChildrenIn]; it is empty after the last batch.
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

// Child returns the child at an index that [BatchCursor.Next] returned.
func (t *Tape) Child(i uint32) ID { return t.children[i] }

// Items returns the children of a container in one slice. The slice is the tape's memory if the
// container has one extent.
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

// CallInfo has the parts of a Call, as [Tape.Call] returns them.
type CallInfo struct {
	Form Form
	Fn   ID // the Class or Call that is called
	Args ID // a Tuple
	// Kwargs is a Dict of keyword arguments, if HasKwargs.
	Kwargs ID
	// State is the argument of BUILD, if HasState.
	State ID
	// Items is a List of what APPENDS and ADDITEMS added to the result, if HasItems.
	Items ID
	// Entries is a Dict of what SETITEMS added to the result, if HasEntries. Keys may be equal.
	Entries ID
	// Dropped is a List of calls that change the result of this one and whose own results the
	// pickle pops, if HasDropped; see drop.go.
	Dropped ID

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

// Run returns the opcodes of a run with their arguments, one after another. A run of Floats has
// BINFLOATs; one of Ints has BININT1s, BININT2s, BININTs, and LONG1s of at most 8 bytes; one of
// Consts has NONEs, NEWTRUEs and NEWFALSEs. Size is their number. The slice goes on behind the run.
func (t *Tape) Run(id ID) []byte {
	c := &t.cells[id]
	if t.w.IsSlice() {
		return t.arena.chunks[inputChunk][c.v:]
	}
	return t.runs[c.v:]
}

// Window returns the input, for a host that reads data behind an opcode itself.
func (t *Tape) Window() *window.Window { return t.w }
