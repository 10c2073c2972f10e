package unpkl_test

import (
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/ndarray"
)

// fastTargets are types that the fast paths decode into, and some that they do not.
func fastTargets() []any {
	type inner struct {
		ID    int32    `pickle:"id"`
		Names []string `pickle:"names"`
	}
	type record struct {
		ID     int              `pickle:"id"`
		A      any              `pickle:"a"`
		Name   string           `pickle:"name"`
		Value  float64          `pickle:"value"`
		Tags   []string         `pickle:"tags"`
		Active bool             `pickle:"active"`
		Inner  *inner           `pickle:"inner"`
		Values []float64        `pickle:"values"`
		More   map[string]inner `pickle:"more"`
		Small  int8             `pickle:"small"`
		U      uint16           `pickle:"u"`
		F      float32          `pickle:"f"`
		Pair   [2]int           `pickle:"pair"`
	}
	return []any{
		new(any), new(record), new([]record), new([]*record), new(map[string]record), new([]float64), new([]int),
		new([]int64), new([]uint8), new([]string), new([]bool), new([][]float32), new([]any), new(map[string]any),
		new(map[string]int), new(map[int]string), new(string), new(float64), new(*int), new([][]string), new([]inner),
	}
}

// same reports whether two values are equal, as DeepEqual but for arrays, which compare by
// what they print, NaNs, and map keys that Go compares by address or never finds equal.
func same(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() || a.IsValid() && a.Type() != b.Type() {
		return false
	}
	if !a.IsValid() {
		return true
	}
	if x, ok := a.Interface().(*ndarray.Array); ok && x != nil {
		y := b.Interface().(*ndarray.Array)
		return y != nil && x.DType().String() == y.DType().String() && slices.Equal(x.Shape(), y.Shape()) &&
			x.Writeable() == y.Writeable() && x.String() == y.String()
	}
	switch a.Kind() {
	case reflect.Float64, reflect.Float32:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case reflect.Complex128, reflect.Complex64:
		x, y := a.Complex(), b.Complex()
		return same(reflect.ValueOf(real(x)), reflect.ValueOf(real(y))) && same(reflect.ValueOf(imag(x)), reflect.ValueOf(imag(y)))
	case reflect.Interface:
		return same(a.Elem(), b.Elem())
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() || !a.Elem().CanInterface() {
			return a.IsNil() == b.IsNil()
		}
		if a.Elem().Kind() == reflect.Struct && a.Elem().NumField() > 0 && !a.Elem().Type().Field(0).IsExported() {
			return reflect.DeepEqual(a.Interface(), b.Interface())
		}
		return same(a.Elem(), b.Elem())
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() || a.Kind() == reflect.Slice && a.IsNil() != b.IsNil() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		return a.Len() == b.Len() && a.IsNil() == b.IsNil() && sameMap(a, b)
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() && !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

func sameMap(a, b reflect.Value) bool {
	for it := a.MapRange(); it.Next(); {
		other := b.MapIndex(it.Key())
		if !other.IsValid() {
			k := it.Key()
			for k.Kind() == reflect.Interface {
				k = k.Elem()
			}
			if k.Kind() == reflect.Pointer || strings.Contains(fmt.Sprint(k), "NaN") || k.Kind() == reflect.Array {
				continue
			}
			return false
		}
		if !same(it.Value(), other) {
			return false
		}
	}
	return true
}

// bothWays decodes data with and without the fast paths: values and errors must agree.
func bothWays(t *testing.T, data []byte, opts ...unpkl.Option) {
	t.Helper()
	tree := unpkl.IsTree(data)
	for _, fast := range fastTargets() {
		slow := reflect.New(reflect.TypeOf(fast).Elem()).Interface()
		err1 := unpkl.Unmarshal(data, fast, opts...)
		err2 := unpkl.Unmarshal(data, slow, append(opts, unpkl.WithoutFastPaths())...)
		if (err1 == nil) != (err2 == nil) || err1 != nil && err1.Error() != err2.Error() {
			t.Fatalf("%T: fast %v, slow %v", fast, err1, err2)
		}
		// What is shared unfolds when compared.
		if tree && !same(reflect.ValueOf(slow), reflect.ValueOf(fast)) {
			t.Fatalf("%T: slow %v, fast %v", fast, reflect.ValueOf(slow).Elem(), reflect.ValueOf(fast).Elem())
		}
	}
}

func TestFastPaths(t *testing.T) {
	for name := range cases() {
		eachPickle(t, name, func(t *testing.T, data []byte) { bothWays(t, data) })
	}
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	trees := 0
	for _, fix := range all {
		data, err := os.ReadFile(fix.Path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 2<<10 || strings.HasSuffix(fix.Path, ".npy") {
			continue
		}
		if unpkl.IsTree(data) {
			trees++
		}
		t.Run(fix.String(), func(t *testing.T) { bothWays(t, data) })
	}
	if trees < 20 {
		t.Errorf("only %d fixtures are trees", trees)
	}
}

// FuzzFastPaths compares the fast paths with the general way on any bytes.
func FuzzFastPaths(f *testing.F) {
	for _, c := range cases() {
		for _, data := range c.Pickles {
			if len(data) < 4096 {
				f.Add(data)
			}
		}
	}
	limits := unpkl.WithLimits(unpkl.Limits{Expansion: 10_000, DecompressedBytes: 1 << 20, Depth: 50})
	f.Fuzz(func(t *testing.T, data []byte) { bothWays(t, data, limits) })
}
