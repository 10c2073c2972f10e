package ndarray_test

import (
	"errors"
	"testing"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/ndarray"
)

// TestSlab checks that arrays of a Slab are those of New, whatever came before.
func TestSlab(t *testing.T) {
	big, err := ndarray.ParseDType(">f8")
	if err != nil {
		t.Fatal(err)
	}
	var s pending.Slab
	for i, c := range []struct {
		dt    *ndarray.DType
		shape []int
		order ndarray.Order
		bytes int
	}{
		{ndarray.DTypeOf[float64](), []int{2}, 'C', 16}, {ndarray.DTypeOf[float64](), []int{2}, 'C',
			16},
		{ndarray.DTypeOf[float64](), []int{3}, 'C', 24},
		{big, []int{3}, 'C', 24}, {big, []int{1, 3}, 'C', 24}, {big, []int{1, 3}, 'C', 24},
		{big, []int{1, 3}, 'F', 24},
		{ndarray.DTypeOf[int8](), []int{}, 'C', 1}, {ndarray.DTypeOf[int8](), []int{}, 'C', 1},
		{ndarray.DTypeOf[int8](), []int{0}, 'C', 0}, {ndarray.DTypeOf[int8](), []int{0}, 'C', 0},
		{ndarray.DTypeOf[int16](), []int{1, 2, 1, 3}, 'C', 12}, {ndarray.DTypeOf[int16](), []int{1,
			2, 1, 3}, 'C', 12},
		{ndarray.DTypeOf[int16](), []int{3, 2, 1}, 'F', 12},
		{ndarray.DTypeOf[int16](), []int{3, 2}, 'F', 12}, {ndarray.DTypeOf[int16](), []int{3, 2},
			'C', 12},
		{ndarray.DTypeOf[int16](), []int{3, 2}, 'F', 12},
		{ndarray.DTypeOf[int16](), []int{3, 2}, 'C', 11}, {ndarray.DTypeOf[int16](), []int{3, 2},
			'C', 13},
		{ndarray.DTypeOf[int16](), []int{-3}, 'C', 6}, {ndarray.ObjectDType(), []int{1}, 'C', 8},
		{ndarray.DTypeOf[int16](), []int{3, 2}, 'C', 12}, {nil, []int{3, 2}, 'C', 12},
		{ndarray.DTypeOf[int16](), []int{3, 2}, 'X', 12},
	} {
		data := make([]byte, c.bytes)
		for k := range data {
			data[k] = byte(i + k)
		}
		want, wantErr := ndarray.New(c.dt, c.shape, c.order, data)
		got, err := s.New(c.dt, c.shape, c.order, data)
		if wantErr != nil || err != nil {
			if wantErr == nil || err == nil || err.Error() != wantErr.Error() ||
				!errors.Is(err, errors.Unwrap(wantErr)) {
				t.Errorf("case %d: error %v, want %v", i, err, wantErr)
			}
			continue
		}
		if got.String() != want.String() || !got.Equal(want) || !got.Writeable() ||
			got.Order() != want.Order() ||
			got.IsCContiguous() != want.IsCContiguous() ||
			got.IsFContiguous() != want.IsFContiguous() {
			t.Errorf("case %d: got %v, want %v", i, got, want)
		}
		got.SetWriteable(i%2 == 0)
	}
}
