package pytables

import (
	"math"
	"strings"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// column describes the elements of a column or index, in addition to the array.
type column struct {
	name        any
	kind        string // pandas' word: "datetime64[ns]", "string", "integer"...; in a table the dtype
	tz          string
	freq        string
	missingText string // the text that stands for a missing value
	asStr       bool   // pandas' own type for text, not objects
}

// series returns one-dimensional elements as a series of pandas.
func series(o hdf5.Object, a *ndarray.Array, c column) (*frame.Series, error) {
	switch {
	case strings.HasPrefix(c.kind, "datetime64"):
		return times(a, c, frame.Datetime, "M8")
	case strings.HasPrefix(c.kind, "timedelta64"):
		return times(a, c, frame.Timedelta, "m8")
	case c.kind == "date":
		return dates(o, a, c)
	case c.kind == "bool" && a.DType().Kind() == ndarray.KindUint && a.DType().ItemSize() == 1:
		b, err := a.AppendBytes(nil, ndarray.OrderC)
		if err != nil {
			return nil, err
		}
		for i := range b {
			b[i] = min(b[i], 1)
		}
		if a, err = ndarray.New(ndarray.DTypeOf[bool](), a.Shape(), ndarray.OrderC, b); err != nil {
			return nil, err
		}
	case a.DType().Kind() == ndarray.KindBytes:
		return textSeries(a, c)
	case a.DType().Kind() == ndarray.KindObject && c.asStr:
		return objectText(o, a, c)
	}
	s := &frame.Series{Name: c.name, DType: a.DType().String(), Kind: frame.Numpy, Values: a}
	if a.DType().Kind() == ndarray.KindObject {
		s.DType = "object"
	}
	return s, nil
}

// times returns datetimes or timedeltas, given int64 counts of their unit.
func times(a *ndarray.Array, c column, kind frame.Kind, code string) (*frame.Series, error) {
	unit := "ns"
	if i := strings.IndexByte(c.kind, '['); i >= 0 {
		unit, _, _ = strings.Cut(strings.TrimSuffix(c.kind[i+1:], "]"), ",")
	}
	dt, err := ndarray.ParseDType(code + "[" + unit + "]")
	if err != nil {
		return nil, err
	}
	counts, err := ndarray.Values[int64](a)
	if err != nil {
		return nil, err
	}
	ints, err := ndarray.FromSlice(counts, a.Shape()...)
	if err != nil {
		return nil, err
	}
	b, err := ints.Bytes()
	if err != nil {
		return nil, err
	}
	v, err := ndarray.New(dt, a.Shape(), ndarray.OrderC, b)
	if err != nil {
		return nil, err
	}
	s := &frame.Series{Name: c.name, DType: dt.String(), Kind: kind, Values: v, Freq: c.freq}
	if kind == frame.Datetime && c.tz != "" {
		return s.WithZone(c.tz), nil
	}
	return s, nil
}

// dates returns days, given the ordinals of Python's dates; day 1 is January 1 of the year 1.
func dates(o hdf5.Object, a *ndarray.Array, c column) (*frame.Series, error) {
	ordinals, err := ndarray.Values[int64](a)
	if err != nil {
		return nil, err
	}
	const epoch = 719163 // date(1970, 1, 1).toordinal()
	for i := range ordinals {
		if ordinals[i] < 1 || ordinals[i] > 3652059 {
			return nil, objectError(o, hdf5.ErrMalformed, "a date outside the years 1 to 9999")
		}
		ordinals[i] -= epoch
	}
	days, err := ndarray.FromSlice(ordinals, a.Shape()...)
	if err != nil {
		return nil, err
	}
	c.kind = "datetime64[D]"
	return times(days, c, frame.Datetime, "M8")
}

// textSeries returns text, given UTF-8 of fixed length.
func textSeries(a *ndarray.Array, c column) (*frame.Series, error) {
	texts, err := ndarray.Strings(a)
	if err != nil {
		return nil, err
	}
	if c.asStr {
		list := make([]*string, len(texts))
		for i := range texts {
			if texts[i] != c.missingText {
				list[i] = &texts[i]
			}
		}
		return withName(frame.NewSeries("", list))(c.name)
	}
	list := make([]any, len(texts))
	for i, t := range texts {
		if list[i] = t; t == c.missingText {
			list[i] = math.NaN()
		}
	}
	v, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{len(list)}, ndarray.OrderC, list)
	return &frame.Series{Name: c.name, DType: "object", Kind: frame.Numpy, Values: v}, err
}

// objectText returns text, given objects that are strings, or None or NaN for missing values.
func objectText(o hdf5.Object, a *ndarray.Array, c column) (*frame.Series, error) {
	values, err := a.Objects()
	if err != nil {
		return nil, err
	}
	list := make([]*string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case string:
			list[i] = &v
		case nil:
		case float64:
			if v == v {
				return nil, objectError(o, hdf5.ErrMalformed, "a number in a column of text")
			}
		default:
			return nil, objectError(o, hdf5.ErrMalformed, "an object in a column of text that is none")
		}
	}
	return withName(frame.NewSeries("", list))(c.name)
}

// withName sets the name of a new series to a value of any type.
func withName(s *frame.Series, err error) func(name any) (*frame.Series, error) {
	return func(name any) (*frame.Series, error) {
		if err != nil {
			return nil, err
		}
		s.Name = name
		return s, nil
	}
}

// index returns an index with a name, which may be nil.
func index(s *frame.Series, name any) *frame.Index {
	x := frame.NewIndex(s)
	x.Names = []any{name}
	return x
}
