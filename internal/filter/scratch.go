package filter

import "sync"

// maxScratch is how much memory between two filters is kept for the next chunk.
const maxScratch = 16 << 20

var scratch = sync.Pool{New: func() any { return new([]byte) }}

// spares are two pieces of memory that filters write to in turn, each reading what the one before
// it wrote.
type spares struct {
	mem [2]*[]byte
	cur int
}

// next returns the memory that the output before last lies in; keep comes before it is
// called again.
func (s *spares) next() []byte {
	if i := 1 - s.cur; s.mem[i] == nil {
		s.mem[i] = scratch.Get().(*[]byte)
	}
	return (*s.mem[1-s.cur])[:0]
}

// keep says that the data that was written to the memory of next, or to memory that took its place,
// is the next filter's input.
func (s *spares) keep(data []byte) {
	s.cur = 1 - s.cur
	if data != nil {
		*s.mem[s.cur] = data[:0]
	}
}

func (s *spares) release() {
	for _, b := range s.mem {
		if b != nil && cap(*b) <= maxScratch {
			scratch.Put(b)
		}
	}
}

// sized returns n bytes of any content in the memory of dst, or new ones.
func sized(dst []byte, n int) []byte {
	if cap(dst) >= n {
		return dst[:n]
	}
	return make([]byte, n)
}
