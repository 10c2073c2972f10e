package ndarray

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// appendQuoted appends repr(str): in single quotes unless s contains only those, with escapes for
// characters that are not printable. s may be WTF-8, with lone surrogates.
func appendQuoted(b []byte, s string) []byte {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b = append(b, quote)
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			if r, n = decodeSurrogate(s); n == 0 {
				r, n = 0xdc00|rune(s[0]), 1 // as Python's surrogateescape does
			}
		}
		b = appendReprRune(b, r, quote)
		s = s[n:]
	}
	return append(b, quote)
}

// isText reports whether s is WTF-8: UTF-8 that may have lone surrogates.
func isText(s string) bool {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			if _, n = decodeSurrogate(s); n == 0 {
				return false
			}
		}
		s = s[n:]
	}
	return true
}

func appendReprRune(b []byte, r rune, quote byte) []byte {
	switch {
	case r == rune(quote) || r == '\\':
		return append(b, '\\', byte(r))
	case r == '\n':
		return append(b, `\n`...)
	case r == '\r':
		return append(b, `\r`...)
	case r == '\t':
		return append(b, `\t`...)
	case r < utf8.RuneSelf && r >= ' ' && r != 0x7f:
		return append(b, byte(r))
	case r >= utf8.RuneSelf && isPrintable(r):
		return utf8.AppendRune(b, r)
	case r < 0x100:
		return appendHex(append(b, `\x`...), r, 2)
	case r < 0x10000:
		return appendHex(append(b, `\u`...), r, 4)
	}
	return appendHex(append(b, `\U`...), r, 8)
}

// isPrintable is Python's str.isprintable: false for separators other than the space, and for the
// category "other".
func isPrintable(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S)
}

func appendHex(b []byte, r rune, digits int) []byte {
	s := strconv.FormatInt(int64(r), 16)
	for range digits - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

// appendBytesRepr appends repr(bytes).
func appendBytesRepr(b, s []byte) []byte {
	quote := byte('\'')
	if strings.Contains(string(s), "'") && !strings.Contains(string(s), `"`) {
		quote = '"'
	}
	b = append(b, 'b', quote)
	for _, c := range s {
		if c >= utf8.RuneSelf {
			b = appendHex(append(b, `\x`...), rune(c), 2)
		} else {
			b = appendReprRune(b, rune(c), quote)
		}
	}
	return append(b, quote)
}
