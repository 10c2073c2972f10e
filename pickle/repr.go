package pickle

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// floatRepr returns Python's repr of a float: the fewest digits that give the float again when they
// are parsed, with an exponent below 1e-4 and from 1e16 on.
func floatRepr(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// quoteFor returns the quotation mark that Python's repr chooses. single and double say which marks
// occur in the text.
func quoteFor(single, double bool) byte {
	if single && !double {
		return '"'
	}
	return '\''
}

// appendEscaped appends the byte c in the form in which repr writes it between quotation marks.
func appendEscaped(out []byte, c, quote byte) []byte {
	switch {
	case c == quote || c == '\\':
		return append(out, '\\', c)
	case c == '\n':
		return append(out, `\n`...)
	case c == '\r':
		return append(out, `\r`...)
	case c == '\t':
		return append(out, `\t`...)
	case c < ' ' || c >= 0x7f:
		return appendHex(append(out, `\x`...), uint32(c), 2)
	}
	return append(out, c)
}

// appendHex appends v with a fixed number of hexadecimal digits.
func appendHex(out []byte, v uint32, digits int) []byte {
	for i := digits - 1; i >= 0; i-- {
		out = append(out, "0123456789abcdef"[v>>(4*i)&15])
	}
	return out
}

// bytesRepr returns Python's repr of a bytes object.
func bytesRepr(b []byte) string {
	var single, double bool
	for _, c := range b {
		single = single || c == '\''
		double = double || c == '"'
	}
	quote := quoteFor(single, double)
	out := append(make([]byte, 0, len(b)+3), 'b', quote)
	for _, c := range b {
		out = appendEscaped(out, c, quote)
	}
	return string(append(out, quote))
}

// bytearrayRepr returns Python's repr of a bytearray, which escapes a single quote even between
// double quotes.
//
// Reference: CPython's Objects/bytearrayobject.c, bytearray_repr.
func bytearrayRepr(b []byte) string {
	r := bytesRepr(b)
	if r[1] == '"' {
		r = strings.ReplaceAll(r, "'", `\'`)
	}
	return "bytearray(" + r + ")"
}

// stringRepr returns Python's repr of a str, which may have surrogates in three bytes. Characters
// that are not printable in Python are escaped.
func stringRepr(s string) string {
	quote := quoteFor(strings.Contains(s, "'"), strings.Contains(s, `"`))
	out := append(make([]byte, 0, len(s)+2), quote)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 {
			r, n = surrogateAt(s[i:])
		}
		switch {
		case r < utf8.RuneSelf:
			out = appendEscaped(out, byte(r), quote)
		case isPrintable(r):
			out = append(out, s[i:i+n]...)
		case r <= 0xff:
			out = appendHex(append(out, `\x`...), uint32(r), 2)
		case r <= 0xffff:
			out = appendHex(append(out, `\u`...), uint32(r), 4)
		default:
			out = appendHex(append(out, `\U`...), uint32(r), 8)
		}
		i += n
	}
	return string(append(out, quote))
}

// surrogateAt decodes a surrogate in three bytes at the start of s, or else one byte as Latin-1.
func surrogateAt(s string) (r rune, size int) {
	if len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return rune(s[0]), 1
}

// isPrintable is Python's str.isprintable for one character.
func isPrintable(r rune) bool {
	return unicode.IsPrint(r) || r >= 0x2ebf0 && r <= 0x2ee5d || r >= 0x2ffc && r <= 0x2fff ||
		r == 0x31ef
}
