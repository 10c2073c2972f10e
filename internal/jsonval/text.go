package jsonval

import (
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. s is UTF-8, except that lone surrogates have a
// three-byte form; they become \ud8xx escapes, as Python's json.dumps writes them. Everything that
// may affect a terminal is escaped: C0, DEL, C1, marks that change the direction of text, line and
// paragraph separators. ok is false, and dst is returned unchanged, if s is not such text.
func appendString(dst []byte, s string) (_ []byte, ok bool) {
	begin := len(dst)
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if plainASCII(c) {
				i++
				continue
			}
			dst = append(dst, s[from:i]...)
			dst = appendASCIIEscape(dst, c)
			i++
			from = i
			continue
		}
		r, size := decodeRune(s[i:])
		switch {
		case size == 0:
			return dst[:begin], false
		case isSurrogate(r) || escaped(r):
			dst = append(dst, s[from:i]...)
			dst = appendEscape(dst, r)
			from = i + size
		}
		i += size
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"'), true
}

func plainASCII(c byte) bool { return c >= ' ' && c != '"' && c != '\\' && c != 0x7f }

func isSurrogate(r rune) bool { return 0xd800 <= r && r <= 0xdfff }

// decodeRune is utf8.DecodeRuneInString, except that it accepts surrogates. size is 0 if the bytes
// are not text.
func decodeRune(s string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s)
	if r != utf8.RuneError || size != 1 {
		return r, size
	}
	if len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return 0, 0
}

// isText reports whether s is UTF-8 that may contain lone surrogates.
func isText(s string) bool {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := decodeRune(s[i:])
		if size == 0 {
			return false
		}
		i += size
	}
	return true
}

// hasSplitPair reports whether s has a high surrogate before a low one, each in its three-byte
// form. They are two characters in Python, but their escapes would be one character in JSON.
func hasSplitPair(s string) bool {
	for {
		i := strings.IndexByte(s, 0xed)
		if i < 0 || len(s)-i < 6 {
			return false
		}
		if s = s[i+1:]; s[0]&0xf0 == 0xa0 && s[2] == 0xed && s[3]&0xf0 == 0xb0 {
			return true
		}
	}
}

// escaped reports whether r, which is not ASCII, is written as an escape: C1 controls, separators
// that JavaScript and pagers take for the end of a line, and the marks of Unicode's bidirectional
// algorithm.
func escaped(r rune) bool {
	switch {
	case r < 0xa0:
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f:
		return true
	case 0x2028 <= r && r <= 0x202e:
		return true
	case 0x2066 <= r && r <= 0x2069:
		return true
	case r == 0xfeff:
		return true
	}
	return false
}

func appendASCIIEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\t':
		return append(dst, '\\', 't')
	case '\r':
		return append(dst, '\\', 'r')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return appendEscape(dst, rune(c))
}

// appendEscape appends \uXXXX. r must be below 0x10000.
func appendEscape(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u',
		hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
