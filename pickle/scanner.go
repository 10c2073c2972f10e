package pickle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"math"
)

// OpInfo is one opcode of a pickle.
type OpInfo struct {
	// Op is the opcode and Offset the position of its first byte, in bytes from the
	// start of the input.
	Op     Opcode
	Offset int64
	// Size is the length of opcode and argument in bytes.
	Size int64
	// Arg is the opcode's own argument, as pickletools decodes it, or nil for
	// an opcode without one: an int or *big.Int (a bool for INT's 00 and 01), a
	// float64, a string for text, a [Py2String] for a Python 2 str, a []byte, a
	// *types.ByteArray, a [Global] for GLOBAL and INST. A []byte may alias the
	// input; it must not be changed.
	Arg any
}

// Scanner reads the opcodes of pickles, one after another, and builds nothing:
// what an audit and a disassembler stand on. It checks arguments, but neither the stack
// nor frames. It is not safe for concurrent use.
type Scanner struct {
	// Limits bound what an input may cost. They are to be set before the first
	// Next.
	Limits Limits

	m       machine
	u       Unpickler
	started bool
	inside  bool // a pickle
}

// NewScanner returns a Scanner that reads from r, in blocks.
func NewScanner(r io.Reader) *Scanner {
	s := new(Scanner)
	s.u.w = newWindow(r)
	return s
}

// NewScannerBytes returns a Scanner of data, which must not change meanwhile.
func NewScannerBytes(data []byte) *Scanner {
	s := new(Scanner)
	s.u.w = window{all: data, frameEnd: -1}
	s.u.w.cut()
	return s
}

// Ops returns the opcodes of one pickle, up to and with its STOP. An error, a
// [*DecodeError] or io.EOF for an empty input, ends them.
func Ops(r io.Reader) iter.Seq2[OpInfo, error] { return NewScanner(r).onePickle }

// OpsBytes is [Ops] for a slice.
func OpsBytes(data []byte) iter.Seq2[OpInfo, error] { return NewScannerBytes(data).onePickle }

func (s *Scanner) onePickle(yield func(OpInfo, error) bool) {
	for {
		info, err := s.Next()
		if !yield(info, err) || err != nil || info.Op == OpStop {
			return
		}
	}
}

// InputOffset returns the number of bytes consumed.
func (s *Scanner) InputOffset() int64 { return s.u.w.offset() }

// Next returns the next opcode. Behind a STOP begins the next pickle; if
// there is none, the error is io.EOF.
func (s *Scanner) Next() (OpInfo, error) {
	if !s.started {
		s.started = true
		s.u.limits = s.Limits.WithDefaults()
		s.u.w.limit = s.u.limits.InputBytes
		s.u.w.shared = s.u.w.r == nil
		s.u.Encoding = EncodingKeep
		s.m = machine{u: &s.u, w: &s.u.w, slabs: &s.u.slabs}
	}
	w := &s.u.w
	if !s.inside {
		if err := w.begin(); err != nil {
			if errors.Is(err, io.EOF) {
				return OpInfo{}, io.EOF
			}
			return OpInfo{}, &DecodeError{Offset: w.offset(), Err: err}
		}
		s.inside = true
	}
	if err := s.m.prepare(); err != nil {
		return OpInfo{}, s.m.fail(err)
	}
	op := Opcode(w.buf[w.pos])
	s.m.op, s.m.start = op, w.offset()
	w.pos++
	arg, err := s.argument(op)
	if err != nil {
		return OpInfo{}, s.m.fail(err)
	}
	if op == OpStop {
		s.inside = false
		w.end()
	}
	return OpInfo{Op: op, Offset: s.m.start, Size: w.offset() - s.m.start, Arg: arg}, nil
}

// argument decodes the argument of op.
func (s *Scanner) argument(op Opcode) (any, error) {
	m := &s.m
	if opcodeTable[op].name == "" {
		return nil, malformed("unknown opcode")
	}
	m.stack = m.stack[:0]
	switch op {
	case OpInt, OpLong, OpFloat:
		return s.number(op)
	case OpString, OpUnicode:
		return s.result(m.loadText(op))
	case OpLong1, OpLong4:
		return s.result(m.loadLong(op))
	case OpShortBinUnicode, OpBinUnicode, OpBinUnicode8:
		return s.result(m.loadUnicode(op))
	case OpBinString, OpShortBinString:
		return s.result(m.loadPy2String(op))
	case OpShortBinBytes, OpBinBytes, OpBinBytes8, OpByteArray8:
		return s.result(m.loadBytes(op))
	case OpGlobal, OpInst:
		module, name, err := m.nameLines()
		return Global{module, name}, err
	case OpPersID:
		line, err := m.w.line()
		return string(line), err
	case OpGet, OpPut:
		line, err := m.w.line()
		if err != nil {
			return nil, err
		}
		return m.parseInt(line, 10)
	}
	return s.fixed(op)
}

// number decodes a number as pickletools does; where that is an error, as the machine
// does, which knows some more forms, as CPython's unpickler in C does.
func (s *Scanner) number(op Opcode) (any, error) {
	m := &s.m
	line, err := m.w.line()
	if err != nil {
		return nil, err
	}
	var v any
	switch op {
	case OpFloat:
		v, err = pythonFloat(line)
	case OpInt:
		if text := string(line); text == "00" || text == "01" {
			return text == "01", nil
		}
		v, err = m.parseInt(line, 10)
	case OpLong:
		v, err = m.parseInt(bytes.TrimSuffix(line, []byte("L")), 10)
	}
	if err == nil || errors.Is(err, ErrLimit) {
		return v, err
	}
	return m.textValue(op, line)
}

// result takes what a loader of the machine pushed.
func (s *Scanner) result(err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return s.m.stack[0], nil
}

// fixed decodes an argument of fixed length.
func (s *Scanner) fixed(op Opcode) (any, error) {
	b, err := s.u.w.take(int(opcodeTable[op].fixed))
	if err != nil || len(b) == 0 {
		return nil, err
	}
	switch len(b) {
	case 1:
		return int(b[0]), nil
	case 2:
		return int(binary.LittleEndian.Uint16(b)), nil
	case 4:
		u := binary.LittleEndian.Uint32(b)
		if op == OpBinInt || op == OpExt4 {
			return int(int32(u)), nil
		}
		return intOf(uint64(u)), nil
	}
	if op == OpBinFloat {
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	return intOf(binary.LittleEndian.Uint64(b)), nil
}
