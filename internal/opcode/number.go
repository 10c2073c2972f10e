package opcode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/internal/errkind"
)

// DecodeLong decodes the argument of LONG1 and LONG4: two's complement in little endian, where no
// bytes stand for 0. large is nil if the number fits an int64.
//
// Reference: CPython's _PyLong_FromByteArray.
func DecodeLong(b []byte) (small int64, large *big.Int) {
	var l Longs
	return l.Decode(b)
}

// ShortLong is [DecodeLong] for the first n bytes of b. n is at most 8, and b has at least 8 bytes.
func ShortLong(b []byte, n int) int64 {
	shift := uint(64 - 8*n)
	return int64(binary.LittleEndian.Uint64(b)<<shift) >> shift
}

// PyBigInt returns v as the value of a Python int: a Go int if it fits, else v itself.
func PyBigInt(v *big.Int) any {
	if v.IsInt64() {
		return PyInt(v.Int64())
	}
	return v
}

// PyInt returns i as the value of a Python int: a Go int if it fits, which it may not on 32 bits,
// else a *big.Int.
func PyInt(i int64) any {
	if i >= math.MinInt && i <= math.MaxInt {
		return int(i)
	}
	return big.NewInt(i)
}

// PyUint returns u as the value of a Python int: a Go int if it fits, else a *big.Int.
func PyUint(u uint64) any {
	if u <= math.MaxInt {
		return int(u)
	}
	return new(big.Int).SetUint64(u)
}

// IsSpace reports whether c is white space to C's isspace.
func IsSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// CString returns b up to its first NUL byte, which is what C functions see of a line that CPython
// passes to them.
func CString(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

// TrimSpace returns b without leading and trailing white space, as [IsSpace] defines it.
func TrimSpace(b []byte) []byte {
	b = trimLeft(b)
	for len(b) > 0 && IsSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func trimLeft(b []byte) []byte {
	for len(b) > 0 && IsSpace(b[0]) {
		b = b[1:]
	}
	return b
}

// ParseInt parses an int as Python's int(text, base) does for the bases 0, 8 and 10. White space
// around the number, a sign, and single underscores between digits are allowed. Base 0 allows the
// prefixes 0x, 0o and 0b, and no other leading zeros. large is nil if the number fits an int64.
// More digits than maxDigits are a limit error.
//
// Reference: CPython's PyLong_FromString.
func ParseInt(text []byte, base int, maxDigits int) (small int64, large *big.Int, err error) {
	bad := func() error { return malformed("not an int: %s", Quote(text)) }
	s := TrimSpace(text)
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
	digits, ok := digitsOf(s, base)
	if !ok || zeroOnly && !allZeros(digits) {
		return 0, nil, bad()
	}
	if len(digits) > maxDigits {
		return 0, nil, &errkind.LimitError{Limit: "IntDigits", Max: int64(maxDigits),
			Want: int64(len(digits))}
	}
	if base <= 10 && len(digits) <= 18 {
		for _, c := range digits {
			small = small*int64(base) + int64(c-'0')
		}
		if negative {
			small = -small
		}
		return small, nil, nil
	}
	v := parseDigits(digits, base)
	if negative {
		v.Neg(v)
	}
	if v.IsInt64() {
		return v.Int64(), nil, nil
	}
	return 0, v, nil
}

func allZeros(b []byte) bool {
	for _, c := range b {
		if c != '0' {
			return false
		}
	}
	return true
}

// digitsOf returns s without underscores, and false if s is not a number without sign and prefix.
func digitsOf(s []byte, base int) ([]byte, bool) {
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

// digitValue returns the value of a digit or letter in bases up to 36, or 99 for any other byte.
func digitValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return int(c|0x20-'a') + 10
	}
	return 99
}

// parseDigits converts digits by halves, so that it takes the time of big.Int's multiplication
// instead of time quadratic in the length.
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

// joinDigits is parseDigits with the powers that it needs: powers[i] is base**(chunk<<i). It
// recurses as deep as there are powers, which is the logarithm of the length.
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

// ParseFloat parses a float as CPython's PyOS_string_to_double does: white space, underscores and
// hexadecimal digits are errors, and so is a number that is too large.
func ParseFloat(text []byte) (float64, error) {
	s := CString(text)
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
				return 0, malformed("not a float: %s", Quote(text))
			}
		}
	}
	f, err := strconv.ParseFloat(stringOf(s), 64)
	if err != nil {
		return 0, malformed("not a float: %s", Quote(text))
	}
	return f, nil
}

// PythonFloat parses a float as Python's float(text) does: unlike in [ParseFloat], white space
// around the number and single underscores between digits are allowed, and a number that is too
// large is infinite.
func PythonFloat(text []byte) (float64, error) {
	s := TrimSpace(text)
	plain := make([]byte, 0, len(s))
	isDigit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	for i, c := range s {
		if c != '_' {
			plain = append(plain, c)
		} else if !isDigit(i-1) || !isDigit(i+1) {
			return 0, malformed("not a float: %s", Quote(text))
		}
	}
	if bytes.IndexByte(plain, 0) >= 0 {
		return 0, malformed("not a float: %s", Quote(text))
	}
	f, err := ParseFloat(plain)
	if err != nil {
		if v, rangeErr := strconv.ParseFloat(string(plain), 64); errors.Is(rangeErr,
			strconv.ErrRange) {
			return v, nil
		}
	}
	return f, err
}

// ParseIntLine parses the argument of INT. CPython tries C's strtol first. That parses a number
// with a leading 0 as octal, and a line that begins with a NUL as 0. If strtol accepts the line, 0
// and 1 in two characters are bools.
//
// Reference: CPython's load_int of _pickle.c.
func ParseIntLine(line []byte, maxDigits int) (small int64, large *big.Int, isBool bool,
	err error) {
	text := CString(line)
	if len(text) == 0 && len(line) > 0 {
		return 0, nil, len(line) == 2, nil
	}
	small, large, err = ParseInt(text, 0, maxDigits)
	if octal := trimLeft(text); err != nil && isOctal(octal) && !IsSpace(octal[len(octal)-1]) {
		small, large, err = ParseInt(octal, 8, maxDigits)
		if err == nil && large != nil {
			err = malformed("not an int: %s", Quote(line))
		}
	}
	if err != nil {
		return 0, nil, false, err
	}
	isBool = len(line) == 2 && !IsSpace(line[1]) && large == nil && (small == 0 || small == 1)
	return small, large, isBool, nil
}

// isOctal reports whether text begins like an octal number in C.
func isOctal(text []byte) bool {
	i := 0
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		i = 1
	}
	return len(text) > i+1 && text[i] == '0' && text[i+1] >= '0' && text[i+1] <= '7'
}

// ParseLongLine parses the argument of LONG, which may end in an L.
func ParseLongLine(line []byte, maxDigits int) (small int64, large *big.Int, err error) {
	return ParseInt(CString(bytes.TrimSuffix(line, []byte("L"))), 0, maxDigits)
}

// Uint64 decodes an unsigned number of 1, 2, 4 or 8 bytes in little endian.
func Uint64(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}
