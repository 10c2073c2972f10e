package hdf5

// transfer describes the copy of elements from one block (a chunk or a whole dataset) to the memory
// of a selection, as nested loops over both, the innermost last. All sizes are in bytes but n.
type transfer struct {
	n        [maxRank + 1]int // number of runs in each dimension
	dstStep  [maxRank + 1]int
	srcStep  [maxRank + 1]int
	rank     int  // number of loops
	dst, src int  // offsets of the first element
	run      int  // size of what is contiguous in both
	oneRun   bool // rank is 0
}

// newTransfer plans the copy from a block, with its first element at origin and the given shape, to
// memory with the shape of the selection. ok is false if the selection has no element of the block.
// All sizes are those of memory that exists, so they fit an int.
func newTransfer(s selection, origin, shape []uint64, elem int) (t transfer, ok bool) {
	rank := len(shape)
	dst, src := elem, elem
	t.run = elem
	var n, dstStep, srcStep [maxRank]int
	for i := rank - 1; i >= 0; i-- {
		first := uint64(0)
		if origin[i] > s.start[i] {
			first = (origin[i] - s.start[i] + s.step[i] - 1) / s.step[i]
		}
		end := origin[i] + shape[i]
		if end <= s.start[i] {
			return t, false
		}
		last := min((end-1-s.start[i])/s.step[i]+1, s.count[i])
		if first >= last {
			return t, false
		}
		n[i] = int(last - first)
		t.dst += int(first) * dst
		t.src += int(s.start[i]+first*s.step[i]-origin[i]) * src
		dstStep[i], srcStep[i] = dst, src
		if s.step[i] > 1 && n[i] > 1 {
			srcStep[i] = int(s.step[i]) * src
		}
		dst *= int(s.count[i])
		src *= int(shape[i])
	}
	// Dimensions that are contiguous in both join the run.
	i := rank - 1
	for ; i >= 0; i-- {
		if n[i] > 1 && (dstStep[i] != t.run || srcStep[i] != t.run) {
			break
		}
		t.run *= n[i]
	}
	for j := 0; j <= i; j++ {
		if n[j] > 1 {
			t.n[t.rank], t.dstStep[t.rank], t.srcStep[t.rank] = n[j], dstStep[j], srcStep[j]
			t.rank++
		}
	}
	t.oneRun = t.rank == 0
	return t, true
}

// each calls visit with the offsets of every run in both.
func (t *transfer) each(visit func(dst, src int) error) error {
	var k [maxRank + 1]int
	dst, src := t.dst, t.src
	for {
		if err := visit(dst, src); err != nil {
			return err
		}
		i := t.rank - 1
		for ; i >= 0; i-- {
			dst += t.dstStep[i]
			src += t.srcStep[i]
			if k[i]++; k[i] < t.n[i] {
				break
			}
			dst -= k[i] * t.dstStep[i]
			src -= k[i] * t.srcStep[i]
			k[i] = 0
		}
		if i < 0 {
			return nil
		}
	}
}

// copy copies the elements. The innermost loop is over elements of a constant size, for the
// compiler, or over runs.
func (t *transfer) copy(dst, src []byte) {
	if t.rank == 0 {
		copy(dst[t.dst:t.dst+t.run], src[t.src:])
		return
	}
	inner := t.rank - 1
	outer := *t
	outer.rank = inner
	n, d, s := t.n[inner], t.dstStep[inner], t.srcStep[inner]
	outer.each(func(i, j int) error {
		switch t.run {
		case 1:
			for k := range n {
				dst[i+k*d] = src[j+k*s]
			}
		case 2:
			for k := range n {
				*(*[2]byte)(dst[i+k*d:]) = *(*[2]byte)(src[j+k*s:])
			}
		case 4:
			for k := range n {
				*(*[4]byte)(dst[i+k*d:]) = *(*[4]byte)(src[j+k*s:])
			}
		case 8:
			for k := range n {
				*(*[8]byte)(dst[i+k*d:]) = *(*[8]byte)(src[j+k*s:])
			}
		default:
			for k := range n {
				copy(dst[i+k*d:i+k*d+t.run], src[j+k*s:])
			}
		}
		return nil
	})
}

// fillWith fills dst with copies of one element.
func fillWith(dst, elem []byte) {
	n := copy(dst, elem)
	for n > 0 && n < len(dst) {
		n += copy(dst[n:], dst[:n])
	}
}

// isZero reports whether all bytes are 0.
func isZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
