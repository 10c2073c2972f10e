package tape

import (
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/slab"
)

// inputChunk is the index of the chunk that is the input, if the input is a slice.
const inputChunk = 0

// chunkSize is the greatest length in bytes of a chunk that several spans share. It is small, since
// one string that a caller keeps keeps its whole chunk alive.
const chunkSize = 8 << 10

// arena holds the bytes of spans in chunks. Chunk 0 is the input if that is a slice. The arena
// allocates the other chunks and never uses their memory for another pickle, since values may keep
// parts of it. The only exception is what recycle is told of.
//
// Invariant: free is the unused end of chunks[last].
type arena struct {
	chunks [][]byte
	free   []byte
	last   int // index of the chunk whose end is free
	size   int // length in bytes of the newest shared chunk
	// spare is memory of payloads of earlier pickles that nobody kept. fresh is the same of the
	// current pickle, and becomes spare with the next one.
	spare, fresh [][]byte
}

// The bounds of the spare memory.
const (
	maxSpare      = 16       // slices
	maxSpareBytes = 64 << 20 // bytes in each
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

// recycle lets the next pickle use the memory of a chunk. Nobody else may refer to it.
func (a *arena) recycle(chunk []byte) {
	if len(chunk) <= maxSpareBytes {
		a.fresh = append(a.fresh, chunk)
	}
}

// takeSpare returns n bytes of spare memory, or nil. It takes no memory of more than twice n bytes.
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

// add copies b and returns the position of the copy in the form of cell.v.
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

// allocAligned returns n bytes that begin at a multiple of 16, and their position in the form of
// cell.v.
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

// alloc returns n bytes for a span and their position in the form of cell.v.
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

// addChunk makes a chunk of mem and returns the position of its first byte in the form of cell.v.
func (a *arena) addChunk(mem []byte) (uint64, error) {
	if len(a.chunks) == maxChunks {
		return 0, errkind.New(errkind.ErrUnsupported, "more than %d long strings", maxChunks)
	}
	a.chunks = append(a.chunks, mem)
	return uint64(len(a.chunks)-1) << spanShift, nil
}
