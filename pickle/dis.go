package pickle

import (
	"bufio"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"sync"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/opcode"
)

// disConfig has the settings of DisOptions.
type disConfig struct {
	all    bool
	limits Limits
}

// DisOption is an option of [Disassemble].
type DisOption func(*disConfig)

// DisAll disassembles every pickle of the input instead of the first.
func DisAll() DisOption { return func(c *disConfig) { c.all = true } }

// DisLimits sets limits other than the defaults.
func DisLimits(l Limits) DisOption { return func(c *disConfig) { c.limits = l } }

// Disassemble writes the opcodes of the first pickle of r to w, in the format of Python's
// pickletools.dis: a line for each opcode with its offset, its code, its name, which is indented by
// the number of MARKs on the stack, and the repr of its argument. The repr has no control
// characters and no bidirectional overrides.
//
// Disassemble checks the length of the stack, the MARKs, the memo, and that the stack is empty
// after STOP, as pickletools does. An error is a [*DecodeError], and is returned after the line of
// the opcode was written. Arguments that the [Unpickler] accepts and pickletools does not (names
// that are not ASCII, hexadecimal INTs) are no errors. The error for an empty input is io.EOF.
func Disassemble(w io.Writer, r io.Reader, opts ...DisOption) error {
	var c disConfig
	for _, o := range opts {
		o(&c)
	}
	s := NewScanner(r)
	s.Limits = c.limits
	out := bufio.NewWriter(w)
	first := true
	for first || c.all {
		d := disassembler{out: out, newest: -1, digits: c.limits.WithDefaults().IntDigits}
		err := d.pickle(s)
		if err == io.EOF && !first {
			break
		}
		if err != nil {
			out.Flush() // the text before the error
			return err
		}
		first = false
	}
	return out.Flush()
}

// disassembler disassembles one pickle. It keeps track of the stack and the memo as pickletools.dis
// does.
type disassembler struct {
	out    *bufio.Writer
	stack  []bool  // true for a MARK, false for a value
	marks  []int64 // offsets in bytes of the MARKs
	memo   disMemo
	newest int    // highest protocol of the opcodes so far
	digits int    // limit on the decimal digits of an int
	line   []byte // memory for a line
}

// pickle writes the lines of one pickle.
func (d *disassembler) pickle(s *Scanner) error {
	for {
		info, err := s.Next()
		if err != nil {
			return err
		}
		if err := d.opcode(info); err != nil {
			return &DecodeError{Op: info.Op, Offset: info.Offset, Err: err}
		}
		if info.Op != OpStop {
			continue
		}
		if _, err := fmt.Fprintf(d.out, "highest protocol among opcodes = %d\n",
			d.newest); err != nil {
			return err
		}
		if n := len(d.stack); n > 0 {
			err := malformed("stack not empty after STOP: %d values", n)
			return &DecodeError{Op: info.Op, Offset: info.Offset, Err: err}
		}
		return nil
	}
}

// effect is the effect of an opcode on the stack.
type effect struct {
	mark   bool // it first pops all values down to the topmost MARK, and the MARK
	pops   int  // number of values that it then pops
	pushes int  // number of values that it pushes
}

// effectOf returns the effect of an opcode.
func effectOf(op Opcode) effect {
	switch op {
	case OpReadonlyBuffer, OpTuple1, OpMemoize, OpBinPersID:
		return effect{false, 1, 1}
	case OpAppend, OpTuple2, OpStackGlobal, OpReduce, OpBuild, OpNewObj:
		return effect{false, 2, 1}
	case OpTuple3, OpSetItem, OpNewObjEx:
		return effect{false, 3, 1}
	case OpAppends, OpSetItems, OpAddItems:
		return effect{true, 1, 1}
	case OpList, OpTuple, OpDict, OpFrozenSet, OpInst, OpObj:
		return effect{true, 0, 1}
	case OpPopMark:
		return effect{true, 0, 0}
	case OpPop, OpStop:
		return effect{false, 1, 0}
	case OpDup:
		return effect{false, 1, 2}
	case OpPut, OpBinPut, OpLongBinPut, OpProto, OpFrame:
		return effect{}
	}
	return effect{false, 0, 1}
}

// opcode writes the line of an opcode and carries out its effect.
func (d *disassembler) opcode(info OpInfo) error {
	op := info.Op
	proto, _ := op.Protocol()
	d.newest = max(d.newest, proto)
	d.line = append(appendOffset(d.line[:0], info.Offset), opcodeCodes()[op]...)
	for range d.marks {
		d.line = append(d.line, "    "...)
	}
	d.line = append(d.line, op.String()...)

	e := effectOf(op)
	note, problem := d.takeMark(op, &e)
	if memoNote, memoProblem := d.checkMemo(info); memoNote != "" || memoProblem != nil {
		if memoNote != "" {
			note = memoNote
		}
		problem = memoProblem
	}
	if info.Arg != nil || note != "" {
		for range 10 - len(op.String()) {
			d.line = append(d.line, ' ')
		}
	}
	switch arg := info.Arg.(type) {
	case nil:
	case int:
		d.line = strconv.AppendInt(append(d.line, ' '), int64(arg), 10)
	default:
		text, err := d.repr(arg)
		if err != nil {
			return err
		}
		d.line = append(append(d.line, ' '), text...)
	}
	if note != "" {
		d.line = append(append(d.line, ' '), note...)
	}
	if _, err := d.out.Write(append(d.line, '\n')); err != nil {
		return err
	}
	if problem != nil {
		return problem
	}
	if len(d.stack) < e.pops {
		return malformed("tries to pop %d items from stack with only %d items", e.pops,
			len(d.stack))
	}
	d.stack = d.stack[:len(d.stack)-e.pops]
	for range e.pushes {
		d.stack = append(d.stack, op == OpMark)
	}
	if op == OpMark {
		d.marks = append(d.marks, info.Offset)
	}
	return nil
}

// takeMark pops all values down to the topmost MARK and the MARK, if op does that. note is the text
// of pickletools for the line.
func (d *disassembler) takeMark(op Opcode, e *effect) (note string, problem error) {
	n := len(d.stack)
	popsMark := op == OpPop && n > 0 && d.stack[n-1]
	if !e.mark && !popsMark {
		return "", nil
	}
	if len(d.marks) == 0 {
		const text = "no MARK exists on stack"
		return text, malformed(text)
	}
	note = "(MARK at " + strconv.FormatInt(d.marks[len(d.marks)-1], 10) + ")"
	d.marks = d.marks[:len(d.marks)-1]
	for n > 0 && !d.stack[n-1] {
		n--
	}
	if n == 0 {
		return note, malformed("the MARK was popped as a value")
	}
	d.stack = d.stack[:n-1]
	if popsMark {
		e.pops = 0
	}
	return note, nil
}

// checkMemo carries out an opcode of the memo. note is the text of pickletools for the line.
func (d *disassembler) checkMemo(info OpInfo) (note string, problem error) {
	var key any
	switch info.Op {
	case OpGet, OpBinGet, OpLongBinGet:
		if !d.memo.has(memoKey(info.Arg)) {
			problem = malformed("memo key %v has never been stored into", info.Arg)
		}
		return "", problem
	case OpMemoize:
		n := d.memo.len()
		key, note = n, "(as "+strconv.Itoa(n)+")"
	case OpPut, OpBinPut, OpLongBinPut:
		key = memoKey(info.Arg)
	default:
		return "", nil
	}
	n := len(d.stack)
	if d.memo.has(key) {
		return note, malformed("memo key %v already defined", key)
	} else if n == 0 {
		return note, malformed("stack is empty -- can't store into memo")
	} else if d.stack[n-1] {
		return note, malformed("can't store markobject in the memo")
	}
	d.memo.add(key)
	return note, nil
}

// memoKey returns the argument of an opcode of the memo as a Go map key.
func memoKey(arg any) any {
	switch b := arg.(type) {
	case bool:
		if b {
			return 1
		}
		return 0
	case *big.Int:
		return b.String()
	}
	return arg
}

// disMemo is the set of memo keys that have values: those from 0 to dense-1, and those in sparse.
type disMemo struct {
	dense  int
	sparse map[any]struct{}
}

func (m *disMemo) len() int { return m.dense + len(m.sparse) }

func (m *disMemo) has(key any) bool {
	if i, ok := key.(int); ok && i >= 0 && i < m.dense {
		return true
	}
	_, ok := m.sparse[key]
	return ok
}

func (m *disMemo) add(key any) {
	if key == m.dense {
		m.dense++
		return
	}
	if m.sparse == nil {
		m.sparse = make(map[any]struct{})
	}
	m.sparse[key] = struct{}{}
}

// appendOffset appends the beginning of a line, which has the offset of the opcode.
func appendOffset(line []byte, offset int64) []byte {
	for limit := int64(10_000); offset < limit && limit > 1; limit /= 10 {
		line = append(line, ' ')
	}
	return append(strconv.AppendInt(line, offset, 10), ": "...)
}

// opcodeCodes returns the characters of the opcodes as pickletools shows them.
var opcodeCodes = sync.OnceValue(func() *[256]string {
	var codes [256]string
	for op := range codes {
		code := string(rune(op))
		if op >= 0x80 {
			code = fmt.Sprintf(`\x%02x`, op)
		}
		codes[op] = fmt.Sprintf("%-4s ", code)
	}
	return &codes
})

// repr returns Python's repr of an argument.
func (d *disassembler) repr(arg any) (string, error) {
	switch v := arg.(type) {
	case bool:
		if v {
			return "True", nil
		}
		return "False", nil
	case *big.Int:
		// A decimal digit takes more than 3 bits.
		if v.BitLen()/4 > d.digits {
			return "", &LimitError{Limit: "IntDigits", Max: int64(d.digits),
				Want: int64(v.BitLen()) * 10 / 33}
		}
		return v.String(), nil
	case float64:
		return floatRepr(v), nil
	case string:
		return stringRepr(v), nil
	case Py2String:
		return stringRepr(string(opcode.Latin1([]byte(v)))), nil
	case []byte:
		return bytesRepr(v), nil
	case *types.ByteArray:
		return bytearrayRepr(*v), nil
	case Global:
		return stringRepr(v.Module + " " + v.Name), nil
	}
	return fmt.Sprint(arg), nil
}
