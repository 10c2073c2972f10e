package pickle

import (
	"encoding/binary"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/unpkl/unpkl/internal/opcode"
)

// put writes the opcode that stores the value just made in the memo at idx.
func (p *pickling) put(idx uint32) {
	switch {
	case p.proto >= 4:
		p.op(OpMemoize)
	case p.proto == 0:
		p.textIndex(OpPut, idx)
	case idx < 256:
		p.out.buf = append(p.out.buf, byte(OpBinPut), byte(idx))
	default:
		p.out.buf = binary.LittleEndian.AppendUint32(append(p.out.buf, byte(OpLongBinPut)), idx)
	}
}

// get writes the opcode that fetches the value in the memo at idx.
func (p *pickling) get(idx uint32) {
	switch {
	case p.proto == 0:
		p.textIndex(OpGet, idx)
	case idx < 256:
		p.out.buf = append(p.out.buf, byte(OpBinGet), byte(idx))
	default:
		p.out.buf = binary.LittleEndian.AppendUint32(append(p.out.buf, byte(OpLongBinGet)), idx)
	}
}

// textIndex writes a PUT or GET of protocol 0.
func (p *pickling) textIndex(op Opcode, idx uint32) {
	p.out.buf = append(strconv.AppendUint(append(p.out.buf, byte(op)), uint64(idx), 10), '\n')
}

// saveString writes a str of an object tree.
func (p *pickling) saveString(s string) error {
	if p.Strings == StringsByValue {
		return p.saveShared(s)
	}
	id := stringID(s)
	if p.Strings == StringsUnshared {
		id = objectID{}
	}
	return p.saveText(s, id)
}

// saveGoString writes a str of a Go value.
func (p *pickling) saveGoString(s string) error {
	switch {
	case p.Strings != StringsAuto:
		return p.saveString(s)
	case p.proto >= 4 && len(s) > maxSingleLen && len(s) < 1<<8 && utf8.ValidString(s):
		// This is a fast path with the result of saveText.
		p.memo.next++
		b := append(p.out.buf, byte(OpShortBinUnicode), byte(len(s)))
		p.out.buf = append(append(b, s...), byte(OpMemoize))
		return nil
	}
	return p.saveText(s, objectID{})
}

// saveShared writes a str that is the same object as every equal one that saveShared writes.
func (p *pickling) saveShared(s string) error {
	if isSingleString(s) {
		return p.saveText(s, objectID{})
	}
	if idx, ok := p.memo.insertString(s); ok {
		p.get(idx)
		return nil
	} else if err := p.writeText(s); err != nil {
		return err
	} else {
		p.put(idx)
	}
	return nil
}

// maxSingleLen is the greatest length in bytes of a string for which isSingleString is true.
const maxSingleLen = 2

// isSingleString reports whether CPython has one object for all strings that are equal to s: for
// the empty string, and those of one Latin-1 character.
func isSingleString(s string) bool {
	switch len(s) {
	case 0:
		return true
	case 1:
		return s[0] < utf8.RuneSelf
	case 2:
		return s[0]&0xfe == 0xc2 && s[1]&0xc0 == 0x80
	}
	return false
}

// saveText writes a str with the identity id.
func (p *pickling) saveText(s string, id objectID) error {
	idx, known := p.memo.insertText(s, id)
	if known {
		p.get(idx)
		return nil
	}
	if err := p.writeText(s); err != nil {
		return err
	}
	p.put(idx)
	return nil
}

// writeText writes the opcode and content of a str.
func (p *pickling) writeText(s string) error {
	if !utf8.ValidString(s) && !opcode.ValidText([]byte(s)) {
		return p.writePy2(s)
	}
	if p.proto == 0 {
		p.out.buf = append(appendRawUnicodeEscape(append(p.out.buf, byte(OpUnicode)), s), '\n')
		return nil
	}
	return p.writeCounted(textOpcodes, "str", int64(len(s)), []byte(nil), s)
}

// countedOpcodes are the opcodes of one type with lengths of 1, 4 and 8 bytes, or 0 if there is
// none.
type countedOpcodes struct {
	op1, op4, op8 Opcode
	proto1        int // lowest protocol that has op1
}

var (
	textOpcodes  = countedOpcodes{OpShortBinUnicode, OpBinUnicode, OpBinUnicode8, 4}
	bytesOpcodes = countedOpcodes{OpShortBinBytes, OpBinBytes, OpBinBytes8, 3}
	py2Opcodes   = countedOpcodes{OpShortBinString, OpBinString, 0, 1}
	arrayOpcodes = countedOpcodes{0, 0, OpByteArray8, 5}
)

// header appends the opcode and length of a payload of size bytes to room. what is the type of the
// payload for an error.
func (p *pickling) header(ops countedOpcodes, what string, size int64, room []byte) ([]byte,
	error) {
	switch {
	case ops.op1 != 0 && size < 1<<8 && p.proto >= ops.proto1:
		return append(room, byte(ops.op1), byte(size)), nil
	case ops.op4 == OpBinString && size > math.MaxInt32,
		ops.op4 != 0 && size > math.MaxUint32 && p.proto < 4:
		return nil, Unsupported("a %s of %d bytes at protocol %d", what, size, p.proto)
	case ops.op4 != 0 && size <= math.MaxUint32:
		return binary.LittleEndian.AppendUint32(append(room, byte(ops.op4)), uint32(size)), nil
	default:
		return binary.LittleEndian.AppendUint64(append(room, byte(ops.op8)), uint64(size)), nil
	}
}

// writeCounted writes a payload with its length. The payload is text, or data if text is empty.
func (p *pickling) writeCounted(ops countedOpcodes, what string, size int64, data []byte,
	text string) error {
	if size >= frameTarget {
		header, err := p.header(ops, what, size, nil)
		if err != nil {
			return err
		}
		s := segment{data: data, size: size}
		if text != "" {
			s = segment{size: size, writeTo: func(w io.Writer) error {
				_, err := io.WriteString(w, text)
				return err
			}}
		}
		p.out.writePayload(header, s)
		return nil
	}
	buf, err := p.header(ops, what, size, p.out.buf)
	if err != nil {
		return err
	}
	if text != "" {
		p.out.buf = append(buf, text...)
	} else {
		p.out.buf = append(buf, data...)
	}
	return nil
}

// appendRawUnicodeEscape appends a str in the text form of protocol 0, as raw_unicode_escape in
// _pickle.c does: with Python's codec of that name, which here also escapes the characters that
// would end the line or the input.
func appendRawUnicodeEscape(b []byte, s string) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			r, n = surrogateAt(s)
		}
		s = s[n:]
		b = appendEscapedRune(b, r)
	}
	return b
}

// appendEscapedRune appends one character for appendRawUnicodeEscape.
func appendEscapedRune(b []byte, r rune) []byte {
	switch {
	case r >= 0x10000:
		return appendHex(append(b, '\\', 'U'), uint32(r), 8)
	case r >= 0x100 || r == '\\' || r == 0 || r == '\n' || r == '\r' || r == 0x1a:
		return appendHex(append(b, '\\', 'u'), uint32(r), 4)
	}
	return append(b, byte(r))
}

// savePy2String writes a Python 2 str.
func (p *pickling) savePy2String(s string) error {
	id := stringID(s)
	id.typ = idPy2String
	idx, known := p.memo.insert(id)
	if known {
		p.get(idx)
		return nil
	}
	if err := p.writePy2(s); err != nil {
		return err
	}
	p.put(idx)
	return nil
}

// writePy2 writes the opcode and content of a Python 2 str.
func (p *pickling) writePy2(s string) error {
	if p.proto > 0 {
		return p.writeCounted(py2Opcodes, "Python 2 str", int64(len(s)), nil, s)
	}
	// Python 2's repr of a str is Python 3's repr of bytes without the b.
	p.out.buf = append(append(append(p.out.buf, byte(OpString)), bytesRepr([]byte(s))[1:]...), '\n')
	return nil
}
