package delimited

import (
	"bytes"
	"math"
	"strconv"
)

// parseInt parses a decimal int64: digits, with an optional sign, and blanks around them.
func parseInt(f []byte) (int64, bool) {
	f = trim(f)
	digits := f
	if len(f) > 0 && (f[0] == '-' || f[0] == '+') {
		digits = f[1:]
	}
	if len(digits) == 0 || len(digits) > 19 {
		return parseLongInt(f)
	}
	var n uint64
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		} else {
			n = n*10 + uint64(c)
		}
	}
	switch {
	case f[0] == '-' && n <= 1<<63:
		return -int64(n), true
	case f[0] != '-' && n < 1<<63:
		return int64(n), true
	}
	return 0, false
}

// parseLongInt is parseInt for a number with leading zeros.
func parseLongInt(f []byte) (int64, bool) {
	if len(f) < 20 || !isDigits(f) {
		return 0, false
	}
	n, err := strconv.ParseInt(string(f), 10, 64)
	return n, err == nil
}

// parseUint parses a decimal uint64, with an optional plus.
func parseUint(f []byte) (uint64, bool) {
	f = trim(f)
	if len(f) > 1 && f[0] == '+' {
		f = f[1:]
	}
	n, err := strconv.ParseUint(string(f), 10, 64)
	return n, err == nil
}

// hasMinus reports whether a field begins with a minus, after blanks.
func hasMinus(f []byte) bool {
	f = trim(f)
	return len(f) > 0 && f[0] == '-'
}

// isDigits reports whether a field is an integer of any size.
func isDigits(f []byte) bool {
	f = trim(f)
	if len(f) > 1 && (f[0] == '-' || f[0] == '+') {
		f = f[1:]
	}
	for _, c := range f {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(f) > 0
}

func trim(f []byte) []byte {
	for len(f) > 0 && (f[0] == ' ' || f[0] == '\t') {
		f = f[1:]
	}
	for len(f) > 0 && (f[len(f)-1] == ' ' || f[len(f)-1] == '\t' || f[len(f)-1] == '\r') {
		f = f[:len(f)-1]
	}
	return f
}

// ParseFloat parses a float as Python's float() does, rounded exactly. It does not accept
// hexadecimal numbers and underscores.
func ParseFloat(f []byte) (float64, bool) {
	if x, ok := fastFloat(f); ok {
		return x, true
	}
	if f = trim(f); len(f) == 0 {
		return 0, false
	}
	// Almost all fields are digits, signs, a point and an exponent; words are nan, inf and
	// infinity.
	if c := f[len(f)-1]; c > '9' || c < '.' {
		return parseWord(f)
	}
	for _, c := range f {
		if c == 'x' || c == 'X' || c == '_' || c == 'p' || c == 'P' {
			return 0, false
		}
	}
	x, err := strconv.ParseFloat(string(f), 64)
	if err != nil && (math.IsInf(x, 0) || x == 0) &&
		err.(*strconv.NumError).Err == strconv.ErrRange {
		return x, true
	}
	return x, err == nil
}

func parseWord(f []byte) (float64, bool) {
	sign := 1.0
	if f[0] == '-' || f[0] == '+' {
		if f[0] == '-' {
			sign = -1
		}
		f = f[1:]
	}
	switch {
	case len(f) == 3 && bytes.EqualFold(f, []byte("nan")):
		return NaN, true
	case len(f) == 3 && bytes.EqualFold(f, []byte("inf")),
		len(f) == 8 && bytes.EqualFold(f, []byte("infinity")):
		return math.Inf(int(sign)), true
	}
	return 0, false
}

// NaN has the bits of Python's NaN; Go's differs in one bit.
var NaN = math.Float64frombits(0x7ff8 << 48)

// ParseComplex parses a complex number as Python's complex() does, with or without parentheses.
func ParseComplex(f []byte) (complex128, bool) {
	f = trim(f)
	if len(f) > 2 && f[0] == '(' && f[len(f)-1] == ')' {
		f = trim(f[1 : len(f)-1])
	}
	if n := len(f); n > 0 && (f[n-1] == 'j' || f[n-1] == 'J') {
		return parseImaginary(f[:n-1])
	}
	x, ok := ParseFloat(f)
	return complex(x, 0), ok
}

// parseImaginary parses the text before the j.
func parseImaginary(f []byte) (complex128, bool) {
	split := 0
	for i := len(f) - 1; i > 0; i-- {
		if (f[i] == '+' || f[i] == '-') && f[i-1] != 'e' && f[i-1] != 'E' {
			split = i
			break
		}
	}
	var re float64
	ok := true
	if split > 0 {
		re, ok = ParseFloat(f[:split])
	}
	rest := f[split:]
	// Older versions of savetxt write "+-" before a negative imaginary part.
	if len(rest) > 1 && rest[0] == '-' && split > 0 && f[split-1] == '+' {
		re, ok = ParseFloat(f[:split-1])
	}
	switch string(rest) {
	case "", "+":
		return complex(re, 1), ok
	case "-":
		return complex(re, -1), ok
	}
	im, ok2 := ParseFloat(rest)
	return complex(re, im), ok && ok2
}

// ParseBool parses a bool as pandas does.
//
// Reference: pandas/_libs/src/parser/tokenizer.c, to_boolean.
func ParseBool(f []byte) (value, ok bool) {
	switch {
	case len(f) == 4 && bytes.EqualFold(f, []byte("true")):
		return true, true
	case len(f) == 5 && bytes.EqualFold(f, []byte("false")):
		return false, true
	}
	return false, false
}

// AppendRepr appends a float as Python's repr writes it.
func AppendRepr(b []byte, x float64, bits int) []byte {
	switch {
	case math.IsNaN(x):
		return append(b, "nan"...)
	case math.IsInf(x, 1):
		return append(b, "inf"...)
	case math.IsInf(x, -1):
		return append(b, "-inf"...)
	}
	if a := math.Abs(x); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(b, x, 'e', -1, bits)
	}
	n := len(b)
	b = strconv.AppendFloat(b, x, 'f', -1, bits)
	if bytes.IndexByte(b[n:], '.') < 0 {
		b = append(b, ".0"...)
	}
	return b
}
