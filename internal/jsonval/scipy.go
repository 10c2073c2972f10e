package jsonval

import (
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/reconstruct"
)

// sparseForm returns the parts of a sparse matrix under SciPy's names.
func (e *Encoder) sparseForm(s *reconstruct.Sparse) object {
	o := object{}
	o.add("format", s.Format)
	o.add("dtype", descr(s.Data.DType()))
	o.add("shape", oneLine{ints(s.Shape)})
	o.add("nnz", s.NNZ())
	if !e.hasData() {
		return o
	}
	o.add("data", e.partOf(s.Data))
	part := func(name string, a *ndarray.Array) {
		if a != nil {
			o.add(name, e.partOf(a))
		}
	}
	part("indices", s.Indices)
	part("indptr", s.Indptr)
	part("offsets", s.Offsets)
	if s.Coords != nil {
		coords := make(list, len(s.Coords))
		for k, c := range s.Coords {
			coords[k] = e.partOf(c)
		}
		o.add("coords", coords)
	}
	return o
}

// partOf returns the elements of an array as nested lists, or with ArraysBase64 the form of an
// array.
func (e *Encoder) partOf(a *ndarray.Array) any {
	if e.o.Arrays == ArraysBase64 {
		return e.array(a, nil)
	}
	return nested(a)
}
