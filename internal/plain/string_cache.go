package plain

import "encoding/binary"

// maxCachedString is the length of the longest string in a stringCache, in bytes.
const maxCachedString = 16

// stringCache keeps short strings that were created lately. In many files the same few words occur
// again and again, each time as a new str. If few look-ups succeed, the cache is not used any more.
type stringCache struct {
	texts       *cachedStrings // nil before the first find
	tries, hits int
}

// cachedStrings is a hash table in which each string has one possible place.
type cachedStrings struct {
	values [256]any
	marks  [256]uint32 // other bits of the hash of each value; they tell most strings apart
}

// use reports whether find is worthwhile.
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

// find returns the string with the bytes b, of which there are 1 to maxCachedString, as an any.
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
	*place = arena.String(arena.copyText(b))
	return *place
}

// hash is a fast hash of 1 to maxCachedString bytes. A collision costs only a copy of a string.
func hash(b []byte) (place uint8, mark uint32) {
	const multiplier = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
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
	h := (first*multiplier ^ last) * multiplier
	return uint8(h >> 56), uint32(h >> 24)
}
