package tape

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/window"
)

// pass is the state of a pass over the opcodes of one pickle.
//
// Invariant: fence is the last of marks, or 0 if there is none: nothing below it can be popped.
type pass struct {
	w      *window.Window
	host   Host
	limits Limits
	rawStr bool
	// callsAsArgs is Options.CallsAsArgs.
	callsAsArgs  bool
	anyArgs      bool                // Options.AnyArgs
	isSlice      bool                // the input is a slice
	checked      bool                // each opcode is counted: limits.Objects or limits.ValueBytes is set
	lateEntries  map[ID]*lateEntries // what shared dicts got since they had entries: see noteLate
	usage        Usage
	allowedBytes int64 // the bytes of values up to which limits.ValueBytes need not be asked
	stack        []ID
	marks        []uint32 // lengths of the stack at the MARKs
	fence        int
	op           opcode.Code
	start        int64        // offset of op
	begin        int64        // offset of the first byte of the pickle
	end          int64        // offset of the end of the input, or -1 if it is not known; see askedEnd
	askedEnd     bool         // the window was asked for the end
	proto        int          // of PROTO, or -1
	newest       int          // protocol among the opcodes, while there was no PROTO
	partial      *partialPass // of a pass for one part, or nil
	pathLen      int          // how many steps it has
	batchDepth   int          // up to how many MARKs on the stack its batches are counted
	oldestBatch  ID           // what is below it may be older than a batch: see cut
	rollbacks    int          // how many batches were dropped
}

var (
	errUnderflow = malformed("the stack is empty")
	errMark      = malformed("a MARK where a value is needed")
	errNoMark    = malformed("there is no MARK")
	errOddItems  = malformed("an odd number of keys and values")
)

func malformed(format string, args ...any) error {
	return errkind.New(errkind.ErrMalformed, format, args...)
}

// Read runs the opcodes of the next pickle of w up to and with its STOP. Its error is an [*Error].
// What the tape held before is gone, unless opts keeps the memo.
func (t *Tape) Read(w *window.Window, opts *Options) error {
	if !opts.KeepMemo || len(t.cells) == 0 {
		t.reset()
	}
	t.w, t.host, t.limits = w, opts.Host, opts.Limits
	t.rawStr, t.isSlice = opts.RawStr, w.IsSlice()
	t.callsAsArgs, t.anyArgs = opts.CallsAsArgs, opts.AnyArgs
	t.checked = t.limits.Objects < 1<<63-1 || t.limits.ValueBytes != nil
	t.usage, t.allowedBytes, t.fence, t.lateEntries = opts.Usage, 0, 0, nil
	t.stack, t.marks = t.stack[:0], t.marks[:0]
	t.proto, t.newest = -1, 0
	t.begin, t.askedEnd = w.Offset(), false
	if t.isSlice {
		t.arena.chunks[inputChunk] = w.All()
		t.reserve(len(w.All()) - w.Pos)
	}
	t.startPartial(opts.Steps)
	if err := t.run(); err != nil {
		return t.fail(err)
	}
	return nil
}

// reserve makes room for the beginning of an input of n bytes, which may be nothing but one array.
// How much the rest needs shows then: see grown. Where a tape was used before there is room
// already.
func (t *Tape) reserve(n int) {
	const bytesPerCell, most = 8, 1 << 12
	if cells := min(n/bytesPerCell, most); cap(t.cells) < cells {
		t.cells = append(make([]cell, 0, cells+int(firstID)), t.cells...)
		t.children = append(make([]ID, 0, cells/2), t.children...)
	}
}

// few is the number of elements up to which growing by doubling costs nothing to speak of.
const fewElements = 1 << 10

// grown returns the capacity for what has n elements and gets another: of many, what the rest of
// the input will bring if it is like what was read, since growing by doubling would take most of
// the time of a pass. left is how many bytes are in the window. Where the length of the input is
// not known, it is twice as much.
func (t *Tape) growCap(n, left int) int {
	if n < fewElements || t.partial != nil {
		return max(2*n, 64)
	}
	at := t.w.OffsetOf(len(t.w.Buf) - left)
	end, known := t.inputEnd()
	if !known {
		return 2 * n
	}
	rest := end - at
	if rest <= 0 {
		return n + n/4 // for what a host makes, or in a file that has grown since
	}
	like := float64(rest) / float64(max(at-t.begin, 1)) * float64(n)
	const most = 64 // times, as what follows may be unlike
	return n + int(min(rest+1, max(int64(n), min(most*int64(n), int64(like*1.05)+fewElements))))
}

// inputEnd returns the offset of the end of the input, where it can be known.
func (t *Tape) inputEnd() (end int64, known bool) {
	if !t.askedEnd {
		t.askedEnd, t.end = true, -1
		if rest, known := t.w.Rest(); known {
			t.end = t.w.Offset() + rest
		}
	}
	return t.end, t.end >= 0
}

// room returns the cells with room for another. The memo gets its room at the same time, since only
// what was pushed can be put there.
func (t *Tape) room(cells []cell, left int) []cell {
	if len(cells) < cap(cells) {
		return cells
	}
	if n := len(t.memo.dense); n >= fewElements && t.partial == nil {
		if size := t.growCap(n, left); size > cap(t.memo.dense) {
			t.memo.dense = append(make([]ID, 0, size), t.memo.dense...)
		}
	}
	size := t.growCap(len(cells), left)
	t.expectCells(size, left)
	return append(make([]cell, 0, size), cells...)
}

// roomIDs is room for IDs.
func (t *Tape) roomIDs(ids []ID, left int) []ID {
	if len(ids) < cap(ids) {
		return ids
	}
	return append(make([]ID, 0, t.growCap(len(ids), left)), ids...)
}

// Op returns the opcode that is being carried out and the offset of its first byte.
func (t *Tape) Op() (opcode.Code, int64) { return t.op, t.start }

// Protocol returns the argument of PROTO, or without one the newest protocol among the opcodes.
func (t *Tape) Protocol() int {
	if t.proto < 0 {
		return t.newest
	}
	return t.proto
}

// fail makes the error of the current opcode.
func (t *Tape) fail(err error) error {
	var inner *Error
	if errors.As(err, &inner) {
		return err // of a nested pickle, with its own offset
	}
	return &Error{Op: t.op, Offset: t.start, Err: err}
}

// underflow is the error for a pop below the fence.
func (t *Tape) underflow() error {
	if len(t.marks) > 0 {
		return errMark
	}
	return errUnderflow
}

// prepare makes the next opcode and its fixed argument available.
func (t *Tape) prepare() error {
	op, at, err := t.w.Opcode()
	if err != nil && at == t.w.Offset() && len(t.w.Buf) > t.w.Pos {
		t.op, t.start = op, at
	}
	return err
}

// check does what not every pickle needs at each opcode.
func (t *Tape) check(op opcode.Code) error {
	if t.proto < 0 {
		t.newest = max(t.newest, int(opcode.Table[op].Protocol))
	}
	if !t.checked {
		return nil
	}
	if opcode.Table[op].Builds {
		t.usage.Objects++
		if limit := t.limits.Objects; t.usage.Objects > limit {
			return &errkind.LimitError{Limit: "Objects", Max: limit, Want: t.usage.Objects}
		}
	}
	if t.limits.ValueBytes == nil {
		return nil
	}
	t.usage.ValueBytes += valueBytes(op)
	if t.usage.ValueBytes <= t.allowedBytes {
		return nil
	}
	var err error
	t.allowedBytes, err = t.limits.ValueBytes(t.usage.ValueBytes)
	return err
}

// affordsRun counts n values of one run, if that passes no limit; otherwise their opcodes are
// carried out one by one, up to the one that does.
func (t *Tape) countRun(n int) bool {
	u := t.usage
	u.Objects += int64(n)
	u.ValueBytes += int64(n) * bytesOfAny
	if u.Objects > t.limits.Objects || t.limits.ValueBytes != nil && u.ValueBytes > t.allowedBytes {
		return false
	}
	t.usage = u
	return true
}

// About what values take, in bytes, with their place on the stack and in a container.
const (
	bytesOfAny       = 16
	bytesOfContainer = 64
	bytesOfCall      = 128
)

// valueBytes returns about what an opcode makes, in bytes.
func valueBytes(op opcode.Code) int64 {
	switch op {
	case opcode.EmptyList, opcode.EmptyDict, opcode.EmptySet, opcode.List, opcode.Dict,
		opcode.Tuple, opcode.Tuple1, opcode.Tuple2, opcode.Tuple3, opcode.FrozenSet,
		opcode.Global, opcode.StackGlobal:
		return bytesOfContainer
	case opcode.Reduce, opcode.NewObj, opcode.NewObjEx, opcode.Inst, opcode.Obj:
		return bytesOfCall
	}
	return bytesOfAny
}

// SetUsage says what has been used, when pickles inside this one have used more.
func (t *Tape) SetUsage(u Usage) { t.usage = u }

// Usage returns what has been used of the limits.
func (t *Tape) Usage() Usage { return t.usage }

// nextPut reports whether a PUT at i is what picklers write: it goes behind what is there.
func (t *Tape) isNextPut(i uint64) bool {
	return i == uint64(len(t.memo.dense)) && t.memo.count == len(t.memo.dense) &&
		int64(i) < t.limits.Memo
}

// run carries out opcodes up to STOP. The frequent ones are here, over local copies of the window,
// the stack and the cells; step has the others.
func (t *Tape) run() error {
	w := t.w
	buf, pos := w.Buf, w.Pos
	stack, cells := t.stack, t.cells
	watch := true
	// The opcode that is being carried out begins at buf[at]. What needs to know, which is not
	// much, is told by setting t.op and t.start; until then late is true.
	var op opcode.Code
	var at int
	late := false
	digits := min(lineDigits, t.limits.IntDigits)
	for {
		if len(buf)-pos < opcode.MaxFixed {
			if late {
				t.op, t.start = op, w.OffsetOf(at)
			}
			w.Pos = pos
			if err := t.prepare(); err != nil {
				return err
			}
			buf, pos = w.Buf, w.Pos
		}
		if len(cells) == cap(cells) || len(stack) == cap(stack) {
			cells, stack = t.room(cells, len(buf)-pos), t.roomIDs(stack, len(buf)-pos)
		}
		at, op, late = pos, opcode.Code(buf[pos]), true
		pos++
		if watch {
			t.op, t.start = op, w.OffsetOf(at)
			if err := t.check(op); err != nil {
				return err
			}
		}
		switch op {
		case opcode.Mark:
			t.marks = append(t.marks, uint32(len(stack)))
			t.fence = len(stack)
			if len(t.marks) <= t.batchDepth {
				t.openBatch(len(cells))
			}
			if len(buf)-pos > minRunBytes {
				if runKinds[buf[pos]] != 0 {
					t.op, t.start, late = op, w.OffsetOf(at), false
					w.Pos, t.stack, t.cells = pos, stack, cells
					if err := t.loadRun(); err != nil {
						return err
					}
					buf, pos, stack, cells = w.Buf, w.Pos, t.stack, t.cells
				}
			}
			continue

		case opcode.None:
			stack = append(stack, IDNone)
			continue
		case opcode.NewTrue:
			stack = append(stack, IDTrue)
			continue
		case opcode.NewFalse:
			stack = append(stack, IDFalse)
			continue
		case opcode.BinInt1:
			stack = append(stack, idSmallInts+ID(buf[pos]))
			pos++
			continue
		case opcode.BinInt2:
			stack = append(stack, ID(len(cells)))
			cells = append(cells, cell{kind: Int, v: uint64(binary.LittleEndian.Uint16(buf[pos:]))})
			pos += 2
			continue
		case opcode.BinInt:
			stack = append(stack, ID(len(cells)))
			i := int64(int32(binary.LittleEndian.Uint32(buf[pos:])))
			cells = append(cells, cell{kind: Int, v: uint64(i)})
			pos += 4
			continue
		case opcode.Long1:
			if n := int(buf[pos]); n <= 8 && len(buf)-pos > 8 {
				i := opcode.ShortLong(buf[pos+1:], n)
				pos += 1 + n
				if uint64(i) < 256 {
					stack = append(stack, idSmallInts+ID(i))
					continue
				}
				stack = append(stack, ID(len(cells)))
				cells = append(cells, cell{kind: Int, v: uint64(i)})
				continue
			}
		case opcode.BinFloat:
			stack = append(stack, ID(len(cells)))
			cells = append(cells, cell{kind: Float, v: binary.BigEndian.Uint64(buf[pos:])})
			pos += 8
			continue

		case opcode.ShortBinUnicode, opcode.BinUnicode:
			n, text := int(buf[pos]), pos+1
			if op == opcode.BinUnicode {
				n, text = int(binary.LittleEndian.Uint32(buf[pos:])), pos+4
			}
			if n < 0 || len(buf)-text < n {
				break
			}
			b := buf[text : text+n]
			if !opcode.ValidText(b) || int64(n) > t.limits.StringBytes {
				break
			}
			v := uint64(text)
			if !t.isSlice || v > maxOffset {
				var err error
				if v, err = t.arena.add(b); err != nil {
					t.op, t.start = op, w.OffsetOf(at)
					return err
				}
			}
			pos = text + n
			stack = append(stack, ID(len(cells)))
			cells = append(cells, cell{kind: Str, n: uint32(n), v: v})
			goto pushed

		case opcode.Memoize:
			if i := uint64(len(t.memo.dense)); len(stack) > t.fence && t.isNextPut(i) {
				t.memo.count++
				t.memo.dense = append(t.memo.dense, stack[len(stack)-1])
				continue
			}
		case opcode.BinPut:
			if len(stack) > t.fence && t.isNextPut(uint64(buf[pos])) {
				pos++
				t.memo.count++
				t.memo.dense = append(t.memo.dense, stack[len(stack)-1])
				continue
			}
		case opcode.LongBinPut:
			i := uint64(binary.LittleEndian.Uint32(buf[pos:]))
			if len(stack) > t.fence && t.isNextPut(i) {
				pos += 4
				t.memo.count++
				t.memo.dense = append(t.memo.dense, stack[len(stack)-1])
				continue
			}
		case opcode.BinGet:
			if id, ok := t.memo.get(uint64(buf[pos])); ok {
				pos++
				if c := &cells[id]; c.flags&flagShared == 0 {
					t.markShared(id, c)
				}
				stack = append(stack, id)
				continue
			}
		case opcode.LongBinGet:
			if id, ok := t.memo.get(uint64(binary.LittleEndian.Uint32(buf[pos:]))); ok {
				pos += 4
				if c := &cells[id]; c.flags&flagShared == 0 {
					t.markShared(id, c)
				}
				stack = append(stack, id)
				continue
			}

		case opcode.Get:
			if i, size := lineNumber(buf[pos:], digits); size > 0 {
				if id, ok := t.memo.get(i); ok {
					pos += size
					if c := &cells[id]; c.flags&flagShared == 0 {
						t.markShared(id, c)
					}
					stack = append(stack, id)
					continue
				}
			}
		case opcode.Put:
			i, size := lineNumber(buf[pos:], digits)
			if size > 0 && len(stack) > t.fence && t.isNextPut(i) {
				pos += size
				t.memo.count++
				t.memo.dense = append(t.memo.dense, stack[len(stack)-1])
				continue
			}
		case opcode.Int:
			if i, size := lineNumber(buf[pos:], digits); size > 0 {
				pos += size
				if i < 256 {
					stack = append(stack, idSmallInts+ID(i))
					continue
				}
				stack = append(stack, ID(len(cells)))
				cells = append(cells, cell{kind: Int, v: i})
				continue
			}

		case opcode.EmptyList:
			stack = append(stack, ID(len(cells)))
			cells = append(cells, cell{kind: List})
			goto pushed
		case opcode.EmptyDict:
			stack = append(stack, ID(len(cells)))
			cells = append(cells, cell{kind: Dict})
			goto pushed
		case opcode.EmptyTuple:
			stack = append(stack, IDEmptyTuple)
			continue
		case opcode.Tuple1, opcode.Tuple2, opcode.Tuple3:
			n := int(op-opcode.Tuple1) + 1
			if at := len(stack) - n; at >= t.fence && len(t.children)+n <= maxChildren {
				v := uint64(len(t.children))<<32 | uint64(n)
				t.children = append(t.children, stack[at:]...)
				stack = append(stack[:at], ID(len(cells)))
				cells = append(cells, cell{kind: Tuple, n: uint32(n), v: v})
				goto pushed
			}
		case opcode.SetItems, opcode.Appends:
			if left, ok := t.fillFresh(op, stack, cells); ok {
				stack = left
				continue
			}
		case opcode.SetItem, opcode.Append:
			if left, ok := t.fillNext(op, stack, cells); ok {
				stack = left
				continue
			}
		}

		t.op, t.start, late = op, w.OffsetOf(at), false
		w.Pos, t.stack, t.cells = pos, stack, cells
		if op == opcode.Stop {
			return t.stop()
		}
		if err := t.step(op); err != nil {
			return err
		}
		buf, pos, stack, cells = w.Buf, w.Pos, t.stack, t.cells
		if len(cells) > maxCells {
			return errkind.New(errkind.ErrUnsupported, "more than %d values", maxCells)
		}
		watch = t.checked || t.proto < 0
		continue

	pushed:
		// What was pushed can be met again, so picklers put it into the memo.
		if !watch && pos < len(buf) && opcode.Code(buf[pos]) == opcode.Memoize &&
			t.isNextPut(uint64(len(t.memo.dense))) {
			op, at = opcode.Memoize, pos
			pos++
			t.memo.count++
			t.memo.dense = append(t.memo.dense, stack[len(stack)-1])
		}
	}
}

// The numbers of cells and children that an ID and an extent can tell.
const (
	maxCells    = min(1<<32-1<<24, math.MaxInt)
	maxChildren = min(1<<32-1, math.MaxInt)
)

// stop ends the pickle with the value on top of the stack.
func (t *Tape) stop() error {
	if len(t.stack) <= t.fence {
		return t.underflow()
	}
	if err := t.w.EndFrame(); err != nil {
		return err
	}
	t.root = t.stack[len(t.stack)-1]
	const keep = 1 << 16 // IDs, while values are made
	if cap(t.stack) > keep {
		t.stack = nil
	}
	return nil
}

// share notes that a cell is met a second time.
func (t *Tape) markShared(id ID, c *cell) {
	c.flags |= flagShared
	if id < firstID {
		t.fixedShared = true
	}
	if c.kind < Str && c.kind != Value {
		return
	}
	slot := t.slots
	t.slots++
	switch {
	case c.kind == Call:
		t.calls[c.v].slot = uint32(slot) + 1
	case c.kind == Value:
		c.n = uint32(slot) + 1
	case c.kind >= Str && slot < 1<<16-1:
		c.aux = uint16(slot) + 1
	default:
		if t.farSlots == nil {
			t.farSlots = make(map[ID]uint32)
		}
		t.farSlots[id] = uint32(slot)
	}
}
