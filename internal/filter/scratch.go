package filter

import "sync"

// maxScratch is the size in bytes of the largest scratch memory that is kept for other chunks.
const maxScratch = 16 << 20

var scratch = sync.Pool{New: func() any { return new([]byte) }}

// scratchPair is two pieces of memory to which filters write alternately: each filter reads the
// output of the one before.
type scratchPair struct {
	mem [2]*[]byte
	cur int // index of the memory that holds the current data
}

// next returns memory for the output of the next filter: the piece that does not hold its input.
// The caller must call keep before it calls next again.
func (s *scratchPair) next() []byte {
	if i := 1 - s.cur; s.mem[i] == nil {
		s.mem[i] = scratch.Get().(*[]byte)
	}
	return (*s.mem[1-s.cur])[:0]
}

// keep makes the data, which is in the memory of next or in memory that replaces it, the input of
// the next filter.
func (s *scratchPair) keep(data []byte) {
	s.cur = 1 - s.cur
	if data != nil {
		*s.mem[s.cur] = data[:0]
	}
}

func (s *scratchPair) release() {
	for _, b := range s.mem {
		if b != nil && cap(*b) <= maxScratch {
			scratch.Put(b)
		}
	}
}

// resized returns n bytes of any content, in the memory of dst if its capacity suffices.
func resized(dst []byte, n int) []byte {
	if cap(dst) >= n {
		return dst[:n]
	}
	return make([]byte, n)
}
