package ndarray_test

import (
	"fmt"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

// TestSmallPrinted prints an array of bfloat16 by its values.
func TestSmallPrinted(t *testing.T) {
	dt, err := ndarray.ParseDType("bfloat16")
	if err != nil {
		t.Fatal(err)
	}
	a, err := ndarray.Zeros(dt, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetAt(2.5, 1); err != nil {
		t.Fatal(err)
	}
	if got := a.String(); got != "[0 2.5]" {
		t.Errorf("%s, want what ml_dtypes prints", got)
	}
}

func ExampleBFloat16() {
	dt, err := ndarray.ParseDType("bfloat16")
	if err != nil {
		panic(err)
	}
	a, err := ndarray.New(dt, []int{2}, ndarray.OrderC, []byte{0x80, 0x3f, 0x20, 0x40})
	if err != nil {
		panic(err)
	}
	x, err := ndarray.Values[float32](a)
	fmt.Println(a.DType(), a.At(1), x, err)
	// Output: bfloat16 2.5 [1 2.5] <nil>
}

func ExampleFloat8() {
	x := ndarray.Float8{Bits: 0x7e, Format: ndarray.E4M3FN}
	fmt.Println(x.Format, x.Float32())
	// Output: float8_e4m3fn 448
}
