package frame_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

func arrayOf[T ndarray.Element](t *testing.T, v ...T) *ndarray.Array {
	t.Helper()
	a, err := ndarray.FromSlice(v)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func datetimes(t *testing.T, v ...int64) *ndarray.Array {
	t.Helper()
	dt, err := ndarray.ParseDType("M8[ns]")
	if err != nil {
		t.Fatal(err)
	}
	a, err := ndarray.Zeros(dt, len(v))
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range v {
		if err := a.SetAt(ndarray.Datetime64{Value: x,
			Unit: ndarray.DatetimeUnit{Base: "ns", Num: 1}}, i); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func letters() *frame.Series {
	return &frame.Series{Kind: frame.Text, Text: &frame.Strings{
		Offsets32: []int32{0, 1, 1, 3}, Data: []byte("abc"), Validity: []byte{0b1010}, BitOffset: 1,
	}}
}

func TestSeriesElements(t *testing.T) {
	categories := frame.NewIndex(letters())
	tests := []struct {
		name string
		s    *frame.Series
		want []any // nil where missing
	}{
		{"numbers", &frame.Series{Values: arrayOf(t, 1.5, math.NaN())}, []any{1.5, nil}},
		{"masked", &frame.Series{Kind: frame.Masked, Values: arrayOf[int64](t, 1, 99),
			Valid: []bool{true, false}}, []any{int64(1), nil}},
		{"categorical", &frame.Series{Kind: frame.Categorical, Values: arrayOf[int8](t, 2, -1, 0),
			Categories: categories}, []any{"bc", nil, "a"}},
		{"period", &frame.Series{Kind: frame.Period, Values: arrayOf[int64](t, 600, math.MinInt64),
			Freq: "M"}, []any{frame.PeriodValue{Ordinal: 600, Freq: "M"}, nil}},
		{
			"interval", &frame.Series{
				Kind: frame.Interval, Closed: "left",
				Left:  &frame.Series{Values: arrayOf(t, 0.5, math.NaN())},
				Right: &frame.Series{Values: arrayOf(t, 1.5, math.NaN())},
			},
			[]any{frame.IntervalValue{Left: 0.5, Right: 1.5, Closed: "left"}, nil},
		},
		{
			"sparse", &frame.Series{Kind: frame.Sparse, Values: arrayOf[int64](t, 7, 8),
				Positions: []int32{1, 3}, Length: 4, FillValue: 0},
			[]any{0, int64(7), 0, int64(8)},
		},
		{"text", letters(), []any{"a", nil, "bc"}},
		{"objects", &frame.Series{Kind: frame.Object, Items: []any{[]any{1}, nil}},
			[]any{[]any{1}, nil}},
		{"opaque", &frame.Series{Kind: frame.Opaque, Length: 2}, []any{nil, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.s.Validate(); err != nil {
				t.Fatal(err)
			}
			got := make([]any, tt.s.Len())
			for i := range got {
				if !tt.s.IsNull(i) {
					got[i] = tt.s.At(i)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestValidateLies(t *testing.T) {
	numbers := &frame.Series{Values: arrayOf[int64](t, 1, 2, 3)}
	square, err := arrayOf[int64](t, 1, 2, 3, 4).Reshape(2, 2)
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]*frame.Series{
		"validity of another length": {Kind: frame.Masked, Values: arrayOf[int64](t, 1, 2),
			Valid: []bool{true}},
		"no values":      {},
		"two dimensions": {Values: square},
		"no categories":  {Kind: frame.Categorical, Values: arrayOf[int8](t, 0)},
		"code past the categories": {Kind: frame.Categorical, Values: arrayOf[int8](t, 3),
			Categories: frame.NewIndex(letters())},
		"code below -1": {Kind: frame.Categorical, Values: arrayOf[int8](t, -2),
			Categories: frame.NewIndex(letters())},
		"codes that are floats": {Kind: frame.Categorical, Values: arrayOf(t, 0.0),
			Categories: frame.NewIndex(letters())},
		"one bound": {Kind: frame.Interval, Left: numbers},
		"bounds of other lengths": {Kind: frame.Interval, Left: numbers,
			Right: &frame.Series{Values: arrayOf[int64](t, 1)}},
		"position past the end": {Kind: frame.Sparse, Values: arrayOf[int64](t, 1),
			Positions: []int32{5}, Length: 5},
		"negative position": {Kind: frame.Sparse, Values: arrayOf[int64](t, 1),
			Positions: []int32{-1}, Length: 5},
		"positions out of order": {Kind: frame.Sparse, Values: arrayOf[int64](t, 1, 2),
			Positions: []int32{2, 1}, Length: 5},
		"position for each value": {Kind: frame.Sparse, Values: arrayOf[int64](t, 1, 2),
			Positions: []int32{1}, Length: 5},
		"no text": {Kind: frame.Text},
		"offset past the data": {Kind: frame.Text,
			Text: &frame.Strings{Offsets32: []int32{0, 9}, Data: []byte("abc")}},
		"offsets fall": {Kind: frame.Text,
			Text: &frame.Strings{Offsets64: []int64{0, 2, 1}, Data: []byte("abc")}},
		"negative offset": {Kind: frame.Text,
			Text: &frame.Strings{Offsets32: []int32{-1, 0}, Data: []byte("abc")}},
		"bitmap too short": {Kind: frame.Text,
			Text: &frame.Strings{Offsets32: make([]int32, 10), Validity: []byte{1}}},
		"negative length of an opaque": {Kind: frame.Opaque, Length: -1},
	}
	for name, s := range series {
		if err := s.Validate(); !errors.Is(err, frame.ErrFrame) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	indexes := map[string]*frame.Index{
		"step of 0": {Class: "RangeIndex", Stop: 3},
		"codes for each level": {Levels: []*frame.Index{frame.NewRangeIndex(2)},
			Names: []any{nil}},
		"code past the level": {Levels: []*frame.Index{frame.NewRangeIndex(2)},
			Codes: []*ndarray.Array{arrayOf[int8](t, 2)}, Names: []any{nil}},
		"level of two levels": {Levels: []*frame.Index{{Levels: []*frame.Index{}}},
			Codes: []*ndarray.Array{arrayOf[int8](t)}, Names: []any{nil}},
		"codes of other length": {Levels: []*frame.Index{frame.NewRangeIndex(2),
			frame.NewRangeIndex(2)}, Codes: []*ndarray.Array{arrayOf[int8](t, 0, 1),
			arrayOf[int8](t, 0)}, Names: []any{nil, nil}},
	}
	for name, x := range indexes {
		if err := x.Validate(); !errors.Is(err, frame.ErrFrame) {
			t.Errorf("index, %s: error %v", name, err)
		}
	}
	frames := map[string]*frame.Frame{
		"no index": {Labels: frame.NewRangeIndex(0)},
		"labels":   {Labels: frame.NewRangeIndex(1), Index: frame.NewRangeIndex(3)},
		"rows": {Columns: []*frame.Series{numbers}, Labels: frame.NewRangeIndex(1),
			Index: frame.NewRangeIndex(4)},
		"a lying column": {Columns: []*frame.Series{{Kind: frame.Text}},
			Labels: frame.NewRangeIndex(1), Index: frame.NewRangeIndex(0)},
		"a lying index":   {Labels: frame.NewRangeIndex(0), Index: &frame.Index{Stop: 1}},
		"a lying columns": {Labels: &frame.Index{Stop: 1}, Index: frame.NewRangeIndex(0)},
	}
	for name, f := range frames {
		if err := f.Validate(); !errors.Is(err, frame.ErrFrame) {
			t.Errorf("frame, %s: error %v", name, err)
		}
	}
}

func TestRangeIndex(t *testing.T) {
	tests := []struct{ start, stop, step, length int }{
		{0, 5, 1, 5}, {0, 5, 2, 3}, {5, 0, -2, 3}, {0, 0, 1, 0}, {3, 0, 1, 0}, {0, 3, -1, 0},
		{math.MinInt, math.MaxInt, math.MaxInt, 3}, {0, math.MaxInt, 1, math.MaxInt},
		{math.MinInt, math.MaxInt, 1, math.MaxInt},
	}
	for _, tt := range tests {
		x := &frame.Index{Class: "RangeIndex", Start: tt.start, Stop: tt.stop, Step: tt.step}
		if got := x.Len(); got != tt.length {
			t.Errorf("len(range(%d, %d, %d)) = %d, want %d", tt.start, tt.stop, tt.step, got,
				tt.length)
		}
		if tt.length > 0 && x.At(0) != tt.start {
			t.Errorf("range(%d, ...)[0] = %v", tt.start, x.At(0))
		}
	}
}

func TestValuesConvert(t *testing.T) {
	numbers := &frame.Series{Values: arrayOf[int64](t, 1, 300)}
	gaps := &frame.Series{Kind: frame.Masked, Values: arrayOf[int64](t, 1, 0),
		Valid: []bool{true, false}}
	when := &frame.Series{Kind: frame.Datetime, Values: datetimes(t, 1e9, math.MinInt64)}
	check := func(name string, got any, err error, want any, wantErr string) {
		t.Helper()
		switch {
		case wantErr != "":
			if err == nil || !strings.Contains(err.Error(), wantErr) {
				t.Errorf("%s: error %v, want one with %q", name, err, wantErr)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
		}
	}
	i64, err := frame.Values[int64](numbers)
	check("int64", i64, err, []int64{1, 300}, "")
	f64, err := frame.Values[float64](numbers)
	check("float64", f64, err, []float64{1, 300}, "")
	_, err = frame.Values[int8](numbers)
	check("too large for int8", nil, err, nil, "300")
	_, err = frame.Values[string](numbers)
	check("not text", nil, err, nil, "string")
	_, err = frame.Values[int](gaps)
	check("missing", nil, err, nil, "element 1 is missing")
	one := 1
	ptr, err := frame.Values[*int](gaps)
	check("pointers", ptr, err, []*int{&one, nil}, "")
	texts, err := frame.Values[any](letters())
	check("any", texts, err, []any{"a", nil, "bc"}, "")
	_, err = frame.Values[time.Time](when)
	check("NaT", nil, err, nil, "missing")
	times, err := frame.Values[*time.Time](when)
	check("times", *times[0], err, time.Unix(1, 0).UTC(), "")
	zone := *when
	zone.TZ = "+01:30"
	zoned, err := frame.Values[*time.Time](&zone)
	if err != nil || zoned[0].Unix() != 1 {
		t.Errorf("zoned: %v, %v", zoned, err)
	}
	_, err = frame.Values[chan int](numbers)
	check("chan", nil, err, nil, "chan int")
}

func TestRowsAndRecords(t *testing.T) {
	name, err := frame.NewSeries("name", []string{"x", "y"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := frame.New(name, &frame.Series{Name: "n", Kind: frame.Masked, DType: "Int64",
		Values: arrayOf[int64](t, 5, 0), Valid: []bool{true, false}})
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Name string `pickle:"name"`
		N    int    `pickle:"n"`
		P    *int   `pickle:"n"`
		Skip string `pickle:"-"`
	}
	rows, err := frame.Rows[row](f)
	if err != nil {
		t.Fatal(err)
	}
	five := 5
	if diff := cmp.Diff([]row{{"x", 5, &five, ""}, {"y", 0, nil, ""}}, rows); diff != "" {
		t.Errorf("rows (-want +got)\n%s", diff)
	}
	var wrong []struct{ Missing int }
	if err := f.Unmarshal(&wrong); err == nil || !strings.Contains(err.Error(), "Missing") {
		t.Errorf("a field without a column: %v", err)
	}
	if err := f.Unmarshal(rows); err == nil {
		t.Error("Unmarshal into no pointer")
	}
	var maps []map[string]any
	for i, r := range f.Records() {
		if r.Row() != i || r.Label() != i {
			t.Errorf("row %d, label %v", r.Row(), r.Label())
		}
		maps = append(maps, r.Map())
	}
	if diff := cmp.Diff([]map[string]any{{"name": "x", "n": int64(5)}, {"name": "y", "n": nil}},
		maps); diff != "" {
		t.Errorf("records (-want +got)\n%s", diff)
	}
}
