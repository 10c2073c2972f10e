package filter

import "encoding/binary"

// bitReader reads numbers of up to 64 bits, the highest bit first. Past the end it reads zeros and
// goes on counting, so that a caller may check pastEnd once, or check the length before.
type bitReader struct {
	src []byte
	pos int // in bits
}

// pastEnd reports whether more bits were read than there are.
func (r *bitReader) pastEnd() bool { return r.pos > 8*len(r.src) }

// left returns the number of bits that are not read yet.
func (r *bitReader) left() int { return 8*len(r.src) - r.pos }

// peek returns at least the next 56 bits, at the top of a word, without reading them.
func (r *bitReader) peek() uint64 {
	at := r.pos >> 3
	if at+8 <= len(r.src) {
		return binary.BigEndian.Uint64(r.src[at:]) << (r.pos & 7)
	}
	var tail [8]byte
	if at < len(r.src) {
		copy(tail[:], r.src[at:])
	}
	return binary.BigEndian.Uint64(tail[:]) << (r.pos & 7)
}

// read returns the next n bits, 0 to 64.
func (r *bitReader) read(n int) uint64 {
	if n > 56 {
		high := r.read(n - 32)
		return high<<32 | r.read(32)
	}
	x := r.peek() >> (64 - n)
	r.pos += n
	return x
}
