package tape

import (
	"encoding/binary"
	"math"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/opcode"
)

// step carries out an opcode that run does not handle.
func (t *Tape) step(op opcode.Code) error {
	switch op {
	case opcode.Proto:
		return t.loadProto()
	case opcode.Frame:
		b, err := t.w.Take(8)
		if err != nil {
			return err
		}
		return t.w.EnterFrame(binary.LittleEndian.Uint64(b))

	case opcode.Int, opcode.Long, opcode.Float, opcode.String, opcode.Unicode:
		return t.loadLine(op)
	case opcode.Long1, opcode.Long4:
		return t.loadLong(op)
	case opcode.ShortBinUnicode, opcode.BinUnicode, opcode.BinUnicode8:
		return t.loadStr(op)
	case opcode.BinString, opcode.ShortBinString:
		return t.loadPy2Str(op)
	case opcode.ShortBinBytes, opcode.BinBytes, opcode.BinBytes8, opcode.ByteArray8:
		return t.loadBytes(op)

	case opcode.Append:
		return t.loadAppends(len(t.stack) - 1)
	case opcode.SetItem:
		return t.loadSetItems(len(t.stack) - 2)
	case opcode.Appends, opcode.SetItems, opcode.AddItems, opcode.List, opcode.Tuple, opcode.Dict,
		opcode.FrozenSet, opcode.PopMark, opcode.Obj, opcode.Inst:
		return t.loadMarked(op)
	case opcode.EmptySet:
		t.push(cell{kind: Set})
		return nil
	case opcode.Tuple1, opcode.Tuple2, opcode.Tuple3:
		return t.underflow()
	case opcode.Pop:
		return t.loadPop()
	case opcode.Dup:
		return t.loadDup()

	case opcode.Get, opcode.BinGet, opcode.LongBinGet:
		return t.loadGet(op)
	case opcode.Put, opcode.BinPut, opcode.LongBinPut, opcode.Memoize:
		return t.loadPut(op)
	}
	return t.loadObject(op)
}

// add appends a cell.
func (t *Tape) add(c cell) ID {
	id := ID(len(t.cells))
	t.cells = append(t.cells, c)
	return id
}

func (t *Tape) push(c cell) { t.stack = append(t.stack, t.add(c)) }

// pop removes and returns the top of the stack.
func (t *Tape) pop() (ID, error) {
	n := len(t.stack) - 1
	if n < t.fence {
		return 0, t.underflow()
	}
	id := t.stack[n]
	t.stack = t.stack[:n]
	return id, nil
}

// top returns the top of the stack.
func (t *Tape) top() (ID, error) {
	n := len(t.stack) - 1
	if n < t.fence {
		return 0, t.underflow()
	}
	return t.stack[n], nil
}

// popMark removes the topmost MARK and returns the length that the stack had there.
func (t *Tape) popMark() (int, bool) {
	n := len(t.marks)
	if n == 0 {
		return 0, false
	}
	mark := int(t.marks[n-1])
	t.marks = t.marks[:n-1]
	t.fence = 0
	if n > 1 {
		t.fence = int(t.marks[n-2])
	}
	return mark, true
}

func (t *Tape) loadProto() error {
	b, err := t.w.Take(1)
	if err != nil {
		return err
	}
	if b[0] > opcode.Highest {
		return malformed("protocol %d", b[0])
	}
	t.proto = int(b[0])
	return nil
}

func (t *Tape) loadPop() error {
	n := len(t.stack)
	if k := len(t.marks); k > 0 && int(t.marks[k-1]) == n {
		t.popMark()
		return nil
	}
	id, err := t.pop()
	if err != nil {
		return err
	}
	return t.noteDropped(id)
}

func (t *Tape) loadDup() error {
	id, err := t.top()
	if err != nil {
		return err
	}
	if c := &t.cells[id]; c.flags&flagShared == 0 {
		t.markShared(id, c)
	}
	t.stack = append(t.stack, id)
	return nil
}

var errNoArgument = malformed("the argument is empty")

// memoIndex returns the memo index in the argument of a GET, PUT or MEMOIZE.
func (t *Tape) memoIndex(op opcode.Code) (uint64, error) {
	switch op {
	case opcode.BinGet, opcode.BinPut, opcode.LongBinGet, opcode.LongBinPut:
		return t.readUint(op)
	case opcode.Memoize:
		return uint64(t.memo.count), nil
	}
	line, err := t.w.Line()
	if err != nil {
		return 0, err
	}
	if len(line) == 0 {
		return 0, errNoArgument
	}
	i, large, err := opcode.ParseInt(opcode.CString(line), 10, t.limits.IntDigits)
	if err != nil {
		return 0, err
	}
	if large != nil || i < 0 || i > math.MaxInt {
		return 0, malformed("memo index %s", opcode.Quote(line))
	}
	return uint64(i), nil
}

func (t *Tape) loadGet(op opcode.Code) error {
	i, err := t.memoIndex(op)
	if err != nil {
		return err
	}
	id, ok := t.memo.get(i)
	if !ok {
		return malformed("nothing in the memo at %d", i)
	}
	if c := &t.cells[id]; c.flags&flagShared == 0 {
		t.markShared(id, c)
	}
	t.stack = append(t.stack, id)
	return nil
}

func (t *Tape) loadPut(op opcode.Code) error {
	i, err := t.memoIndex(op)
	if err != nil {
		return err
	}
	id, err := t.top()
	if err != nil {
		return err
	}
	if limit := t.limits.Memo; int64(t.memo.count) >= limit {
		if _, there := t.memo.get(i); !there {
			return &errkind.LimitError{Limit: "Memo", Max: limit, Want: int64(t.memo.count) + 1}
		}
	}
	t.memo.put(i, id)
	return nil
}
