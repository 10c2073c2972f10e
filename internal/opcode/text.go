package opcode

import (
	"strconv"
	"unicode/utf8"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/texts"
)

func malformed(format string, args ...any) error {
	return errkind.New(errkind.ErrMalformed, format, args...)
}

// Unescape decodes the escapes of a bytes literal, as CPython's PyBytes_DecodeEscape does. It
// returns b itself if there are none.
func Unescape(b []byte) ([]byte, error) {
	i := 0
	for i < len(b) && b[i] != '\\' {
		i++
	}
	if i == len(b) {
		return b, nil
	}
	out := append(make([]byte, 0, len(b)), b[:i]...)
	for i < len(b) {
		c := b[i]
		i++
		if c != '\\' {
			out = append(out, c)
			continue
		}
		if i == len(b) {
			return nil, malformed("a backslash ends the string")
		}
		c = b[i]
		i++
		if plain := simpleEscape(c); plain != 0 {
			out = append(out, plain)
			continue
		}
		switch {
		case c >= '0' && c <= '7':
			v := int(c - '0')
			for n := 1; n < 3 && i < len(b) && b[i] >= '0' && b[i] <= '7'; n++ {
				v = v<<3 | int(b[i]-'0')
				i++
			}
			out = append(out, byte(v))
		case c == 'x':
			if i+2 > len(b) || digitValue(b[i]) > 15 || digitValue(b[i+1]) > 15 {
				return nil, malformed(`bad \x escape`)
			}
			out = append(out, byte(digitValue(b[i])<<4|digitValue(b[i+1])))
			i += 2
		default: // an unknown escape stands for itself
			out = append(out, '\\', c)
		}
	}
	return out, nil
}

// simpleEscape returns the byte that the escape \c stands for, or 0.
func simpleEscape(c byte) byte {
	switch c {
	case '\\', '\'', '"':
		return c
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'v':
		return '\v'
	case 'a':
		return '\a'
	}
	return 0
}

// DecodeRawUnicode decodes Python's codec raw-unicode-escape to UTF-8: Latin-1 with the escapes
// \uXXXX and \UXXXXXXXX. Each escaped surrogate is decoded by itself, as [AppendCodePoint] writes
// it. It returns b itself if that is ASCII without escapes.
//
// Reference: CPython's _PyUnicode_DecodeRawUnicodeEscapeStateful.
func DecodeRawUnicode(b []byte) ([]byte, error) {
	i := 0
	for i < len(b) && b[i] != '\\' && b[i] < 0x80 {
		i++
	}
	if i == len(b) {
		return b, nil
	}
	out := append(make([]byte, 0, len(b)+len(b)/8), b[:i]...)
	for i < len(b) {
		c := b[i]
		i++
		if c != '\\' || i == len(b) {
			out = utf8.AppendRune(out, rune(c))
			continue
		}
		c = b[i]
		i++
		if c != 'u' && c != 'U' {
			out = utf8.AppendRune(append(out, '\\'), rune(c))
			continue
		}
		digits := 4
		if c == 'U' {
			digits = 8
		}
		r := uint32(0)
		for range digits {
			if i == len(b) || digitValue(b[i]) > 15 {
				return nil, malformed(`truncated \%c escape`, c)
			}
			r = r<<4 | uint32(digitValue(b[i]))
			i++
		}
		if r > utf8.MaxRune {
			return nil, malformed(`\U%08x is not in Unicode`, r)
		}
		out = AppendCodePoint(out, rune(r))
	}
	return out, nil
}

// AppendCodePoint appends r in UTF-8, and a surrogate in three bytes as Python's surrogatepass
// does.
func AppendCodePoint(out []byte, r rune) []byte {
	if r >= 0xd800 && r <= 0xdfff {
		return append(out, 0xed, byte(r>>6)&0x3f|0x80, byte(r)&0x3f|0x80)
	}
	return utf8.AppendRune(out, r)
}

// ValidText reports whether b is UTF-8, where surrogates in three bytes are allowed as in Python's
// surrogatepass.
func ValidText(b []byte) bool { return texts.IsASCII(b) || validUnicode(b) }

// validUnicode is ValidText without the fast path for ASCII.
func validUnicode(b []byte) bool {
	for !utf8.Valid(b) {
		// Skip the text up to and including the first surrogate.
		i := 0
		for i < len(b) {
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n <= 1 {
				break
			}
			i += n
		}
		if len(b)-i < 3 || b[i] != 0xed || b[i+1]&0xe0 != 0xa0 || b[i+2]&0xc0 != 0x80 {
			return false
		}
		b = b[i+3:]
	}
	return true
}

// StrictText reports whether b is UTF-8 without surrogates.
func StrictText(b []byte) bool { return utf8.Valid(b) }

// Latin1 converts b from Latin-1 to UTF-8. It returns b itself if that is ASCII.
func Latin1(b []byte) []byte {
	if IsASCII(b) {
		return b
	}
	out := make([]byte, 0, len(b)+len(b)/2)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

// IsASCII reports whether all bytes of b are ASCII.
func IsASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// Quote quotes the first 40 bytes of b for an error text.
func Quote(b []byte) string {
	if len(b) > 40 {
		return strconv.QuoteToASCII(string(b[:40])) + "..."
	}
	return strconv.QuoteToASCII(string(b))
}

// Unquote removes the quotes of the argument of STRING and decodes its escapes. The result shares
// memory with line if there are none.
func Unquote(line []byte) ([]byte, error) {
	n := len(line)
	if n < 2 || line[0] != line[n-1] || line[0] != '\'' && line[0] != '"' {
		return nil, malformed("the string is not quoted: %s", Quote(line))
	}
	return Unescape(line[1 : n-1])
}

// NameLine returns one line of the argument of GLOBAL or INST as text, or an error if it is not
// valid there.
func NameLine(op Code, line []byte) (string, error) {
	if !StrictText(line) || op == Inst && !IsASCII(line) {
		return "", malformed("not a name: %s", Quote(line))
	}
	return string(line), nil
}
