package ndarray

import "slices"

// Concatenated is a sequence of arrays that is used as one array, joined along an axis:
// numpy.concatenate without the copy. The parts may be mapped files of any size. It is safe for
// concurrent reads. The zero value has no parts and no elements.
type Concatenated struct {
	parts  []*Array
	axis   int
	shape  []int
	starts []int // index along the axis at which each part begins
}

// Concat joins arrays along an axis; a negative axis counts from the end. All parts must have the
// same dtype and, except along the axis, the same shape, or the error is of the kind ErrDType or
// ErrShape. Nothing is copied.
func Concat(axis int, parts ...*Array) (*Concatenated, error) {
	if len(parts) == 0 {
		return nil, errNoParts()
	}
	first := parts[0]
	if axis < 0 {
		axis += first.NDim()
	}
	if axis < 0 || axis >= first.NDim() {
		return nil, errorf(ErrBounds, "axis %d of an array of %d dimensions", axis, first.NDim())
	}
	c := &Concatenated{parts: slices.Clone(parts), axis: axis, shape: slices.Clone(first.Shape())}
	c.shape[axis] = 0
	for i, p := range parts {
		if !p.DType().Equal(first.DType()) {
			return nil, errorf(ErrDType, "part %d has dtype %s, the first %s", i, p.DType(),
				first.DType())
		}
		if p.NDim() != len(c.shape) {
			return nil, errorf(ErrShape, "part %d has shape %v, the first %v", i, p.Shape(),
				first.Shape())
		}
		for k, n := range p.Shape() {
			if k != axis && n != c.shape[k] {
				return nil, errorf(ErrShape, "part %d has shape %v, the first %v", i, p.Shape(),
					first.Shape())
			}
		}
		c.starts = append(c.starts, c.shape[axis])
		if c.shape[axis] += p.Shape()[axis]; c.shape[axis] < 0 {
			return nil, errorf(ErrShape, "the parts are too long together")
		}
	}
	return c, nil
}

func errNoParts() error { return errorf(ErrShape, "no arrays to concatenate") }

// DType returns the dtype of the elements.
func (c *Concatenated) DType() *DType {
	if len(c.parts) == 0 {
		return (&Array{}).DType()
	}
	return c.parts[0].DType()
}

// Shape returns the shape of all parts together. The caller must not change the slice.
func (c *Concatenated) Shape() []int { return c.shape }

// Parts returns the arrays in order. The caller must not change the slice.
func (c *Concatenated) Parts() []*Array { return c.parts }

// At returns one element, as [Array.At] does. An index that is out of range panics.
func (c *Concatenated) At(index ...int) any {
	i := index[c.axis]
	if i < 0 || i >= c.shape[c.axis] {
		panic("ndarray: index out of range of concatenated arrays")
	}
	k := c.partOf(i)
	own := slices.Clone(index)
	own[c.axis] = i - c.starts[k]
	return c.parts[k].At(own...)
}

// partOf returns the index of the part that has the index i along the axis.
func (c *Concatenated) partOf(i int) int {
	k, found := slices.BinarySearch(c.starts, i)
	if !found {
		return k - 1
	}
	for k+1 < len(c.starts) && c.starts[k+1] == i { // Skip parts without elements.
		k++
	}
	return k
}

// Slice returns the elements from start to stop-1 along the axis: a view if they are in one part,
// and else a copy in C order. Bounds that are out of range are an error of the kind ErrBounds.
func (c *Concatenated) Slice(start, stop int) (*Array, error) {
	if len(c.parts) == 0 {
		return nil, errNoParts()
	}
	if start < 0 || stop < start || stop > c.shape[c.axis] {
		return nil, errorf(ErrBounds, "elements %d to %d of %d along axis %d", start, stop,
			c.shape[c.axis], c.axis)
	}
	var views []*Array
	for k, p := range c.parts {
		from, to := max(start-c.starts[k], 0), min(stop-c.starts[k], p.Shape()[c.axis])
		if from >= to {
			continue
		}
		v, err := p.Slice(c.axis, from, to, 1)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	switch len(views) {
	case 0:
		return c.parts[0].Slice(c.axis, 0, 0, 1)
	case 1:
		return views[0], nil
	}
	return c.join(views, stop-start)
}

// Array returns all elements as one array with memory of its own, in C order.
func (c *Concatenated) Array() (*Array, error) {
	if len(c.parts) == 0 {
		return nil, errNoParts()
	}
	a, err := c.Slice(0, c.shape[c.axis])
	if err != nil {
		return nil, err
	}
	return a.Copy(OrderC)
}

// join returns a copy of views that have n elements along the axis together.
func (c *Concatenated) join(views []*Array, n int) (*Array, error) {
	shape := slices.Clone(c.shape)
	shape[c.axis] = n
	if c.DType().HasObject() {
		return nil, errorf(ErrDType, "arrays of dtype %s are not joined", c.DType())
	}
	// For each index of the axes before this one, each view contributes one run of bytes.
	rows := 1
	for _, dim := range shape[:c.axis] {
		rows *= dim
	}
	data := make([][]byte, len(views))
	total := 0
	for i, v := range views {
		var err error
		if data[i], err = v.AppendBytes(nil, OrderC); err != nil {
			return nil, err
		}
		total += len(data[i])
	}
	out := make([]byte, 0, total)
	for r := range rows {
		for i := range data {
			size := len(data[i]) / rows
			out = append(out, data[i][r*size:(r+1)*size]...)
		}
	}
	return New(c.DType(), shape, OrderC, out)
}
