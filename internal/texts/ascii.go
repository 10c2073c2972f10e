package texts

import "encoding/binary"

// IsASCII reports whether no byte of b is above 0x7f. It is meant for short text, for which a loop
// over bytes or runes would take most of the time of reading it.
func IsASCII(b []byte) bool {
	const high = 0x8080808080808080
	n := len(b)
	switch {
	case n > 8:
		last := binary.LittleEndian.Uint64(b[n-8:])
		for ; len(b) > 8; b = b[8:] {
			last |= binary.LittleEndian.Uint64(b)
		}
		return last&high == 0
	case n >= 4:
		return (binary.LittleEndian.Uint32(b)|binary.LittleEndian.Uint32(b[n-4:]))&(high&0xffffffff) == 0
	case n > 0:
		return (b[0]|b[n/2]|b[n-1])&0x80 == 0
	}
	return true
}
