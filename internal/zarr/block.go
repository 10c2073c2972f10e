package zarr

import (
	"fmt"
	"math"
)

// block is a part of an array: elements with a shape, as bytes or, of objects, as Go values.
type block struct {
	shape   []int
	strides []int // in elements
	item    int   // bytes of an element; 0 of objects
	bytes   []byte
	objects []any
}

// cStrides are the strides of C order, in elements.
func cStrides(shape []int) []int {
	strides := make([]int, len(shape))
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = step
		step *= max(shape[i], 1)
	}
	return strides
}

// filled returns a block of fill values in C order.
func (a *Array) filled(shape []int) (*block, error) {
	n, _ := product(shape)
	b := &block{shape: shape, strides: cStrides(shape)}
	if a.DType.HasObject() {
		b.objects = make([]any, n)
		for i := range b.objects {
			b.objects[i] = a.fillObject()
		}
		return b, nil
	}
	b.item = a.DType.ItemSize()
	if b.item > 0 && n > math.MaxInt/b.item {
		return nil, malformed("%d elements of %s", n, a.DType)
	}
	b.bytes = make([]byte, n*b.item)
	value, err := fillElement(a.DType, a.FillValue)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(b.bytes) && len(value) > 0; i += len(value) {
		copy(b.bytes[i:], value)
	}
	return b, nil
}

// fillObject is the fill value of text and bytes of any length: zarr takes 0 for what is empty.
func (a *Array) fillObject() any {
	switch v := a.FillValue.(type) {
	case string:
		if a.pipe != nil && a.pipe.binary {
			raw, err := base64Bytes(v)
			if err == nil {
				return raw
			}
		}
		return v
	case nil:
		if a.Format == 2 {
			return nil
		}
	}
	if a.pipe != nil && a.pipe.binary {
		return []byte{}
	}
	return ""
}

// paste copies another block over this one from a position on, but for what is beyond its edges.
func (b *block) paste(part *block, start []int) {
	size := make([]int, len(start))
	at := 0
	for i, s := range start {
		size[i] = min(part.shape[i], b.shape[i]-s)
		if size[i] <= 0 {
			return
		}
		at += s * b.strides[i]
	}
	b.copyRuns(part, size, at, 0, 0)
}

// copyRuns copies the elements of a size along an axis and those behind it.
func (b *block) copyRuns(part *block, size []int, to, from, axis int) {
	if axis == len(size) {
		b.copyRun(part, to, from, 1)
		return
	}
	if axis == len(size)-1 && b.strides[axis] == 1 && part.strides[axis] == 1 {
		b.copyRun(part, to, from, size[axis])
		return
	}
	for range size[axis] {
		b.copyRuns(part, size, to, from, axis+1)
		to += b.strides[axis]
		from += part.strides[axis]
	}
}

func (b *block) copyRun(part *block, to, from, n int) {
	if b.objects != nil {
		copy(b.objects[to:to+n], part.objects[from:from+n])
		return
	}
	copy(b.bytes[to*b.item:(to+n)*b.item], part.bytes[from*b.item:])
}

// wrap puts what an error is about in front of it.
func wrap(what string, err error) error { return fmt.Errorf("%.100s: %w", what, err) }
