package ndarray

import (
	"unicode/utf8"
)

// trimNUL removes trailing NULs, as NumPy does when it reads an element of kind S.
func trimNUL(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}

// decodeUCS4 decodes an element of kind U without its trailing NULs. A lone surrogate, which Python
// allows, becomes three bytes as in WTF-8. A code point above U+10FFFF becomes U+FFFD, and ok is
// false.
func decodeUCS4(b []byte, order ByteOrder) (s string, ok bool) {
	out, ok := appendUCS4(make([]byte, 0, len(b)/4), b, order)
	return string(out), ok
}

func appendUCS4(out, b []byte, order ByteOrder) ([]byte, bool) {
	ok := true
	keep := len(out) // end of the text, without trailing NULs
	o := order.binary()
	for i := 0; i+4 <= len(b); i += 4 {
		c := o.Uint32(b[i:])
		switch {
		case c < utf8.RuneSelf:
			out = append(out, byte(c))
			if c == 0 {
				continue
			}
		case c >= 0xd800 && c < 0xe000:
			out = append(out, 0xe0|byte(c>>12), 0x80|byte(c>>6&0x3f), 0x80|byte(c&0x3f))
		case c > utf8.MaxRune:
			ok = false
			fallthrough
		default:
			out = utf8.AppendRune(out, rune(min(c, utf8.MaxRune+1)))
		}
		keep = len(out)
	}
	return out[:keep], ok
}

// encodeUCS4 writes s, which may be WTF-8, padded with NULs. It returns false if s does not fit or
// is not such text.
func encodeUCS4(b []byte, s string, order ByteOrder) bool {
	o := order.binary()
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n <= 1 {
			if r, n = decodeSurrogate(s); n == 0 {
				return false
			}
		}
		if len(b) < 4 {
			return false
		}
		o.PutUint32(b, uint32(r))
		b, s = b[4:], s[n:]
	}
	clear(b)
	return true
}

// decodeSurrogate decodes a surrogate of three bytes. n is 0 if there is none.
func decodeSurrogate(s string) (r rune, n int) {
	if len(s) < 3 || s[0] != 0xed || s[1]&0xe0 != 0xa0 || s[2]&0xc0 != 0x80 {
		return 0, 0
	}
	return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
}
