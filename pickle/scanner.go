package pickle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"math"
	"math/big"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/window"
)

// OpInfo is one opcode of a pickle.
type OpInfo struct {
	Op Opcode
	// Offset is the offset in bytes of the opcode in the input.
	Offset int64
	// Size is the length in bytes of the opcode with its argument.
	Size int64
	// Arg is the opcode's argument as pickletools decodes it, or nil if it has none. Its type is
	// int or *big.Int, bool for the INTs 00 and 01, float64, string for text, [Py2String] for a
	// Python 2 str, []byte, *types.ByteArray, or [Global] for GLOBAL and INST. A []byte may share
	// memory with the input and must not be changed.
	Arg any
}

// Scanner reads the opcodes of pickles, one after another, and builds no values. It checks the
// arguments of opcodes, but neither the stack nor frames. It is not safe for concurrent use.
type Scanner struct {
	// Limits bound what an input may cost. They must be set before the first Next.
	Limits Limits

	w       window.Window
	limits  Limits // Limits with defaults
	started bool
	inside  bool        // Next is between the begin and the STOP of a pickle
	op      opcode.Code // the last opcode
	at      int64       // offset in bytes of the last opcode
}

// NewScanner returns a Scanner that reads from r, in blocks.
func NewScanner(r io.Reader) *Scanner { return &Scanner{w: window.New(r)} }

// NewScannerBytes returns a Scanner of data, which must not change while it is read.
func NewScannerBytes(data []byte) *Scanner { return &Scanner{w: window.Bytes(data)} }

// Ops returns the opcodes of one pickle, including its STOP. The sequence ends with an error if
// there is one: a [*DecodeError], or io.EOF for an empty input.
func Ops(r io.Reader) iter.Seq2[OpInfo, error] { return NewScanner(r).onePickle }

// OpsBytes is [Ops] for a slice.
func OpsBytes(data []byte) iter.Seq2[OpInfo, error] { return NewScannerBytes(data).onePickle }

// onePickle yields the opcodes up to the next STOP.
func (s *Scanner) onePickle(yield func(OpInfo, error) bool) {
	for {
		info, err := s.Next()
		if !yield(info, err) || err != nil || info.Op == OpStop {
			return
		}
	}
}

// InputOffset returns the number of bytes of the input that were consumed.
func (s *Scanner) InputOffset() int64 { return s.w.Offset() }

// Next returns the next opcode. After a STOP this is the first opcode of the next pickle, or the
// error is io.EOF if the input ends. Any other error is a [*DecodeError].
func (s *Scanner) Next() (OpInfo, error) {
	if !s.started {
		s.started = true
		s.limits = s.Limits.WithDefaults()
		s.w.Limit = s.limits.InputBytes
		s.w.Shared = s.w.IsSlice()
	}
	w := &s.w
	if !s.inside {
		if err := w.Begin(); err != nil {
			if errors.Is(err, io.EOF) {
				return OpInfo{}, io.EOF
			}
			return OpInfo{}, &DecodeError{Offset: w.Offset(), Err: publicLimitError(err)}
		}
		s.inside = true
	}
	op, at, err := w.PeekOpcode()
	if err != nil {
		if len(w.Buf) > w.Pos {
			s.op, s.at = op, at
		}
		return OpInfo{}, failed(s.op, s.at, err)
	}
	s.op, s.at = op, at
	w.Pos++
	arg, err := s.argument(op)
	if err != nil {
		return OpInfo{}, failed(op, at, err)
	}
	if op == opcode.Stop {
		s.inside = false
		w.End()
	}
	return OpInfo{Op: Opcode(op), Offset: at, Size: w.Offset() - at, Arg: arg}, nil
}

// failed returns err as the error of an opcode.
func failed(op opcode.Code, at int64, err error) error {
	return &DecodeError{Op: Opcode(op), Offset: at, Err: publicLimitError(err)}
}

// argument decodes the argument of op.
func (s *Scanner) argument(op opcode.Code) (any, error) {
	info := &opcode.Table[op]
	if info.Name == "" {
		return nil, malformed("unknown opcode")
	}
	switch info.Layout {
	case opcode.Line:
		line, err := s.w.Line()
		if err != nil {
			return nil, err
		}
		return s.line(op, line)
	case opcode.TwoLines:
		return s.names(op)
	case opcode.Counted:
		return s.counted(op)
	case opcode.Bare:
		return nil, nil
	}
	b, err := s.w.Take(int(info.Fixed))
	if err != nil {
		return nil, err
	}
	switch info.Layout {
	case opcode.Int4:
		return int(int32(binary.LittleEndian.Uint32(b))), nil
	case opcode.Float8:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	return opcode.PyUint(opcode.Uint64(b)), nil
}

// line decodes an argument that is a line of text. Numbers are decoded as pickletools does. If that
// is an error, they are decoded as the Unpickler does, which accepts more forms.
func (s *Scanner) line(op opcode.Code, line []byte) (any, error) {
	switch op {
	case opcode.String:
		b, err := opcode.Unquote(line)
		if err == nil {
			err = s.checkString(len(b))
		}
		return Py2String(b), err
	case opcode.Unicode:
		b, err := opcode.DecodeRawUnicode(line)
		if err == nil {
			err = s.checkString(len(b))
		}
		return string(b), err
	case opcode.PersID:
		return string(line), nil
	case opcode.Float:
		f, err := opcode.PythonFloat(line)
		if err == nil {
			return f, nil
		}
		if len(line) == 0 {
			return nil, malformed("the argument is empty")
		}
		return opcode.ParseFloat(line)
	case opcode.Int:
		if text := string(line); text == "00" || text == "01" {
			return text == "01", nil
		}
	}
	decimal := line
	if op == opcode.Long {
		decimal = bytes.TrimSuffix(line, []byte("L"))
	}
	v, err := s.intValue(opcode.ParseInt(decimal, 10, s.limits.IntDigits))
	if err == nil || errors.Is(err, ErrLimit) || op != opcode.Int && op != opcode.Long {
		return v, err
	}
	if len(line) == 0 {
		return nil, malformed("the argument is empty")
	}
	if op == opcode.Long {
		return s.intValue(opcode.ParseLongLine(line, s.limits.IntDigits))
	}
	small, large, isBool, err := opcode.ParseIntLine(line, s.limits.IntDigits)
	if err == nil && isBool {
		return small == 1, nil
	}
	return s.intValue(small, large, err)
}

// names decodes the argument of GLOBAL and INST.
func (s *Scanner) names(op opcode.Code) (any, error) {
	var g Global
	for _, p := range []*string{&g.Module, &g.Name} {
		line, err := s.w.Line()
		if err != nil {
			return nil, err
		}
		if *p, err = opcode.NameLine(op, line); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// counted decodes an argument that is a length and that many bytes.
func (s *Scanner) counted(op opcode.Code) (any, error) {
	b, err := s.w.Take(int(opcode.Table[op].Fixed))
	if err != nil {
		return nil, err
	}
	n := opcode.Uint64(b)
	isLong := op == opcode.Long1 || op == opcode.Long4
	if isLong && n > math.MaxInt32 {
		return nil, malformed("negative length %d", int32(uint32(n)))
	}
	if !isLong {
		if limit := s.limits.StringBytes; n > uint64(limit) {
			return nil, &LimitError{
				Limit: "StringBytes", Max: limit, Want: int64(min(n, math.MaxInt64)),
			}
		}
	}
	if b, err = s.w.Payload(n, nil); err != nil {
		return nil, err
	}
	switch op {
	case opcode.Long1, opcode.Long4:
		small, large := opcode.DecodeLong(b)
		return s.intValue(small, large, nil)
	case opcode.ShortBinUnicode, opcode.BinUnicode, opcode.BinUnicode8:
		if !opcode.ValidText(b) {
			return nil, malformed("a str is not UTF-8: %s", opcode.Quote(b))
		}
		return string(b), nil
	case opcode.BinString, opcode.ShortBinString:
		return Py2String(b), nil
	case opcode.ByteArray8:
		return (*types.ByteArray)(&b), nil
	}
	return b, nil
}

// checkString checks the length of a str against the limit.
func (s *Scanner) checkString(n int) error {
	if limit := s.limits.StringBytes; int64(n) > limit {
		return &LimitError{Limit: "StringBytes", Max: limit, Want: int64(n)}
	}
	return nil
}

// intValue returns an int in the form of Arg. Its arguments are the results of the parsers of
// package opcode.
func (s *Scanner) intValue(small int64, large *big.Int, err error) (any, error) {
	switch {
	case err != nil:
		return nil, err
	case large != nil:
		return large, nil
	}
	return opcode.PyInt(small), nil
}
