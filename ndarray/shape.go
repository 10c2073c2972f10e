package ndarray

import (
	"math"
	"math/bits"
	"strconv"
)

// This file has all arithmetic that may overflow on numbers from the input. A shape that was
// checked here stays within the memory of its array.

// MaxDims is the largest number of dimensions of an array, as in NumPy 2.
const MaxDims = 64

// MaxEmptyElements is the largest number of elements of an array whose itemsize is 0. Such elements
// take no bytes of the input, so without this limit ten bytes could demand any amount of work.
const MaxEmptyElements = 1 << 20

// mulInt multiplies two non-negative ints. ok is false if the product overflows.
func mulInt(a, b int) (p int, ok bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return int(lo), hi == 0 && lo <= math.MaxInt
}

// addInt adds two non-negative ints. ok is false if the sum overflows.
func addInt(a, b int) (sum int, ok bool) {
	sum = a + b
	return sum, sum >= 0
}

// checkShape returns the number of elements and of bytes of an array of the given shape. As in
// NumPy, the product of all dimensions that are not 0 must not overflow, even if another dimension
// is 0.
func checkShape(shape []int, itemsize int) (size, nbytes int, err error) {
	if len(shape) > MaxDims {
		return 0, 0, errorf(ErrShape, "%d dimensions, at most %d allowed", len(shape), MaxDims)
	}
	total, empty, ok := max(itemsize, 1), false, true
	for i, n := range shape {
		switch {
		case n < 0:
			return 0, 0, errorf(ErrShape, "negative dimension %d in shape %s", n, shapeText(shape))
		case n == 0:
			empty = true
			continue
		}
		if total, ok = mulInt(total, n); !ok {
			return 0, 0, errorf(ErrShape, "shape %s with itemsize %d overflows at dimension %d",
				shapeText(shape), itemsize, i)
		}
	}
	if empty {
		return 0, 0, nil
	}
	size = total / max(itemsize, 1)
	if itemsize == 0 && size > MaxEmptyElements {
		return 0, 0, errorf(ErrLimit, "%d elements without bytes, at most %d allowed", size,
			MaxEmptyElements)
	}
	return size, size * itemsize, nil
}

// fillStrides sets the strides of adjacent elements of itemsize bytes in the given order. The shape
// must have passed checkShape.
func fillStrides(strides, shape []int, itemsize int, order Order) {
	step := itemsize
	if order == OrderF {
		for i, n := range shape {
			strides[i] = step
			step *= max(n, 1)
		}
		return
	}
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = step
		step *= max(shape[i], 1)
	}
}

// contiguous reports whether strides are those of adjacent elements in the given order. As in
// NumPy, the strides of dimensions of 1, and of empty arrays, do not matter.
func contiguous(shape, strides []int, itemsize int, order Order) bool {
	for _, n := range shape {
		if n == 0 {
			return true
		}
	}
	step := itemsize
	for k := range shape {
		i := k
		if order != OrderF {
			i = len(shape) - 1 - k
		}
		if shape[i] != 1 {
			if strides[i] != step {
				return false
			}
			step *= shape[i]
		}
	}
	return true
}

// sameShape reports whether two shapes are equal.
func sameShape(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// shapeText formats a shape as Python formats a tuple.
func shapeText(shape []int) string { return string(appendShape(nil, shape)) }

func appendShape(b []byte, shape []int) []byte {
	b = append(b, '(')
	for i, n := range shape {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	if len(shape) == 1 {
		b = append(b, ',')
	}
	return append(b, ')')
}

// stepper visits the elements of a strided block in C order. It also works for no dimensions, which
// is one element.
type stepper struct {
	shape, strides []int
	index          [MaxDims]int
	pos            int // byte position of the current element
	left           int // number of elements that follow
}

// reset makes s begin at byte position pos, with size elements.
func (s *stepper) reset(shape, strides []int, pos, size int) {
	s.shape, s.strides, s.pos, s.left = shape, strides, pos, size
	for i := range shape {
		s.index[i] = 0
	}
}

// next moves to the next element. Before the first call, s is at the first one.
func (s *stepper) next() {
	for i := len(s.shape) - 1; i >= 0; i-- {
		s.index[i]++
		s.pos += s.strides[i]
		if s.index[i] < s.shape[i] {
			return
		}
		s.pos -= s.strides[i] * s.index[i]
		s.index[i] = 0
	}
}
