package pickle

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/nlpodyssey/gopickle/types"
)

var errNoArgument = malformed("the argument is empty")

// loadText carries out the opcodes whose argument is a line of text.
func (m *machine) loadText(op Opcode) error {
	line, err := m.w.line()
	if err != nil {
		return err
	}
	v, err := m.textValue(op, line)
	if err != nil {
		return err
	}
	m.push(v)
	return nil
}

// textValue decodes such a line.
func (m *machine) textValue(op Opcode, line []byte) (any, error) {
	switch op {
	case OpString:
		return m.quotedString(line)
	case OpUnicode:
		b, err := decodeRawUnicode(line)
		if err != nil {
			return nil, err
		}
		return m.text(b)
	}
	if len(line) == 0 {
		return nil, errNoArgument
	}
	switch op {
	case OpInt:
		return m.parseIntLine(line)
	case OpLong:
		return m.parseInt(cString(bytes.TrimSuffix(line, []byte("L"))), 0)
	}
	f, err := parseFloat(line)
	if err != nil {
		return nil, err
	}
	return m.slabs.Float(f), nil
}

// parseInt is parseInt with the limit, and with slabs.
func (m *machine) parseInt(text []byte, base int) (any, error) {
	v, err := parseInt(text, base, m.u.limits.IntDigits)
	if i, ok := v.(int); ok {
		return m.slabs.Int(i), nil
	}
	return v, err
}

// parseIntLine parses the argument of INT. CPython tries C's strtol first, which
// knows octal numbers by a leading 0, and takes any 0 and 1 of two characters for a bool.
func (m *machine) parseIntLine(line []byte) (any, error) {
	text := cString(line)
	v, err := m.parseInt(text, 0)
	octal := trimSpace(text)
	if err != nil && len(octal) > 0 {
		i := 0
		if octal[0] == '+' || octal[0] == '-' {
			i = 1
		}
		if len(octal) > i+1 && octal[i] == '0' && octal[i+1] >= '0' && octal[i+1] <= '7' {
			v, err = m.parseInt(octal, 8)
			if _, fits := v.(int); err == nil && !fits {
				err = malformed("not an int: %s", quoteShort(line))
			}
		}
	}
	if err != nil {
		return nil, err
	}
	if len(line) == 2 && !isSpace(line[1]) {
		switch v {
		case 0:
			return false, nil
		case 1:
			return true, nil
		}
	}
	return v, nil
}

// quotedString decodes the argument of STRING.
func (m *machine) quotedString(line []byte) (any, error) {
	n := len(line)
	if n < 2 || line[0] != line[n-1] || line[0] != '\'' && line[0] != '"' {
		return nil, malformed("the string is not quoted: %s", quoteShort(line))
	}
	b, err := decodeEscapes(line[1 : n-1])
	if err != nil {
		return nil, err
	}
	return m.py2String(b)
}

// checkString applies the limit of one string to a length.
func (m *machine) checkString(n uint64) error {
	if limit := m.u.limits.StringBytes; n > uint64(limit) {
		return &LimitError{Limit: "StringBytes", Max: limit, Want: int64(min(n, math.MaxInt64))}
	}
	return nil
}

// text makes a str of b, which it copies.
func (m *machine) text(b []byte) (any, error) {
	if err := m.checkString(uint64(len(b))); err != nil {
		return nil, err
	}
	return m.slabs.string(b), nil
}

// py2String makes what Encoding says of a Python 2 str; b is copied.
func (m *machine) py2String(b []byte) (any, error) {
	if err := m.checkString(uint64(len(b))); err != nil {
		return nil, err
	}
	switch m.u.Encoding {
	case EncodingASCII:
		if !isASCII(b) {
			return nil, malformed("a Python 2 str is not ASCII: %s", quoteShort(b))
		}
	case EncodingLatin1:
		b = latin1(b)
	case EncodingUTF8:
		if !strictText(b) {
			return nil, malformed("a Python 2 str is not UTF-8: %s", quoteShort(b))
		}
	case EncodingBytes:
		mem := alignedBytes(len(b), &m.slabs.text16)
		copy(mem, b)
		return m.slabs.bytesValue(mem), nil
	case EncodingKeep:
		return Py2String(b), nil
	}
	return m.slabs.string(b), nil
}

// count reads a length of the given number of bytes.
func (m *machine) count(size int) (uint64, error) {
	b, err := m.w.take(size)
	if err != nil {
		return 0, err
	}
	var n uint64
	switch size {
	case 1:
		n = uint64(b[0])
	case 4:
		n = uint64(binary.LittleEndian.Uint32(b))
	case 8:
		n = binary.LittleEndian.Uint64(b)
	}
	return n, nil
}

// counted reads a length and as many bytes, which are valid until the window
// moves, or, if there are many, the caller's own.
func (m *machine) counted(size int) (b []byte, own bool, err error) {
	n, err := m.count(size)
	if err != nil {
		return nil, false, err
	}
	if err := m.checkString(n); err != nil {
		return nil, false, err
	}
	if n >= largePayload && m.w.r != nil {
		b, err = m.payload(n)
		return b, true, err
	}
	if n > math.MaxInt {
		return nil, false, ErrTruncated // no input is as long
	}
	b, err = m.w.take(int(n))
	return b, false, err
}

// payload reads n bytes into memory that is the value's.
func (m *machine) payload(n uint64) ([]byte, error) {
	if n >= slabReset {
		m.slabs.apart()
	}
	return m.w.payload(n, &m.slabs.text16)
}

func (m *machine) loadUnicode(op Opcode) error {
	size := 1
	switch op {
	case OpBinUnicode:
		size = 4
	case OpBinUnicode8:
		size = 8
	}
	b, own, err := m.counted(size)
	if err != nil {
		return err
	}
	if !validText(b) {
		return malformed("a str is not UTF-8: %s", quoteShort(b))
	}
	if own {
		m.push(stringOf(b))
	} else {
		m.push(m.slabs.string(b))
	}
	return nil
}

func (m *machine) loadPy2String(op Opcode) error {
	size := 1
	if op == OpBinString {
		size = 4
	}
	b, own, err := m.counted(size)
	if err != nil {
		return err
	}
	if own && m.u.Encoding == EncodingRaw {
		m.push(stringOf(b))
		return nil
	}
	v, err := m.py2String(b)
	if err != nil {
		return err
	}
	m.push(v)
	return nil
}

func (m *machine) loadBytes(op Opcode) error {
	size := 8
	switch op {
	case OpShortBinBytes:
		size = 1
	case OpBinBytes:
		size = 4
	}
	n, err := m.count(size)
	if err != nil {
		return err
	}
	if err := m.checkString(n); err != nil {
		return err
	}
	b, err := m.payload(n)
	if err != nil {
		return err
	}
	if op == OpByteArray8 {
		m.push((*types.ByteArray)(&b))
	} else {
		m.push(m.slabs.bytesValue(b))
	}
	return nil
}

func (m *machine) loadLong(op Opcode) error {
	size := 1
	if op == OpLong4 {
		size = 4
	}
	n, err := m.count(size)
	if err != nil {
		return err
	}
	if n > math.MaxInt32 {
		return malformed("negative length %d", int32(uint32(n)))
	}
	var b []byte
	if n < largePayload {
		b, err = m.w.take(int(n))
	} else if err = m.checkString(n); err == nil {
		b, err = m.w.payload(n, nil)
	}
	if err != nil {
		return err
	}
	small, large := decodeLong(b)
	if large != nil {
		m.push(large)
	} else {
		m.push(m.slabs.Int(small))
	}
	return nil
}
