package ndarray_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

func TestStatsAsNumPy(t *testing.T) {
	t.Parallel()
	asFloat := func(v any) float64 {
		switch v := v.(type) {
		case int64:
			return float64(v)
		case uint64:
			return float64(v)
		}
		return v.(float64)
	}
	same := func(x, y float64) bool {
		return x == y || x != x && y != y || math.Abs(x-y) <= 1e-14*math.Abs(y)
	}
	for _, c := range readOracle(t, "numpy2.json").Stats {
		a := mustNew(t, c.DType, c.Shape, ndarray.OrderC, unhex(t, c.Hex))
		s, err := a.Stats()
		if err != nil {
			t.Fatal(err)
		}
		if s.NaN != c.NaN {
			t.Errorf("%s %v: got %d NaN, want %d", c.DType, c.Shape, s.NaN, c.NaN)
		}
		if c.Min == nil {
			if s.Min != nil || s.Max != nil || s.Mean == s.Mean {
				t.Errorf("empty: got %+v, want nothing", s)
			}
			continue
		}
		for _, x := range []struct {
			name string
			got  float64
			want string
		}{{"min", asFloat(s.Min), *c.Min}, {"max", asFloat(s.Max), *c.Max},
			{"mean", s.Mean, *c.Mean}} {
			if want := parseHexFloat(t, x.want); !same(x.got, want) {
				t.Errorf("%s %v: %s: got %v, want %v", c.DType, c.Shape, x.name, x.got, want)
			}
		}
	}
	if _, err := mustNew(t, "S1", []int{1}, ndarray.OrderC, []byte{'a'}).Stats(); !errors.Is(err,
		ndarray.ErrDType) {
		t.Errorf("S1: got error %v, want ErrDType", err)
	}
}

func TestAllCloseAsNumPy(t *testing.T) {
	t.Parallel()
	for i, c := range readOracle(t, "numpy2.json").Closeness {
		x := mustNew(t, c.Xd, []int{c.N}, ndarray.OrderC, unhex(t, c.X))
		y := mustNew(t, c.Yd, []int{c.N}, ndarray.OrderC, unhex(t, c.Y))
		got, err := ndarray.AllClose(x, y, c.Rtol, c.Atol, c.EqualNaN)
		if err != nil || got != c.Close {
			t.Errorf("%d: %v and %v: got %v, error %v, want %v", i, x, y, got, err, c.Close)
		}
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	f := func(x ...float64) *ndarray.Array { return must(ndarray.FromSlice(x)) }
	obj := func(x ...any) *ndarray.Array {
		return must(ndarray.NewObjects(ndarray.ObjectDType(), []int{len(x)}, ndarray.OrderC, x))
	}
	swapped := mustNew(t, ">f8", []int{2}, ndarray.OrderC,
		[]byte{0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0})
	self := obj(nil)
	if err := self.SetAt(self, 0); err != nil {
		t.Fatal(err)
	}
	otherSelf := obj(nil)
	if err := otherSelf.SetAt(otherSelf, 0); err != nil {
		t.Fatal(err)
	}
	padded := "{'names':['a'],'formats':['u1'],'offsets':[1],'itemsize':3}"
	tests := []struct {
		name string
		a, b *ndarray.Array
		want bool
	}{
		{"same", f(1, 2), f(1, 2), true},
		{"NaN and zeros", f(math.NaN(), 0), f(-math.NaN(), math.Copysign(0, -1)), true},
		{"values", f(1, 2), f(1, 3), false},
		{"shape", f(1, 2), must(f(1, 2).Reshape(2, 1)), false},
		{"byte order", f(1, 2), swapped, true},
		{"dtype", f(1, 2), must(ndarray.FromSlice([]float32{1, 2})), false},
		{"bools", mustNew(t, "?", []int{2}, 'C', []byte{0, 1}),
			mustNew(t, "?", []int{2}, 'C', []byte{0, 7}), true},
		{"views", must(f(1, 2, 3).Slice(0, 5, -5, -1)), f(3, 2, 1), true},
		{"padding", mustNew(t, padded, []int{1}, 'C', []byte{9, 1, 9}),
			mustNew(t, padded, []int{1}, 'C', []byte{0, 1, 0}), true},
		{"fields", mustNew(t, padded, []int{1}, 'C', []byte{9, 1, 9}),
			mustNew(t, padded, []int{1}, 'C', []byte{9, 2, 9}), false},
		{"objects", obj(1, "a", []byte("b"), nil, 2.5, big.NewInt(7), f(1)),
			obj(1, "a", []byte("b"), nil, 2.5, big.NewInt(7), f(1)), true},
		{"object types", obj(1), obj(1.0), false},
		{"incomparable", obj(map[string]int{}), obj(map[string]int{}), false},
		{"itself", self, self, true},
		{"two cycles", self, otherSelf, false},
	}
	for _, tt := range tests {
		if got := tt.a.Equal(tt.b); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if got, want := self.String(),
		"[array([array([array([...], dtype=object)], dtype=object)], dtype=object)]"; len(
		got) > 500 {
		t.Errorf("an array inside itself: got %s, want something like %s", got, want)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestSetAt(t *testing.T) {
	t.Parallel()
	a := must(ndarray.Zeros(mustDType(t, "[('x','>i2'),('s','U2'),('v','f4',(2,))]"), 2))
	if err := a.SetAt([]any{-5, "hé", []any{1.5, 2}}, 1); err != nil {
		t.Fatal(err)
	}
	if got, want := a.String(), "[( 0, '', [0. , 0. ]) (-5, 'hé', [1.5, 2. ])]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, v := range []any{1, []any{1}, []any{40000, "", []any{1, 2}},
		[]any{1, "abc", []any{1, 2}}, []any{1, "", []any{1}}} {
		if err := a.SetAt(v, 0); !errors.Is(err, ndarray.ErrValue) {
			t.Errorf("%v: got error %v, want ErrValue", v, err)
		}
	}
	a.SetWriteable(false)
	if err := a.SetAt([]any{0, "", []any{1, 2}}, 1); !errors.Is(err, ndarray.ErrReadOnly) {
		t.Errorf("read-only: got error %v, want ErrReadOnly", err)
	}
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, ndarray.ErrBounds) {
			t.Errorf("index 2: got panic %v, want ErrBounds", err)
		}
	}()
	a.At(2)
}
