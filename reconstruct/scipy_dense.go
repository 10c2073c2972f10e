package reconstruct

import (
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// NNZ returns the number of stored values, as scipy's nnz: explicit zeros and duplicates count, and
// for dia the elements of the diagonals that are inside the matrix.
func (s *Sparse) NNZ() int {
	switch s.Format {
	case "csr", "csc", "bsr":
		ptr, err := indexValues(s.Indptr)
		if err != nil || len(ptr) == 0 {
			return 0
		}
		n := int(ptr[len(ptr)-1])
		if s.Format == "bsr" {
			n *= s.Data.Shape()[1] * s.Data.Shape()[2]
		}
		return n
	case "dia":
		offsets, err := indexValues(s.Offsets)
		if err != nil {
			return 0
		}
		n := 0
		for _, off := range offsets {
			lo, hi := s.diagonal(off)
			n += max(0, hi-lo)
		}
		return n
	}
	if s.Data == nil {
		return 0
	}
	return s.Data.Size()
}

// diagonal returns the columns, from lo up to hi, that a diagonal of dia stores.
func (s *Sparse) diagonal(off int64) (lo, hi int) {
	rows, cols := int64(s.Shape[0]), int64(s.Shape[1])
	if off <= -rows || off >= cols {
		return 0, 0
	}
	lo = int(max(0, off))
	hi = int(min(rows+off, cols, int64(s.Data.Shape()[1])))
	return lo, hi
}

// ToDense returns the matrix as an array of the same shape and dtype in C order, in its own memory.
// Values stored for the same element are added, as in scipy. The shape comes from the file and the
// file's size does not limit it, so maxElements limits the elements of the result; more is an error
// of the kind pickle.ErrLimit.
func (s *Sparse) ToDense(maxElements int) (*ndarray.Array, error) {
	if size, ok := product(s.Shape); !ok || size > maxElements {
		return nil, &pickle.LimitError{Limit: "Elements", Max: int64(maxElements),
			Want: int64(size)}
	}
	if s.Data == nil {
		return nil, pickle.Malformed("a sparse matrix without data")
	}
	d := s.Data.DType()
	switch kind, size := d.Kind(), d.ItemSize(); {
	case kind == 'b':
		return dense(s, func(a, b bool) bool { return a || b })
	case kind == 'i' && size == 1:
		return dense(s, sum[int8])
	case kind == 'i' && size == 2:
		return dense(s, sum[int16])
	case kind == 'i' && size == 4:
		return dense(s, sum[int32])
	case kind == 'i':
		return dense(s, sum[int64])
	case kind == 'u' && size == 1:
		return dense(s, sum[uint8])
	case kind == 'u' && size == 2:
		return dense(s, sum[uint16])
	case kind == 'u' && size == 4:
		return dense(s, sum[uint32])
	case kind == 'u':
		return dense(s, sum[uint64])
	case kind == 'f' && size == 4:
		return dense(s, sum[float32])
	case kind == 'f' && size == 8:
		return dense(s, sum[float64])
	case kind == 'c' && size == 8:
		return dense(s, sum[complex64])
	case kind == 'c' && size == 16:
		return dense(s, sum[complex128])
	}
	return nil, pickle.Unsupported("a dense array of dtype %v", d)
}

func sum[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64 | complex64 | complex128](a, b T) T {
	return a + b
}

// dense places the values in an array and adds those of the same element.
func dense[T ndarray.Element](s *Sparse, add func(a, b T) T) (*ndarray.Array, error) {
	values, err := ndarray.Values[T](s.Data)
	if err != nil {
		return nil, err
	}
	size, _ := product(s.Shape)
	out := make([]T, size)
	err = s.each(func(at, value int) { out[at] = add(out[at], values[value]) })
	if err != nil {
		return nil, err
	}
	return ndarray.FromSlice(out, s.Shape...)
}

// each calls f for every stored value, with the C-order position of its element and the index of
// the value in Data.
func (s *Sparse) each(f func(at, value int)) error {
	switch s.Format {
	case "csr", "csc", "bsr":
		return s.eachCompressed(f)
	case "dia":
		offsets, err := indexValues(s.Offsets)
		if err != nil {
			return err
		}
		for k, off := range offsets {
			lo, hi := s.diagonal(off)
			for j := lo; j < hi; j++ {
				f((j-int(off))*s.Shape[1]+j, k*s.Data.Shape()[1]+j)
			}
		}
		return nil
	}
	at := make([]int, s.Data.Size())
	for k, c := range s.Coords {
		indices, err := indexValues(c)
		if err != nil {
			return err
		}
		for i, x := range indices {
			at[i] = at[i]*s.Shape[k] + int(x)
		}
	}
	for i, pos := range at {
		f(pos, i)
	}
	return nil
}

// eachCompressed is each for csr, csc and bsr.
func (s *Sparse) eachCompressed(f func(at, value int)) error {
	indices, err := indexValues(s.Indices)
	if err != nil {
		return err
	}
	indptr, err := indexValues(s.Indptr)
	if err != nil {
		return err
	}
	r, c := 1, 1
	if s.Format == "bsr" {
		r, c = s.Data.Shape()[1], s.Data.Shape()[2]
	}
	width := s.Shape[len(s.Shape)-1]
	for major := range len(indptr) - 1 {
		for k := indptr[major]; k < indptr[major+1]; k++ {
			minor := int(indices[k])
			switch s.Format {
			case "csr":
				f(major*width+minor, int(k))
			case "csc":
				f(minor*width+major, int(k))
			default:
				for i := range r {
					for j := range c {
						f((major*r+i)*width+minor*c+j, (int(k)*r+i)*c+j)
					}
				}
			}
		}
	}
	return nil
}
