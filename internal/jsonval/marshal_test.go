package jsonval_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestMarshalJSON gives values inside maps and slices to encoding/json: they are what the Encoder
// writes with the elements of arrays, whose form the fixtures hold against Python.
func TestMarshalJSON(t *testing.T) {
	s, err := frame.NewSeries("x", []float64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	f, err := frame.New(s)
	if err != nil {
		t.Fatal(err)
	}
	a := fromSlice(t, []float32{1, 2.5}, 1, 2)
	for want, v := range map[string]any{
		`{"$ndarray":{"dtype":"<f4","shape":[1,2],"order":"C","nbytes":8,"data":[[1.0,2.5]]}}`: a,
		`{"$dtype":"<f8"}`: ndarray.DTypeOf[float64](),
		`1.5`:              ndarray.NewFloat16(1.5),
		`{"$sparse":{"format":"dok","shape":[2],"fill_value":[1.5,-2.0]}}`: &reconstruct.SparseND{
			Format: "dok", Shape: []int{2}, FillValue: complex64(1.5 - 2i)},
		`{"$global":"m.f"}`: pickle.Global{Module: "m", Name: "f"},
		`[1,"a"]`:           &pickle.Set{Items: []any{1, "a"}},
		`{"p":1,"q":[1.0,2.0]}`: ndarray.Record{Names: []string{"p", "q"},
			Values: []any{int8(1), []any{1.0, 2.0}}},
		`{"$object":"m.C","state":{"a":1,"b":[1]}}`: &pickle.Object{Class: pickle.Global{Module: "m", Name: "C"},
			State: map[string]any{"b": []any{1}, "a": 1}, HasState: true},
		`{"$dataframe":{"shape":[2,1],"columns":[{"name":"x","dtype":"float64"}],"index":{"class":"RangeIndex","shape":[2],"name":null,"start":0,"stop":2,"step":1},"data":[[1.0,2.0]]}}`: f,
		`"2020-01-02"`: mustTime(t, "2020-01-02"),
	} {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		err := enc.Encode(map[string]any{"v": []any{v}})
		got := bytes.TrimSpace(b.Bytes())
		if err != nil || string(got) != `{"v":[`+want+`]}` {
			t.Errorf("%T: %s, %v, want %s", v, got, err, want)
		}
		var out bytes.Buffer
		if err := jsonval.NewEncoder(&out,
			jsonval.Options{Arrays: jsonval.ArraysValues}).Encode(v); err != nil ||
			strings.TrimSpace(out.String()) != want {
			t.Errorf("the Encoder writes %s, %v, want %s", out.String(), err, want)
		}
	}
}

func mustTime(t *testing.T, s string) ndarray.Datetime64 {
	t.Helper()
	return ndarray.Datetime64{Value: 18263, Unit: ndarray.DatetimeUnit{Base: "D"}}
}

// TestMarshalJSONZero gives the zero values to encoding/json: no panic.
func TestMarshalJSONZero(t *testing.T) {
	for _, v := range []any{
		&ndarray.Array{}, &ndarray.Masked{}, &ndarray.Scalar{}, &ndarray.DType{}, ndarray.Record{},
		&frame.Frame{}, &frame.Series{}, &frame.Index{}, frame.PeriodValue{}, frame.IntervalValue{},
		&pickle.Object{}, &pickle.Set{}, &pickle.PersistentRef{}, pickle.Global{},
	} {
		if b, err := json.Marshal(v); err == nil && !json.Valid(b) {
			t.Errorf("%T: %s", v, b)
		}
	}
}

// TestMarshalJSONFixtures gives every plain value that encoding/json takes to it.
func TestMarshalJSONFixtures(t *testing.T) {
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, fx := range all {
		data, err := fx.Data()
		if err != nil || len(data) > 10000 {
			continue
		}
		v, err := unpkl.LoadBytes(data)
		if err != nil {
			continue
		}
		if b, err := json.Marshal(v); err == nil {
			n++
			if !json.Valid(b) {
				t.Errorf("%v: %s", fx, b)
			}
		}
	}
	if n < 100 {
		t.Errorf("%d of %d fixtures have JSON", n, len(all))
	}
}
