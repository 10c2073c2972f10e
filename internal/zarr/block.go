package zarr

import (
	"fmt"
	"math"
)

// block is a part of an array: elements of a shape, as bytes or, for objects, as Go values.
type block struct {
	shape   []int
	strides []int // in elements
	item    int   // bytes of an element; 0 for objects
	bytes   []byte
	objects []any
}

// cStrides returns the strides of C order, in elements.
func cStrides(shape []int) []int {
	strides := make([]int, len(shape))
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = step
		step *= max(shape[i], 1)
	}
	return strides
}

// newBlock returns a block of fill values in C order.
func (a *Array) newBlock(shape []int) (*block, error) {
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

// fillObject returns the fill value for text and bytes of variable length. zarr takes 0 for empty.
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

// paste copies another block over this one, from a position on. It leaves out what is beyond the
// edges.
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

// copyRuns copies the elements along an axis and the axes after it.
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

// wrap adds the subject of an error before it.
func wrap(what string, err error) error { return fmt.Errorf("%.100s: %w", what, err) }
