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
// Invariant: fence is the last of marks, or 0 if there is none. Nothing below it can be popped.
type pass struct {
	w      *window.Window
	host   Host
	limits Limits

	rawStr, callsAsArgs, anyArgs bool // as in Options

	isSlice bool // the input is a slice
	checked bool // limits.Objects or limits.ValueBytes is set, so that check counts each opcode

	usage        Usage
	allowedBytes int64 // total of usage.ValueBytes up to which limits.ValueBytes is not called
	stack        []ID
	marks        []uint32 // lengths of the stack at the MARKs
	fence        int

	op       opcode.Code // the current opcode
	start    int64       // offset in bytes of op
	begin    int64       // offset in bytes of the pickle
	end      int64       // offset in bytes of the end of the input, or -1 if that is not known
	askedEnd bool        // end was determined

	proto  int // argument of PROTO, or -1 before there was one
	newest int // highest protocol among the opcodes before PROTO

	lateEntries map[ID]*lateEntries // see noteLateEntries

	partial     *partialPass // nil if all of the pickle is wanted
	pathLen     int          // number of steps of the path
	batchDepth  int          // number of MARKs on the stack up to which batches are tracked
	oldestBatch ID           // cells below it may be older than a batch that has begun
	rollbacks   int          // number of dropped batches
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

// Read runs the opcodes of the next pickle of w, including its STOP. Its error is an [*Error]. The
// earlier content of the tape is lost unless opts.KeepMemo is set.
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
	t.startPartial(opts.Path)
	if err := t.run(); err != nil {
		return t.fail(err)
	}
	return nil
}

// reserve makes room for the first cells of an input of n bytes. It makes room for few, since the
// whole input may be one array; growCap then estimates from what was read.
func (t *Tape) reserve(n int) {
	const bytesPerCell, maxReserved = 8, 1 << 12
	if cells := min(n/bytesPerCell, maxReserved); cap(t.cells) < cells {
		t.cells = append(make([]cell, 0, cells+int(firstID)), t.cells...)
		t.children = append(make([]ID, 0, cells/2), t.children...)
	}
}

// fewElements is the length up to which growing a slice by doubling costs little.
const fewElements = 1 << 10

// growCap returns the new capacity for a full slice of n elements. For a long slice it estimates
// the final length, on the assumption that the rest of the input is like what was read, since
// growing by doubling would take most of the time of a pass. If the length of the input is not
// known, it doubles. left is the number of unread bytes in the window.
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
		return n + n/4 // a host makes cells, or the file has grown since
	}
	estimate := float64(rest) / float64(max(at-t.begin, 1)) * float64(n)
	const maxFactor = 64 // the rest may be unlike what was read
	more := min(maxFactor*int64(n), int64(estimate*1.05)+fewElements)
	return n + int(min(rest+1, max(int64(n), more)))
}

// inputEnd returns the offset in bytes of the end of the input, if it can be known.
func (t *Tape) inputEnd() (end int64, known bool) {
	if !t.askedEnd {
		t.askedEnd, t.end = true, -1
		if rest, known := t.w.Remaining(); known {
			t.end = t.w.Offset() + rest
		}
	}
	return t.end, t.end >= 0
}

// room returns cells with room for another one. It grows the memo at the same time, since the memo
// grows about as fast as the cells.
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

// roomIDs returns ids with room for another one.
func (t *Tape) roomIDs(ids []ID, left int) []ID {
	if len(ids) < cap(ids) {
		return ids
	}
	return append(make([]ID, 0, t.growCap(len(ids), left)), ids...)
}

// Op returns the current opcode and the offset of its first byte.
func (t *Tape) Op() (opcode.Code, int64) { return t.op, t.start }

// Protocol returns the argument of PROTO, or without PROTO the highest protocol among the opcodes
// so far.
func (t *Tape) Protocol() int {
	if t.proto < 0 {
		return t.newest
	}
	return t.proto
}

// fail returns err as an Error of the current opcode.
func (t *Tape) fail(err error) error {
	var inner *Error
	if errors.As(err, &inner) {
		return err // the error of a nested pickle, with an offset of its own
	}
	return &Error{Op: t.op, Offset: t.start, Err: err}
}

// underflow returns the error for a pop below the fence.
func (t *Tape) underflow() error {
	if len(t.marks) > 0 {
		return errMark
	}
	return errUnderflow
}

// prepare brings the next opcode and the fixed part of its argument into the window.
func (t *Tape) prepare() error {
	op, at, err := t.w.PeekOpcode()
	if err != nil && at == t.w.Offset() && len(t.w.Buf) > t.w.Pos {
		t.op, t.start = op, at
	}
	return err
}

// check notes the protocol of an opcode and counts it against the limits. It is called for each
// opcode only if there was no PROTO or such limits are set.
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

// countRun counts n values of a run against the limits. It returns false and counts nothing if that
// exceeds a limit: then the opcodes are carried out one by one, and the one that exceeds it fails.
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

// The approximate memory in bytes of a value, including its places on the stack and in a container.
const (
	bytesOfAny       = 16
	bytesOfContainer = 64
	bytesOfCall      = 128
)

// valueBytes returns the approximate memory in bytes of what an opcode makes.
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

// SetUsage sets the usage of the limits, after nested pickles have used some.
func (t *Tape) SetUsage(u Usage) { t.usage = u }

// Usage returns the usage of the limits.
func (t *Tape) Usage() Usage { return t.usage }

// isNextPut reports whether a PUT at index i appends to the memo, as picklers write it.
func (t *Tape) isNextPut(i uint64) bool {
	return i == uint64(len(t.memo.dense)) && t.memo.count == len(t.memo.dense) &&
		int64(i) < t.limits.Memo
}

// run carries out the opcodes up to STOP. It handles the frequent ones itself, on local copies of
// the window, the stack and the cells, and leaves the others to step.
func (t *Tape) run() error {
	w := t.w
	buf, pos := w.Buf, w.Pos
	stack, cells := t.stack, t.cells
	checkAll := true
	// The current opcode op begins at buf[at]. stale says that t.op and t.start are not set to it
	// yet, which is done only where something may need them.
	var op opcode.Code
	var at int
	stale := false
	digits := min(lineDigits, t.limits.IntDigits)
	for {
		if len(buf)-pos < opcode.MaxFixed {
			if stale {
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
		at, op, stale = pos, opcode.Code(buf[pos]), true
		pos++
		if checkAll {
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
					t.op, t.start, stale = op, w.OffsetOf(at), false
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

		t.op, t.start, stale = op, w.OffsetOf(at), false
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
		checkAll = t.checked || t.proto < 0
		continue

	pushed:
		// Picklers put such a value into the memo, since they may refer to it again.
		if !checkAll && pos < len(buf) && opcode.Code(buf[pos]) == opcode.Memoize &&
			t.isNextPut(uint64(len(t.memo.dense))) {
			op, at = opcode.Memoize, pos
			pos++
			t.memo.count++
			t.memo.dense = append(t.memo.dense, stack[len(stack)-1])
		}
	}
}

// The greatest numbers of cells and children that an ID and an extent can count.
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
	const keep = 1 << 16 // IDs; a larger stack is freed before values are made
	if cap(t.stack) > keep {
		t.stack = nil
	}
	return nil
}

// markShared marks a cell to which the pickle refers a second time, and gives it a slot if its kind
// has slots.
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
