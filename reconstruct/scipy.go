package reconstruct

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Sparse is a scipy.sparse matrix or array in the form in which the pickle stores it. Its parts are
// consistent: every index is within the shape. It is safe for concurrent reads.
type Sparse struct {
	// Format is "csr", "csc", "coo", "bsr", "dia", "lil" or "dok".
	Format string
	// Class is "module.name" of the Python class as the pickle spells it. IsArray distinguishes
	// csr_array from csr_matrix and so on.
	Class   string
	IsArray bool
	// Shape has two dimensions; that of some *_array classes has one, or more than two.
	Shape []int
	// Data holds the stored values. Its shape is (nnz,) for csr, csc and coo, and for lil and dok,
	// whose values are in the order of the file; (nblocks, R, C) for bsr; (ndiag, length) for dia.
	Data *ndarray.Array
	// Indices and Indptr belong to csr, csc and bsr.
	Indices, Indptr *ndarray.Array
	// Coords belongs to coo, lil and dok: one index array for each dimension.
	Coords []*ndarray.Array
	// Offsets are the diagonals of dia: element (i, j) is Data[k, j] for the k with Offsets[k] == j
	// - i.
	Offsets *ndarray.Array
}

// sparseClass matches the names of SciPy's sparse classes.
var sparseClass = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(csr|csc|coo|bsr|dia|lil|dok)_(matrix|array)$`)
})

// ReadSparse returns the Go form of an object that scipy.sparse wrote. ok is false for any other
// object. An error reports an object whose contents contradict its class. The parts are the arrays
// of the object, not copies.
//
// Reference: scipy/sparse/_base.py and the modules of the formats, which before SciPy 1.8 were
// scipy.sparse.csr and so on.
func ReadSparse(v any) (s *Sparse, ok bool, err error) {
	o, isObject := v.(*pickle.Object)
	if !isObject {
		return nil, false, nil
	}
	inst, isNamed := named(o)
	if !isNamed || inst.Class.Module != "scipy.sparse" &&
		!strings.HasPrefix(inst.Class.Module, "scipy.sparse.") {
		return nil, false, nil
	}
	parts := sparseClass().FindStringSubmatch(inst.Class.Name)
	if parts == nil {
		return nil, false, nil
	}
	state, isDict := textKeys(inst.State)
	if !isDict {
		return nil, false, pickle.Malformed("%s with a state of %s", inst.Class,
			typeName(inst.State))
	}
	s = &Sparse{Format: parts[1], Class: inst.Class.String(), IsArray: parts[2] == "array"}
	if err := s.read(inst, state); err != nil {
		return nil, false, pickle.Malformed("%s: %v", inst.Class, err)
	}
	return s, true, nil
}

// read reads the shape and then the parts of the format.
func (s *Sparse) read(inst namedInstance, state map[string]any) error {
	shape, _ := first(state, "_shape", "shape")
	dims, ok := items(shape)
	if !ok || len(dims) == 0 || len(dims) > 64 {
		return pickle.Malformed("a shape of %s", typeName(shape))
	}
	for _, d := range dims {
		n, isInt := asInt(plainScalar(d))
		if !isInt || n < 0 {
			return pickle.Malformed("a dimension of %s", shown(d))
		}
		s.Shape = append(s.Shape, n)
	}
	switch s.Format {
	case "csr", "csc", "bsr":
		return s.readCompressed(state)
	case "coo":
		return s.readCoords(state)
	case "dia":
		return s.readDiagonals(state)
	case "lil":
		return s.readLists(state)
	}
	return s.readKeys(inst, state)
}

// plainScalar returns an integer scalar of NumPy as an int if it fits, and any other value
// unchanged.
func plainScalar(v any) any {
	sc, ok := v.(*ndarray.Scalar)
	if !ok {
		return v
	}
	switch sc.DType().Kind() {
	case ndarray.KindInt:
		if n := reflect.ValueOf(sc.Value()).Int(); int64(int(n)) == n {
			return int(n)
		}
	case ndarray.KindUint:
		if n := reflect.ValueOf(sc.Value()).Uint(); n <= math.MaxInt {
			return int(n)
		}
	}
	return v
}

// arrayOf returns the array of ndim dimensions under a key.
func arrayOf(state map[string]any, key string, ndim int) (*ndarray.Array, error) {
	a, ok := state[key].(*ndarray.Array)
	if !ok || a.NDim() != ndim {
		return nil, pickle.Malformed("%s is %s, want an array of %d dimensions", key,
			typeName(state[key]), ndim)
	}
	return a, nil
}

// indexArray returns an array of indices and its values.
func indexArray(state map[string]any, key string) (*ndarray.Array, []int64, error) {
	a, err := arrayOf(state, key, 1)
	if err != nil {
		return nil, nil, err
	}
	values, err := indexValues(a)
	return a, values, err
}

// indexValues returns the values of an array of indices.
func indexValues(a *ndarray.Array) ([]int64, error) {
	if k := a.DType().Kind(); k != 'i' && k != 'u' {
		return nil, pickle.Malformed("indices of dtype %v", a.DType())
	}
	return ndarray.Values[int64](a)
}

// readCompressed reads csr, csc and bsr.
func (s *Sparse) readCompressed(state map[string]any) (err error) {
	ndim := 1
	if s.Format == "bsr" {
		ndim = 3
	}
	if s.Data, err = arrayOf(state, "data", ndim); err != nil {
		return err
	}
	var indices, indptr []int64
	if s.Indices, indices, err = indexArray(state, "indices"); err != nil {
		return err
	}
	if s.Indptr, indptr, err = indexArray(state, "indptr"); err != nil {
		return err
	}
	major, minor := s.majorMinor()
	if s.Format == "bsr" {
		r, c := s.Data.Shape()[1], s.Data.Shape()[2]
		if r == 0 || c == 0 || major%r != 0 || minor%c != 0 {
			return pickle.Malformed("blocks of %d x %d in a matrix of %d x %d", r, c, major, minor)
		}
		major, minor = major/r, minor/c
	}
	if len(indptr) != major+1 {
		return pickle.Malformed("indptr has %d entries for %d rows or columns", len(indptr), major)
	}
	if len(indices) < s.Data.Shape()[0] {
		return pickle.Malformed("%d indices for %d values", len(indices), s.Data.Shape()[0])
	}
	last := int64(0)
	for i, p := range indptr {
		if p < last || i == 0 && p != 0 || p > int64(s.Data.Shape()[0]) {
			return pickle.Malformed("indptr falls or passes the %d values at entry %d",
				s.Data.Shape()[0], i)
		}
		last = p
	}
	return checkIndices("indices", indices[:last], minor)
}

// majorMinor returns the dimension that indptr counts and the one that indices count. A
// one-dimensional csr_array counts as one row.
func (s *Sparse) majorMinor() (major, minor int) {
	if len(s.Shape) == 1 {
		return 1, s.Shape[0]
	}
	if s.Format == "csc" {
		return s.Shape[1], s.Shape[0]
	}
	return s.Shape[0], s.Shape[1]
}

// checkIndices refuses an index outside of a dimension of n.
func checkIndices(what string, indices []int64, n int) error {
	for i, x := range indices {
		if x < 0 || x >= int64(n) {
			return pickle.Malformed("%s: %d at %d is outside a dimension of %d", what, x, i, n)
		}
	}
	return nil
}

// readCoords reads coo.
func (s *Sparse) readCoords(state map[string]any) (err error) {
	if s.Data, err = arrayOf(state, "data", 1); err != nil {
		return err
	}
	coords, ok := items(state["coords"]) // since SciPy 1.13
	if !ok {
		coords = []any{state["row"], state["col"]}
	}
	if len(coords) != len(s.Shape) {
		return pickle.Malformed("%d index arrays for %d dimensions", len(coords), len(s.Shape))
	}
	for k, c := range coords {
		a, indices, err := indexArray(map[string]any{"coords": c}, "coords")
		if err != nil {
			return err
		}
		if len(indices) != s.Data.Size() {
			return pickle.Malformed("%d indices for %d values", len(indices), s.Data.Size())
		}
		if err := checkIndices("coords", indices, s.Shape[k]); err != nil {
			return err
		}
		s.Coords = append(s.Coords, a)
	}
	return nil
}

// readDiagonals reads dia.
func (s *Sparse) readDiagonals(state map[string]any) (err error) {
	if s.Data, err = arrayOf(state, "data", 2); err != nil {
		return err
	}
	if len(s.Shape) != 2 {
		return pickle.Malformed("diagonals in %d dimensions", len(s.Shape))
	}
	var offsets []int64
	if s.Offsets, offsets, err = indexArray(state, "offsets"); err != nil {
		return err
	}
	if len(offsets) != s.Data.Shape()[0] {
		return pickle.Malformed("%d offsets for %d diagonals", len(offsets), s.Data.Shape()[0])
	}
	sorted := slices.Sorted(slices.Values(offsets))
	if len(slices.Compact(sorted)) != len(offsets) {
		return pickle.Malformed("an offset occurs twice")
	}
	return nil
}

// readLists reads lil, whose rows are lists of column numbers and lists of values.
func (s *Sparse) readLists(state map[string]any) error {
	rows, err := listArray(state, "rows")
	if err != nil {
		return err
	}
	data, err := listArray(state, "data")
	if err != nil {
		return err
	}
	if len(s.Shape) != 2 || len(rows) != s.Shape[0] || len(data) != len(rows) {
		return pickle.Malformed("%d rows and %d lists of values for a shape of %v", len(rows),
			len(data), s.Shape)
	}
	b := newSparseBuilder(s.Shape, state["dtype"])
	for i := range rows {
		cols, ok1 := items(rows[i])
		values, ok2 := items(data[i])
		if !ok1 || !ok2 || len(cols) != len(values) {
			return pickle.Malformed("row %d has %d columns and %d values", i, len(cols),
				len(values))
		}
		for j := range cols {
			if err := b.add([]any{i, cols[j]}, values[j]); err != nil {
				return err
			}
		}
	}
	return s.built(b)
}

// listArray returns the elements of a one-dimensional array of objects.
func listArray(state map[string]any, key string) ([]any, error) {
	a, err := arrayOf(state, key, 1)
	if err != nil {
		return nil, err
	}
	if a.DType().Kind() != 'O' {
		return nil, pickle.Malformed("%s of dtype %v, want lists", key, a.DType())
	}
	return a.Objects()
}

// readKeys reads dok, a dict from index tuples to values. The dict is the base of the object, or
// since SciPy 1.11 in its state.
func (s *Sparse) readKeys(inst namedInstance, state map[string]any) error {
	entries := inst.DictItems
	if d, ok := state["_dict"].(*types.Dict); ok && d != nil {
		entries = *d
	}
	b := newSparseBuilder(s.Shape, state["dtype"])
	if err := b.addKeys(entries); err != nil {
		return err
	}
	return s.built(b)
}

// built sets Data and Coords from a builder.
func (s *Sparse) built(b *sparseBuilder) (err error) {
	if s.Data, err = b.data(); err != nil {
		return err
	}
	for _, c := range b.coords {
		a, err := ndarray.FromSlice(c)
		if err != nil {
			return err
		}
		s.Coords = append(s.Coords, a)
	}
	return nil
}
