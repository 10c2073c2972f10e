package pickle

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/unpkl/unpkl/internal/texts"
)

// Stateless decoding of arguments.

// decodeLong decodes the little-endian two's complement of LONG1 and LONG4
// (CPython: _PyLong_FromByteArray); no bytes are 0.
func decodeLong(b []byte) (small int, large *big.Int) {
	n := len(b)
	for n > 1 && (b[n-1] == 0 && b[n-2] < 0x80 || b[n-1] == 0xff && b[n-2] >= 0x80) {
		n-- // sign bytes that say nothing
	}
	b = b[:n]
	if n == 0 {
		return 0, nil
	}
	if n <= 8 {
		var u uint64
		for i := n - 1; i >= 0; i-- {
			u = u<<8 | uint64(b[i])
		}
		shift := uint(64 - 8*n)
		v := int64(u<<shift) >> shift
		if v >= math.MinInt && v <= math.MaxInt {
			return int(v), nil
		}
		return 0, big.NewInt(v)
	}
	return 0, bigLong(b)
}

// bigLong is decodeLong for more than 8 bytes.
func bigLong(b []byte) *big.Int {
	negative := b[len(b)-1] >= 0x80
	v, words := newInt((len(b) + bits.UintSize/8 - 1) / (bits.UintSize / 8))
	for i, c := range b {
		if negative {
			c = ^c
		}
		words[i/(bits.UintSize/8)] |= big.Word(c) << (8 * (i % (bits.UintSize / 8)))
	}
	v.SetBits(words)
	if negative {
		v.Not(v)
	}
	return v
}

// newInt returns an int with memory for n words, side by side if they are few.
func newInt(n int) (*big.Int, []big.Word) {
	if n > 2 {
		return new(big.Int), make([]big.Word, n)
	}
	few := new(struct {
		v     big.Int
		words [2]big.Word
	})
	return &few.v, few.words[:n:n]
}

// intValue is v as an int if it fits, else as it is.
func intValue(v *big.Int) any {
	if v.IsInt64() {
		if i := v.Int64(); i >= math.MinInt && i <= math.MaxInt {
			return int(i)
		}
	}
	return v
}

// intOf is u as an int if it fits, else a *big.Int.
func intOf(u uint64) any {
	if u <= math.MaxInt {
		return int(u)
	}
	return new(big.Int).SetUint64(u)
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// cString is b up to its first NUL: CPython hands lines to C functions.
func cString(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// parseInt parses an int as Python's int(text, base) does, for base 10 and 0: white
// space around it, a sign, single underscores between digits, and for base 0 the
// prefixes 0x, 0o and 0b, but no leading zero (CPython: PyLong_FromString).
func parseInt(text []byte, base int, maxDigits int) (any, error) {
	bad := func() error { return malformed("not an int: %s", quoteShort(text)) }
	s := trimSpace(text)
	negative := false
	if len(s) > 0 && (s[0] == '+' || s[0] == '-') {
		negative = s[0] == '-'
		s = s[1:]
	}
	zeroOnly := false
	if base == 0 {
		base = 10
		if len(s) > 1 && s[0] == '0' {
			switch s[1] | 0x20 {
			case 'x':
				base = 16
			case 'o':
				base = 8
			case 'b':
				base = 2
			}
			if base == 10 {
				zeroOnly = true
			} else if s = s[2:]; len(s) > 0 && s[0] == '_' {
				s = s[1:]
			}
		}
	}
	digits, ok := plainDigits(s, base)
	if !ok || zeroOnly && !allZeros(digits) {
		return nil, bad()
	}
	if len(digits) > maxDigits {
		return nil, &LimitError{Limit: "IntDigits", Max: int64(maxDigits), Want: int64(len(digits))}
	}
	if len(digits) <= 18 {
		v, err := strconv.ParseInt(string(digits), base, 64)
		if err == nil && v <= math.MaxInt {
			if negative {
				v = -v
			}
			return int(v), nil
		}
	}
	v := parseDigits(digits, base)
	if negative {
		v.Neg(v)
	}
	return intValue(v), nil
}

func allZeros(b []byte) bool {
	for _, c := range b {
		if c != '0' {
			return false
		}
	}
	return true
}

// plainDigits checks the digits of s and takes out the underscores.
func plainDigits(s []byte, base int) ([]byte, bool) {
	if len(s) == 0 || s[0] == '_' || s[len(s)-1] == '_' {
		return nil, false
	}
	under := 0
	for i, c := range s {
		if c == '_' {
			if s[i-1] == '_' {
				return nil, false
			}
			under++
			continue
		}
		if digitValue(c) >= base {
			return nil, false
		}
	}
	if under == 0 {
		return s, true
	}
	plain := make([]byte, 0, len(s)-under)
	for _, c := range s {
		if c != '_' {
			plain = append(plain, c)
		}
	}
	return plain, true
}

func digitValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return int(c|0x20-'a') + 10
	}
	return 99
}

// parseDigits converts digits by halves, so that the time is that of big.Int's
// multiplication and not the square of the length.
func parseDigits(digits []byte, base int) *big.Int {
	const chunk = 1000
	if len(digits) <= chunk {
		v, _ := new(big.Int).SetString(string(digits), base)
		return v
	}
	// powers[i] is base**(chunk<<i).
	powers := []*big.Int{new(big.Int).Exp(big.NewInt(int64(base)), big.NewInt(chunk), nil)}
	for chunk<<len(powers) < len(digits) {
		p := powers[len(powers)-1]
		powers = append(powers, new(big.Int).Mul(p, p))
	}
	return joinDigits(digits, base, chunk, powers)
}

// joinDigits recurses to the depth of powers, the logarithm of the length.
func joinDigits(digits []byte, base, chunk int, powers []*big.Int) *big.Int {
	for len(powers) > 0 && chunk<<(len(powers)-1) >= len(digits) {
		powers = powers[:len(powers)-1]
	}
	if len(powers) == 0 {
		v, _ := new(big.Int).SetString(string(digits), base)
		return v
	}
	top := len(powers) - 1
	cut := len(digits) - chunk<<top
	v := joinDigits(digits[:cut], base, chunk, powers[:top])
	v.Mul(v, powers[top])
	return v.Add(v, joinDigits(digits[cut:], base, chunk, powers[:top]))
}

// parseFloat parses a float as PyOS_string_to_double does: no white space, no
// underscores, no hexadecimal; too large a number is an error.
func parseFloat(text []byte) (float64, error) {
	s := cString(text)
	rest := s
	if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
		rest = rest[1:]
	}
	word := len(rest) > 0 && (rest[0]|0x20 == 'i' || rest[0]|0x20 == 'n')
	if len(rest) == 3 && strings.EqualFold(string(rest), "nan") {
		nan := math.Float64frombits(0x7ff8 << 48) // as Python makes it, not as math.NaN does
		if s[0] == '-' {
			nan = -nan
		}
		return nan, nil
	}
	if !word {
		for _, c := range rest {
			if (c < '0' || c > '9') && c != '.' && c|0x20 != 'e' && c != '+' && c != '-' {
				return 0, malformed("not a float: %s", quoteShort(text))
			}
		}
	}
	f, err := strconv.ParseFloat(string(s), 64)
	if err != nil {
		return 0, malformed("not a float: %s", quoteShort(text))
	}
	return f, nil
}

// pythonFloat parses a float as Python's float(text) does: parseFloat with white
// space around it, single underscores between digits, and infinity for too large a
// number.
func pythonFloat(text []byte) (float64, error) {
	s := trimSpace(text)
	plain := make([]byte, 0, len(s))
	isDigit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	for i, c := range s {
		if c != '_' {
			plain = append(plain, c)
		} else if !isDigit(i-1) || !isDigit(i+1) {
			return 0, malformed("not a float: %s", quoteShort(text))
		}
	}
	if bytes.IndexByte(plain, 0) >= 0 {
		return 0, malformed("not a float: %s", quoteShort(text))
	}
	f, err := parseFloat(plain)
	if err != nil {
		if v, rangeErr := strconv.ParseFloat(string(plain), 64); errors.Is(rangeErr, strconv.ErrRange) {
			return v, nil
		}
	}
	return f, err
}

// decodeEscapes decodes the escapes of a bytes literal (CPython:
// PyBytes_DecodeEscape). The result is b itself if there are none.
func decodeEscapes(b []byte) ([]byte, error) {
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

// simpleEscape returns what \c stands for, or 0.
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

// decodeRawUnicode decodes raw-unicode-escape: Latin-1 but for \uXXXX and
// \UXXXXXXXX (CPython: _PyUnicode_DecodeRawUnicodeEscapeStateful). Surrogates stay
// what they are, each for itself.
func decodeRawUnicode(b []byte) ([]byte, error) {
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
		out = appendCodePoint(out, rune(r))
	}
	return out, nil
}

// appendCodePoint appends r in UTF-8; a surrogate as three bytes.
func appendCodePoint(out []byte, r rune) []byte {
	if r >= 0xd800 && r <= 0xdfff {
		return append(out, 0xed, byte(r>>6)&0x3f|0x80, byte(r)&0x3f|0x80)
	}
	return utf8.AppendRune(out, r)
}

// validText reports that b is UTF-8, where surrogates are allowed as three bytes
// each (Python's surrogatepass).
func validText(b []byte) bool { return texts.IsASCII(b) || validUnicode(b) }

func validUnicode(b []byte) bool {
	for !utf8.Valid(b) {
		// Skip to behind the first surrogate.
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

// strictText reports that b is UTF-8 without surrogates.
func strictText(b []byte) bool { return utf8.Valid(b) }

// latin1 returns b, which is Latin-1, in UTF-8; b itself if it is ASCII.
func latin1(b []byte) []byte {
	if isASCII(b) {
		return b
	}
	out := make([]byte, 0, len(b)+len(b)/2)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// quoteShort quotes the beginning of b for an error message.
func quoteShort(b []byte) string {
	if len(b) > 40 {
		return strconv.QuoteToASCII(string(b[:40])) + "..."
	}
	return strconv.QuoteToASCII(string(b))
}
