package torch

import (
	"github.com/unpkl/unpkl/ndarray"
)

// rebuildSparse implements _rebuild_sparse_tensor(layout, data). data is (indices, values, size[,
// is_coalesced]) for sparse_coo and (compressed_indices, plain_indices, values, size) for the other
// layouts.
func rebuildSparse(o *Options, args []any) (any, error) {
	a := &arguments{name: "_rebuild_sparse_tensor", args: args}
	if err := a.count(2, 2); err != nil {
		return nil, err
	}
	name, data := a.torchName(0), a.tuple(1)
	if a.err != nil {
		return nil, a.err
	}
	a = &arguments{name: a.name + ": data", args: data}
	if err := a.count(3, 4); err != nil {
		return nil, err
	}
	s, t := &Sparse{Layout: name}, &Tensor{}
	switch name {
	case "sparse_coo":
		s.Indices, s.Values, t.Shape = a.tensor(0), a.tensor(1), a.ints(2)
		if len(data) == 4 && data[3] != nil {
			s.Coalesced = a.bool(3)
		}
	case "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc":
		if err := a.count(4, 4); err != nil {
			return nil, err
		}
		s.Compressed, s.Indices, s.Values, t.Shape = a.tensor(0), a.tensor(1), a.tensor(2),
			a.ints(3)
	default:
		return nil, malformed("a sparse tensor of layout %.40q", name)
	}
	if a.err != nil {
		return nil, a.err
	}
	t.Sparse, t.DType, t.Device = s, s.Values.DType, s.Values.Device
	if err := o.check(t.Shape); err != nil {
		return nil, err
	}
	// In a legacy file the parts get their elements later, all at the same time.
	return t, s.Indices.then(func() error { return s.check(t.Shape) })
}

// check checks that the indices are within the shape, as torch does with weights_only=True.
//
// Reference: torch._validate_sparse_coo_tensor_args and its kin.
func (s *Sparse) check(shape []int) error {
	if s.Indices.Array == nil || s.Values.Array == nil || len(s.Values.Shape) == 0 {
		return malformed("a sparse tensor without elements")
	}
	if s.Layout == "sparse_coo" {
		return s.checkCOO(shape)
	}
	return s.checkCompressed(shape)
}

// checkCOO is check for sparse_coo.
func (s *Sparse) checkCOO(shape []int) error {
	in := s.Indices.Shape
	if len(in) != 2 || in[1] != s.Values.Shape[0] || in[0]+len(s.Values.Shape)-1 != len(shape) {
		return malformed("sparse indices of shape %v and values of shape %v for shape %v", in,
			s.Values.Shape, shape)
	}
	for dim := range in[0] {
		row, err := s.Indices.Array.Index(dim)
		if err != nil {
			return err
		}
		if err := checkIndices(row, shape[dim]); err != nil {
			return err
		}
	}
	return nil
}

// checkCompressed is check for the other layouts.
func (s *Sparse) checkCompressed(shape []int) error {
	if len(shape) < 2 || s.Compressed.Array == nil || len(s.Compressed.Shape) == 0 ||
		len(s.Indices.Shape) != len(s.Compressed.Shape) {
		return malformed("a %s tensor of shape %v", s.Layout, shape)
	}
	batch := len(s.Compressed.Shape) - 1
	if len(shape) < batch+2 {
		return malformed("a %s tensor of shape %v with %d batch dimensions", s.Layout, shape, batch)
	}
	rows, columns := shape[batch], shape[batch+1]
	if s.Layout == "sparse_bsr" || s.Layout == "sparse_bsc" {
		if len(s.Values.Shape) < batch+3 || s.Values.Shape[batch+1] <= 0 ||
			s.Values.Shape[batch+2] <= 0 {
			return malformed("a %s tensor with values of shape %v", s.Layout, s.Values.Shape)
		}
		rows, columns = rows/s.Values.Shape[batch+1], columns/s.Values.Shape[batch+2]
	}
	if s.Layout == "sparse_csc" || s.Layout == "sparse_bsc" {
		rows, columns = columns, rows
	}
	count := s.Indices.Shape[batch]
	if s.Compressed.Shape[batch] != rows+1 || len(s.Values.Shape) <= batch ||
		s.Values.Shape[batch] != count {
		return malformed("a %s tensor of shape %v with %d compressed indices, %d plain ones",
			s.Layout, shape,
			s.Compressed.Shape[batch], count)
	}
	if err := checkIndices(s.Indices.Array, columns); err != nil {
		return err
	}
	return checkIndices(s.Compressed.Array, count+1)
}

// checkIndices checks that all numbers of an array are at least 0 and less than end.
func checkIndices(a *ndarray.Array, end int) error {
	if a.DType().Kind() != ndarray.KindInt {
		return malformed("sparse indices of dtype %s", a.DType())
	}
	var err error
	for _, n := range ndarray.All[int64](a, &err) {
		if n < 0 || n >= int64(end) {
			return malformed("the sparse index %d is not below %d", n, end)
		}
	}
	return err
}
