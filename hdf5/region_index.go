package hdf5

import "slices"

// indices returns the indices of the selected elements in a dataset of the given shape: in C order,
// or for points in the order of the points. Their memory is taken off the budget of the read.
func (r *Region) indices(state *readState, dims []uint64) ([]uint64, error) {
	if len(r.Points) > 0 {
		return r.pointIndices(state, dims)
	}
	list, err := r.boxIndices(state, dims)
	if err != nil {
		return nil, err
	}
	// Blocks may be in any order, but elements are read in the order of the dataset.
	slices.Sort(list)
	return slices.Compact(list), nil
}

func (r *Region) pointIndices(state *readState, dims []uint64) ([]uint64, error) {
	if err := state.heap.spend(uint64(len(r.Points)) * 8); err != nil {
		return nil, err
	}
	var list []uint64
	for _, p := range r.Points {
		at := uint64(0)
		if len(p) != len(dims) {
			return nil, errorf(ErrMalformed, "a point of %d dimensions in a dataset of %d", len(p),
				len(dims))
		}
		for i, x := range p {
			if x < 0 || uint64(x) >= dims[i] {
				return nil, errorf(ErrMalformed, "the point %v in a dataset of the shape %v", p,
					dims)
			}
			at = at*dims[i] + uint64(x)
		}
		list = append(list, at)
	}
	return list, nil
}

// boxIndices returns the indices of the elements of blocks.
func (r *Region) boxIndices(state *readState, dims []uint64) ([]uint64, error) {
	boxes := r.Boxes
	if r.All {
		zero, last := make([]int64, len(dims)), make([]int64, len(dims))
		for i, n := range dims {
			last[i] = int64(n) - 1
		}
		boxes = [][2][]int64{{zero, last}}
	}
	if len(r.Start) > 0 {
		return r.slabIndices(state, dims)
	}
	var list []uint64
	for _, b := range boxes {
		if len(b[0]) != len(dims) {
			return nil, errorf(ErrMalformed, "a block of %d dimensions in a dataset of %d",
				len(b[0]),
				len(dims))
		}
		axes := make([][]uint64, len(dims))
		for i := range dims {
			if b[0][i] < 0 || uint64(b[1][i]) >= dims[i] {
				return nil,
					errorf(ErrMalformed, "a block from %v to %v in a dataset of the shape %v", b[0],
						b[1], dims)
			}
			if err := state.heap.spend(8 * uint64(b[1][i]-b[0][i]+1)); err != nil {
				return nil, err
			}
			for x := b[0][i]; x <= b[1][i]; x++ {
				axes[i] = append(axes[i], uint64(x))
			}
		}
		var err error
		if list, err = product(state, list, axes, dims); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// slabIndices returns the indices of the elements of regular blocks.
func (r *Region) slabIndices(state *readState, dims []uint64) ([]uint64, error) {
	if len(r.Start) != len(dims) {
		return nil, errorf(ErrMalformed, "blocks of %d dimensions in a dataset of %d", len(r.Start),
			len(dims))
	}
	axes := make([][]uint64, len(dims))
	for i, dim := range dims {
		if r.Count[i] == 0 || r.Block[i] == 0 {
			return nil, nil
		}
		if err := state.heap.spend(8 * dim); err != nil {
			return nil, err
		}
		count, block := uint64(r.Count[i]), uint64(r.Block[i]) // -1 becomes the largest number
		for k := uint64(0); k < count; k++ {
			first := uint64(r.Start[i]) + k*uint64(r.Stride[i])
			if first >= dim {
				break
			}
			for x := first; x < dim && x-first < block; x++ {
				axes[i] = append(axes[i], x)
			}
		}
	}
	return product(state, nil, axes, dims)
}

// product appends the indices of all combinations of coordinates.
func product(state *readState, list []uint64, axes [][]uint64, dims []uint64) ([]uint64, error) {
	n := uint64(1)
	for _, a := range axes {
		n *= uint64(len(a)) // at most the elements of the dataset
	}
	if n > 1<<60 {
		return nil, errorf(ErrLimit, "a selection of %d elements", n)
	}
	if err := state.heap.spend(8 * n); err != nil || n == 0 {
		return list, err
	}
	k := make([]int, len(axes))
	for {
		at := uint64(0)
		for i := range axes {
			at = at*dims[i] + axes[i][k[i]]
		}
		list = append(list, at)
		i := len(axes) - 1
		for ; i >= 0; i-- {
			if k[i]++; k[i] < len(axes[i]) {
				break
			}
			k[i] = 0
		}
		if i < 0 {
			return list, nil
		}
	}
}
