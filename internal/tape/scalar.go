package tape

import (
	"math"
	"math/big"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/payload"
)

// loadLine carries out the opcodes INT, LONG, FLOAT, STRING and UNICODE, whose argument is a line
// of text.
func (t *Tape) loadLine(op opcode.Code) error {
	line, err := t.w.Line()
	if err != nil {
		return err
	}
	switch op {
	case opcode.String:
		b, err := opcode.Unquote(line)
		if err != nil {
			return err
		}
		if t.rawStr {
			return t.pushLineText(b, line, 1)
		}
		return t.pushPy2Str(b)
	case opcode.Unicode:
		b, err := opcode.DecodeRawUnicode(line)
		if err != nil {
			return err
		}
		return t.pushLineText(b, line, 0)
	}
	if len(line) == 0 {
		return errNoArgument
	}
	switch op {
	case opcode.Int:
		i, large, isBool, err := opcode.ParseIntLine(line, t.limits.IntDigits)
		if err == nil && isBool {
			t.stack = append(t.stack, IDFalse+ID(i))
			return nil
		}
		return t.pushInt(i, large, err)
	case opcode.Long:
		return t.pushInt(opcode.ParseLongLine(line, t.limits.IntDigits))
	}
	f, err := opcode.ParseFloat(line)
	if err != nil {
		return err
	}
	t.push(cell{kind: Float, v: math.Float64bits(f)})
	return nil
}

// lineDigits is the greatest number of digits with which lineNumber is called.
const lineDigits = 9

// lineNumber parses the line at the start of b if it is a decimal number as picklers write it, with
// at most the given number of digits. size is the length of the line with its newline, or 0 for any
// other line.
func lineNumber(b []byte, digits int) (i uint64, size int) {
	for n := range min(len(b), digits+1) {
		switch c := b[n] - '0'; {
		case c <= 9:
			i = 10*i + uint64(c)
		case b[n] == '\n' && n > 0 && (n == 1 || b[0] != '0'):
			return i, n + 1
		default:
			return 0, 0
		}
	}
	return 0, 0
}

// pushLineText pushes a Str of b, which was decoded from the line just read. If nothing in the line
// was escaped, b is line[from:] and the cell refers to the input.
func (t *Tape) pushLineText(b, line []byte, from int) error {
	if err := t.checkLength(uint64(len(b))); err != nil {
		return err
	}
	at := uint64(t.w.Pos - 1 - len(line) + from)
	if !t.isSlice || len(b) == 0 || &b[0] != &line[from] || at+uint64(len(b)) > maxOffset {
		return t.pushSpan(Str, b)
	}
	t.push(cell{kind: Str, n: uint32(len(b)), v: at})
	return nil
}

// pushInt pushes an int in the form in which the parsers of package opcode return it: large, if it
// is not nil, or i.
func (t *Tape) pushInt(i int64, large *big.Int, err error) error {
	switch {
	case err != nil:
		return err
	case large != nil:
		t.push(cell{kind: BigInt, v: t.addValue(large)})
	case 0 <= i && i < 256:
		t.stack = append(t.stack, idSmallInts+ID(i))
	default:
		t.push(cell{kind: Int, v: uint64(i)})
	}
	return nil
}

// addValue keeps a Go value and returns its index.
func (t *Tape) addValue(v any) uint64 {
	if n := len(t.values); n == cap(t.values) {
		// The input does not tell all, since objects replace cells later on.
		size := max(t.growCap(n, len(t.w.Buf)-t.w.Pos), n+n/4)
		t.values = append(make([]any, 0, size), t.values...)
	}
	t.values = append(t.values, v)
	return uint64(len(t.values) - 1)
}

// checkLength checks the length of a str, bytes or bytearray against the limit.
func (t *Tape) checkLength(n uint64) error {
	if limit := t.limits.StringBytes; n > uint64(limit) {
		return &errkind.LimitError{
			Limit: "StringBytes", Max: limit, Want: int64(min(n, math.MaxInt64)),
		}
	}
	return nil
}

// pushSpan pushes a cell with a copy of b.
func (t *Tape) pushSpan(kind Kind, b []byte) error {
	id, err := t.newSpan(kind, b)
	if err == nil {
		t.stack = append(t.stack, id)
	}
	return err
}

// newSpan makes a cell with a copy of b.
func (t *Tape) newSpan(kind Kind, b []byte) (ID, error) {
	v, err := t.arena.add(b)
	return t.add(t.spanOf(kind, v, len(b))), err
}

// spanOf returns the cell of n bytes at a position of the arena.
func (t *Tape) spanOf(kind Kind, v uint64, n int) cell {
	c := cell{kind: kind, n: uint32(n), v: v}
	if int64(n) > math.MaxUint32 {
		c.n, c.flags = math.MaxUint32, flagWhole
	}
	return c
}

// pushInput pushes a cell with the bytes b, which were just read from the input. The cell refers to
// the input if that is a slice, else to a copy.
func (t *Tape) pushInput(kind Kind, b []byte) error {
	if !t.isSlice {
		return t.pushSpan(kind, b)
	}
	v := uint64(t.w.Pos - len(b))
	if v > maxOffset || int64(len(b)) > math.MaxUint32 {
		// The offset or the length does not fit a cell over inputChunk.
		at, err := t.arena.addChunk(b)
		c := t.spanOf(kind, at, len(b))
		c.flags |= flagInput
		t.push(c)
		return err
	}
	t.push(cell{kind: kind, n: uint32(len(b)), v: v})
	return nil
}

// readUint reads the fixed part of an opcode's argument as an unsigned number.
func (t *Tape) readUint(op opcode.Code) (uint64, error) {
	b, err := t.w.Take(int(opcode.Table[op].Fixed))
	if err != nil {
		return 0, err
	}
	return opcode.Uint64(b), nil
}

// readCounted reads a length and that many bytes. If owned is true the bytes are in memory of their
// own, which the arena may take. Otherwise they are valid until the window moves.
func (t *Tape) readCounted(op opcode.Code) (b []byte, owned bool, err error) {
	n, err := t.readUint(op)
	if err != nil {
		return nil, false, err
	}
	if err := t.checkLength(n); err != nil {
		return nil, false, err
	}
	if n >= payload.Large && !t.isSlice {
		b, err = t.w.PayloadInto(n, t.arena.takeSpare(n))
		return b, true, err
	}
	if n > math.MaxInt {
		return nil, false, errkind.ErrTruncated // no input is as long
	}
	b, err = t.w.Take(int(n))
	return b, false, err
}

// pushOwned pushes a cell with the bytes b, which become a chunk of the arena.
func (t *Tape) pushOwned(kind Kind, b []byte) error {
	at, err := t.arena.addChunk(b)
	t.push(t.spanOf(kind, at, len(b)))
	return err
}

func (t *Tape) loadStr(op opcode.Code) error {
	b, owned, err := t.readCounted(op)
	if err != nil {
		return err
	}
	if !opcode.ValidText(b) {
		return malformed("a str is not UTF-8: %s", opcode.Quote(b))
	}
	if owned {
		return t.pushOwned(Str, b)
	}
	return t.pushInput(Str, b)
}

func (t *Tape) loadPy2Str(op opcode.Code) error {
	b, owned, err := t.readCounted(op)
	switch {
	case err != nil:
		return err
	case !t.rawStr:
		return t.pushPy2Str(b)
	case owned:
		return t.pushOwned(Str, b)
	}
	return t.pushInput(Str, b)
}

// pushPy2Str pushes the cell for a Python 2 str of these bytes.
func (t *Tape) pushPy2Str(b []byte) error {
	if err := t.checkLength(uint64(len(b))); err != nil {
		return err
	}
	if t.rawStr {
		return t.pushSpan(Str, b)
	}
	id, err := t.host.Str(b)
	if err == nil {
		t.stack = append(t.stack, id)
	}
	return err
}

func (t *Tape) loadBytes(op opcode.Code) error {
	kind := Bytes
	if op == opcode.ByteArray8 {
		kind = ByteArray
	}
	b, owned, err := t.readCounted(op)
	switch {
	case err != nil:
		return err
	case owned:
		return t.pushOwned(kind, b)
	case t.isSlice:
		return t.pushInput(kind, b)
	}
	// The bytes may become the memory of an array, which must be aligned to its elements.
	v, err := t.arena.addAligned(b)
	t.push(t.spanOf(kind, v, len(b)))
	return err
}

func (t *Tape) loadLong(op opcode.Code) error {
	n, err := t.readUint(op)
	if err != nil {
		return err
	}
	if n > math.MaxInt32 {
		return malformed("negative length %d", int32(uint32(n)))
	}
	var b []byte
	if n < payload.Large {
		b, err = t.w.Take(int(n))
	} else if err = t.checkLength(n); err == nil {
		b, err = t.w.Payload(n, nil)
	}
	if err != nil {
		return err
	}
	i, large := t.longs.Decode(b)
	return t.pushInt(i, large, nil)
}
