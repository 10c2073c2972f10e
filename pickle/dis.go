package pickle

import (
	"bufio"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// disConfig is what DisOptions set.
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

// Disassemble writes the opcodes of the first pickle of r to w, in the text of
// Python's pickletools.dis: a line for each with its offset, its code, its name,
// indented by MARKs, and its argument as Python's repr, which leaves no control
// characters and no bidirectional overrides.
//
// As pickletools does it checks the stack's length, the MARKs and the memo, and
// what is left after STOP; what is wrong is a [*DecodeError] after the line of the
// opcode. Arguments that the [Unpickler] takes but pickletools does not (names
// that are not ASCII, hexadecimal INTs) are written. An empty input is io.EOF.
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
		d := disassembler{out: out, memo: map[any]struct{}{}, newest: -1, digits: c.limits.WithDefaults().IntDigits}
		err := d.pickle(s)
		if err == io.EOF && !first {
			break
		}
		if err != nil {
			out.Flush() // what is there of the text, before the error
			return err
		}
		first = false
	}
	return out.Flush()
}

// disassembler emulates what pickletools.dis does of a machine.
type disassembler struct {
	out    *bufio.Writer
	stack  []bool // true for a MARK
	marks  []int64
	memo   map[any]struct{}
	newest int // protocol
	digits int
	line   []byte
}

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
		if _, err := fmt.Fprintf(d.out, "highest protocol among opcodes = %d\n", d.newest); err != nil {
			return err
		}
		if n := len(d.stack); n > 0 {
			err := malformed("stack not empty after STOP: %d values", n)
			return &DecodeError{Op: info.Op, Offset: info.Offset, Err: err}
		}
		return nil
	}
}

// effect is what an opcode does to the stack: it takes all down to a MARK, if
// mark is set, and then pops; it pushes values.
type effect struct {
	mark   bool
	pops   int
	pushes int
}

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

// opcode writes the line of an opcode and follows its effect.
func (d *disassembler) opcode(info OpInfo) error {
	op := info.Op
	proto, _ := op.Protocol()
	d.newest = max(d.newest, proto)
	d.line = fmt.Appendf(d.line[:0], "%5d: %-4s ", info.Offset, opcodeCode(op))
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
		d.line = append(d.line, strings.Repeat(" ", max(10-len(op.String()), 0))...)
	}
	if info.Arg != nil {
		text, err := d.repr(info.Arg)
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
		return malformed("tries to pop %d items from stack with only %d items", e.pops, len(d.stack))
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

// takeMark takes all down to the topmost MARK off the stack, if op does.
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
	note = fmt.Sprintf("(MARK at %d)", d.marks[len(d.marks)-1])
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

// checkMemo follows the opcodes of the memo.
func (d *disassembler) checkMemo(info OpInfo) (note string, problem error) {
	key := info.Arg
	switch b := key.(type) {
	case bool:
		key = 0
		if b {
			key = 1
		}
	case *big.Int:
		key = b.String()
	}
	switch info.Op {
	case OpGet, OpBinGet, OpLongBinGet:
		if _, ok := d.memo[key]; !ok {
			problem = malformed("memo key %v has never been stored into", info.Arg)
		}
		return "", problem
	case OpMemoize:
		key = len(d.memo)
		note = fmt.Sprintf("(as %d)", key)
	case OpPut, OpBinPut, OpLongBinPut:
	default:
		return "", nil
	}
	n := len(d.stack)
	if _, there := d.memo[key]; there {
		return note, malformed("memo key %v already defined", key)
	} else if n == 0 {
		return note, malformed("stack is empty -- can't store into memo")
	} else if d.stack[n-1] {
		return note, malformed("can't store markobject in the memo")
	}
	d.memo[key] = struct{}{}
	return note, nil
}

// opcodeCode is the opcode's character as pickletools shows it.
func opcodeCode(op Opcode) string {
	if op >= 0x80 {
		return fmt.Sprintf(`\x%02x`, byte(op))
	}
	return string(rune(op))
}

// repr is Python's repr of an argument.
func (d *disassembler) repr(arg any) (string, error) {
	switch v := arg.(type) {
	case bool:
		if v {
			return "True", nil
		}
		return "False", nil
	case int:
		return fmt.Sprint(v), nil
	case *big.Int:
		// A decimal digit is at least 3 bits.
		if v.BitLen()/4 > d.digits {
			return "", &LimitError{Limit: "IntDigits", Max: int64(d.digits), Want: int64(v.BitLen()) * 10 / 33}
		}
		return v.String(), nil
	case float64:
		return floatRepr(v), nil
	case string:
		return stringRepr(v), nil
	case Py2String:
		return stringRepr(string(latin1([]byte(v)))), nil
	case []byte:
		return bytesRepr(v), nil
	case *types.ByteArray:
		return bytearrayRepr(*v), nil
	case Global:
		return stringRepr(v.Module + " " + v.Name), nil
	}
	return fmt.Sprint(arg), nil
}
