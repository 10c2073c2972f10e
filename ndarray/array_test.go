package ndarray_test

import (
	"errors"
	"math"
	"math/bits"
	"reflect"
	"testing"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/ndarray"
)

func mustDType(t testing.TB, s string) *ndarray.DType {
	t.Helper()
	d, err := ndarray.ParseDType(s)
	if err != nil {
		t.Fatalf("ParseDType(%q): %v", s, err)
	}
	return d
}

func mustNew(t testing.TB, dtype string, shape []int, order ndarray.Order,
	data []byte) *ndarray.Array {
	t.Helper()
	a, err := ndarray.New(mustDType(t, dtype), shape, order, data)
	if err != nil {
		t.Fatalf("New(%s, %v, %c): %v", dtype, shape, order, err)
	}
	return a
}

func TestNewRefusesLies(t *testing.T) {
	t.Parallel()
	const huge = math.MaxInt/2 + 1
	tests := []struct {
		name  string
		dtype string
		shape []int
		bytes int
		want  error
	}{
		{"short", "<i4", []int{3}, 11, ndarray.ErrShape},
		{"long", "<i4", []int{3}, 13, ndarray.ErrShape},
		{"negative", "<i4", []int{-1}, 0, ndarray.ErrShape},
		{"two negatives", "<i4", []int{-1, -3}, 12, ndarray.ErrShape},
		{"overflow", "<i4", []int{huge, huge}, 0, ndarray.ErrShape},
		{"overflow to zero", "<i4", []int{1 << (bits.UintSize / 2), 1 << (bits.UintSize / 2)}, 0,
			ndarray.ErrShape},
		{"overflow before zero", "<i4", []int{huge, 1 << 10, 0}, 0, ndarray.ErrShape},
		{"overflow after zero", "<i4", []int{0, huge, 1 << 10}, 0, ndarray.ErrShape},
		{"overflow by itemsize", "<i4", []int{huge}, 0, ndarray.ErrShape},
		{"many dimensions", "<i4", make([]int, 65), 0, ndarray.ErrShape},
		{"objects as bytes", "O", []int{1}, 8, ndarray.ErrDType},
		{"itemsize 0 overflow", "V0", []int{huge, huge}, 0, ndarray.ErrShape},
	}
	for _, tt := range tests {
		_, err := ndarray.New(mustDType(t, tt.dtype), tt.shape, ndarray.OrderC,
			make([]byte, tt.bytes))
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got error %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestNewObjectsCount(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 3, 5} {
		if _, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{2, 2}, ndarray.OrderC,
			make([]any, n)); !errors.Is(err, ndarray.ErrShape) {
			t.Errorf("%d elements in shape (2, 2): got error %v, want ErrShape", n, err)
		}
	}
	if _, err := ndarray.NewObjects(ndarray.DTypeOf[float64](), []int{1}, ndarray.OrderC,
		[]any{1.5}); !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("a list for float64: got error %v, want ErrDType", err)
	}
}

func TestPending(t *testing.T) {
	t.Parallel()
	a := pending.NewArray("numpy.matrix", func(a *ndarray.Array, state any) error {
		return pending.SetData(a, ndarray.DTypeOf[uint8](), []int{2, 2}, ndarray.OrderF,
			state.([]byte))
	})
	if a.DType() != ndarray.DTypeOf[int8]() || !reflect.DeepEqual(a.Shape(), []int{0}) {
		t.Errorf("pending: got %s %v, want int8 [0]", a.DType(), a.Shape())
	}
	if err := a.PySetState([]byte{1, 2}); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("short state: got %v, want ErrShape", err)
	}
	if err := a.PySetState([]byte{1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	if got := a.At(0, 1); got != uint8(3) || a.Class() != "numpy.matrix" ||
		a.Order() != ndarray.OrderF {
		t.Errorf("got %v of class %q, order %c, want 3, numpy.matrix, F", got, a.Class(), a.Order())
	}
	if err := a.PySetState([]byte{1, 2, 3, 4}); !errors.Is(err, ndarray.ErrState) {
		t.Errorf("second state: got %v, want ErrState", err)
	}
}

func TestPendingDType(t *testing.T) {
	t.Parallel()
	set := func(d *ndarray.DType, state any) error {
		return pending.SetSpec(d, state.(ndarray.DTypeSpec))
	}
	wide := ndarray.DTypeSpec{Kind: ndarray.KindVoid, ItemSize: 100}

	used := pending.NewDType(mustDType(t, "V1"), set)
	if _, err := ndarray.New(used, []int{1}, ndarray.OrderC, []byte{7}); err != nil {
		t.Fatal(err)
	}
	if err := used.PySetState(wide); !errors.Is(err, ndarray.ErrState) || used.ItemSize() != 1 {
		t.Errorf("a dtype in use: got error %v, itemsize %d, want ErrState, 1", err,
			used.ItemSize())
	}

	own := pending.NewDType(mustDType(t, "V1"), set)
	cyclic := ndarray.DTypeSpec{Kind: ndarray.KindVoid, ItemSize: 1,
		Fields: []ndarray.Field{{Name: "x", DType: own}}}
	if err := own.PySetState(cyclic); !errors.Is(err, ndarray.ErrState) {
		t.Errorf("a dtype of itself: got error %v, want ErrState", err)
	}

	good := pending.NewDType(mustDType(t, "V1"), set)
	if err := good.PySetState(wide); err != nil || good.ItemSize() != 100 {
		t.Errorf("got error %v, itemsize %d, want 100", err, good.ItemSize())
	}
	if err := good.PySetState(wide); !errors.Is(err, ndarray.ErrState) {
		t.Errorf("second state: got error %v, want ErrState", err)
	}
}
