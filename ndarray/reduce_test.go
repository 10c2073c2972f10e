package ndarray_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

// reduceNumber is element i of the pseudo-random numbers of testdata/gen_reduce.py.
func reduceNumber(i int, seed uint64) uint64 {
	x := (uint64(i+1) + seed<<32) * 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

func reduceFloat(i, n int, seed uint64) float64 {
	switch {
	case seed%4 == 0 && n > 4 && i == n/2:
		return math.NaN()
	case seed%4 == 1 && n > 4 && i == 0:
		return math.Copysign(0, -1)
	case seed%4 == 1 && n > 4 && i == n/3:
		return math.Inf(1)
	}
	u := reduceNumber(i, seed)
	x := math.Ldexp(float64(u>>11), int(u>>3&15)-61)
	if u&1 == 1 {
		return -x
	}
	return x
}

// reduceArray makes the array of a case.
func reduceArray(t *testing.T, dtype string, shape []int, seed uint64) *ndarray.Array {
	t.Helper()
	dt, err := ndarray.ParseDType(dtype)
	if err != nil {
		t.Fatal(err)
	}
	n := 1
	for _, d := range shape {
		n *= d
	}
	a, err := ndarray.Zeros(dt, n)
	if err != nil {
		t.Fatal(err)
	}
	mask := ^uint64(0) >> (64 - 8*min(dt.ItemSize(), 8))
	for i := range n {
		var v any
		switch u := reduceNumber(i, seed); dt.Kind() {
		case ndarray.KindBool:
			v = u&1 == 1
		case ndarray.KindUint:
			v = u & mask
		case ndarray.KindInt:
			shift := 64 - 8*dt.ItemSize()
			v = int64(u<<shift) >> shift
		case ndarray.KindComplex:
			v = complex(reduceFloat(2*i, 2*n, seed), reduceFloat(2*i+1, 2*n, seed))
		case ndarray.KindFloat:
			v = reduceFloat(i, n, seed)
		default:
			ticks := int64(u >> 40)
			if seed%4 == 0 && n > 4 && i == n/2 {
				ticks = ndarray.NaT
			}
			v = ndarray.Timedelta64{Value: ticks, Unit: dt.Unit()}
			if dt.Kind() == ndarray.KindDatetime {
				v = ndarray.Datetime64{Value: ticks, Unit: dt.Unit()}
			}
		}
		if err := a.SetAt(v, i); err != nil {
			t.Fatal(err)
		}
	}
	if a, err = a.Reshape(shape...); err != nil {
		t.Fatal(err)
	}
	return a
}

// reduceShown is a result as the generator writes it.
func reduceShown(t *testing.T, a *ndarray.Array) string {
	t.Helper()
	data, err := a.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		t.Fatal(err)
	}
	if k := a.DType().Kind(); k == ndarray.KindFloat || k == ndarray.KindComplex {
		data = nil // where there are several NaNs and zeros
	}
	float := func(x float64, size int) {
		switch bits := math.Float64bits(x + 0.0); {
		case x != x && size == 2:
			data = append(data, 0x00, 0x7e)
		case x != x && size == 4:
			data = append(data, 0, 0, 0xc0, 0x7f)
		case x != x:
			data = append(data, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f)
		case size == 2:
			h := ndarray.NewFloat16(x + 0.0)
			data = append(data, byte(h), byte(h>>8))
		case size == 4:
			b := math.Float32bits(float32(x + 0.0))
			data = append(data, byte(b), byte(b>>8), byte(b>>16), byte(b>>24))
		default:
			for k := range 8 {
				data = append(data, byte(bits>>(8*k)))
			}
		}
	}
	for v := range a.Elements() {
		switch v := v.(type) {
		case float64:
			float(v, 8)
		case float32:
			float(float64(v), 4)
		case ndarray.Float16:
			float(v.Float64(), 2)
		case complex64:
			float(float64(real(v)), 4)
			float(float64(imag(v)), 4)
		case complex128:
			float(real(v), 8)
			float(imag(v), 8)
		}
	}
	text := hex.EncodeToString(data)
	if len(data) > 32 {
		sum := sha256.Sum256(data)
		text = hex.EncodeToString(sum[:])[:24]
	}
	return fmt.Sprint(a.DType().Str(), a.Shape(), text)
}

// TestReduce compares sums, means and extremes with NumPy's, bit for bit.
func TestReduce(t *testing.T) {
	text, err := os.ReadFile("testdata/reduce.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases [][]json.RawMessage }
	if err := json.Unmarshal(text, &file); err != nil || len(file.Cases) < 3000 {
		t.Fatal(len(file.Cases), err)
	}
	names := []string{"sum", "mean", "min", "max"}
	bad := map[string]int{}
	var a, base *ndarray.Array // of the case, and that of the seed before
	var made uint64
	for _, c := range file.Cases {
		var dtype, view string
		var shape, axes []int
		var seed uint64
		for i, to := range []any{&dtype, &shape, &seed, &view, &axes} {
			if err := json.Unmarshal(c[i], to); err != nil {
				t.Fatal(err)
			}
		}
		if base == nil || seed != made {
			base, made = reduceArray(t, dtype, shape, seed), seed
		}
		a = base
		if view == "T" {
			a = a.T()
		} else if step, err := strconv.Atoi(view); err == nil {
			if a, err = base.Slice(0, ndarray.Omit, ndarray.Omit, step); err != nil {
				t.Fatal(err)
			}
		}
		for i, f := range []func(...int) (*ndarray.Array, error){a.Sum, a.Mean, a.Min, a.Max} {
			var want []any
			if err := json.Unmarshal(c[5+i], &want); err != nil {
				t.Fatal(err)
			}
			got, err := f(axes...)
			what := fmt.Sprintf("%s of %s%v%s over %v", names[i], dtype, shape, view, axes)
			switch {
			case want == nil:
				if err == nil {
					t.Errorf("%s: %v, NumPy refuses it", what, got)
				}
			case err != nil:
				if dtype == "<M8[ms]" || dtype == "<m8[s]" && names[i] == "mean" {
					continue // not offered
				}
				t.Errorf("%s: %v", what, err)
			default:
				if w, g := fmt.Sprint(want...), reduceShown(t, got); g != w &&
					bad[dtype+names[i]] < 3 {
					bad[dtype+names[i]]++
					t.Errorf("%s: got %s, want %s", what, g, w)
				}
			}
		}
	}
}
