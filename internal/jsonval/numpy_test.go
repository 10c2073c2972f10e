package jsonval_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

func fromSlice[T ndarray.Element](t *testing.T, data []T, shape ...int) *ndarray.Array {
	t.Helper()
	a, err := ndarray.FromSlice(data, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestStats has what NumPy gives for nanmin, nanmax and isnan(a).sum(), and the float
// nearest to the true mean, which nanmean need not be.
func TestStats(t *testing.T) {
	tests := []struct {
		name string
		a    *ndarray.Array
		want string // "" for none
	}{
		{"ints", fromSlice(t, []int8{-128, 127, 3}, 3),
			`{"min":-128,"max":127,"mean":0.6666666666666666,"nan":0}`},
		{"uints", fromSlice(t, []uint64{math.MaxUint64, 0}, 2),
			`{"min":0,"max":18446744073709551615,"mean":9.223372036854776e+18,"nan":0}`},
		{"large ints", fromSlice(t, []int64{math.MaxInt64, math.MaxInt64, math.MinInt64}, 3),
			`{"min":-9223372036854775808,"max":9223372036854775807,"mean":3.0744573456182584e+18,"nan":0}`},
		{"floats", fromSlice(t, []float64{1, math.NaN(), 1e100, 1, -1e100}, 5),
			`{"min":-1e+100,"max":1e+100,"mean":0.5,"nan":1}`},
		{"float32", fromSlice(t, []float32{0.1}, 1),
			`{"min":0.10000000149011612,"max":0.10000000149011612,"mean":0.10000000149011612,"nan":0}`},
		{"infinite", fromSlice(t, []float64{math.Inf(1), 1}, 2),
			`{"min":1.0,"max":"Infinity","mean":"Infinity","nan":0}`},
		{"both infinities", fromSlice(t, []float64{math.Inf(1), math.Inf(-1)}, 2),
			`{"min":"-Infinity","max":"Infinity","mean":"NaN","nan":0}`},
		{"nothing but NaN", fromSlice(t, []float64{math.NaN()}, 1),
			`{"min":null,"max":null,"mean":null,"nan":1}`},
		{"empty", fromSlice(t, []int64{}, 0), `{"min":null,"max":null,"mean":null,"nan":0}`},
		{"bools", fromSlice(t, []bool{true}, 1), `{"min":true,"max":true,"mean":1.0,"nan":0}`},
		{"complex", fromSlice(t, []complex128{1}, 1),
			`{"min":[1.0,0.0],"max":[1.0,0.0],"mean":[1.0,0.0],"nan":0}`},
	}
	for _, tt := range tests {
		form := mustEncode(t, tt.a, jsonval.Options{})
		want := form
		if tt.want != "" {
			want = form[:len(form)-2] + `,"stats":` + tt.want + "}}"
		}
		if got := mustEncode(t, tt.a, jsonval.Options{Stats: true}); got != want {
			t.Errorf("%s: got %s, want %s", tt.name, got, want)
		}
	}
}

// TestNested has shapes of every kind, in F order too.
func TestNested(t *testing.T) {
	cube := fromSlice(t, []int16{1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2)
	objects, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{2}, ndarray.OrderC, []any{nil,
		"x"})
	if err != nil {
		t.Fatal(err)
	}
	elems, err := objects.Objects()
	if err != nil {
		t.Fatal(err)
	}
	elems[0] = objects
	zeroD, err := ndarray.New(ndarray.DTypeOf[int8](), nil, ndarray.OrderC, []byte{7})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		a    *ndarray.Array
		want string
	}{
		{"0-d", zeroD, "7"},
		{"cube", cube, "[[[1,2],[3,4]],[[5,6],[7,8]]]"},
		{"transposed", cube.T(), "[[[1,5],[3,7]],[[2,6],[4,8]]]"},
		{"no columns", fromSlice(t, []float64{}, 2, 0), "[[],[]]"},
		{"holds itself", objects, `[{"$ref":"#"},"x"]`},
	}
	for _, tt := range tests {
		form := mustEncode(t, tt.a, jsonval.Options{})
		want := form[:len(form)-2] + `,"data":` + tt.want + "}}"
		if got := mustEncode(t, tt.a, jsonval.Options{Arrays: jsonval.ArraysValues}); got != want {
			t.Errorf("%s: got %s, want %s", tt.name, got, want)
		}
	}
}

// TestStatsKinds has what NumPy says of masked arrays, bools, complex numbers and times:
//
//	a = np.ma.array([1., 100., 3., np.nan], mask=[0, 1, 0, 0]); np.nanmin(a.compressed()), ...
//	z = np.array([1+2j, 1-1j, complex(np.nan, 0)]); z[:2].min(), z[:2].max(), z[:2].mean()
//	np.array([1, -4, 5], 'm8[s]').mean(), np.array(['2020', 'NaT', '2019'], 'M8[Y]')
func TestStatsKinds(t *testing.T) {
	times := func(typ string, values ...int64) *ndarray.Array {
		dt, err := ndarray.ParseDType(typ)
		if err != nil {
			t.Fatal(err)
		}
		var b []byte
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
		a, err := ndarray.New(dt, []int{len(values)}, ndarray.OrderC, b)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, c := range []struct {
		v    any
		want string
	}{
		{&ndarray.Masked{Data: fromSlice(t, []float64{1, 100, 3, math.NaN()}),
			Mask: fromSlice(t, []bool{false, true, false, false})},
			`{"min":1.0,"max":3.0,"mean":2.0,"nan":1,"masked":1}`},
		{&ndarray.Masked{Data: fromSlice(t, []int8{5}), Mask: fromSlice(t, []bool{true})},
			`{"min":null,"max":null,"mean":null,"nan":0,"masked":1}`},
		{fromSlice(t, []bool{true, false, true, true}),
			`{"min":false,"max":true,"mean":0.75,"nan":0}`},
		{fromSlice(t, []complex128{1 + 2i, 1 - 1i, complex(math.NaN(), 0)}),
			`{"min":[1.0,-1.0],"max":[1.0,2.0],"mean":[1.0,0.5],"nan":1}`},
		{times("<m8[s]", 1, -4, 5), `{"min":-4,"max":5,"mean":0,"nan":0}`},
		{times("<M8[Y]", 50, ndarray.NaT, 49), `{"min":"2019","max":"2020","mean":null,"nan":1}`},
		{times("<M8[Y]"), `{"min":null,"max":null,"mean":null,"nan":0}`},
	} {
		var out bytes.Buffer
		if err := jsonval.NewEncoder(&out, jsonval.Options{Stats: true}).Encode(c.v); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), `"stats":`+c.want) {
			t.Errorf("%s, want %s", out.String(), c.want)
		}
	}
}

// TestSubarrayDType writes a subarray dtype with its base and shape, and reads it again.
func TestSubarrayDType(t *testing.T) {
	inner, err := ndarray.NewStruct([]ndarray.Field{{Name: "x", DType: ndarray.DTypeOf[int8]()},
		{Name: "y", DType: ndarray.DTypeOf[float32]()}}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []*ndarray.DType{ndarray.DTypeOf[float32](), inner} {
		sub, err := ndarray.NewSubarray(base, 2, 3)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := jsonval.NewEncoder(&out, jsonval.Options{}).Encode(sub); err != nil {
			t.Fatal(err)
		}
		got, err := jsonval.Decode(out.Bytes(), pickle.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", out.Bytes(), err)
		}
		if dt, ok := got.(*ndarray.DType); !ok || !dt.Equal(sub) {
			t.Errorf("%s reads back as %v, want %v", out.Bytes(), got, sub)
		}
	}
}

// TestSplitPairLossless keeps two surrogates side by side apart from the character that they
// would be together.
func TestSplitPairLossless(t *testing.T) {
	split, whole := "\xed\xa0\xbd\xed\xb8\x80", "\U0001f600"
	d := &types.Dict{{Key: split, Value: whole}, {Key: whole, Value: split}}
	var out bytes.Buffer
	if err := jsonval.NewEncoder(&out, jsonval.Options{Lossless: true}).Encode(d); err != nil {
		t.Fatal(err)
	}
	got, err := jsonval.Decode(out.Bytes(), pickle.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	g, ok := got.(*types.Dict)
	if !ok || len(*g) != 2 || (*g)[0] != (*d)[0] || (*g)[1] != (*d)[1] {
		t.Errorf("%s reads back as %q", out.Bytes(), got)
	}
}
