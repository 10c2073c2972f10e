package texts

import "unicode/utf8"

// AppendLatin1 appends text, which is UTF-8, to dst in Latin-1, up to the first character that
// Latin-1 cannot encode. n is the number of bytes of text that were encoded.
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
