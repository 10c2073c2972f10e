package ndarray

import (
	"math"
	"slices"

	"github.com/unpkl/unpkl/internal/bulk"
)

// view returns an array with the memory, dtype, owner and flags of a, and without dimensions. It
// has no class.
func (a *Array) view() *Array {
	v := &Array{dt: a.DType(), data: a.data, pos: a.pos, flags: a.flags & flagReadOnly}
	if a.ext != nil && (a.ext.elems != nil || a.ext.owner != nil) {
		v.ext = &arrayExt{elems: a.ext.elems, owner: a.ext.owner}
	}
	return v
}

// Transpose returns a view with the axes in the given order, or in reverse order if none are given:
// numpy.transpose. The error is of the kind ErrBounds unless each axis is named once.
func (a *Array) Transpose(axes ...int) (*Array, error) {
	if len(axes) == 0 {
		return a.reversed(), nil
	}
	n := a.NDim()
	if len(axes) != n {
		return nil, errorf(ErrBounds, "%d axes to transpose shape %s", len(axes),
			shapeText(a.Shape()))
	}
	v := a.view()
	shape, strides := v.makeDims(n)
	var seen [MaxDims]bool
	for i, axis := range axes {
		if axis < 0 {
			axis += n
		}
		if uint(axis) >= uint(n) || seen[axis] {
			return nil, errorf(ErrBounds, "axes %s are no permutation of those of shape %s",
				shapeText(axes), shapeText(a.Shape()))
		}
		seen[axis] = true
		shape[i], strides[i] = a.Shape()[axis], a.Strides()[axis]
	}
	v.setFlags()
	return v, nil
}

// T returns a view with the axes in reverse order: ndarray.T.
func (a *Array) T() *Array { return a.reversed() }

func (a *Array) reversed() *Array {
	v := a.view()
	shape, strides := v.makeDims(a.NDim())
	copy(shape, a.Shape())
	copy(strides, a.Strides())
	slices.Reverse(shape)
	slices.Reverse(strides)
	v.setFlags()
	return v
}

// Reshape returns a view of another shape with the same elements in C order: ndarray.reshape. One
// dimension may be -1; it is computed from the others. The error is of the kind ErrShape if the
// sizes differ, and of the kind ErrNotContiguous if only a copy could have that shape; [Array.Copy]
// returns one.
func (a *Array) Reshape(shape ...int) (*Array, error) {
	full, err := a.inferShape(shape)
	if err != nil {
		return nil, err
	}
	v := a.view()
	sh, st := v.makeDims(len(full))
	copy(sh, full)
	if a.IsCContiguous() {
		fillStrides(st, sh, a.DType().itemsize, OrderC)
	} else if !reshapeStrides(a.Shape(), a.Strides(), sh, st, a.DType().itemsize) {
		return nil,
			errorf(ErrNotContiguous,
				"shape %s, strides %s cannot be seen as shape %s without a copy",
				shapeText(a.Shape()), shapeText(a.Strides()), shapeText(full))
	}
	v.setFlags()
	return v, nil
}

// inferShape replaces a dimension of -1 and checks the size.
func (a *Array) inferShape(shape []int) ([]int, error) {
	full, unknown := slices.Clone(shape), -1
	for i, n := range full {
		if n != -1 {
			continue
		}
		if unknown >= 0 {
			return nil, errorf(ErrShape, "shape %s has more than one unknown dimension",
				shapeText(shape))
		}
		unknown, full[i] = i, 1
	}
	known, _, err := checkShape(full, 1)
	if err != nil {
		return nil, err
	}
	size := a.Size()
	if unknown >= 0 && known > 0 {
		full[unknown] = size / known
		known *= full[unknown]
	}
	if known != size || unknown >= 0 && slices.Contains(full, 0) && size != 0 {
		return nil, errorf(ErrShape, "shape %s of %d elements cannot become %s",
			shapeText(a.Shape()), size, shapeText(shape))
	}
	return full, nil
}

// reshapeStrides computes the strides of a new shape over strided memory. It matches groups of old
// and new axes of the same size, and returns false if that is not possible.
//
// Reference: numpy/_core/src/multiarray/shape.c, _attempt_nocopy_reshape.
func reshapeStrides(oldShape, oldStrides, shape, strides []int, itemsize int) bool {
	var os, ot []int
	for i, n := range oldShape {
		if n != 1 {
			os, ot = append(os, n), append(ot, oldStrides[i])
		}
	}
	i, k := 0, 0
	for i < len(os) && k < len(shape) {
		j, m := i+1, k+1
		have, want := os[i], shape[k]
		for have != want {
			if have < want {
				if j == len(os) {
					return false
				}
				have *= os[j]
				j++
			} else {
				if m == len(shape) {
					return false
				}
				want *= shape[m]
				m++
			}
		}
		for x := i; x < j-1; x++ {
			if ot[x] != os[x+1]*ot[x+1] {
				return false
			}
		}
		strides[m-1] = ot[j-1]
		for x := m - 1; x > k; x-- {
			strides[x-1] = strides[x] * shape[x]
		}
		i, k = j, m
	}
	last := itemsize
	if k > 0 {
		last = strides[k-1]
	}
	for ; k < len(shape); k++ {
		strides[k] = last
	}
	return true
}

// Index returns the view at index i of the first axis: a[i] in Python, but a 0-d array where Python
// returns a scalar. A negative index counts from the end. The error is of the kind ErrBounds.
func (a *Array) Index(i int) (*Array, error) {
	shape := a.Shape()
	if len(shape) == 0 {
		return nil, errorf(ErrBounds, "a 0-d array cannot be indexed")
	}
	k := i
	if k < 0 {
		k += shape[0]
	}
	if uint(k) >= uint(shape[0]) {
		return nil, errorf(ErrBounds, "index %d is out of range for axis 0 of shape %s", i,
			shapeText(shape))
	}
	v := a.view()
	sh, st := v.makeDims(len(shape) - 1)
	copy(sh, shape[1:])
	copy(st, a.Strides()[1:])
	v.pos += k * a.Strides()[0]
	v.setFlags()
	return v, nil
}

// Omit as start or stop of [Array.Slice] means that it is omitted, as in Python's a[:stop],
// a[start:] or a[::step].
const Omit = math.MinInt

// Flip returns a view with the elements along the given axes, or along all axes if none are given,
// in reverse order: numpy.flip. The error is of the kind ErrBounds for an axis that does not exist.
func (a *Array) Flip(axes ...int) (*Array, error) {
	set, err := a.axisSet(axes)
	if err != nil {
		return nil, err
	}
	v := a.view()
	shape, strides := v.makeDims(a.NDim())
	copy(shape, a.Shape())
	copy(strides, a.Strides())
	for i, flip := range set {
		if flip && shape[i] > 1 {
			v.pos += (shape[i] - 1) * strides[i]
			strides[i] = -strides[i]
		}
	}
	if a.Size() == 0 {
		v.pos = a.pos
	}
	v.setFlags()
	return v, nil
}

// Slice returns a view of every step-th element along an axis, from start up to but not including
// stop: a[start:stop:step] in Python, with the same meaning of negative and too large numbers.
// [Omit] as start or stop stands for an omitted bound; with a negative step the slice then begins
// at the last element and includes the first. The error is of the kind ErrBounds for a step of 0 or
// an axis that does not exist.
func (a *Array) Slice(axis, start, stop, step int) (*Array, error) {
	n := a.NDim()
	if axis < 0 {
		axis += n
	}
	if uint(axis) >= uint(n) {
		return nil, errorf(ErrBounds, "no axis %d in shape %s", axis, shapeText(a.Shape()))
	}
	if step == 0 {
		return nil, errorf(ErrBounds, "slice step 0")
	}
	length := a.Shape()[axis]
	if start == Omit && step < 0 {
		start = length
	}
	if stop == Omit && step > 0 {
		stop = length
	}
	start, count := sliceBounds(start, stop, step, length)
	v := a.view()
	shape, strides := v.makeDims(n)
	copy(shape, a.Shape())
	copy(strides, a.Strides())
	shape[axis] = count
	if count > 0 {
		v.pos += start * strides[axis]
	}
	if count > 1 {
		strides[axis] *= step
	}
	v.setFlags()
	return v, nil
}

// sliceBounds returns the first index and the number of elements of a Python slice.
func sliceBounds(start, stop, step, length int) (first, count int) {
	lo, hi := 0, length
	if step < 0 {
		lo, hi = -1, length-1
	}
	clamp := func(i int) int {
		if i < 0 {
			i += length
		}
		return min(max(i, lo), hi)
	}
	start, stop = clamp(start), clamp(stop)
	switch {
	case step > 0 && start < stop:
		return start, (stop-start-1)/step + 1
	case step < 0 && start > stop:
		// -(step+1) cannot overflow, -step could.
		k := -(step + 1)
		return start, int(uint(start-stop-1)/(uint(k)+1)) + 1
	}
	return start, 0
}

// Field returns a view of one field of a structured array, by name or title: a["name"]. The
// dimensions of a subarray field come last. The error is of the kind ErrDType if the array is not
// structured, and of the kind ErrBounds if it has no such field. If the dtype has objects, the
// result is a copy.
func (a *Array) Field(name string) (*Array, error) {
	if !a.DType().isStruct() {
		return nil, errorf(ErrDType, "dtype %s has no fields", a.DType().brief())
	}
	i := a.DType().fieldIndex(name)
	if i < 0 {
		return nil, errorf(ErrBounds, "dtype %s has no field %q", a.DType().brief(), name)
	}
	if a.DType().object {
		return a.objectField(i)
	}
	f := a.DType().more.fields[i]
	n := a.NDim()
	base, sub := f.DType.Subarray()
	if n+len(sub) > MaxDims {
		return nil, errorf(ErrShape, "%d dimensions, at most %d allowed", n+len(sub), MaxDims)
	}
	v := a.view()
	v.dt = f.DType
	if base != nil {
		v.dt = base
	}
	v.pos += f.Offset
	shape, strides := v.makeDims(n + len(sub))
	copy(shape, a.Shape())
	copy(strides, a.Strides())
	copy(shape[n:], sub)
	fillStrides(strides[n:], sub, v.dt.itemsize, OrderC)
	v.setFlags()
	return v, nil
}

// objectField returns a copy of field i of records that are stored as []any.
func (a *Array) objectField(i int) (*Array, error) {
	records, err := a.Objects()
	if err != nil {
		return nil, err
	}
	dt := a.DType().more.fields[i].DType
	base, sub := dt.Subarray()
	values := make([]any, 0, len(records))
	for _, r := range records {
		v := r.([]any)[i]
		if base == nil {
			values = append(values, v)
		} else if values, err = appendSubarray(values, base, sub, v); err != nil {
			return nil, err
		}
	}
	shape := append(slices.Clone(a.Shape()), sub...)
	if base != nil {
		dt = base
	}
	if dt.object {
		return NewObjects(dt, shape, OrderC, values)
	}
	_, nbytes, err := checkShape(shape, dt.itemsize)
	if err != nil {
		return nil, err
	}
	data := make([]byte, nbytes)
	for k, v := range values {
		if err := encode(dt, data[k*dt.itemsize:(k+1)*dt.itemsize], v); err != nil {
			return nil, err
		}
	}
	return New(dt, shape, OrderC, data)
}

// appendSubarray appends the elements of a subarray, which is an *Array or nested []any.
func appendSubarray(values []any, base *DType, shape []int, v any) ([]any, error) {
	if sub, ok := v.(*Array); ok {
		for e := range sub.Elements() {
			values = append(values, e)
		}
		return values, nil
	}
	if len(shape) == 0 {
		return append(values, v), nil
	}
	list, ok := v.([]any)
	if !ok || len(list) != shape[0] {
		return nil, errorf(ErrShape, "%T where a subarray of shape %s belongs", v, shapeText(shape))
	}
	var err error
	for _, e := range list {
		if values, err = appendSubarray(values, base, shape[1:], e); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Copy returns a copy of the array with its elements in the given order; OrderA and OrderK mean the
// result of Order. The copy is writeable and has no class. Elements that are objects are shared.
func (a *Array) Copy(order Order) (*Array, error) {
	if order == OrderA || order == OrderK {
		order = a.Order()
	}
	if a.DType().object {
		elems, err := a.Objects()
		if err != nil {
			return nil, err
		}
		return NewObjects(a.DType(), a.Shape(), order, slices.Clone(elems))
	}
	data := make([]byte, 0, a.NBytes())
	defer bulk.LargePages(data[:a.NBytes()])()
	data, err := a.AppendBytes(data, order)
	if err != nil {
		return nil, err
	}
	return New(a.DType(), a.Shape(), order, data)
}
