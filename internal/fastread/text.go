package fastread

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/unpkl/unpkl/internal/texts"
)

// NOTE. The arguments of protocol 0, which are lines of text. Only what Python's picklers write
// is read here; any other spelling is left to the machine.

// line takes the bytes up to the next newline, and that.
func (d *direct) line() ([]byte, bool) {
	i := bytes.IndexByte(d.buf[d.pos:d.end], '\n')
	if i < 0 {
		return nil, false
	}
	b := d.buf[d.pos : d.pos+i]
	d.pos += i + 1
	return b, true
}

// index takes the line of a GET or PUT; -1 if it is none.
func (d *direct) index() int {
	const most = 10 // digits
	n := 0
	for i, c := range d.buf[d.pos:min(d.pos+most, d.end)] {
		switch {
		case c >= '0' && c <= '9' && (n > 0 || i == 0):
			n = n*10 + int(c-'0')
		case c == '\n' && i > 0:
			d.pos += i + 1
			return n
		default:
			return -1
		}
	}
	return -1
}

// decimal parses an int without superfluous zeros that surely fits.
func decimal(b []byte) (n int64, ok bool) {
	const most = 18 // digits
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > most || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(b) {
		n = -n
	}
	return n, int64(int(n)) == n
}

// intLine takes the line of INT: an int, or a bool as 00 or 01.
func (d *direct) intLine() (n int64, isBool, ok bool) {
	line, ok := d.line()
	if !ok {
		return 0, false, false
	}
	if len(line) == 2 && line[0] == '0' && line[1]|1 == '1' {
		return int64(line[1] - '0'), true, true
	}
	n, ok = decimal(line)
	return n, false, ok
}

// longLine takes the line of LONG.
func (d *direct) longLine() (int64, bool) {
	line, ok := d.line()
	if !ok || len(line) == 0 || line[len(line)-1] != 'L' {
		return 0, false
	}
	return decimal(line[:len(line)-1])
}

// floatLine takes the line of FLOAT: a finite number.
func (d *direct) floatLine() (float64, bool) {
	line, ok := d.line()
	if !ok || len(line) == 0 || len(line) > 40 {
		return 0, false
	}
	for _, c := range line {
		if (c < '0' || c > '9') && c != '.' && c != 'e' && c != '+' && c != '-' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(stringAt(line), 64)
	return f, err == nil
}

// unicodeLine takes the line of UNICODE and its PUT. Text with escapes or beyond ASCII is not where its bytes are,
// and left to the machine.
func (d *direct) unicodeLine() (span, bool) {
	at := d.pos
	line, ok := d.line()
	if !ok {
		return span{}, false
	}
	for _, c := range line {
		if c >= 0x80 || c == '\\' {
			return span{}, false
		}
	}
	s := span{uint32(at), int32(len(line))}
	return s, d.put(s)
}

// stringLine is unicodeLine for STRING, a quoted str of Python 2.
func (d *direct) stringLine() (span, bool) {
	at := d.pos
	line, ok := d.line()
	n := len(line)
	if !ok || !d.raw || n < 2 || line[0] != line[n-1] || line[0] != '\'' && line[0] != '"' || bytes.IndexByte(line, '\\') >= 0 {
		return span{}, false
	}
	s := span{uint32(at + 1), int32(n - 2)}
	return s, d.put(s)
}

// fromEscapes decodes raw-unicode-escape, none of whose characters is beyond Latin-1.
func fromEscapes(mem, text []byte) bool {
	const escape = len(`\u00xx`)
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			return copy(mem, text) == len(mem) && len(text) == len(mem)
		}
		if i >= len(mem) || len(text)-i < escape || string(text[i:i+4]) != `\u00` {
			return false
		}
		hi, lo := hexDigit(text[i+4]), hexDigit(text[i+5])
		if hi|lo > 15 {
			return false
		}
		copy(mem, text[:i])
		mem[i] = hi<<4 | lo
		mem, text = mem[i+1:], text[i+escape:]
	}
}

// hexDigit returns the value of a digit, or 0xff.
func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}

// validText reports that b is UTF-8 without surrogates.
func validText(b []byte) bool { return texts.IsASCII(b) || utf8.Valid(b) }
