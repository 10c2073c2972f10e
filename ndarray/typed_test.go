package ndarray_test

import (
	"encoding/binary"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/unpkl/unpkl/ndarray"
)

type conversionCase struct {
	DType, Order, Hex, To, Data string
	Shape                       []int
	OK                          bool
}

func checkValues[T ndarray.Element](t *testing.T, c conversionCase) {
	t.Helper()
	a := mustNew(t, c.DType, c.Shape, ndarray.Order(c.Order[0]), unhex(t, c.Hex))
	got, err := ndarray.Values[T](a)
	if !c.OK {
		if !errors.Is(err, ndarray.ErrValue) && !errors.Is(err, ndarray.ErrDType) {
			t.Errorf("%s %s to %s: got %v, error %v, want an error", c.DType, a, c.To, got, err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s %s to %s: %v", c.DType, a, c.To, err)
		return
	}
	b, err := binary.Append(nil, binary.LittleEndian, got)
	if err != nil {
		t.Fatal(err)
	}
	want := mustNew(t, c.To, []int{a.Size()}, ndarray.OrderC, unhex(t, c.Data))
	if !mustNew(t, c.To, []int{a.Size()}, ndarray.OrderC, b).Equal(want) {
		t.Errorf("%s %s to %s: got %v, want %s", c.DType, a, c.To, got, want)
	}
	var all []T
	var iterErr error
	for i, v := range ndarray.All[T](a, &iterErr) {
		if i != len(all) {
			t.Errorf("All yields position %d, want %d", i, len(all))
		}
		all = append(all, v)
	}
	if iterErr != nil || len(all) != len(got) {
		t.Errorf("All yields %d of %d values, error %v", len(all), len(got), iterErr)
	}
	s, err := ndarray.Slice[T](a)
	if holds := mustDType(t, c.To).Equal(a.DType()) && a.IsCContiguous(); holds != (err == nil) &&
		a.DType().Kind() != 'M' && a.DType().Kind() != 'm' {
		t.Errorf("Slice of %s as %s: got %v, error %v", c.DType, c.To, s, err)
	}
}

func TestValuesAsPython(t *testing.T) {
	t.Parallel()
	check := map[string]func(*testing.T, conversionCase){
		"?": checkValues[bool], "i1": checkValues[int8], "i2": checkValues[int16],
		"i4": checkValues[int32], "i8": checkValues[int64],
		"u1": checkValues[uint8], "u2": checkValues[uint16], "u4": checkValues[uint32],
		"u8": checkValues[uint64], "f2": checkValues[ndarray.Float16],
		"f4": checkValues[float32], "f8": checkValues[float64], "c8": checkValues[complex64],
		"c16": checkValues[complex128],
	}
	for _, c := range readOracle(t, "numpy2.json").Conversions {
		check[c.To](t, c)
	}
}

func TestSliceSharesMemory(t *testing.T) {
	t.Parallel()
	data := []float64{1, 2, 3, 4}
	a := must(ndarray.FromSlice(data, 2, 2))
	s := must(ndarray.Slice[float64](must(a.Index(1))))
	if &s[0] != &data[2] {
		t.Skip("built with purego")
	}
	// One byte past an address that suits a float64: most processors do not mind.
	raw := make([]byte, 8*3+1)
	b := mustNew(t, "<f8", []int{3}, ndarray.OrderC, raw[1:])
	if v, err := ndarray.Slice[float64](b); err == nil {
		v[2] = 1
		if raw[24] != 0x3f {
			t.Errorf("writing to the slice did not change the array")
		}
	}
}

func TestSliceSaysWhyNot(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		array *ndarray.Array
		want  error
	}{
		{"another dtype", mustNew(t, "<f4", []int{1}, 'C', make([]byte, 4)), ndarray.ErrDType},
		{"byte order", mustNew(t, ">f8", []int{1}, 'C', make([]byte, 8)), ndarray.ErrDType},
		{"F order", mustNew(t, "<f8", []int{2, 2}, 'F', make([]byte, 32)),
			ndarray.ErrNotContiguous},
		{"a step", must(mustNew(t, "<f8", []int{4}, 'C', make([]byte, 32)).Slice(0, 0, 4, 2)),
			ndarray.ErrNotContiguous},
		{"objects", must(ndarray.NewObjects(ndarray.ObjectDType(), []int{1}, 'C', []any{1.0})),
			ndarray.ErrDType},
	}
	for _, tt := range tests {
		if _, err := ndarray.Slice[float64](tt.array); !errors.Is(err, tt.want) {
			t.Errorf("%s: got error %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := ndarray.Slice[bool](mustNew(t, "?", []int{2}, 'C', []byte{1, 2})); !errors.Is(err,
		ndarray.ErrValue) {
		t.Errorf("a bool of 2: got error %v, want ErrValue", err)
	}
	if got := must(ndarray.Values[bool](mustNew(t, "?", []int{2}, 'C', []byte{0, 2}))); !got[1] ||
		got[0] {
		t.Errorf("Values of a bool of 2: got %v, want [false true]", got)
	}
}

func TestObjectValues(t *testing.T) {
	t.Parallel()
	a := must(ndarray.NewObjects(ndarray.ObjectDType(), []int{3}, 'C', []any{1, 2.0, true}))
	if got := must(ndarray.Values[float32](a)); !reflect.DeepEqual(got, []float32{1, 2, 1}) {
		t.Errorf("got %v", got)
	}
	b := must(ndarray.NewObjects(ndarray.ObjectDType(), []int{2}, 'C', []any{1, "x"}))
	if _, err := ndarray.Values[float32](b); !errors.Is(err, ndarray.ErrValue) {
		t.Errorf("a str: got error %v, want ErrValue", err)
	}
}

func TestStrings(t *testing.T) {
	t.Parallel()
	u := mustNew(t, "<U2", []int{3}, 'C',
		[]byte("a\x00\x00\x00b\x00\x00\x00\xe9\x00\x00\x00\x00\x00\x00\x00\x00\xd8\x00\x00\x00\x00\x00\x00"))
	if got, want := must(ndarray.Strings(u)), []string{"ab", "é",
		"\xed\xa0\x80"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	bad := mustNew(t, "<U1", []int{1}, 'C', []byte{0, 0, 0x11, 0})
	if _, err := ndarray.Strings(bad); !errors.Is(err, ndarray.ErrValue) {
		t.Errorf("U+110000: got error %v, want ErrValue", err)
	}
	if err := bad.Validate(); !errors.Is(err, ndarray.ErrValue) {
		t.Errorf("Validate of U+110000: got error %v, want ErrValue", err)
	}
	if got := bad.At(0); got != "\ufffd" {
		t.Errorf("U+110000: got %q, want U+FFFD", got)
	}
	if err := u.Validate(); err != nil {
		t.Error(err)
	}
}

type point struct {
	X int32   `pickle:"x"`
	F float32 `pickle:"f"`
	Y float64 `pickle:"y"`
	P [2]int16
	Q uint32
}

const pointDType = "[('x','<i4'),('f','<f4'),('y','<f8'),('P','<i2',(2,)),('Q','<u4')]"

func TestRecordsLayouts(t *testing.T) {
	t.Parallel()
	want := []point{{1, 2.5, -3, [2]int16{4, 5}, 6}, {7, 8, 9e100, [2]int16{-1, 0}, 1 << 31}}
	fast := must(ndarray.Zeros(mustDType(t, pointDType), 2))
	swapped := must(ndarray.Zeros(mustDType(t,
		"[('extra','S3'),('y','>f8'),('Q','>u4'),('f','f8'),('P','>i4',(2,)),('x','>i8')]"), 2))
	for i, p := range want {
		if err := fast.SetAt([]any{p.X, p.F, p.Y, []any{p.P[0], p.P[1]}, p.Q}, i); err != nil {
			t.Fatal(err)
		}
		if err := swapped.SetAt([]any{"abc", p.Y, p.Q, p.F, []any{p.P[0], p.P[1]}, p.X},
			i); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range []*ndarray.Array{fast, swapped} {
		if got, err := ndarray.Records[point](a); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, error %v, want %v", a.DType(), got, err, want)
		}
	}
	back := must(ndarray.FromRecords(want))
	if !back.Equal(fast) {
		t.Errorf("FromRecords: got %s %s, want %s", back.DType(), back, fast)
	}
	reverse := must(fast.Slice(0, 5, -5, -1))
	if got := must(ndarray.Records[point](reverse)); got[0] != want[1] {
		t.Errorf("reversed: got %v", got)
	}
}

func TestRecordsKinds(t *testing.T) {
	t.Parallel()
	type inner struct {
		A bool
		B []float64
	}
	type row struct {
		Name string          `pickle:"name"`
		When time.Time       `pickle:"when"`
		For  time.Duration   `pickle:"for"`
		Any  any             `pickle:"any"`
		Raw  []byte          `pickle:"raw"`
		Sub  *ndarray.Array  `pickle:"sub"`
		In   inner           `pickle:"in"`
		Half ndarray.Float16 `pickle:"half"`
		Skip int             `pickle:"-"`
	}
	dt := mustDType(t,
		"[('name','U5'),('when','M8[D]'),('for','m8[ms]'),('any','i2'),('raw','S3'),('sub','u1',(2,)),('in',[('A','?'),('B','f4',(2,))]),('half','f2'),('Skip','i8')]")
	a := must(ndarray.Zeros(dt, 1))
	sub := must(ndarray.FromSlice([]uint8{1, 2}))
	day := ndarray.Datetime64{Value: 1, Unit: ndarray.DatetimeUnit{Base: "D", Num: 1}}
	ms := ndarray.Timedelta64{Value: 1500, Unit: ndarray.DatetimeUnit{Base: "ms", Num: 1}}
	if err := a.SetAt([]any{"né", day, ms, 7, "xy", sub, []any{true, []any{0.5, 1}}, 1.5, 9},
		0); err != nil {
		t.Fatal(err)
	}
	got, err := ndarray.Records[row](a)
	if err != nil {
		t.Fatal(err)
	}
	r := got[0]
	if !r.Sub.Equal(sub) {
		t.Errorf("subarray: got %v", r.Sub)
	}
	r.Sub = nil
	want := row{"né", time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC), 1500 * time.Millisecond,
		int16(7), []byte("xy"), nil, inner{true, []float64{0.5, 1}}, ndarray.NewFloat16(1.5), 0}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got %+v, want %+v", r, want)
	}
	if _, err := ndarray.Records[struct{ Any int8 }](a); !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("no such field: got error %v, want ErrDType", err)
	}
	if _, err := ndarray.Records[struct {
		For int8 `pickle:"any"`
	}](must(ndarray.FromRecords([]struct {
		Any int `pickle:"any"`
	}{{300}}))); !errors.Is(err, ndarray.ErrValue) {
		t.Errorf("300 as int8: got error %v, want ErrValue", err)
	}
}
