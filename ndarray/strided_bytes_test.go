package ndarray

import (
	"errors"
	"math"
	"testing"
)

// TestNewStrided: elements that reach outside the bytes are refused, however the numbers overflow.
func TestNewStrided(t *testing.T) {
	t.Parallel()
	data := make([]byte, 24)
	for i := range data {
		data[i] = byte(i)
	}
	a, err := NewStrided(uint8DType, []int{2, 3}, []int{-12, 4}, 13, data)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.String(); got != "[[13 17 21]\n [ 1  5  9]]" { // as NumPy shows it
		t.Error(got)
	}
	for _, c := range []struct {
		shape, strides []int
		offset         int
		kind           error
	}{
		{[]int{25}, []int{1}, 0, ErrBounds},
		{[]int{24}, []int{1}, 1, ErrBounds},
		{[]int{1}, []int{1}, 24, ErrBounds},
		{[]int{1}, []int{1}, -1, ErrBounds},
		{[]int{2}, []int{-1}, 0, ErrBounds},
		{[]int{2}, []int{math.MinInt}, 23, ErrBounds},
		{[]int{3, 3}, []int{math.MaxInt / 2, math.MaxInt / 2}, 0, ErrBounds},
		{[]int{math.MaxInt}, []int{math.MaxInt}, 0, ErrBounds},
		{[]int{2}, []int{1, 1}, 0, ErrShape},
		{[]int{-1}, []int{1}, 0, ErrShape},
		{[]int{math.MaxInt, 2}, []int{0, 0}, 0, ErrShape},
	} {
		if _, err := NewStrided(uint8DType, c.shape, c.strides, c.offset, data); !errors.Is(err,
			c.kind) {
			t.Errorf("%v: %v, want %v", c, err, c.kind)
		}
	}
	if _, err := NewStrided(objectDType, []int{1}, []int{8}, 0, data); !errors.Is(err, ErrDType) {
		t.Error(err)
	}
	if a, err := NewStrided(uint8DType, []int{0, 3}, []int{99, 99}, 99, nil); err != nil ||
		a.Size() != 0 {
		t.Error(a, err)
	}
}
