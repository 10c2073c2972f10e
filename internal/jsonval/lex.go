package jsonval

import (
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/unpkl/unpkl/pickle"
)

// lexer reads the tokens of a JSON document (RFC 8259). Package encoding/json cannot be used,
// because it replaces lone surrogates, which a Python str may contain.
type lexer struct {
	data []byte
	at   int // offset of the next byte
}

// errorf returns an error with the current offset.
func (l *lexer) errorf(format string, args ...any) error {
	return pickle.Malformed(format+" (at byte %d)", append(args, l.at)...)
}

// next skips white space and returns the next byte, which it does not consume. It returns 0 at the
// end.
func (l *lexer) next() byte {
	for l.at < len(l.data) {
		switch c := l.data[l.at]; c {
		case ' ', '\t', '\n', '\r':
			l.at++
		default:
			return c
		}
	}
	return 0
}

// scalar reads a string, number or literal.
func (l *lexer) scalar(maxDigits int) (any, error) {
	c := l.next()
	if c == '"' {
		return l.string()
	}
	start := l.at
	for l.at < len(l.data) && !delimits(l.data[l.at]) {
		l.at++
	}
	switch word := string(l.data[start:l.at]); {
	case word == "null":
		return nil, nil
	case word == "true", word == "false":
		return word == "true", nil
	case isNumber(word):
		return l.number(word, maxDigits)
	default:
		l.at = start
		return nil, l.errorf("not JSON: %.20q", word)
	}
}

// delimits reports whether c ends a number or literal.
func delimits(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', ',', ':', ']', '}', '[', '{', '"':
		return true
	}
	return false
}

// isNumber reports whether s is a JSON number.
func isNumber(s string) bool {
	digits := func() bool {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	if s != "" && s[0] == '0' {
		s = s[1:]
	} else if !digits() {
		return false
	}
	if s != "" && s[0] == '.' {
		if s = s[1:]; !digits() {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return s == ""
}

// number returns an int if s has neither a fraction nor an exponent, and else a float, as Python's
// json module does.
func (l *lexer) number(s string, maxDigits int) (any, error) {
	for i := range len(s) {
		if s[i] == '.' || s[i] == 'e' || s[i] == 'E' {
			f, err := strconv.ParseFloat(s, 64)
			if err != nil && !math.IsInf(f, 0) {
				return nil, l.errorf("not a number: %.40q", s)
			}
			return f, nil
		}
	}
	if i, err := strconv.Atoi(s); err == nil {
		return i, nil
	}
	if len(s) > maxDigits {
		return nil, &pickle.LimitError{Limit: "IntDigits", Max: int64(maxDigits),
			Want: int64(len(s))}
	}
	i, _ := new(big.Int).SetString(s, 10)
	return i, nil
}

// string reads a string. A lone surrogate becomes three bytes, as everywhere in this module.
func (l *lexer) string() (string, error) {
	l.at++
	start := l.at
	for l.at < len(l.data) && l.data[l.at] != '"' && l.data[l.at] != '\\' && l.data[l.at] >= ' ' {
		l.at++
	}
	out := l.data[start:l.at]
	if l.at < len(l.data) && l.data[l.at] != '"' {
		out = append([]byte(nil), out...)
	}
	for {
		switch {
		case l.at >= len(l.data):
			return "", l.errorf("a string does not end")
		case l.data[l.at] == '"':
			l.at++
			if !utf8.Valid(l.data[start : l.at-1]) {
				return "", l.errorf("a string is not UTF-8")
			}
			return string(out), nil
		case l.data[l.at] < ' ':
			return "", l.errorf("a control character in a string")
		case l.data[l.at] != '\\':
			out = append(out, l.data[l.at])
			l.at++
		default:
			var err error
			if out, err = l.escape(out); err != nil {
				return "", err
			}
		}
	}
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n',
	'r': '\r', 't': '\t'}

// escape reads an escape and appends the character that it represents.
func (l *lexer) escape(out []byte) ([]byte, error) {
	l.at++
	if l.at >= len(l.data) {
		return nil, l.errorf("a string does not end")
	}
	if c, ok := escapes[l.data[l.at]]; ok {
		l.at++
		return append(out, c), nil
	}
	r, ok := l.hex()
	if !ok {
		return nil, l.errorf("not an escape")
	}
	if r >= 0xd800 && r < 0xdc00 && l.at < len(l.data) && l.data[l.at] == '\\' {
		at := l.at
		l.at++
		if low, ok := l.hex(); ok && low >= 0xdc00 && low < 0xe000 {
			return utf8.AppendRune(out, (r-0xd800)<<10|(low-0xdc00)+0x10000), nil
		}
		l.at = at
	}
	if r >= 0xd800 && r < 0xe000 {
		return append(out, 0xed, 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f), nil
	}
	return utf8.AppendRune(out, r), nil
}

// hex reads uXXXX.
func (l *lexer) hex() (rune, bool) {
	if l.at+5 > len(l.data) || l.data[l.at] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(l.data[l.at+1:l.at+5]), 16, 16)
	if err != nil {
		return 0, false
	}
	l.at += 5
	return rune(n), true
}
