package tape

import (
	"encoding/binary"

	"github.com/unpkl/unpkl/internal/opcode"
)

// A list of numbers or bools is a MARK, their opcodes, and an APPENDS, in batches of a thousand.
// Such a batch becomes one cell over the opcodes, from which a slice is filled in one loop.

const (
	minRunBytes     = 64 // bytes of a run at least: what is shorter gains nothing by it
	maxRunItemBytes = 10 // bytes of the longest opcode of a run, a LONG1
	// maxRunAhead is how much of a run, in bytes, is brought into the window of a reader to see
	// where it ends.
	maxRunLookahead = 1 << 20
)

// runKinds are the kinds of the runs that opcodes may be of, or 0.
var runKinds = [256]Kind{
	opcode.BinFloat: Floats,
	opcode.BinInt1:  Ints, opcode.BinInt2: Ints, opcode.BinInt: Ints, opcode.Long1: Ints,
	opcode.None: Consts, opcode.NewTrue: Consts, opcode.NewFalse: Consts,
}

// run is a number of items that follow each other, and how long their opcodes are in bytes.
type run struct{ items, size int }

// run1 takes a run, which begins behind the MARK that was taken, and the APPENDS behind it. Where
// what follows is not just that, it takes nothing. Nothing is looked at twice but by the opcodes
// that carry it out then: a run ends at the next MARK.
func (t *Tape) loadRun() error {
	w := t.w
	mark := len(t.stack)
	if mark == 0 || len(t.marks) > 1 && mark == int(t.marks[len(t.marks)-2]) {
		return nil
	}
	list := t.stack[mark-1]
	if t.cells[list].kind != List || t.partial != nil && !t.acceptsRun(mark-1) {
		return nil
	}
	kind := runKinds[w.Buf[w.Pos]]
	first, behind, inFrames := t.findRun(kind)
	if first.size+behind.size < minRunBytes || len(t.children) >= maxChildren-1 {
		return nil
	}
	if t.checked && !t.countRun(first.items+behind.items) {
		return nil
	}
	if err := t.takeRun(list, kind, first); err != nil {
		return err
	}
	if inFrames {
		if err := t.enterFrame(); err != nil {
			return err
		}
		if err := t.takeRun(list, kind, behind); err != nil {
			return err
		}
	}
	t.op, t.start = opcode.Appends, w.Offset()
	w.Pos++
	t.popMark()
	return nil
}

// findRun looks for a run of a kind at the beginning of the window, with an APPENDS behind it.
// Picklers end a frame where it is long enough, which may be inside a run: then inFrames is true,
// and the run behind is in the next frame. Where there is no such run, both are empty.
func (t *Tape) findRun(kind Kind) (first, behind run, inFrames bool) {
	w := t.w
	b := w.Buf[w.Pos:]
	short := first.scan(kind, b)
	for short && len(b) < maxRunLookahead && w.Ahead(len(b)+1) {
		b = w.Buf[w.Pos:]
		short = first.scan(kind, b)
	}
	if short && first.size == len(b) {
		inFrames = true
		b = w.NextFrame(len(b))
		short = behind.scan(kind, b)
	} else {
		b = b[first.size:]
	}
	if b = b[behind.size:]; short || opcode.Code(b[0]) != opcode.Appends {
		return run{}, run{}, false
	}
	return first, behind, inFrames
}

// takeRun appends a run, which begins the window, to a list.
func (t *Tape) takeRun(list ID, kind Kind, r run) error {
	if r.items == 0 {
		return nil
	}
	w := t.w
	v := uint64(w.Pos)
	if !t.isSlice {
		v = uint64(len(t.runs))
		t.keepRun(w.Buf[w.Pos : w.Pos+r.size])
	}
	w.Pos += r.size
	id := t.add(cell{kind: kind, n: uint32(r.items), v: v})
	target := &t.cells[list]
	items := uint64(target.n) + uint64(r.items)
	if items > maxChildren {
		return malformed("more than %d items", uint64(maxChildren))
	}
	t.addExtent(target, []ID{id})
	target.n = uint32(items)
	target.flags |= flagRuns
	t.runItems += r.items
	return nil
}

// enterFrame carries out a FRAME at the end of the frame before it.
func (t *Tape) enterFrame() error {
	if err := t.prepare(); err != nil {
		return err
	}
	t.op, t.start = opcode.Frame, t.w.Offset()
	t.w.Pos++
	if err := t.check(t.op); err != nil {
		return err
	}
	return t.step(t.op)
}

// keepRun copies the opcodes of a run, since the window moves on.
func (t *Tape) keepRun(b []byte) {
	if n := len(t.runs) + len(b); n > cap(t.runs) {
		size := max(t.growCap(len(t.runs), len(t.w.Buf)-t.w.Pos), n)
		t.runs = append(make([]byte, 0, size), t.runs...)
	}
	t.runs = append(t.runs, b...)
}

// scan goes on with a run of a kind behind what r has of it, in bytes that begin where it does. It
// reports whether they end before the run can be seen to.
func (r *run) scan(kind Kind, b []byte) (short bool) {
	at, n := r.size, r.items
	switch kind {
	case Floats:
		for len(b)-at >= FloatSize && opcode.Code(b[at]) == opcode.BinFloat {
			at += FloatSize
			n++
		}
	case Consts:
		for at < len(b) && runKinds[b[at]] == Consts {
			at++
		}
		n = at
	default:
		for len(b)-at >= 2 {
			k := runIntBytes(b[at:])
			if k == 0 || k > len(b)-at {
				break
			}
			at += k
			n++
		}
	}
	r.size, r.items = at, n
	return at == len(b) || len(b)-at < maxRunItemBytes && runKinds[b[at]] == kind
}

// runIntSize returns the length of the opcode of an int at the start of b and its argument, or 0
// where there is another opcode, or an int of more than 8 bytes. b has at least 2 bytes.
func runIntBytes(b []byte) int {
	switch opcode.Code(b[0]) {
	case opcode.BinInt1:
		return 2
	case opcode.BinInt2:
		return 3
	case opcode.BinInt:
		return 5
	case opcode.Long1:
		if n := int(b[1]); n <= 8 {
			return 2 + n
		}
	}
	return 0
}

// NextInt returns the first int of a run of [Ints] and its length in bytes.
func NextInt(b []byte) (i int64, size int) {
	switch opcode.Code(b[0]) {
	case opcode.BinInt1:
		return int64(b[1]), 2
	case opcode.BinInt2:
		return int64(binary.LittleEndian.Uint16(b[1:])), 3
	case opcode.BinInt:
		return int64(int32(binary.LittleEndian.Uint32(b[1:]))), 5
	}
	n := int(b[1])
	if len(b) >= 2+8 {
		return opcode.ShortLong(b[2:], n), 2 + n
	}
	i, _ = opcode.DecodeLong(b[2 : 2+n])
	return i, 2 + n
}

// Const returns the cell of the value that an opcode of a run of [Consts] is.
func Const(op byte) ID {
	switch opcode.Code(op) {
	case opcode.NewTrue:
		return IDTrue
	case opcode.NewFalse:
		return IDFalse
	}
	return IDNone
}

// FloatSize is the length in bytes of each item of a run of [Floats]: an opcode and 8 bytes,
// big-endian.
const FloatSize = 9
