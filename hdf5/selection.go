package hdf5

import "math/bits"

// selection is a selection of elements: in each dimension count elements, step apart, from start.
// It never extends beyond the dataset.
type selection struct {
	start, count, step []uint64
}

// selectAll selects a whole dataset.
func selectAll(dims []uint64) selection {
	s := selection{start: make([]uint64, len(dims)), count: dims, step: make([]uint64, len(dims))}
	for i := range s.step {
		s.step[i] = 1
	}
	return s
}

// newSelection checks the selection that a caller asks for. A nil start is zeros, a nil step is
// ones, and a nil count is all elements that fit.
func newSelection(dims []uint64, start, count, step []int) (selection, error) {
	s := selectAll(dims)
	s.count = append([]uint64(nil), dims...)
	for _, x := range [][]int{start, count, step} {
		if x != nil && len(x) != len(dims) {
			return s, errorf(ErrSelection, "a selection of %d dimensions of a dataset of %d",
				len(x),
				len(dims))
		}
	}
	for i, dim := range dims {
		if start != nil {
			if start[i] < 0 || uint64(start[i]) > dim {
				return s, errorf(ErrSelection, "the start %d in dimension %d of %d elements",
					start[i], i, dim)
			}
			s.start[i] = uint64(start[i])
		}
		if step != nil {
			if step[i] < 1 {
				return s, errorf(ErrSelection, "the step %d in dimension %d", step[i], i)
			}
			s.step[i] = uint64(step[i])
		}
		room := (dim - s.start[i] + s.step[i] - 1) / s.step[i]
		if count == nil {
			s.count[i] = room
			continue
		}
		if count[i] < 0 || uint64(count[i]) > room {
			return s, errorf(ErrSelection,
				"%d elements from %d in steps of %d in dimension %d of %d elements",
				count[i], s.start[i], s.step[i], i, dim)
		}
		s.count[i] = uint64(count[i])
	}
	return s, nil
}

// size returns the number of elements, which is at most that of the dataset.
func (s selection) size() uint64 {
	n := uint64(1)
	for _, c := range s.count {
		n *= c
	}
	return n
}

// contiguous reports whether the elements are contiguous in a dataset of the given shape, and
// returns the index of the first.
func (s selection) contiguous(dims []uint64) (first uint64, ok bool) {
	whole := true // all dimensions after this one are selected completely
	for i := len(dims) - 1; i >= 0; i-- {
		if s.count[i] > 1 && (!whole || s.step[i] != 1) {
			return 0, false
		}
		whole = whole && s.count[i] == dims[i]
	}
	at, scale := uint64(0), uint64(1)
	for i := len(dims) - 1; i >= 0; i-- {
		at += s.start[i] * scale
		scale *= dims[i]
	}
	return at, true
}

// shape returns the counts as ints.
func (s selection) shape() ([]int, error) { return (&dataspace{dims: s.count}).shape() }

// bytes returns the size of the selected elements in bytes; ok is false if it does not fit an int.
func (s selection) bytes(elem int) (uint64, bool) {
	hi, lo := bits.Mul64(s.size(), uint64(elem))
	return lo, hi == 0 && lo <= maxInt
}

// chunkAxis is the set of chunks with selected elements in one dimension, by their coordinates.
type chunkAxis struct {
	lo, n       uint64 // first coordinate, and number of chunks
	start, step uint64 // of the selection, in elements
	chunk       uint64 // length of a chunk, in elements
	consecutive bool   // the coordinates are lo, lo+1 and so on
}

// axes returns the chunks with selected elements. The selection must not be empty.
func (s selection) axes(chunk []uint64) []chunkAxis {
	a := make([]chunkAxis, len(chunk))
	for i, c := range chunk {
		a[i] = chunkAxis{lo: s.start[i] / c, n: s.count[i], start: s.start[i], step: s.step[i], chunk: c}
		if s.step[i] <= c {
			last := s.start[i] + (s.count[i]-1)*s.step[i]
			a[i].n, a[i].consecutive = last/c-a[i].lo+1, true
		}
	}
	return a
}

// nth returns the coordinate of the k-th chunk.
func (a chunkAxis) nth(k uint64) uint64 {
	if a.consecutive {
		return a.lo + k
	}
	return (a.start + k*a.step) / a.chunk
}

// ceil returns the smallest k with nth(k) >= x, or n if there is none.
func (a chunkAxis) ceil(x uint64) uint64 {
	if x <= a.lo {
		return 0
	}
	if a.consecutive {
		return min(x-a.lo, a.n)
	}
	hi, first := bits.Mul64(x, a.chunk)
	if hi != 0 {
		return a.n
	}
	return min((first-a.start+a.step-1)/a.step, a.n)
}

// contains reports whether x is the coordinate of one of the chunks.
func (a chunkAxis) contains(x uint64) bool {
	k := a.ceil(x)
	return k < a.n && a.nth(k) == x
}

// chunkCount returns the number of selected chunks, which is at most the number of elements.
func chunkCount(axes []chunkAxis) uint64 {
	n := uint64(1)
	for _, a := range axes {
		n *= a.n
	}
	return n
}

// nextSelectedChunk sets p to the first selected chunk, in lexical order of the coordinates, that
// is not before p. It returns false if there is none.
func nextSelectedChunk(axes []chunkAxis, p []uint64) bool {
	for i := range axes {
		k := axes[i].ceil(p[i])
		if k < axes[i].n && axes[i].nth(k) == p[i] {
			continue
		}
		j := i
		for k >= axes[j].n {
			// No chunk is left in this dimension: advance the dimension before it.
			if j--; j < 0 {
				return false
			}
			k = axes[j].ceil(p[j] + 1)
		}
		p[j] = axes[j].nth(k)
		for j++; j < len(axes); j++ {
			p[j] = axes[j].nth(0)
		}
		return true
	}
	return true
}

// eachSelectedChunk calls visit with the coordinates of every selected chunk, in order. visit must
// not keep them.
func eachSelectedChunk(axes []chunkAxis, visit func(coord []uint64) error) error {
	coord, k := make([]uint64, len(axes)), make([]uint64, len(axes))
	for i := range axes {
		coord[i] = axes[i].nth(0)
	}
	for {
		if err := visit(coord); err != nil {
			return err
		}
		i := len(axes) - 1
		for ; i >= 0; i-- {
			if k[i]++; k[i] < axes[i].n {
				coord[i] = axes[i].nth(k[i])
				break
			}
			k[i], coord[i] = 0, axes[i].nth(0)
		}
		if i < 0 {
			return nil
		}
	}
}

// lessCoord compares coordinates in lexical order.
func lessCoord(a, b []uint64) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}
