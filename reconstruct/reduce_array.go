package reconstruct

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// This file writes arrays.
//
// Reference: numpy/_core/src/multiarray/methods.c, array_reduce_ex_regular,
// array_reduce_ex_picklebuffer, array_reduce.

var (
	ndarrayClass any = pyName("numpy", "ndarray")
	byteB        any = written.Bytes("b")
)

// largeSize is the size in bytes from which the content of a bytes object is produced while it is
// written instead of in memory.
const largeSize = 64 << 10

// array writes an array.

func (r *Reducers) array(a *ndarray.Array, protocol int) (any, error) {
	if protocol >= 5 && a.Class() != jaxClass &&
		(r.opts.Buffers || r.opts.NumPy.atLeast(1, 16) || needsBuffer(a)) {
		if o := r.overBuffer(a); o != nil {
			return o, nil
		}
	}
	w := &arrayForm{}
	data, err := any(&w.data), error(nil)
	if !a.HasObject() && (a.IsCContiguous() || a.IsFContiguous()) {
		w.data, err = a.Bytes()
	} else {
		data, err = r.data(a, a.Order())
	}
	if err != nil {
		return nil, err
	}
	w.shape = w.dims[:0]
	for _, n := range a.Shape() {
		w.shape = append(w.shape, n)
	}
	w.items = [5]any{1, &w.shape, a.DType(), a.Order() == ndarray.OrderF, data}
	w.By, w.State = r.arrays, w.items[:]
	if a.Class() == jaxClass {
		return r.jaxForm(a, w.State), nil
	}
	if a.Class() != "" {
		return &pickle.Object{
			Class: r.reconstruct, Args: []any{r.classOf(a.Class()), zeroShape, byteB},
			State: subclassState(w.State, a.Extra()), HasState: true,
		}, nil
	}
	return &w.Constructed, nil
}

// arrayForm is the written form of an array; its parts are fields so that one allocation has them
// all.
type arrayForm struct {
	written.Constructed
	items [5]any
	shape written.Tuple
	dims  [2]any
	data  written.Bytes
}

// zeroShape is the shape argument of _reconstruct, which makes an empty array before its state is
// set.
var zeroShape any = written.Tuple{0}

// subclassState puts the state of an array into that of its subclass, in the place where ownState
// finds it.
func subclassState(own written.Tuple, extra any) written.Tuple {
	whole, ok := extra.(*types.Tuple)
	if !ok || whole == nil {
		return own
	}
	if len(*whole) > len(own) {
		return append(own, (*whole)[len(own):]...)
	}
	state := slices.Clone(written.Tuple(*whole))
	if len(state) == 0 {
		return own
	}
	inner := any(own)
	if deeper, ok := state[0].(*types.Tuple); ok && len(*deeper) > 1 && len(*deeper) < 4 {
		inner = subclassState(own, deeper)
	}
	state[0] = inner
	return state
}

// shapeTuple returns a shape as a tuple.
func shapeTuple(shape []int) written.Tuple {
	t := make(written.Tuple, len(shape))
	for i, n := range shape {
		t[i] = n
	}
	return t
}

// data returns the elements as they are in the state of an array: bytes, or a list if the dtype has
// objects.
func (r *Reducers) data(a *ndarray.Array, order ndarray.Order) (any, error) {
	if a.HasObject() {
		elems, err := a.Objects()
		if err != nil {
			return nil, err
		}
		list := make(types.List, len(elems))
		for i, e := range elems {
			list[i] = r.element(a.DType(), e)
		}
		return &list, nil
	}
	if b, err := a.Bytes(); err == nil && a.Order() == order {
		return written.Bytes(b), nil
	}
	if a.NBytes() < largeSize {
		b, err := a.AppendBytes(nil, order)
		return written.Bytes(b), err
	}
	return &written.LargeBytes{Size: int64(a.NBytes()), Write: func(w io.Writer) error {
		_, err := a.WriteTo(w, order)
		return err
	}}, nil
}

// element returns an element of an array with objects as Python's tolist returns it.
func (r *Reducers) element(dt *ndarray.DType, v any) any {
	if base, shape := dt.Subarray(); base != nil {
		return r.subarray(base, v, len(shape))
	}
	if record, ok := v.([]any); ok && len(record) == len(dt.Fields()) {
		fields := dt.Fields()
		t := make(written.Tuple, len(record))
		for i, x := range record {
			t[i] = r.element(fields[i].DType, x)
		}
		return t
	}
	switch v := v.(type) {
	case ndarray.Datetime64:
		return datetimeItem(v)
	case ndarray.Timedelta64:
		return timedeltaItem(v)
	case ndarray.LongDouble, ndarray.CLongDouble:
		// Python has no such number, so tolist returns NumPy's scalars of the dtype.
		if s, err := scalarOfDType(dt, v); err == nil {
			return s
		}
	}
	return v
}

// subarray returns an element of a subarray dtype: an array, or slices nested as deep as the
// subarray has dimensions, which become lists.
func (r *Reducers) subarray(base *ndarray.DType, v any, depth int) any {
	items, ok := v.([]any)
	if !ok || depth == 0 {
		return r.element(base, v)
	}
	list := make(types.List, len(items))
	for i, x := range items {
		list[i] = r.subarray(base, x, depth-1)
	}
	return &list
}

// overBuffer returns the form of an array that refers to a buffer. It returns nil for arrays
// without that form: those of a subclass, of a dtype that exports no buffer, or not contiguous.
func (r *Reducers) overBuffer(a *ndarray.Array) *pickle.Object {
	dt := a.DType()
	if a.Class() != "" || a.HasObject() || dt.ItemSize() == 0 || !exportsBuffer(dt) {
		return nil
	}
	if data, err := a.Bytes(); err == nil {
		w := &bufferForm{buf: written.Buffer{Data: data, ReadOnly: !a.Writeable()}}
		w.shape = w.dims[:0]
		for _, n := range a.Shape() {
			w.shape = append(w.shape, n)
		}
		order := orderC
		if a.Order() == ndarray.OrderF {
			order = orderF
		}
		if r.opts.NumPy == (Version{}) {
			w.args = [6]any{&w.shape, dt, &w.buf, 0, nil, order}
			w.Class, w.Args = ndarrayClass, w.args[:]
		} else {
			w.args = [6]any{&w.buf, dt, &w.shape, order}
			w.Class, w.Args = r.fromBuffer, w.args[:4:4]
		}
		return &w.Object
	}
	if !r.opts.NumPy.atLeast(2, 3) {
		return nil
	}
	return r.permuted(a)
}

// bufferForm is the written form of an array over a buffer; its parts are fields so that one
// allocation has them all.
type bufferForm struct {
	pickle.Object
	args  [6]any
	shape written.Tuple
	dims  [2]any
	buf   written.Buffer
}

var (
	orderC any = written.Interned("C")
	orderF any = written.Interned("F")
)

// needsBuffer reports whether _reconstruct would lose a property that the form with a buffer keeps:
// the array is read-only, or its byte order is not native, which NumPy would convert. Below
// protocol 5 both are lost, as in NumPy's own pickles.
func needsBuffer(a *ndarray.Array) bool {
	return !a.Writeable() || a.DType().Fields() == nil && !a.DType().IsNative()
}

// permuted returns the form of an array that is contiguous if its axes are reordered, or nil.
func (r *Reducers) permuted(a *ndarray.Array) *pickle.Object {
	strides := a.Strides()
	perm := make([]int, a.NDim())
	for i := range perm {
		perm[i] = i
	}
	slices.SortStableFunc(perm, func(i, j int) int {
		return -cmp.Compare(abs(strides[i]), abs(strides[j]))
	})
	b, err := a.Transpose(perm...)
	if err != nil || !b.IsCContiguous() {
		return nil
	}
	data, err := b.Bytes()
	if err != nil {
		return nil
	}
	back := make(written.Tuple, len(perm))
	for i, axis := range perm {
		back[axis] = i
	}
	buf := &written.Buffer{Data: data, ReadOnly: !a.Writeable()}
	return call(r.fromBuffer, buf, a.DType(), shapeTuple(b.Shape()), written.Interned("K"), back)
}

func abs(n int) int { return max(n, -n) }

// exportsBuffer reports whether NumPy has a buffer format (PEP 3118) for the dtype.
//
// Reference: numpy/_core/src/multiarray/buffer.c, _buffer_format_string.
func exportsBuffer(dt *ndarray.DType) bool {
	if base, _ := dt.Subarray(); base != nil {
		return exportsBuffer(base)
	}
	if _, ok := dt.SmallName(); ok {
		return false
	}
	end := 0
	for _, f := range dt.Fields() {
		if f.Offset < end || strings.Contains(f.Name, ":") || !exportsBuffer(f.DType) {
			return false
		}
		end = f.Offset + f.DType.ItemSize()
	}
	switch dt.Kind() {
	case ndarray.KindDatetime, ndarray.KindTimedelta:
		return false
	case ndarray.KindFloat:
		return dt.ItemSize() <= 8 || dt.IsNative()
	case ndarray.KindComplex:
		return dt.ItemSize() <= 16 || dt.IsNative()
	}
	return true
}

// scalarOf writes a numpy scalar.
//
// Reference: numpy/_core/src/multiarray/scalartypes.c.src, gentype_reduce.
func (r *Reducers) scalarOf(s *ndarray.Scalar) (any, error) {
	dt := s.DType()
	if dt.HasObject() {
		return call(r.scalar, dt, s.Array()), nil
	}
	return call(r.scalar, dt, written.Bytes(s.Bytes())), nil
}

// The constant (0,) in the code of numpy.ma.core and that of numpy.ma.mrecords. They are two
// objects, so that the memo treats them as two, as it does in NumPy's pickles.
var (
	maskedShape  = &types.Tuple{0}
	mrecordShape = &types.Tuple{0}
)

// masked writes a masked array.
//
// Reference: numpy/ma/core.py, MaskedArray.__reduce__ and __getstate__.
func (r *Reducers) masked(m *ndarray.Masked) (any, error) {
	class := m.Class
	if class == "" {
		class = "numpy.ma.core.MaskedArray"
	}
	g := className(class)
	if g.Name == "MaskedConstant" && strings.HasPrefix(g.Module, "numpy.ma") {
		return call(pyName(g.Module, g.Name)), nil
	}
	a := m.Data
	if a == nil {
		return nil, pickle.Unsupported("a masked array without Data")
	}
	order, fn, shape := a.Order(), pyName("numpy.ma.core", "_mareconstruct"), maskedShape
	fortran := order == ndarray.OrderF
	if g.Name == "MaskedRecords" {
		order, fn, shape = ndarray.OrderC, pyName("numpy.ma.mrecords", "_mrreconstruct"),
			mrecordShape
	}
	data, err := r.data(a, order)
	if err != nil {
		return nil, err
	}
	mask, err := r.mask(m, order)
	if err != nil {
		return nil, err
	}
	base := ndarrayClass
	if m.BaseClass != "" {
		base = r.classOf(m.BaseClass)
	}
	own := written.Tuple{1, shapeTuple(a.Shape()), a.DType(), fortran, data, mask, m.FillValue}
	return &pickle.Object{
		Class:    fn,
		Args:     []any{r.classOf(class), base, shape, written.Interned("b")},
		State:    subclassState(own, m.Extra),
		HasState: true,
	}, nil
}

// mask returns the bytes of the mask, or zeros if the array has none.
func (r *Reducers) mask(m *ndarray.Masked, order ndarray.Order) (any, error) {
	if m.Mask != nil && m.Mask.Size() == m.Data.Size() {
		dt, err := maskDType(m.Data.DType())
		if err != nil {
			return nil, err
		}
		if m.Mask.DType().ItemSize() == dt.ItemSize() {
			return r.data(m.Mask, order)
		}
		return nil, pickle.Unsupported("a mask of dtype %s for data of dtype %s", m.Mask.DType(),
			m.Data.DType())
	}
	if m.Mask != nil {
		return nil, pickle.Unsupported("a mask of shape %v for data of shape %v", m.Mask.Shape(),
			m.Data.Shape())
	}
	dt, err := maskDType(m.Data.DType())
	if err != nil {
		return nil, err
	}
	n := m.Data.Size() * dt.ItemSize()
	if n < largeSize {
		return make(written.Bytes, n), nil
	}
	return &written.LargeBytes{Size: int64(n), Write: func(w io.Writer) error {
		zeros := make([]byte, 32<<10)
		for left := n; left > 0; left -= len(zeros) {
			if _, err := w.Write(zeros[:min(left, len(zeros))]); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}
