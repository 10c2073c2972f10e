package ndarray

import (
	"cmp"
	"slices"
)

// NOTE. A reduction visits the elements of an array in the same order as NumPy's iterator, because
// the rounding errors of a sum depend on the order. The axes are sorted from the largest stride to
// the smallest, and adjacent axes that have one common stride are merged. If the innermost axis is
// reduced, NumPy adds its elements pairwise; otherwise it adds row to row.
//
// Reference: numpy/_core/src/multiarray/nditer_constr.c (npyiter_find_best_axis_ordering,
// npyiter_coalesce_axes), numpy/_core/src/umath/reduction.c.

// reduceAxis is an axis of a reduction.
type reduceAxis struct {
	n       int // number of elements
	in      int // stride in the array, in bytes
	out     int // stride in the result, in elements; 0 if the axis is reduced
	reduced bool
}

// reduction describes how to visit an array and its result.
type reduction struct {
	a     *Array
	shape []int        // of the result
	size  int          // of the result, in elements
	count int          // number of elements of the array for each element of the result
	axes  []reduceAxis // from the outermost to the innermost, without those of one element
}

// reduceOver returns the reduction over the given axes, or over all if none are given.
func reduceOver(a *Array, axes []int) (*reduction, error) {
	if err := a.alive(); err != nil {
		return nil, err
	}
	reduced, err := a.axisSet(axes)
	if err != nil {
		return nil, err
	}
	r := &reduction{a: a, size: 1, count: 1, shape: []int{}}
	for i, n := range a.Shape() {
		if reduced[i] {
			r.count *= n
		} else {
			r.shape = append(r.shape, n)
			r.size *= n
		}
	}
	step := r.size
	for i, n := range a.Shape() {
		x := reduceAxis{n: n, in: a.Strides()[i], reduced: reduced[i]}
		if !x.reduced {
			step /= max(n, 1)
			x.out = step
		}
		if n != 1 {
			r.axes = append(r.axes, x)
		}
	}
	slices.SortStableFunc(r.axes, func(x, y reduceAxis) int {
		return cmp.Compare(abs(y.in), abs(x.in))
	})
	r.coalesce()
	return r, nil
}

// axisSet reports for each axis whether it is among the given ones. If none are given, it is true
// for all.
func (a *Array) axisSet(axes []int) ([]bool, error) {
	n := a.NDim()
	set := make([]bool, n)
	for i := range set {
		set[i] = len(axes) == 0
	}
	for _, x := range axes {
		if x < 0 {
			x += n
		}
		if uint(x) >= uint(n) || set[x] {
			return nil, errorf(ErrBounds, "axes %s are not different axes of shape %s",
				shapeText(axes), shapeText(a.Shape()))
		}
		set[x] = true
	}
	return set, nil
}

func abs(n int) int { return max(n, -n) }

// coalesce merges adjacent axes that have one common stride.
func (r *reduction) coalesce() {
	for i := len(r.axes) - 2; i >= 0; i-- {
		outer, inner := r.axes[i], r.axes[i+1]
		if outer.reduced == inner.reduced && outer.in == inner.in*inner.n &&
			outer.out == inner.out*inner.n {
			r.axes[i+1].n *= outer.n
			r.axes = slices.Delete(r.axes, i, i+1)
		}
	}
}

// each calls f for each row along the innermost axis, with its position in the array in bytes, and
// in the result in elements.
func (r *reduction) each(f func(pos, out int, inner reduceAxis)) {
	if r.a.Size() == 0 {
		return
	}
	last := len(r.axes) - 1
	if last < 0 {
		f(r.a.pos, 0, reduceAxis{n: 1, reduced: true})
		return
	}
	index := make([]int, last)
	pos, out := r.a.pos, 0
	for {
		f(pos, out, r.axes[last])
		i := last - 1
		for ; i >= 0; i-- {
			x := &r.axes[i]
			pos, out = pos+x.in, out+x.out
			if index[i]++; index[i] < x.n {
				break
			}
			pos, out = pos-x.n*x.in, out-x.n*x.out
			index[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// isScattered reports whether all elements are reduced to one and do not have one common stride.
// NumPy then copies them to a buffer.
func (r *reduction) isScattered() bool {
	if len(r.axes) < 2 {
		return false
	}
	for _, x := range r.axes {
		if !x.reduced {
			return false
		}
	}
	return true
}

// gathered calls f for each buffer of elements, with a function that returns the byte position of
// element i, and with their number.
func (r *reduction) gathered(f func(pos func(i int) int, n int)) {
	size := r.axes[len(r.axes)-1].n // A buffer has complete rows.
	if 0 < size && size < bufferSize {
		size *= bufferSize / size
	}
	buffer := make([]int, 0, min(r.count, size))
	flush := func() {
		if len(buffer) > 0 {
			f(func(i int) int { return buffer[i] }, len(buffer))
		}
		buffer = buffer[:0]
	}
	r.each(func(pos, _ int, x reduceAxis) {
		for range x.n {
			if buffer = append(buffer, pos); len(buffer) == size {
				flush()
			}
			pos += x.in
		}
	})
	flush()
}

// result returns the result of a reduction as an array of dtype dt, or if that is nil, of the dtype
// of T.
func result[T Element](r *reduction, values []T, dt *DType) (*Array, error) {
	if dt == nil {
		dt = DTypeOf[T]()
	}
	return New(dt, r.shape, OrderC, bytesOf(values))
}
