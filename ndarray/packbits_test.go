package ndarray_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

// packCase is what NumPy makes of an array; scripts/gen_packbits.py writes them.
type packCase struct {
	Shape       []int
	Axis        int
	Order       string
	Data        string
	PackedShape []int `json:"packed_shape"`
	Packed      string
	Count       *int
	WideShape   []int `json:"wide_shape"`
	Wide        string
}

func packCases(t *testing.T) []packCase {
	t.Helper()
	data, err := os.ReadFile("testdata/packbits.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []packCase
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) < 100 {
		t.Fatal(len(cases), err)
	}
	return cases
}

func bytesArray(t *testing.T, dt *ndarray.DType, text string, shape []int) *ndarray.Array {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ndarray.New(dt, shape, ndarray.OrderC, data)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestPackBits compares with NumPy.
func TestPackBits(t *testing.T) {
	t.Parallel()
	for _, c := range packCases(t) {
		order := ndarray.BitOrder(c.Order == "little")
		a := bytesArray(t, ndarray.DTypeOf[bool](), c.Data, c.Shape)
		packed, err := ndarray.PackBits(a, c.Axis, order)
		if want := bytesArray(t, ndarray.DTypeOf[uint8](), c.Packed, c.PackedShape); err != nil ||
			!packed.Equal(want) {
			t.Errorf("%+v: packed %v, %v", c, packed, err)
			continue
		}
		count := ndarray.AllBits
		if c.Count != nil {
			count = *c.Count
		}
		wide, err := ndarray.UnpackBits(packed, c.Axis, count, order)
		if want := bytesArray(t, ndarray.DTypeOf[uint8](), c.Wide, c.WideShape); err != nil ||
			!wide.Equal(want) {
			t.Errorf("%+v: unpacked %v, %v", c, wide, err)
		}
	}
}

// TestPackBitsErrors: what NumPy refuses.
func TestPackBitsErrors(t *testing.T) {
	t.Parallel()
	floats, _ := ndarray.FromSlice([]float64{1}, 1)
	scalar, _ := ndarray.Zeros(ndarray.DTypeOf[bool]())
	bytes, _ := ndarray.FromSlice([]uint8{1, 2}, 2)
	for name, test := range map[string]struct {
		got, want error
	}{
		"floats": {second(ndarray.PackBits(floats, 0, ndarray.BitsBig)), ndarray.ErrDType},
		"0-d":    {second(ndarray.PackBits(scalar, 0, ndarray.BitsBig)), ndarray.ErrBounds},
		"axis": {second(ndarray.UnpackBits(bytes, 1, 1, ndarray.BitsBig)),
			ndarray.ErrBounds},
		"bools": {second(ndarray.UnpackBits(scalar, 0, 1, ndarray.BitsBig)),
			ndarray.ErrDType},
		"count": {second(ndarray.UnpackBits(bytes, 0, -17, ndarray.BitsBig)),
			ndarray.ErrShape},
		"count too high": {second(ndarray.UnpackBits(bytes, 0, math.MaxInt, ndarray.BitsBig)),
			ndarray.ErrShape},
	} {
		if !errors.Is(test.got, test.want) {
			t.Errorf("%s: %v, want %v", name, test.got, test.want)
		}
	}
}

func second(_ *ndarray.Array, err error) error { return err }

// TestBitMask compares crops and counts of a packed mask with those of the mask.
func TestBitMask(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	shape := []int{5, 4, 37}
	data := make([]bool, 5*4*37)
	for i := range data {
		data[i] = r.IntN(3) == 0
	}
	whole, err := ndarray.FromSlice(data, shape...)
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range []ndarray.BitOrder{ndarray.BitsBig, ndarray.BitsLittle} {
		packed, err := ndarray.PackBits(whole, -1, order)
		if err != nil {
			t.Fatal(err)
		}
		m, err := ndarray.NewBitMask(packed, shape, order)
		if err != nil {
			t.Fatal(err)
		}
		for range 500 {
			start, count := make([]int, 3), make([]int, 3)
			want := whole
			for k, n := range shape {
				start[k] = r.IntN(n + 1)
				count[k] = r.IntN(n - start[k] + 1)
				if want, err = want.Slice(k, start[k], start[k]+count[k], 1); err != nil {
					t.Fatal(err)
				}
			}
			got, err := m.Crop(start, count)
			if err != nil || !got.Equal(want) {
				t.Fatalf("%v %v: %v, %v, want %v", start, count, got, err, want)
			}
			bits, _ := ndarray.Values[bool](want)
			trues := 0
			for _, b := range bits {
				if b {
					trues++
				}
			}
			if n, err := m.Count(start, count); err != nil || n != trues {
				t.Fatalf("%v %v: count %d, %v, want %d", start, count, n, err, trues)
			}
			if size := count[0] * count[1] * count[2]; size > 0 && m.At(start...) != bits[0] {
				t.Fatalf("%v: %v", start, m.At(start...))
			}
		}
		if _, err := m.Crop([]int{0, 0, 30}, []int{1, 1, 8}); !errors.Is(err, ndarray.ErrBounds) {
			t.Error(err)
		}
		if _, err := ndarray.NewBitMask(packed, []int{5, 4, 41}, order); !errors.Is(err,
			ndarray.ErrShape) {
			t.Error(err)
		}
	}
}

func ExamplePackBits() {
	mask, _ := ndarray.FromSlice([]bool{true, false, true, false, false, false, false, false, true},
		9)
	packed, err := ndarray.PackBits(mask, -1, ndarray.BitsBig)
	fmt.Println(packed, err)
	wide, err := ndarray.UnpackBits(packed, -1, 9, ndarray.BitsBig)
	fmt.Println(wide, err)
	// Output:
	// [160 128] <nil>
	// [1 0 1 0 0 0 0 0 1] <nil>
}

func ExampleBitMask() {
	packed, _ := ndarray.FromSlice([]uint8{0b10100000, 0b11000000}, 2, 1)
	mask, _ := ndarray.NewBitMask(packed, []int{2, 5}, ndarray.BitsBig)
	part, err := mask.Crop([]int{0, 1}, []int{2, 3})
	fmt.Println(part, err)
	fmt.Println(mask.Count(nil, nil))
	// Output:
	// [[False  True False]
	//  [ True False False]] <nil>
	// 4 <nil>
}

// TestConcat compares with the array that was cut.
func TestConcat(t *testing.T) {
	t.Parallel()
	whole, err := ndarray.FromSlice(slices.Collect(func(yield func(int32) bool) {
		for i := range int32(60) {
			if !yield(i) {
				return
			}
		}
	}), 3, 5, 4)
	if err != nil {
		t.Fatal(err)
	}
	for axis, n := range whole.Shape() {
		for cut := range n + 1 {
			a, _ := whole.Slice(axis, 0, cut, 1)
			b, _ := whole.Slice(axis, cut, cut, 1)
			c, _ := whole.Slice(axis, cut, n, 1)
			joined, err := ndarray.Concat(axis, a, b, c)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := joined.Array(); err != nil || !got.Equal(whole) {
				t.Errorf("axis %d at %d: %v, %v", axis, cut, got, err)
			}
			for from := range n {
				want, _ := whole.Slice(axis, from, n, 1)
				if got, err := joined.Slice(from, n); err != nil || !got.Equal(want) {
					t.Errorf("axis %d at %d from %d: %v, %v", axis, cut, from, got, err)
				}
			}
			for index, v := range whole.Indexed() {
				if got := joined.At(index...); got != v {
					t.Fatalf("%v: %v, want %v", index, got, v)
				}
			}
		}
	}
	a, _ := whole.Slice(0, 0, 1, 1)
	other, _ := ndarray.Zeros(ndarray.DTypeOf[int64](), 1, 5, 4)
	narrow, _ := whole.Slice(1, 0, 2, 1)
	if _, err := ndarray.Concat(0, a, other); !errors.Is(err, ndarray.ErrDType) {
		t.Error(err)
	}
	if _, err := ndarray.Concat(0, a, narrow); !errors.Is(err, ndarray.ErrShape) {
		t.Error(err)
	}
}

func ExampleConcat() {
	a, _ := ndarray.FromSlice([]int64{1, 2}, 2)
	b, _ := ndarray.FromSlice([]int64{3, 4, 5}, 3)
	whole, err := ndarray.Concat(0, a, b)
	fmt.Println(whole.Shape(), err)
	part, err := whole.Slice(1, 4)
	fmt.Println(part, err)
	// Output:
	// [5] <nil>
	// [2 3 4] <nil>
}
