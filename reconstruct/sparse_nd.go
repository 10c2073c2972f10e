package reconstruct

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// SparseND is an array of the library sparse (pydata), with any number of dimensions. Its parts are
// consistent: every index is within the shape.
type SparseND struct {
	origin
	// Format is "coo", "gcxs" or "dok".
	Format string
	Shape  []int
	// Data has the stored values. FillValue, a Python object, is the value of all other elements.
	Data      *ndarray.Array
	FillValue any
	// Coords belongs to coo and dok and has shape (dimensions, stored values). For dok, which the
	// pickle stores as a dict of elements, it is in the order of the dict.
	Coords *ndarray.Array
	// Indices, Indptr and CompressedAxes belong to gcxs, which is stored as a CSR matrix. A row of
	// the matrix is an index along the compressed axes in C order, a column one along the other
	// axes. With one dimension, Indices are those of the elements and Indptr is empty or nil.
	Indices, Indptr *ndarray.Array
	CompressedAxes  []int
}

// readPydata reads COO, GCXS and DOK of the library sparse.
//
// Reference: sparse/numba_backend/_coo/core.py, COO.__getstate__; _compressed/compressed.py;
// _dok.py.
func readPydata(inst namedInstance) (any, error) {
	switch inst.Class.Name {
	case "COO":
		state, ok := items(inst.State)
		if !ok || len(state) < 3 {
			return nil, nil
		}
		s := &SparseND{Format: "coo", FillValue: 0.0}
		if len(state) > 3 {
			s.FillValue = state[3]
		}
		return s, s.readCOO(state)
	case "GCXS", "CSR", "CSC":
		state, ok := textKeys(inst.State)
		if !ok {
			return nil, nil
		}
		s := &SparseND{Format: "gcxs", FillValue: state["fill_value"]}
		return s, s.readGCXS(state)
	case "DOK":
		state, ok := textKeys(inst.State)
		if !ok {
			return nil, nil
		}
		s := &SparseND{Format: "dok", FillValue: state["fill_value"]}
		return s, s.readDOK(state)
	}
	return nil, nil
}

// readDOK reads the state of a DOK.
func (s *SparseND) readDOK(state map[string]any) (err error) {
	entries, ok := state["data"].(*types.Dict)
	if !ok || entries == nil {
		return pickle.Malformed("data is %s, want a dict", typeName(state["data"]))
	}
	if s.Shape, err = shapeOf(state["shape"]); err != nil {
		return err
	}
	b := newSparseBuilder(s.Shape, state["dtype"])
	if err := b.addKeys(*entries); err != nil {
		return err
	}
	if s.Data, err = b.data(); err != nil {
		return err
	}
	s.Coords, err = ndarray.FromSlice(slices.Concat(b.coords...), len(s.Shape), len(b.values))
	return err
}

// readCOO reads the state (coords, data, shape[, fill value]) of a COO.
func (s *SparseND) readCOO(state []any) (err error) {
	parts := map[string]any{"coords": state[0], "data": state[1]}
	if s.Shape, err = shapeOf(state[2]); err != nil {
		return err
	}
	if s.Coords, err = arrayOf(parts, "coords", 2); err != nil {
		return err
	}
	if s.Data, err = arrayOf(parts, "data", 1); err != nil {
		return err
	}
	if want := []int{len(s.Shape), s.Data.Size()}; !slices.Equal(s.Coords.Shape(), want) {
		return pickle.Malformed("coords of shape %v, want %v", s.Coords.Shape(), want)
	}
	for k, n := range s.Shape {
		row, err := s.Coords.Index(k)
		if err != nil {
			return err
		}
		indices, err := indexValues(row)
		if err != nil {
			return err
		}
		if err := checkIndices("coords", indices, n); err != nil {
			return err
		}
	}
	return nil
}

// readGCXS reads the state of a GCXS.
func (s *SparseND) readGCXS(state map[string]any) (err error) {
	if s.Shape, err = shapeOf(state["shape"]); err != nil {
		return err
	}
	if s.Data, err = arrayOf(state, "data", 1); err != nil {
		return err
	}
	var indices, indptr []int64
	if s.Indices, indices, err = indexArray(state, "indices"); err != nil {
		return err
	}
	if len(indices) != s.Data.Size() {
		return pickle.Malformed("%d indices for %d values", len(indices), s.Data.Size())
	}
	if len(s.Shape) < 2 {
		if s.Indptr, err = noElements(state["indptr"]); err != nil || len(s.Shape) == 0 {
			return err
		}
		return checkIndices("indices", indices, s.Shape[0])
	}
	if s.CompressedAxes, err = shapeOf(state["_compressed_axes"]); err != nil {
		return err
	}
	rows, cols, err := s.matrix()
	if err != nil {
		return err
	}
	if s.Indptr, indptr, err = indexArray(state, "indptr"); err != nil {
		return err
	}
	if len(indptr)-1 != rows {
		return pickle.Malformed("indptr has %d entries for %d rows", len(indptr), rows)
	}
	last := int64(0)
	for i, p := range indptr {
		if p < last || i == 0 && p != 0 || p > int64(len(indices)) {
			return pickle.Malformed("indptr falls or passes the %d values at entry %d",
				len(indices), i)
		}
		last = p
	}
	return checkIndices("indices", indices, cols)
}

// noElements reads the indptr of an array of fewer than two dimensions, which has no elements.
func noElements(v any) (*ndarray.Array, error) {
	if a, ok := v.(*ndarray.Array); ok {
		return a, nil
	}
	if list, ok := items(v); v != nil && (!ok || len(list) > 0) {
		return nil, pickle.Malformed("indptr is %s", typeName(v))
	}
	return nil, nil
}

// matrix returns the shape of the matrix as which a gcxs is stored.
func (s *SparseND) matrix() (rows, cols int, err error) {
	var inner, outer []int
	for k, n := range s.Shape {
		if slices.Contains(s.CompressedAxes, k) {
			outer = append(outer, n)
		} else {
			inner = append(inner, n)
		}
	}
	rows, rowsFit := product(outer)
	cols, colsFit := product(inner)
	if !rowsFit || !colsFit || len(outer) != len(s.CompressedAxes) {
		return 0, 0, pickle.Malformed("the compressed axes %v of the shape %v", s.CompressedAxes,
			s.Shape)
	}
	return rows, cols, nil
}

// ToDense returns all elements as an array of the same shape and dtype in C order, in its own
// memory. The shape comes from the file and the file's size does not limit it, so maxElements
// limits the elements of the result; more is an error of the kind pickle.ErrLimit.
func (s *SparseND) ToDense(maxElements int) (*ndarray.Array, error) {
	if size, ok := product(s.Shape); !ok || size > maxElements {
		return nil, &pickle.LimitError{Limit: "Elements", Max: int64(maxElements),
			Want: int64(size)}
	}
	if s.Data == nil {
		return nil, pickle.Malformed("a SparseND without data")
	}
	dense, err := ndarray.Zeros(s.Data.DType(), s.Shape...)
	if err != nil {
		return nil, err
	}
	if err := s.fill(dense); err != nil {
		return nil, err
	}
	positions, err := s.positions()
	if err != nil {
		return nil, err
	}
	for k, index := range positions {
		if err := dense.SetAt(s.Data.At(k), index...); err != nil {
			return nil, err
		}
	}
	return dense, nil
}

// fill sets all elements to the fill value, unless that is zero.
func (s *SparseND) fill(dense *ndarray.Array) error {
	v := s.FillValue
	if sc, ok := v.(*ndarray.Scalar); ok {
		v = sc.Value()
	}
	if a, ok := v.(*ndarray.Array); ok && a.NDim() == 0 {
		v = a.At()
	}
	if n, ok := numberOf(v); v == nil || v == false || ok && n == 0 {
		return nil
	}
	for index := range dense.Indexed() {
		if err := dense.SetAt(v, index...); err != nil {
			return err
		}
	}
	return nil
}

// positions returns the index of every stored value.
func (s *SparseND) positions() ([][]int, error) {
	out := make([][]int, s.Data.Size())
	for i := range out {
		out[i] = make([]int, len(s.Shape))
	}
	if s.Coords != nil {
		for k := range s.Shape {
			row, err := s.Coords.Index(k)
			if err != nil {
				return nil, err
			}
			values, err := indexValues(row)
			if err != nil {
				return nil, err
			}
			for i, x := range values {
				out[i][k] = int(x)
			}
		}
		return out, nil
	}
	return out, s.compressedPositions(out)
}

// compressedPositions is positions for gcxs.
func (s *SparseND) compressedPositions(out [][]int) error {
	indices, err := indexValues(s.Indices)
	if err != nil {
		return err
	}
	if len(s.Shape) < 2 {
		for i := range out {
			if len(s.Shape) == 1 {
				out[i][0] = int(indices[i])
			}
		}
		return nil
	}
	indptr, err := indexValues(s.Indptr)
	if err != nil {
		return err
	}
	var inner []int
	for k := range s.Shape {
		if !slices.Contains(s.CompressedAxes, k) {
			inner = append(inner, k)
		}
	}
	for row := range len(indptr) - 1 {
		for i := indptr[row]; i < indptr[row+1]; i++ {
			s.unravel(out[i], s.CompressedAxes, row)
			s.unravel(out[i], inner, int(indices[i]))
		}
	}
	return nil
}

// unravel splits n, a C-order position over some axes, into the index along each of them.
func (s *SparseND) unravel(index, axes []int, n int) {
	for i := len(axes) - 1; i >= 0; i-- {
		index[axes[i]] = n % s.Shape[axes[i]]
		n /= s.Shape[axes[i]]
	}
}

// MarshalJSON returns the form of to-json --arrays=values.
func (s *SparseND) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(s) }

// Form implements [LibraryValue].
func (s *SparseND) Form() string { return "$sparse" }

// Parts implements [LibraryValue].
func (s *SparseND) Parts() []Part {
	parts := []Part{{Name: "format", Value: s.Format}, {Name: "shape", Value: s.Shape}}
	if s.CompressedAxes != nil {
		parts = append(parts, Part{Name: "compressed_axes", Value: s.CompressedAxes})
	}
	parts = append(parts, Part{Name: "fill_value", Value: s.FillValue})
	parts = partOrNone(parts, "data", s.Data)
	parts = partOrNone(parts, "coords", s.Coords)
	parts = partOrNone(parts, "indices", s.Indices)
	return partOrNone(parts, "indptr", s.Indptr)
}

// Places implements [LibraryValue].
func (s *SparseND) Places() []*any { return []*any{&s.FillValue} }

// String returns the format, the shape and the number of stored values.
func (s *SparseND) String() string {
	if s.Data == nil {
		return s.Format
	}
	return fmt.Sprintf("%s (%s), %d stored", s.Format, shapeText(s.Shape), s.Data.Size())
}

// shapeText returns the dimensions separated by commas.
func shapeText(shape []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ", ")
}
