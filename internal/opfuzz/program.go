// Package opfuzz turns a fuzzer's bytes into pickles. Each byte chooses an opcode, so that
// mutations change the program rather than the encoding of arguments.
//
// It imports nothing of this module, so that every package's tests can use it.
package opfuzz

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// kind is what the generator knows about a value on the stack.
type kind byte

const (
	atom   kind = iota // hashable, no container
	name               // a str
	list               // list, dict and set can be filled by opcodes
	dict               //
	set                //
	tuple              //
	global             // a class or function
	object             // the result of a call
	mark               //
)

// program is an incomplete pickle with the stack that it would leave.
type program struct {
	out     strings.Builder
	stack   []kind
	memo    []kind // the kinds of the values in the memo
	choices []byte // the fuzzer's bytes that have not been used
	globals []string
}

// Program returns the pickle that choices stand for. Most steps are opcodes for which the stack is
// right; one in sixteen of the others is taken all the same. The names that the pickle uses are
// globals, each "module name". The pickle is at most 32 times as long as choices.
func Program(choices []byte, globals ...string) []byte {
	p := &program{choices: choices, globals: globals}
	p.emit("\x80\x05(")
	p.push(mark)
	for len(p.choices) > 0 {
		step := steps[p.n(len(steps))]
		if step.fits(p) || p.n(16) == 1 {
			step.do(p)
		} else {
			p.atom()
		}
	}
	for _, k := range p.stack {
		if k == mark {
			p.emit("t")
		}
	}
	p.emit(".")
	return []byte(p.out.String())
}

func (p *program) emit(s string) { p.out.WriteString(s) }

// n uses the next byte of choices to choose a number below limit.
func (p *program) n(limit int) int {
	if len(p.choices) == 0 {
		return 0
	}
	b := p.choices[0]
	p.choices = p.choices[1:]
	return int(b) % limit
}

func (p *program) push(k kind) { p.stack = append(p.stack, k) }

func (p *program) pop(n int) { p.stack = p.stack[:max(len(p.stack)-n, 0)] }

// at returns the kind of the i-th value below the top, or mark if there is none.
func (p *program) at(i int) kind {
	if i >= len(p.stack) {
		return mark
	}
	return p.stack[len(p.stack)-1-i]
}

// above returns the number of values above the topmost mark, or -1 without a mark.
func (p *program) above() int {
	for i := range p.stack {
		if p.at(i) == mark {
			return i
		}
	}
	return -1
}

// popMark removes the topmost mark and the values above it.
func (p *program) popMark() { p.pop(p.above() + 1) }

// length4 returns an opcode with a string as argument, which its length in 4 bytes precedes.
func length4(op, s string) string {
	return op + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func length8(op, s string) string {
	return op + string(binary.LittleEndian.AppendUint64(nil, uint64(len(s)))) + s
}

var atoms = []string{
	"N", "\x88", "\x89", "K\x00", "K\x01", "K\x02", "K\xff", "M\x00\x01", "J\xff\xff\xff\xff",
	"J\xff\xff\xff\x7f",
	"I01\n", "I00\n", "I-5\n", "I9223372036854775808\n", "L7L\n", "L-1L\n", "\x8a\x00",
	"\x8a\x01\xff", "\x8a\x02\x01\x00",
	"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", "\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01",
	length4("\x8b", "\x07\x00"),
	"F1.0\n", "Finf\n", "G\x3f\xf0\x00\x00\x00\x00\x00\x00", "G\x7f\xf8\x00\x00\x00\x00\x00\x00",
	"G\x80\x00\x00\x00\x00\x00\x00\x00", "S'a'\n", "S'\\x41\\n'\n", "U\x01a", length4("T", "ab"),
	"C\x00", "C\x01a", "C\x08\x00\x00\x00\x00\x00\x00\xf0\x3f",
	length4("B", "abcd"), length8("\x8e", "0123456789abcdef"),
}

var names = []string{
	"\x8c\x00", "\x8c\x01a", "\x8c\x01b", "\x8c\x02f8", "\x8c\x01<", "\x8c\x01|", "\x8c\x02O8",
	"\x8c\x02i4", "\x8c\x02é", "\x8c\x03\xed\xa0\x80",
	length4("X", "a"), length8("\x8d", "b"), "Va\n", "V\\u00e9\n",
}

func (p *program) atom() {
	p.emit(atoms[p.n(len(atoms))])
	p.push(atom)
}

func (p *program) name() {
	p.emit(names[p.n(len(names))])
	p.push(name)
}

func (p *program) put(form int) {
	i := len(p.memo)
	switch {
	case form == 0 || i > 255:
		p.emit("\x94")
	case form == 1:
		p.emit("q" + string([]byte{byte(i)}))
	case form == 2:
		p.emit(fmt.Sprintf("p%d\n", i))
	default:
		p.emit(string(binary.LittleEndian.AppendUint32([]byte{'r'}, uint32(i))))
	}
	p.memo = append(p.memo, p.at(0))
}

func (p *program) get(i, form int) {
	k := atom
	if i < len(p.memo) {
		k = p.memo[i]
	}
	switch {
	case form == 0:
		p.emit(fmt.Sprintf("g%d\n", i))
	case form == 1 && i < 256:
		p.emit("h" + string([]byte{byte(i)}))
	default:
		p.emit(string(binary.LittleEndian.AppendUint32([]byte{'j'}, uint32(i))))
	}
	p.push(k)
}
