package plain

import "encoding/binary"

// maxCachedString is the longest text in bytes that stringCache keeps.
const maxCachedString = 16

// stringCache knows short strings that were made lately: in many records the same few words stand
// again and again, each time as a new str. Where they do not, it gives up.
type stringCache struct {
	texts       *cachedStrings // none before there were a few texts
	tries, hits int
}

type cachedStrings struct {
	values [256]any
	marks  [256]uint32 // of the texts: most others show here that they are others
}

// use reports whether looking pays.
func (r *stringCache) use() bool {
	const few = 32
	if r.tries < few {
		r.tries++
		return false
	}
	if r.texts == nil {
		r.texts = new(cachedStrings)
	}
	return r.tries < 1<<12 || r.hits > r.tries>>2
}

// find returns the value of a text of 1 to maxCachedString bytes.
func (r *stringCache) find(b []byte, arena *arena) any {
	r.tries++
	i, mark := hash(b)
	place := &r.texts.values[i]
	if r.texts.marks[i] == mark {
		if s, ok := (*place).(string); ok && s == string(b) {
			r.hits++
			return *place
		}
	}
	r.texts.marks[i] = mark
	*place = arena.String(arena.copied(b))
	return *place
}

// hash is a quick one of 1 to maxCachedString bytes; that others collide costs no more than a copy.
func hash(b []byte) (place uint8, mark uint32) {
	const odd = 0x9e3779b97f4a7c15
	var first, last uint64
	switch n := len(b); {
	case n >= 8:
		first, last = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		first = uint64(binary.LittleEndian.Uint32(b))
		last = uint64(binary.LittleEndian.Uint32(b[n-4:]))
	default:
		first, last = uint64(b[0])|uint64(b[n/2])<<8, uint64(b[n-1])<<8|uint64(n)
	}
	h := (first*odd ^ last) * odd
	return uint8(h >> 56), uint32(h >> 24)
}
