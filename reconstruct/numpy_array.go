package reconstruct

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// fillNumpyArray adds the functions and classes from which NumPy rebuilds arrays. The module names
// are those that normalName returns.
//
// Reference: numpy/_core/src/multiarray/methods.c (array_reduce_ex, array_setstate),
// multiarraymodule.c (_reconstruct), numpy/_core/numeric.py (_frombuffer).
func fillNumpyArray(t table) {
	rec := &entry{call: callReconstruct, code: known.ClassReconstruct}
	for _, module := range []string{"numpy.core.multiarray", "numpy.core._multiarray_umath",
		"numpy.core._internal", "scipy.base._internal", "scipy.base.multiarray"} {
		t.add(module, "_reconstruct", rec)
	}
	t.add("numpy.core.numeric", "_frombuffer", &entry{call: callFromBuffer,
		code: known.ClassFromBuffer})

	plain := &entry{call: callNDArray, construct: refuseNDArray, code: known.ClassNDArray}
	plain.subtype = func(c Class) (any, error) {
		return pending.NewArray("", c.resolver.setPlain), nil
	}
	t.addAll("numpy", plain, "ndarray", "bigndarray")
	t.addAll("scipy", plain, "ndarray", "bigndarray")

	sub := &entry{call: refuseNDArray, construct: refuseNDArray,
		subtype: func(c Class) (any, error) {
			return c.resolver.pendingSubclass(c.global), nil
		}}
	t.addAll("numpy", sub, "matrix", "recarray", "chararray", "memmap")
	for module, name := range map[string]string{
		"numpy.core.defmatrix": "matrix", "numpy.matrixlib.defmatrix": "matrix",
		"numpy.core.records": "recarray", "numpy.rec": "recarray",
		"numpy.core.chararray": "chararray", "numpy.core.defchararray": "chararray",
		"numpy.char":        "chararray",
		"numpy.core.memmap": "memmap",
	} {
		t.add(module, name, sub)
	}
	for _, module := range []string{"Numeric", "numpy.oldnumeric", "numpy.oldnumeric.compat"} {
		t.add(module, "array_constructor", &entry{call: callNumericArray})
	}
}

// refuseNDArray refuses to call numpy.ndarray directly. No pickler writes such a call, and it would
// allocate memory for any shape in the file.
func refuseNDArray(c Class, _ []any) (any, error) {
	return nil, c.args(nil).errorf("an array is made by numpy's _reconstruct or _frombuffer only")
}

// callNDArray implements ndarray(shape, dtype, buffer, 0, None, order), an array over a buffer.
// NumPy does not write this call, but [Reducers] do. Any other arguments are refused.
func callNDArray(c Class, args []any) (any, error) {
	if len(args) != 6 || args[3] != any(0) || args[4] != nil {
		return refuseNDArray(c, args)
	}
	return callFromBuffer(c, []any{args[2], args[1], args[0], args[5]})
}

// callReconstruct implements _reconstruct(subtype, shape, type). The array is empty until its state
// arrives; the arguments shape and type are placeholders.
func callReconstruct(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(3, 3); err != nil {
		return nil, err
	}
	if madeClass(args[0]) {
		return record(c, args)
	}
	return reconstructAs(a, 0, 1, c.resolver)
}

// madeClass reports whether a class is the result of a call, the form in which cloudpickle and dill
// write a class that no module defines. Such a class is not rebuilt, so the call that creates an
// object of it is only recorded.
func madeClass(class any) bool {
	_, ok := class.(*pickle.Object)
	return ok
}

// reconstructAs returns an array that waits for its state. Arguments class and shape are indices
// into a; the shape must be (0,), as NumPy writes it, so that nothing is allocated for it.
func reconstructAs(a argReader, class, shape int, r *Resolver) (any, error) {
	if t, ok := a.vals[shape].(*types.Tuple); !ok || t == nil || len(*t) != 1 || (*t)[0] != any(0) {
		dims, err := a.shape(shape, "shape", r)
		if err != nil {
			return nil, err
		}
		if len(dims) != 1 || dims[0] != 0 {
			return nil, a.errorf("shape %v of an array without state, want (0,)", dims)
		}
	}
	switch sub := a.vals[class].(type) {
	case Class:
		if sub.entry.subtype != nil {
			return sub.entry.subtype(sub)
		}
	case pickle.Named:
		return r.pendingSubclass(sub.Global()), nil
	}
	return nil, a.wrong(class, "subtype", "numpy.ndarray or a subclass")
}

// pendingSubclass returns an array of a subclass of ndarray, known or not, that waits for its
// state.
func (r *Resolver) pendingSubclass(g pickle.Global) *ndarray.Array {
	class := g.String()
	return pending.NewArray(class, func(a *ndarray.Array, state any) error {
		return r.setArray(class, a, state)
	})
}

// arrayState is the state of an array. The types of its items have been checked, but data not yet
// against dtype and shape.
type arrayState struct {
	fn    string
	dtype *ndarray.DType
	shape []int
	order ndarray.Order
	data  any
	owner ndarray.Owner // of the memory of data, or nil
}

// setArray sets the state of an array: (version, shape, dtype, is_fortran, data), or in version 0
// the same without the first item.
func (r *Resolver) setArray(class string, arr *ndarray.Array, state any) error {
	a := argReader{fn: "state of " + class, vals: []any{state}}
	items, err := a.tuple(0, "state")
	if err != nil {
		return err
	}
	own, extended := ownState(class, items, 5)
	s, err := r.readArrayState(argReader{fn: a.fn, vals: own})
	if err != nil {
		return err
	}
	if err := s.init(arr); err != nil {
		return err
	}
	if extended {
		arr.SetExtra(state)
	}
	return nil
}

// setPlainArray is setArray for an array of the class ndarray itself.
func (r *Resolver) setPlainArray(arr *ndarray.Array, state any) error {
	t, ok := state.(*types.Tuple)
	if !ok || t == nil {
		return r.setArray("numpy.ndarray", arr, state) // which returns the error
	}
	s, err := r.readArrayState(argReader{fn: "state of numpy.ndarray", vals: *t})
	if err != nil {
		return err
	}
	return s.init(arr)
}

// ownState finds the array's own state of n items in the state of a subclass that NumPy does not
// define. By convention that is (array state, more) or the n items followed by more. A subclass of
// such a subclass wraps the state once more, as pandas' DateRange did.
func ownState(class string, items []any, n int) (own []any, extended bool) {
	if strings.HasPrefix(class, "numpy.") {
		return items, false
	}
	if len(items) > n {
		return items[:n], true
	}
	for len(items) > 1 && len(items) < 4 {
		inner, ok := items[0].(*types.Tuple)
		if !ok {
			break
		}
		items, extended = *inner, true
	}
	return items, extended
}

// SubclassState returns the items that a subclass added to the state of its array: for astropy's
// Quantity, whose __reduce__ wraps the state, the dict of its attributes. The items are in the
// order of the pickle, those of inner states first. The result is nil if there are none.
func SubclassState(a *ndarray.Array) []any {
	const own = 5 // items of the state of an array
	whole, ok := a.Extra().(*types.Tuple)
	if !ok || whole == nil {
		return nil
	}
	items := []any(*whole)
	if len(items) > own {
		return slices.Clone(items[own:])
	}
	var added []any
	for len(items) > 1 && len(items) < 4 {
		inner, ok := items[0].(*types.Tuple)
		if !ok {
			break
		}
		added = append(slices.Clone(items[1:]), added...)
		items = *inner
	}
	return added
}

// readArrayState reads a state with or without a version.
func (r *Resolver) readArrayState(a argReader) (arrayState, error) {
	s := arrayState{fn: a.fn}
	if err := a.count(4, 5); err != nil {
		return s, err
	}
	if len(a.vals) == 5 {
		version, err := a.integer(0, "version")
		if err != nil {
			return s, err
		}
		if version != 0 && version != 1 {
			return s, a.errorf("version %d, want 0 or 1", version)
		}
		a.vals = a.vals[1:]
	}
	return s, s.read(a, r)
}

// read reads the four items shape, dtype, is_fortran and data.
func (s *arrayState) read(a argReader, r *Resolver) (err error) {
	if s.shape, err = a.shape(0, "shape", r); err != nil {
		return err
	}
	if s.dtype, err = a.dtype(1, "dtype"); err != nil {
		return err
	}
	fortran, err := a.truth(2, "is_fortran")
	if err != nil {
		return err
	}
	if s.order = ndarray.OrderC; fortran {
		s.order = ndarray.OrderF
	}
	s.data, s.owner = a.vals[3], r.owner
	return nil
}

// shape reads a tuple of non-negative dimensions within the limits.
func (a argReader) shape(i int, name string, r *Resolver) ([]int, error) {
	dims, err := a.tuple(i, name)
	if err != nil {
		return nil, err
	}
	if len(dims) > r.limits.Dims {
		return nil, tooMany("Dims", r.limits.Dims, len(dims))
	}
	shape := make([]int, len(dims))
	for k, d := range dims {
		n, ok := asInt(d)
		if !ok {
			return nil, a.errorf("dimension %d of the %s is %s, want an int in range", k, name,
				typeName(d))
		}
		if n < 0 {
			return nil, a.errorf("negative dimension %d in the %s", n, name)
		}
		shape[k] = n
	}
	if size, ok := product(shape); ok && int64(size) > r.limits.Elements {
		return nil, tooMany("Elements", int(r.limits.Elements), size)
	}
	return shape, nil
}

// nbytes returns the size of the elements in bytes, or -1 on overflow. Package ndarray then refuses
// the shape.
func (s *arrayState) nbytes() int {
	size, ok := product(s.shape)
	hi, lo := bits.Mul(uint(size), uint(s.dtype.ItemSize()))
	if !ok || hi != 0 || int(lo) < 0 {
		return -1
	}
	return int(lo)
}

// product returns the number of elements of a shape without negative dimensions. It returns false
// on overflow; a dimension of zero makes the product zero whatever the others are.
func product(shape []int) (int, bool) {
	if slices.Contains(shape, 0) {
		return 0, true
	}
	n := 1
	for _, d := range shape {
		hi, lo := bits.Mul(uint(n), uint(d))
		if n = int(lo); hi != 0 || n < 0 {
			return 0, false
		}
	}
	return n, true
}

// init sets the content of arr from the state.
func (s *arrayState) init(arr *ndarray.Array) error {
	if s.owner != nil {
		arr.SetOwner(s.owner)
	}
	if !s.dtype.HasObject() {
		data, err := s.bytes()
		if err != nil {
			return err
		}
		return refused(s.fn, pending.SetData(arr, s.dtype, s.shape, s.order, data))
	}
	if column, ok := s.data.(*texts.Column); ok {
		return refused(s.fn, pending.SetTexts(arr, s.dtype, s.shape, s.order, column))
	}
	list, ok := s.data.(*types.List)
	if !ok {
		// Raw bytes would be pointers of the process that wrote the pickle.
		return pickle.Malformed("%s: data of dtype %s is %s, want a list of the elements", s.fn,
			s.dtype, typeName(s.data))
	}
	elems, err := elementsOf(s.fn, s.dtype, *list)
	if err != nil {
		return err
	}
	return refused(s.fn, pending.SetObjects(arr, s.dtype, s.shape, s.order, elems))
}

// bytes returns the data of an array whose dtype has no Python objects.
func (s *arrayState) bytes() ([]byte, error) {
	data, ok := payload(s.data, s.nbytes())
	if !ok {
		return nil, pickle.Malformed("%s: data of dtype %s is %s, want bytes", s.fn, s.dtype,
			typeName(s.data))
	}
	if len(data) == 1 {
		// CPython has one object for each single byte, which a pickle may store once for several
		// arrays. These must not share memory, so the byte is copied.
		data = []byte{data[0]}
	}
	return data, nil
}

// build returns a new array with the state.
func (s *arrayState) build() (*ndarray.Array, error) {
	arr := pending.NewArray("", nothing)
	return arr, s.init(arr)
}

// nothing is the setter of an array that is filled at once.
func nothing(*ndarray.Array, any) error { return nil }

// callFromBuffer implements _frombuffer(buffer, dtype, shape, order[, axis_order]), which protocol
// 5 uses: an array over the memory of the buffer, read-only if the buffer is.
func callFromBuffer(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(4, 5); err != nil {
		return nil, err
	}
	dt, err := a.dtype(1, "dtype")
	if err != nil {
		return nil, err
	}
	data, writeable, err := a.buffer(0)
	if err != nil {
		return nil, err
	}
	if base, _ := dt.Subarray(); base != nil || dt.HasObject() || dt.ItemSize() == 0 {
		return nil, a.errorf("no array of dtype %s can be made over a buffer", dt)
	}
	if len(data)%dt.ItemSize() != 0 {
		return nil, a.errorf("buffer of %d bytes is no multiple of the itemsize %d of dtype %s",
			len(data), dt.ItemSize(), dt)
	}
	shape, err := a.reshape(2, len(data)/dt.ItemSize(), c.resolver)
	if err != nil {
		return nil, err
	}
	order, axes, err := a.bufferOrder(len(shape))
	if err != nil {
		return nil, err
	}
	arr, err := ndarray.New(dt, shape, order, data)
	if err == nil && axes != nil {
		arr, err = arr.Transpose(axes...)
	}
	if err != nil {
		return nil, refused(a.fn, err)
	}
	arr.SetWriteable(writeable)
	if owner := c.resolver.owner; owner != nil {
		arr.SetOwner(owner)
	}
	return arr, nil
}

// buffer returns the memory of a buffer, and whether it may be written to: a bytearray may, bytes
// may not.
func (a argReader) buffer(i int) ([]byte, bool, error) {
	switch v := a.vals[i].(type) {
	case []byte:
		return v, false, nil
	case *types.ByteArray:
		if v != nil {
			return *v, true, nil
		}
	}
	return nil, false, a.wrong(i, "buffer", "bytes or bytearray")
}

// reshape reads the shape of an array of size elements. One dimension may be -1, which stands for
// the number that makes the shape fit.
func (a argReader) reshape(i, size int, r *Resolver) ([]int, error) {
	dims, ok := a.vals[i].(*types.Tuple)
	if ok && len(*dims) == 1 && (*dims)[0] == any(size) && int64(size) <= r.limits.Elements {
		return []int{size}, nil // the usual case, without allocations
	}
	if !ok {
		dims = &types.Tuple{a.vals[i]}
	}
	inferred, given := -1, make(types.Tuple, 0, len(*dims)) // index of the dimension -1
	for k, d := range *dims {
		if n, ok := asInt(d); ok && n == -1 && inferred < 0 {
			inferred, d = k, 1
		}
		given = append(given, d)
	}
	shape, err := argReader{fn: a.fn, vals: []any{&given}}.shape(0, "shape", r)
	if err != nil {
		return nil, err
	}
	known, fits := product(shape)
	if inferred >= 0 && fits && known > 0 && size%known == 0 {
		shape[inferred] = size / known
		known = size
	}
	if !fits || known != size {
		return nil, a.errorf("buffer of %d elements cannot have the shape %v", size, shape)
	}
	return shape, nil
}

// bufferOrder reads order and axis_order. axes is nil if the array is not to be transposed.
func (a argReader) bufferOrder(ndim int) (order ndarray.Order, axes []int, err error) {
	name := "C"
	if a.vals[3] != nil {
		if name, err = a.text(3, "order"); err != nil {
			return 0, nil, err
		}
	}
	switch name {
	case "C", "A", "c", "a": // the buffer itself is one-dimensional, so A is C
		return ndarray.OrderC, nil, nil
	case "F", "f":
		return ndarray.OrderF, nil, nil
	case "K":
		if a.optional(4, nil) == nil {
			return 0, nil, a.errorf("order 'K' without axis_order")
		}
	default:
		return 0, nil, a.errorf("order %q is none of 'C', 'F', 'A' and 'K'", name)
	}
	items, err := a.tuple(4, "axis_order")
	if err != nil {
		return 0, nil, err
	}
	if len(items) != ndim {
		return 0, nil, a.errorf("axis_order has %d axes, the shape has %d", len(items), ndim)
	}
	axes, seen := make([]int, ndim), make([]bool, ndim)
	for i, item := range items {
		n, ok := asInt(item)
		if ok && n < 0 {
			n += ndim
		}
		if !ok || n < 0 || n >= ndim || seen[n] {
			return 0, nil, a.errorf("axis_order is not a permutation of %d axes", ndim)
		}
		axes[i], seen[n] = n, true
	}
	return ndarray.OrderC, axes, nil
}
