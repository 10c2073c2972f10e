package tape

import (
	"encoding/binary"

	"github.com/unpkl/unpkl/internal/opcode"
)

// Picklers write a list of numbers or bools in batches of a thousand: a MARK, the opcodes of the
// items, and an APPENDS. Such a batch becomes one cell that refers to the opcodes, from which a Go
// slice is filled in one loop. The batch is called a run.

const (
	minRunBytes     = 64 // a shorter run saves no time
	maxRunItemBytes = 10 // the longest opcode of a run, a LONG1 of 8 bytes
	// maxRunLookahead is the number of bytes up to which a reader's window is filled to find the
	// end of a run.
	maxRunLookahead = 1 << 20
)

// runKinds maps an opcode to the kind of the run to which it may belong, or to 0.
var runKinds = [256]Kind{
	opcode.BinFloat: Floats,
	opcode.BinInt1:  Ints, opcode.BinInt2: Ints, opcode.BinInt: Ints, opcode.Long1: Ints,
	opcode.None: Consts, opcode.NewTrue: Consts, opcode.NewFalse: Consts,
}

// run is the number of consecutive items and the length of their opcodes in bytes.
type run struct{ items, size int }

// loadRun reads the run that begins behind the MARK just read, and the APPENDS behind it. If
// anything else follows the MARK, it reads nothing. No byte is scanned twice this way, since a run
// has no MARK in it.
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
	first, second, twoFrames := t.findRun(kind)
	if first.size+second.size < minRunBytes || len(t.children) >= maxChildren-1 {
		return nil
	}
	if t.checked && !t.countRun(first.items+second.items) {
		return nil
	}
	if err := t.takeRun(list, kind, first); err != nil {
		return err
	}
	if twoFrames {
		if err := t.enterFrame(); err != nil {
			return err
		}
		if err := t.takeRun(list, kind, second); err != nil {
			return err
		}
	}
	t.op, t.start = opcode.Appends, w.Offset()
	w.Pos++
	t.popMark()
	return nil
}

// findRun looks for a run of a kind at the beginning of the window with an APPENDS behind it.
// Picklers end a frame that is long enough, which may be inside a run: then twoFrames is true, and
// second is the rest of the run, in the next frame. If there is no run, first and second are empty.
func (t *Tape) findRun(kind Kind) (first, second run, twoFrames bool) {
	w := t.w
	b := w.Buf[w.Pos:]
	short := first.scan(kind, b)
	for short && len(b) < maxRunLookahead && w.Lookahead(len(b)+1) {
		b = w.Buf[w.Pos:]
		short = first.scan(kind, b)
	}
	if short && first.size == len(b) {
		twoFrames = true
		b = w.NextFrame(len(b))
		short = second.scan(kind, b)
	} else {
		b = b[first.size:]
	}
	if b = b[second.size:]; short || opcode.Code(b[0]) != opcode.Appends {
		return run{}, run{}, false
	}
	return first, second, twoFrames
}

// takeRun appends the run at the beginning of the window to a list.
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

// enterFrame carries out the FRAME behind the current frame.
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

// keepRun copies the opcodes of a run, since the window of a reader moves on.
func (t *Tape) keepRun(b []byte) {
	if n := len(t.runs) + len(b); n > cap(t.runs) {
		size := max(t.growCap(len(t.runs), len(t.w.Buf)-t.w.Pos), n)
		t.runs = append(make([]byte, 0, size), t.runs...)
	}
	t.runs = append(t.runs, b...)
}

// scan extends r over a run of a kind; b begins where the run does. short reports whether b ends
// before the end of the run is certain.
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

// runIntBytes returns the length of the opcode at the start of b with its argument, or 0 if it is
// not the opcode of an int of at most 8 bytes. b has at least 2 bytes.
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

// NextInt returns the first int of a run of [Ints] and the length of its opcode with the argument,
// in bytes.
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

// Const returns the cell of the value that an opcode in a run of [Consts] stands for.
func Const(op byte) ID {
	switch opcode.Code(op) {
	case opcode.NewTrue:
		return IDTrue
	case opcode.NewFalse:
		return IDFalse
	}
	return IDNone
}

// FloatSize is the length in bytes of each item in a run of [Floats]: an opcode and 8 bytes in big
// endian.
const FloatSize = 9
