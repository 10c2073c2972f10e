package ndarray_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

// TestAsType compares conversions with NumPy's, byte for byte; where that raises or warns there is
// an error.
func TestAsType(t *testing.T) {
	text, err := os.ReadFile("testdata/astype.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases [][]json.RawMessage }
	if err := json.Unmarshal(text, &file); err != nil || len(file.Cases) < 1000 {
		t.Fatal(len(file.Cases), err)
	}
	for _, c := range file.Cases {
		var from, data, to string
		var want []string
		for i, v := range []any{&from, &data, &to, &want} {
			if err := json.Unmarshal(c[i], v); err != nil {
				t.Fatal(err)
			}
		}
		dt, err := ndarray.ParseDType(from)
		if err != nil {
			t.Fatal(err)
		}
		b := unhex(t, data)
		a, err := ndarray.New(dt, []int{len(b) / dt.ItemSize()}, ndarray.OrderC, b)
		if err != nil {
			t.Fatal(err)
		}
		target, err := ndarray.ParseDType(to)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.AsType(target)
		switch {
		case want == nil && err == nil:
			t.Errorf("%s %v as %s: %v of %s, NumPy refuses it", from, a, to, got, got.DType())
		case want == nil:
		case err != nil:
			t.Errorf("%s %v as %s: %v", from, a, to, err)
		default:
			raw, err := got.AppendBytes(nil, ndarray.OrderC)
			if err != nil {
				t.Fatal(err)
			}
			if g := hex.EncodeToString(raw); g != want[1] || got.DType().Str() != want[0] {
				t.Errorf("%s %v as %s: got %s %s, want %s", from, a, to, got.DType().Str(), g, want)
			}
		}
	}
}
