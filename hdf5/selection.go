package hdf5

import "math/bits"

// selection is the elements of a dataset that a read is about: in each dimension count
// of them, step apart, from start. It lies in the dataset.
type selection struct {
	start, count, step []uint64
}

// everything selects a whole shape.
func everything(dims []uint64) selection {
	s := selection{start: make([]uint64, len(dims)), count: dims, step: make([]uint64, len(dims))}
	for i := range s.step {
		s.step[i] = 1
	}
	return s
}

// newSelection checks what a caller asked for: nil for start is zeros, for step ones, for
// count as many as there are.
func newSelection(dims []uint64, start, count, step []int) (selection, error) {
	s := everything(dims)
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

// size returns the number of elements, which is at most the dataset's.
func (s selection) size() uint64 {
	n := uint64(1)
	for _, c := range s.count {
		n *= c
	}
	return n
}

// contiguous reports whether the elements lie side by side in a dataset of the shape, and
// the index of the first.
func (s selection) contiguous(dims []uint64) (first uint64, ok bool) {
	whole := true // all dimensions behind this one are selected in full
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

// bytes returns the size of the selected elements, or false where it is none of an int.
func (s selection) bytes(elem int) (uint64, bool) {
	hi, lo := bits.Mul64(s.size(), uint64(elem))
	return lo, hi == 0 && lo <= maxInt
}

// axis is the chunks that a selection touches in one dimension, by their numbers in it.
type axis struct {
	lo, n       uint64
	start, step uint64 // of the selection
	chunk       uint64
	dense       bool // the chunks are lo, lo+1 and so on
}

// axes returns the chunks that the selection, which is not empty, touches.
func (s selection) axes(chunk []uint64) []axis {
	a := make([]axis, len(chunk))
	for i, c := range chunk {
		a[i] = axis{lo: s.start[i] / c, n: s.count[i], start: s.start[i], step: s.step[i], chunk: c}
		if s.step[i] <= c {
			last := s.start[i] + (s.count[i]-1)*s.step[i]
			a[i].n, a[i].dense = last/c-a[i].lo+1, true
		}
	}
	return a
}

// at returns the number of the k-th chunk.
func (a axis) at(k uint64) uint64 {
	if a.dense {
		return a.lo + k
	}
	return (a.start + k*a.step) / a.chunk
}

// ceil returns the first k for which at(k) is at least x, which is n where there is none.
func (a axis) ceil(x uint64) uint64 {
	if x <= a.lo {
		return 0
	}
	if a.dense {
		return min(x-a.lo, a.n)
	}
	hi, first := bits.Mul64(x, a.chunk)
	if hi != 0 {
		return a.n
	}
	return min((first-a.start+a.step-1)/a.step, a.n)
}

// has reports whether x is one of the chunks.
func (a axis) has(x uint64) bool {
	k := a.ceil(x)
	return k < a.n && a.at(k) == x
}

// volume returns the number of chunks that the axes make; it is at most that of elements.
func volume(axes []axis) uint64 {
	n := uint64(1)
	for _, a := range axes {
		n *= a.n
	}
	return n
}

// nextTouched makes p, in the lexical order of coordinates, the first chunk of the axes that
// does not come before it; false where there is none.
func nextTouched(axes []axis, p []uint64) bool {
	for i := range axes {
		k := axes[i].ceil(p[i])
		if k < axes[i].n && axes[i].at(k) == p[i] {
			continue
		}
		j := i
		for k >= axes[j].n {
			// None is left in this dimension: on to the next in the one before.
			if j--; j < 0 {
				return false
			}
			k = axes[j].ceil(p[j] + 1)
		}
		p[j] = axes[j].at(k)
		for j++; j < len(axes); j++ {
			p[j] = axes[j].at(0)
		}
		return true
	}
	return true
}

// eachTouched calls visit with the coordinates of every chunk of the axes, in order. The
// coordinates are the same memory each time.
func eachTouched(axes []axis, visit func(coord []uint64) error) error {
	coord, k := make([]uint64, len(axes)), make([]uint64, len(axes))
	for i := range axes {
		coord[i] = axes[i].at(0)
	}
	for {
		if err := visit(coord); err != nil {
			return err
		}
		i := len(axes) - 1
		for ; i >= 0; i-- {
			if k[i]++; k[i] < axes[i].n {
				coord[i] = axes[i].at(k[i])
				break
			}
			k[i], coord[i] = 0, axes[i].at(0)
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
