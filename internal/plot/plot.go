// Package plot draws arrays as text for a terminal, and as PNG or SVG.
package plot

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/table"
	"github.com/unpkl/unpkl/ndarray"
)

// Kind is the way in which values are drawn.
type Kind string

// The kinds. Auto stands for a picture if the array is uint8 of shape (height, width, 3 or 4), for
// a heat map if it has two other dimensions, and for a line if it has one.
const (
	Auto      Kind = "auto"
	Line      Kind = "line"
	Histogram Kind = "hist"
	Heat      Kind = "heat"
	Image     Kind = "image"
)

// Kinds lists the names of all kinds.
var Kinds = []string{string(Auto), string(Line), string(Histogram), string(Heat), string(Image)}

// Figure is what is drawn. Which fields it has depends on Kind.
type Figure struct {
	Title string
	Kind  Kind
	// X and Y are the points of a line. X is nil if the values are drawn over their positions. The
	// values of a histogram are in Y. NaNs are left out.
	X, Y []float64
	// XUnit and YUnit are the units of X and Y if these are times, counted from 1970. Else they
	// have no Base.
	XUnit, YUnit ndarray.DatetimeUnit
	// Grid has the Rows * Columns values of a heat map in C order.
	Grid          []float64
	Rows, Columns int
	// Pixels has the pixels of a picture in C order with Channels bytes each: 1 (grey), 3 (red,
	// green, blue) or 4 (alpha too).
	Pixels   []byte
	Channels int
}

// New returns the figure of a value. x is nil or the values over which v is drawn.
func New(v, x any, kind Kind, title string) (*Figure, error) {
	f := &Figure{Title: title, Kind: kind}
	if a, ok := arrayOf(v); ok && a.NDim() >= 2 && (kind == Auto || kind == Heat || kind == Image) {
		return f, f.surface(a)
	}
	if kind == Heat || kind == Image {
		return nil, fmt.Errorf("a %s needs an array of two dimensions, not %s", kind,
			lookup.Kind(v))
	}
	var err error
	if f.Y, f.YUnit, err = numbers(v); err != nil {
		return nil, err
	}
	if len(f.Y) == 0 {
		return nil, fmt.Errorf("%s has no elements", lookup.Kind(v))
	}
	if x != nil {
		if f.X, f.XUnit, err = numbers(x); err != nil {
			return nil, err
		}
		if len(f.X) != len(f.Y) {
			return nil, fmt.Errorf("%d values are to be drawn over %d", len(f.Y), len(f.X))
		}
	}
	if kind == Auto {
		f.Kind = Line
	}
	return f, nil
}

func arrayOf(v any) (*ndarray.Array, bool) {
	if m, ok := v.(*ndarray.Masked); ok {
		return m.Data, true
	}
	return pyvalue.ArrayOf(v)
}

// surface makes f a heat map or picture of an array of two or more dimensions.
func (f *Figure) surface(a *ndarray.Array) error {
	shape := a.Shape()
	isPicture := a.NDim() == 3 && a.DType().Equal(ndarray.DTypeOf[uint8]()) && (shape[2] == 3 ||
		shape[2] == 4)
	if f.Kind == Image && a.NDim() == 2 && a.DType().Equal(ndarray.DTypeOf[uint8]()) {
		isPicture = true
	}
	if a.Size() == 0 {
		return fmt.Errorf("the array has no elements")
	}
	if f.Kind == Image && !isPicture {
		return fmt.Errorf("a picture is uint8 of shape (height, width) with 3 or 4 channels or none, not %s %v", a.DType(), shape)
	}
	f.Rows, f.Columns = shape[0], shape[1]
	if isPicture && f.Kind != Heat {
		f.Kind, f.Channels = Image, 1
		if a.NDim() == 3 {
			f.Channels = shape[2]
		}
		var err error
		f.Pixels, err = ndarray.Values[uint8](a)
		return err
	}
	if a.NDim() != 2 {
		return fmt.Errorf("an array of %d dimensions is drawn slice by slice: add /0 to the pointer", a.NDim())
	}
	f.Kind = Heat
	var err error
	f.Grid, err = floats(a)
	return err
}

// numbers returns the elements of a value as numbers. Missing elements are NaN. Times are ticks of
// unit since 1970.
func numbers(v any) (out []float64, unit ndarray.DatetimeUnit, err error) {
	if s, ok := v.(*frame.Series); ok && s.Valid == nil && s.Values != nil &&
		!s.Values.HasObject() {
		v = s.Values
	}
	if m, ok := v.(*ndarray.Masked); ok {
		return cells(m)
	}
	if a, ok := pyvalue.ArrayOf(v); ok && !a.HasObject() {
		if a.DType().Kind() == ndarray.KindDatetime {
			unit = a.DType().Unit()
		}
		out, err = floats(a)
		return out, unit, err
	}
	return cells(v)
}

// floats returns the elements of an array of real numbers or times as float64, rounded if
// necessary.
func floats(a *ndarray.Array) ([]float64, error) {
	switch a.DType().Kind() {
	case ndarray.KindDatetime, ndarray.KindTimedelta:
		ticks, err := ndarray.Values[int64](a)
		out := make([]float64, len(ticks))
		for i, t := range ticks {
			out[i] = float64(t)
			if t == ndarray.NaT {
				out[i] = math.NaN()
			}
		}
		return out, err
	case ndarray.KindBool, ndarray.KindInt, ndarray.KindUint, ndarray.KindFloat:
	default:
		return nil, fmt.Errorf("elements of dtype %s are not drawn", a.DType())
	}
	if values, err := ndarray.Values[float64](a); err == nil {
		return values, nil
	}
	out := make([]float64, 0, a.Size())
	for v := range a.Elements() {
		f, _ := number(v)
		out = append(out, f)
	}
	return out, nil
}

// cells returns the elements of a table with one column as numbers.
func cells(v any) (out []float64, unit ndarray.DatetimeUnit, err error) {
	t, ok := table.Of(v)
	if !ok || len(t.Columns) != 1 {
		return nil, unit, fmt.Errorf("%s is not a row of numbers", lookup.Kind(v))
	}
	out = make([]float64, t.Rows)
	some, times := t.Rows == 0, true
	for i := range out {
		c := t.Cell(i, 0)
		out[i] = math.NaN()
		if !c.Null {
			var isTime bool
			out[i], isTime = number(c.Value)
			times = times && (isTime || out[i] != out[i])
		}
		some = some || out[i] == out[i]
	}
	if !some {
		return nil, unit, fmt.Errorf("%s has no numbers", lookup.Kind(v))
	}
	if times {
		unit = timeUnit
	}
	return out, unit, nil
}

// timeUnit is the unit of the ticks of Python's datetimes.
var timeUnit = ndarray.DatetimeUnit{Base: "us"}

// number returns a number, or a time as ticks of timeUnit. Anything else is NaN.
func number(v any) (f float64, isTime bool) {
	if s, ok := v.(*ndarray.Scalar); ok {
		v = s.Value()
	}
	switch v := v.(type) {
	case bool:
		if v {
			return 1, false
		}
		return 0, false
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, false
	case time.Time:
		return float64(v.UnixMicro()), true
	case interface{ Time() (time.Time, error) }: // of NumPy, Python and pandas
		t, err := v.Time()
		if err != nil {
			return math.NaN(), false
		}
		return float64(t.UnixMicro()), true
	case interface{ Float64() float64 }:
		return v.Float64(), false
	}
	switch r := reflect.ValueOf(v); {
	case r.CanInt():
		return float64(r.Int()), false
	case r.CanUint():
		return float64(r.Uint()), false
	case r.CanFloat():
		return r.Float(), false
	}
	return math.NaN(), false
}

// Bounds returns the least and the greatest finite value. ok is false if there is none.
func Bounds(values []float64) (least, greatest float64, ok bool) {
	least, greatest = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v == v && !math.IsInf(v, 0) {
			least, greatest, ok = min(least, v), max(greatest, v), true
		}
	}
	return least, greatest, ok
}

// Thin returns the positions of about most values that look like the line through all of them:
// those of the least and the greatest value of each stretch, in order. Both may be the same.
func Thin(y []float64, most int) (at []int) {
	if len(y) <= most {
		at = make([]int, len(y))
		for i := range at {
			at[i] = i
		}
		return at
	}
	stretches := max(most/2, 1)
	for s := range stretches {
		from, to := s*len(y)/stretches, (s+1)*len(y)/stretches
		least, greatest := -1, -1
		for i := from; i < to; i++ {
			if y[i] != y[i] {
				continue
			}
			if least < 0 || y[i] < y[least] {
				least = i
			}
			if greatest < 0 || y[i] > y[greatest] {
				greatest = i
			}
		}
		if least < 0 {
			least, greatest = from, from // the whole stretch is NaN
		}
		at = append(at, min(least, greatest), max(least, greatest))
	}
	return at
}

// counts returns the number of finite values in each of some equal parts of the range.
func (a axis) counts(values []float64, parts int) []int {
	out := make([]int, parts)
	for _, v := range values {
		if v == v && !math.IsInf(v, 0) {
			out[a.part(v, parts)]++
		}
	}
	return out
}

// shrink returns the heat map reduced to at most the given numbers of rows and columns, which it
// returns as r and c. Each value is the mean of those that fall into it.
func (f *Figure) shrink(rows, columns int) (grid []float64, r, c int) {
	r, c = min(rows, f.Rows), min(columns, f.Columns)
	grid = make([]float64, r*c)
	for i := range r {
		for j := range c {
			sum, n := 0.0, 0
			for y := i * f.Rows / r; y < (i+1)*f.Rows/r; y++ {
				for x := j * f.Columns / c; x < (j+1)*f.Columns/c; x++ {
					if v := f.Grid[y*f.Columns+x]; v == v && !math.IsInf(v, 0) {
						sum, n = sum+v, n+1
					}
				}
			}
			grid[i*c+j] = sum / float64(n) // NaN if there are no finite values
		}
	}
	return grid, r, c
}
