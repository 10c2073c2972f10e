package ndarray_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

// TestMaskedString compares masked arrays as text with NumPy's.
func TestMaskedString(t *testing.T) {
	text, err := os.ReadFile("testdata/masked.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		DType, Hex, Str string
		Shape           []int
		Mask            *string
	}
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) < 90 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		dt, err := ndarray.ParseDType(c.DType)
		if err != nil {
			t.Fatal(err)
		}
		m := &ndarray.Masked{}
		if m.Data, err = ndarray.New(dt, c.Shape, ndarray.OrderC, unhex(t, c.Hex)); err != nil {
			t.Fatal(err)
		}
		if c.Mask != nil {
			if m.Mask, err = ndarray.New(ndarray.DTypeOf[bool](), c.Shape, ndarray.OrderC,
				unhex(t, *c.Mask)); err != nil {
				t.Fatal(err)
			}
		}
		if got := m.String(); got != c.Str {
			t.Errorf("%s %v: got\n%s\nwant\n%s", c.DType, c.Shape, got, c.Str)
		}
	}
}
