package ndarray_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

// The files of testdata are written by NumPy, by testdata/gen.py.
type oracle struct {
	NumPy   string
	Names   []dtypeCase
	Structs []dtypeCase
	Arrays  []struct {
		DType, Order, Hex, Str, Repr string
		Shape                        []int
	}
	Datetimes   [][]any
	LongDoubles []struct{ Hex, Swapped, Str, Float64 string }
	Halves      struct {
		Text   string  `json:"text_sha256"`
		NotNaN string  `json:"notnan_sha256"`
		From64 [][]any `json:"from64"`
	}
	Layouts     []layoutCase
	Conversions []conversionCase
	Stats       []struct {
		DType, Hex     string
		Shape          []int
		Min, Max, Mean *string
		NaN            int
	}
	Closeness []struct {
		Xd, X, Yd, Y string
		N            int
		Rtol, Atol   float64
		EqualNaN     bool `json:"equal_nan"`
		Close        bool
	}
}

type dtypeCase struct {
	In                                        string
	OK                                        bool
	Str, Repr, Typestr, Name, Kind, ByteOrder string
	Descr                                     *string
	ItemSize, Alignment                       int
	IsNative, HasObject, Aligned              bool
	Fields                                    [][]any
}

type layoutCase struct {
	DType            string
	Steps            [][]any
	Shape, Strides   []int
	C, F             string
	CContig, FContig bool
	Base             bool
}

func readOracle(t testing.TB, name string) *oracle {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	o := &oracle{}
	if err := json.Unmarshal(b, o); err != nil {
		t.Fatal(err)
	}
	return o
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// checkDType compares everything about a dtype with what NumPy says of it.
func checkDType(t *testing.T, d *ndarray.DType, want dtypeCase) {
	t.Helper()
	got := dtypeCase{
		Str: d.String(), Repr: d.Repr(), Typestr: d.Str(), Name: d.Name(), Kind: d.Kind().String(),
		ByteOrder: d.ByteOrder().String(),
		ItemSize:  d.ItemSize(), Alignment: d.Alignment(), IsNative: d.IsNative(),
		HasObject: d.HasObject(), Aligned: d.Aligned(),
	}
	if s, err := d.DescrLiteral(); err == nil && want.Descr != nil {
		got.Descr = &s
		if *want.Descr != s {
			t.Errorf("%s: descr: got %s, want %s", want.Str, s, *want.Descr)
		}
	}
	compare := want
	compare.In, compare.OK, compare.Fields, compare.Descr, got.Descr = "", false, nil, nil, nil
	if !reflect.DeepEqual(got, compare) {
		t.Errorf("%q:\n got %+v\nwant %+v", want.In, got, compare)
	}
}

func TestParseDTypeAsNumPy(t *testing.T) {
	t.Parallel()
	old := readOracle(t, "numpy1.json")
	for i, want := range readOracle(t, "numpy2.json").Names {
		d, err := ndarray.ParseDType(want.In)
		switch {
		case err == nil && want.OK:
			checkDType(t, d, want)
			again, err := ndarray.ParseDType(d.String())
			if err != nil || !again.Equal(d) {
				t.Errorf("%q: String %q reads back as %v, error %v", want.In, d, again, err)
			}
		case err == nil && !old.Names[i].OK:
			t.Errorf("%q: got %s, but NumPy refuses it", want.In, d)
		case err != nil && (want.OK || old.Names[i].OK && want.In != "S-2"):
			t.Errorf("%q: got error %v, want %s", want.In, err, want.Str)
		}
	}
}

func TestStructsAsNumPy(t *testing.T) {
	t.Parallel()
	for _, want := range readOracle(t, "numpy2.json").Structs {
		d, err := ndarray.ParseDType(want.Str)
		if err != nil {
			t.Errorf("%s: %v", want.Str, err)
			continue
		}
		checkDType(t, d, want)
		for i, f := range want.Fields {
			if got := d.Fields()[i]; got.Name != f[0] || float64(got.Offset) != f[1] {
				t.Errorf("%s: field %d: got %s at %d, want %v", want.Str, i, got.Name, got.Offset,
					f)
			}
		}
		if want.Descr == nil {
			continue
		}
		e, err := ndarray.ParseDescr(*want.Descr)
		if err != nil {
			t.Errorf("ParseDescr(%s): %v", *want.Descr, err)
		} else if !e.Equal(d) && !d.Aligned() {
			t.Errorf("ParseDescr(%s): got %s, want %s", *want.Descr, e, d)
		}
	}
}

func TestStringAsNumPy(t *testing.T) {
	t.Parallel()
	for i, want := range readOracle(t, "numpy2.json").Arrays {
		a := mustNew(t, want.DType, want.Shape, ndarray.Order(want.Order[0]), unhex(t, want.Hex))
		if got := a.String(); got != want.Str {
			t.Errorf("%d: str of %s %v:\n got %q\nwant %q", i, want.DType, want.Shape, cut(got),
				cut(want.Str))
		}
		if got := a.Repr(); want.Repr != "" && got != want.Repr {
			t.Errorf("%d: repr of %s %v:\n got %q\nwant %q", i, want.DType, want.Shape, cut(got),
				cut(want.Repr))
		}
	}
}

func cut(s string) string { return s[:min(len(s), 700)] }

func TestDatetimeAsNumPy(t *testing.T) {
	t.Parallel()
	for _, c := range readOracle(t, "numpy2.json").Datetimes {
		unit := ndarray.DatetimeUnit{Base: c[0].(string), Num: int(c[1].(float64))}
		// JSON numbers beyond 2^53 arrive rounded, so the value comes as text.
		value, err := strconv.ParseInt(c[2].(string), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := (ndarray.Datetime64{Value: value, Unit: unit}).String(); got != c[3] {
			t.Errorf("%d ticks of %v: got %s, want %s", value, unit, got, c[3])
		}
		if got := (ndarray.Timedelta64{Value: value, Unit: unit}).String(); c[4] != "" &&
			got != c[4] {
			t.Errorf("%d ticks of %v: got %s, want %s", value, unit, got, c[4])
		}
	}
}

func TestLongDoubleAsNumPy(t *testing.T) {
	t.Parallel()
	for _, c := range readOracle(t, "numpy2.json").LongDoubles {
		x := mustNew(t, "<f16", []int{}, ndarray.OrderC, unhex(t, c.Hex)).At().(ndarray.LongDouble)
		if got := x.String(); got != c.Str {
			t.Errorf("%s: got %s, want %s", c.Hex, got, c.Str)
		}
		f, _ := x.Float64()
		want := parseHexFloat(t, c.Float64)
		if math.Float64bits(f) != math.Float64bits(want) && f == f {
			t.Errorf("%s: got %v, want %v", c.Str, f, want)
		}
		if y := mustNew(t, ">f16", []int{}, ndarray.OrderC, unhex(t, c.Swapped)).At(); y != any(x) {
			t.Errorf("%s: swapped: got %v", c.Str, y)
		}
		if f == want && f != 0 && !math.IsInf(f, 0) {
			if back, _ := ndarray.NewLongDouble(f, ndarray.X87).Float64(); back != f {
				t.Errorf("%v: through a long double: got %v", f, back)
			}
		}
	}
}

// parseHexFloat reads Python's float.hex, "inf", "-inf" and "nan".
func parseHexFloat(t testing.TB, s string) float64 {
	t.Helper()
	if !strings.Contains(s, "p") && strings.Contains(s, "0x") {
		s += "p0"
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestFloat16AsNumPy(t *testing.T) {
	t.Parallel()
	want := readOracle(t, "numpy2.json").Halves
	var text []string
	var doubles []byte
	for i := range 1 << 16 {
		h := ndarray.Float16(i)
		a, err := ndarray.FromSlice([]ndarray.Float16{h})
		if err != nil {
			t.Fatal(err)
		}
		one, err := a.Index(0)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, one.String())
		if !h.IsNaN() {
			doubles = ndarrayLE(doubles, math.Float64bits(h.Float64()))
			if back := ndarray.NewFloat16(h.Float64()); back != h {
				t.Errorf("%#x: back from float64 it is %#x", i, back)
			}
		}
	}
	if got := sum([]byte(strings.Join(text, "\n"))); got != want.Text {
		t.Errorf("the text of all halves differs from NumPy's")
	}
	if got := sum(doubles); got != want.NotNaN {
		t.Errorf("the float64 values of all halves differ from NumPy's")
	}
	for _, c := range want.From64 {
		x := parseHexFloat(t, c[0].(string))
		if got := ndarray.NewFloat16(x); float64(got) != c[1] {
			t.Errorf("NewFloat16(%v): got %#x, want %#x", x, uint16(got), int(c[1].(float64)))
		}
	}
}

func ndarrayLE(b []byte, u uint64) []byte {
	for i := range 8 {
		b = append(b, byte(u>>(8*i)))
	}
	return b
}

func TestLayoutsAsNumPy(t *testing.T) {
	t.Parallel()
	for _, c := range readOracle(t, "numpy2.json").Layouts {
		d := mustDType(t, c.DType)
		data := make([]byte, 60*d.ItemSize())
		for i := range data {
			data[i] = byte((i*7 + i/250) % 256)
		}
		a := mustNew(t, c.DType, []int{3, 4, 5}, ndarray.OrderC, data)
		name := fmt.Sprintf("%s %v", c.DType, c.Steps)
		for _, s := range c.Steps {
			a = step(t, a, s, c.Base)
		}
		if !reflect.DeepEqual(append([]int{}, a.Shape()...), c.Shape) {
			t.Errorf("%s: got shape %v, want %v", name, a.Shape(), c.Shape)
		}
		if c.Base && !reflect.DeepEqual(append([]int{}, a.Strides()...), c.Strides) &&
			a.Size() > 0 {
			t.Errorf("%s: got strides %v, want %v", name, a.Strides(), c.Strides)
		}
		if a.IsCContiguous() != c.CContig || a.IsFContiguous() != c.FContig {
			t.Errorf("%s: got contiguous C %v F %v, want %v %v", name, a.IsCContiguous(),
				a.IsFContiguous(), c.CContig, c.FContig)
		}
		for order, want := range map[ndarray.Order]string{ndarray.OrderC: c.C,
			ndarray.OrderF: c.F} {
			b, err := a.AppendBytes(nil, order)
			if err != nil || sum(b) != want {
				t.Errorf("%s: bytes in order %c differ from NumPy's (error %v)", name, order, err)
			}
			var w bytes.Buffer
			if n, err := a.WriteTo(&w, order); err != nil || n != int64(len(b)) ||
				!bytes.Equal(w.Bytes(), b) {
				t.Errorf("%s: WriteTo in order %c: %d bytes, error %v", name, order, n, err)
			}
		}
	}
}

// step applies one operation of a layout case; view tells that NumPy made no copy.
func step(t *testing.T, a *ndarray.Array, s []any, view bool) *ndarray.Array {
	t.Helper()
	ints := make([]int, 0, 4)
	for _, x := range s[1:] {
		switch x := x.(type) {
		case float64:
			ints = append(ints, int(x))
		case string: // a missing bound, by the sign of the step
			first := (x == "lo") == (s[4].(float64) > 0)
			ints = append(ints, map[bool]int{true: -1000, false: 1000}[first])
		}
	}
	var v *ndarray.Array
	var err error
	switch s[0] {
	case "T":
		v = a.T()
	case "transpose":
		v, err = a.Transpose(ints...)
	case "index":
		v, err = a.Index(ints[0])
	case "slice":
		v, err = a.Slice(ints[0], ints[1], ints[2], ints[3])
	case "reshape":
		if v, err = a.Reshape(ints...); err != nil && !view {
			if a, err = a.Copy(ndarray.OrderC); err == nil {
				v, err = a.Reshape(ints...)
			}
		}
	}
	if err != nil {
		t.Fatalf("%v: %v", s, err)
	}
	return v
}
