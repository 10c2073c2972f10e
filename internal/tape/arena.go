package tape

import (
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/slab"
)

// inputChunk is the chunk that is the input, where that is a slice.
const inputChunk = 0

// chunkSize is the length of a chunk that spans share, in bytes: what one string that is kept
// keeps alive.
const chunkSize = 8 << 10

// arena holds the bytes of spans. Chunk 0 is the input where that is a slice; the others are made
// here, and values may keep parts of them, so they are never used again.
//
// Invariant: free is the rest of the chunk last, behind what spans have of it.
type arena struct {
	chunks [][]byte
	free   []byte
	last   int // index of the chunk that free is of
	size   int // length of the next chunk
	// spare is memory that payloads were read into and nobody has kept; fresh is that of this
	// pickle, which becomes spare with the next.
	spare, fresh [][]byte
}

// What is kept of the memory of payloads.
const (
	maxSpare      = 16
	maxSpareBytes = 64 << 20 // of each
)

func (a *arena) reset() {
	clear(a.chunks)
	if len(a.fresh)+len(a.spare) == 0 {
		*a = arena{chunks: append(a.chunks[:0], nil)}
		return
	}
	spare := append(a.fresh, a.spare...)
	if len(spare) > maxSpare {
		clear(spare[maxSpare:])
		spare = spare[:maxSpare]
	}
	*a = arena{chunks: append(a.chunks[:0], nil), spare: spare}
}

// recycle makes a chunk spare memory for the next pickle.
func (a *arena) recycle(chunk []byte) {
	if len(chunk) <= maxSpareBytes {
		a.fresh = append(a.fresh, chunk)
	}
}

// takeSpare returns spare memory of at least n bytes, or nil. It is not much larger.
func (a *arena) takeSpare(n uint64) []byte {
	for i, mem := range a.spare {
		if have := uint64(cap(mem)); have >= n && have/2 <= n {
			last := len(a.spare) - 1
			a.spare[i], a.spare[last] = a.spare[last], nil
			a.spare = a.spare[:last]
			return mem[:n]
		}
	}
	return nil
}

// add copies b and returns the place of the copy, as cell.v has it.
func (a *arena) add(b []byte) (uint64, error) {
	if len(b) >= slab.Apart {
		return a.addChunk(append(make([]byte, 0, len(b)), b...))
	}
	mem, at, err := a.alloc(len(b))
	copy(mem, b)
	return at, err
}

// addAligned is add for a copy that begins at a multiple of 16.
func (a *arena) addAligned(b []byte) (uint64, error) {
	at, mem, err := a.allocAligned(len(b))
	copy(mem, b)
	return at, err
}

// make returns memory for n bytes that begins at a multiple of 16, and its place as cell.v has it.
func (a *arena) allocAligned(n int) (at uint64, mem []byte, err error) {
	if n >= slab.Apart {
		mem = make([]byte, (n+15)&^15)[:n:n]
		at, err = a.addChunk(mem)
		return at, mem, err
	}
	if pad := -(len(a.lastChunk()) - len(a.free)) & 15; pad <= len(a.free) {
		a.free = a.free[pad:]
	}
	mem, at, err = a.alloc(n)
	return at, mem, err
}

func (a *arena) lastChunk() []byte { return a.chunks[a.last] }

// take returns n bytes for a span and their place.
func (a *arena) alloc(n int) ([]byte, uint64, error) {
	if n > len(a.free) {
		a.size = min(max(2*a.size, 256), chunkSize)
		if _, err := a.addChunk(make([]byte, max(a.size, n))); err != nil {
			return nil, 0, err
		}
		a.last = len(a.chunks) - 1
		a.free = a.chunks[a.last]
	}
	at := uint64(a.last)<<spanShift | uint64(len(a.chunks[a.last])-len(a.free))
	mem := a.free[:n:n]
	a.free = a.free[n:]
	return mem, at, nil
}

// keep makes a chunk of mem and returns the place of its first byte.
func (a *arena) addChunk(mem []byte) (uint64, error) {
	if len(a.chunks) == maxChunks {
		return 0, errkind.New(errkind.ErrUnsupported, "more than %d long strings", maxChunks)
	}
	a.chunks = append(a.chunks, mem)
	return uint64(len(a.chunks)-1) << spanShift, nil
}
