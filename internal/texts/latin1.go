package texts

import "unicode/utf8"

// AppendLatin1 appends to dst what the beginning of text, which is UTF-8, is in Latin-1, and
// returns how many bytes of text that is: all of them unless a character has no Latin-1 encoding.
func AppendLatin1[T string | []byte](dst []byte, text T) (out []byte, n int) {
	for n < len(text) {
		switch b := text[n]; {
		case b < utf8.RuneSelf:
			dst = append(dst, b)
			n++
		case (b == 0xc2 || b == 0xc3) && n+1 < len(text) && text[n+1]&0xc0 == 0x80:
			// The only sequences that encode U+0080 to U+00FF.
			dst = append(dst, b<<6|text[n+1]&0x3f)
			n += 2
		default:
			return dst, n
		}
	}
	return dst, n
}
