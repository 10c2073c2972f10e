package tape

import (
	"encoding/binary"

	"github.com/unpkl/unpkl/internal/opcode"
)

// A list of numbers or bools is a MARK, their opcodes, and an APPENDS, in batches of a thousand.
// Such a batch becomes one cell over the opcodes, from which a slice is filled in one loop.

// minRun is how many bytes a run has at least: what is shorter gains nothing by it.
const minRun = 64

// runKinds are the kinds of the runs that opcodes may be of, or 0.
var runKinds = [256]Kind{
	opcode.BinFloat: Floats,
	opcode.BinInt1:  Ints, opcode.BinInt2: Ints, opcode.BinInt: Ints, opcode.Long1: Ints,
	opcode.None: Consts, opcode.NewTrue: Consts, opcode.NewFalse: Consts,
}

// run1 takes a run, which begins behind the MARK that was taken, and the APPENDS behind it. Where
// what follows is not just that, it takes nothing. Nothing is looked at twice but by the opcodes
// that carry it out then: a run ends at the next MARK.
func (t *Tape) run1() error {
	w := t.w
	mark := len(t.stack)
	if mark == 0 || len(t.marks) > 1 && mark == int(t.marks[len(t.marks)-2]) {
		return nil
	}
	target := &t.cells[t.stack[mark-1]]
	if target.kind != List || t.cut != nil && !t.takesRun(mark-1) {
		return nil
	}
	kind, n, size := scanRun(w.Buf[w.Pos:])
	if size < minRun || len(t.children) == maxChildren {
		return nil
	}
	if t.checked && !t.affordsRun(n) {
		return nil
	}
	v := uint64(w.Pos)
	if !t.isSlice {
		v = uint64(len(t.runs))
		t.keepRun(w.Buf[w.Pos : w.Pos+size])
	}
	id := t.add(cell{kind: kind, n: uint32(n), v: v})
	w.Pos += size + 1
	t.op, t.start = opcode.Appends, w.Offset()-1
	t.popMark()
	target = &t.cells[t.stack[mark-1]]
	items := uint64(target.n) + uint64(n)
	if items > maxChildren {
		return malformed("more than %d items", uint64(maxChildren))
	}
	t.extend(target, []ID{id})
	target.n = uint32(items)
	target.flags |= flagRuns
	return nil
}

// keepRun copies the opcodes of a run, since the window moves on.
func (t *Tape) keepRun(b []byte) {
	if n := len(t.runs) + len(b); n > cap(t.runs) {
		size := max(t.grown(len(t.runs), len(t.w.Buf)-t.w.Pos), n)
		t.runs = append(make([]byte, 0, size), t.runs...)
	}
	t.runs = append(t.runs, b...)
}

// scanRun measures the run at the start of b: n items in size bytes, with an APPENDS behind them.
// size is 0 where b is not that, or ends before it shows.
func scanRun(b []byte) (kind Kind, n, size int) {
	at := 0
	switch kind = runKinds[b[0]]; kind {
	case Floats:
		for len(b)-at > FloatSize && opcode.Code(b[at]) == opcode.BinFloat {
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
			k := runIntSize(b[at:])
			if k == 0 || k >= len(b)-at {
				break
			}
			at += k
			n++
		}
	}
	if at == len(b) || opcode.Code(b[at]) != opcode.Appends {
		return kind, 0, 0
	}
	return kind, n, at
}

// runIntSize returns the length of the opcode of an int at the start of b and its argument, or 0
// where there is another opcode, or an int of more than 8 bytes. b has at least 2 bytes.
func runIntSize(b []byte) int {
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
