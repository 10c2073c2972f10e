package jsonval

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/uuid"
	"github.com/nlpodyssey/gopickle/types"

	tables "github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// library is the family of objects of pandas, SciPy, xarray and other libraries. An object in a
// form that this module does not read is left to the other families, and so written as an object.
func (e *Encoder) library(v any) (any, bool, error) {
	c, ok, err := e.libraryValue(v)
	switch {
	case errors.Is(err, pickle.ErrUnsupported):
		return nil, false, nil
	case err != nil || !ok:
		return nil, false, err
	}
	switch c := c.(type) {
	case *tables.Frame:
		return e.table("$dataframe", e.tableForm(c)), true, nil
	case *tables.Series:
		return e.table("$series", e.seriesForm(c)), true, nil
	case *tables.Index:
		return e.table("$index", e.indexForm(c)), true, nil
	case *reconstruct.Sparse:
		return e.table("$sparse", e.sparseForm(c)), true, nil
	case reconstruct.LibraryValue:
		return e.table(c.Form(), libraryForm(c)), true, nil
	case *types.Dict:
		j, err := e.dict(c)
		return j, true, err
	case *reconstruct.Counter, *reconstruct.DefaultDict, *reconstruct.Datetime,
		*reconstruct.Date, *reconstruct.Time, *reconstruct.ZoneInfo, *reconstruct.Timezone,
		reconstruct.Timedelta:
		return stdlib(e, c)
	case reconstruct.PandasNull:
		if c == "NaT" {
			return "NaT", true, nil
		}
		return nil, true, nil
	case reconstruct.Timestamp:
		return c.ISOFormat(), true, nil
	case reconstruct.PandasTimedelta:
		return c.Seconds(), true, nil
	case tables.PeriodValue:
		return c.String(), true, nil
	case tables.IntervalValue:
		return interval(c.Left, c.Right, c.Closed), true, nil
	}
	if form, ok := e.xarrayForm(c); ok {
		return form, true, nil
	}
	return c, true, nil // such as a scalar of pyarrow, a geometry or a CRS
}

// libraryValue returns the Go value of an object of a library. ok is false for other values.
func (e *Encoder) libraryValue(v any) (c any, ok bool, err error) {
	switch v.(type) {
	case *pickle.Object, *ndarray.Array, pickle.Named:
		c, ok, err = e.pandas.Convert(v)
	}
	if ok || err != nil {
		return c, ok, err
	}
	switch v.(type) {
	case *pickle.Object, *ndarray.Array:
		c, ok, err = e.pandas.Library(v)
	}
	if obj, isObject := v.(*pickle.Object); isObject && !ok && err == nil {
		return e.sparse(obj)
	}
	return c, ok, err
}

// sparse returns an object of SciPy as a *reconstruct.Sparse.
func (e *Encoder) sparse(obj *pickle.Object) (any, bool, error) {
	s, ok, err := e.pandas.Sparse(obj)
	return s, ok, err
}

// table returns a special form, or null with ArraysNone.
func (e *Encoder) table(name string, o object) any {
	if e.o.Arrays == ArraysNone {
		return nil
	}
	return form(name, o)
}

func interval(left, right any, closed string) members {
	return short("$interval", object{[]member{{"left", left}, {"right", right},
		{"closed", closed}}})
}

// hasData reports whether the elements of arrays are written.
func (e *Encoder) hasData() bool { return e.o.Arrays == ArraysValues || e.o.Arrays == ArraysBase64 }

// tableForm returns the members of the form of a frame.
func (e *Encoder) tableForm(f *tables.Frame) object {
	o := object{}
	if f.Class != "" && !strings.HasPrefix(f.Class, "pandas.") {
		o.add("class", f.Class)
	}
	rows, cols := f.Shape()
	o.add("shape", oneLine{ints{rows, cols}})
	o.add("columns", columnList{e, f})
	if slices.ContainsFunc(f.Labels.Names, func(n any) bool { return n != nil }) {
		o.add("names", oneLine{list(f.Labels.Names)})
	}
	o.add("index", e.indexForm(f.Index))
	addAttrs(&o, "attrs", f.Attrs)
	addAttrs(&o, "metadata", f.Extra)
	if e.hasData() {
		o.add("data", columnData{e, f})
	}
	return o
}

// addAttrs adds a dict such as attrs, with its keys sorted.
func addAttrs(o *object, name string, attrs map[string]any) {
	if len(attrs) == 0 {
		return
	}
	keys := make([]string, 0, len(attrs))
	for k := range attrs {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	pairs := make(pairs, len(keys))
	plain := object{}
	texts := true
	for i, k := range keys {
		pairs[i].Key, pairs[i].Value = k, attrs[k]
		plain.add(k, attrs[k])
		texts = texts && isText(k) && !reserved[k]
	}
	if texts {
		o.add(name, plain)
	} else {
		o.add(name, form("$dict", pairs))
	}
}

// columnList is a list of the names and dtypes of the columns of a frame.
type columnList struct {
	e *Encoder
	f *tables.Frame
}

func (c columnList) len() int       { return len(c.f.Columns) }
func (c columnList) isObject() bool { return false }
func (c columnList) at(i int) (string, any, error) {
	s := c.f.Columns[i]
	o := object{[]member{{"name", labelAt(c.f.Labels, i)}, {"dtype", text(s.DType)}}}
	c.e.addStats(&o, s)
	return "", oneLine{o}, nil
}

// columnData is a list of the elements of each column of a frame.
type columnData struct {
	e *Encoder
	f *tables.Frame
}

func (c columnData) len() int       { return len(c.f.Columns) }
func (c columnData) isObject() bool { return false }
func (c columnData) at(i int) (string, any, error) {
	return "", c.e.seriesData(c.f.Columns[i]), nil
}

// addStats adds the statistics of a series of numbers.
func (e *Encoder) addStats(o *object, s *tables.Series) {
	numbers := s.Kind == tables.Numpy || s.Kind == tables.Masked
	if !e.o.Stats || !numbers || s.Values == nil || !hasStats(s.Values.DType()) {
		return
	}
	var hidden func(i int) bool
	if s.Valid != nil {
		hidden = func(i int) bool { return !s.Valid[i] }
	}
	o.add("stats", oneLine{statsOf(s.Values, hidden)})
}

// seriesForm returns the members of the form of a series.
func (e *Encoder) seriesForm(s *tables.Series) object {
	o := object{}
	if s.Index == nil || !strings.HasPrefix(s.Class, "pandas.") {
		o.add("class", s.Class)
	}
	o.add("shape", oneLine{ints{s.Len()}})
	if s.Index != nil {
		o.add("name", s.Name)
	}
	o.add("dtype", text(s.DType))
	if s.Index != nil {
		o.add("index", e.indexForm(s.Index))
	}
	addAttrs(&o, "attrs", s.Attrs)
	addAttrs(&o, "metadata", s.Extra)
	e.addStats(&o, s)
	if e.hasData() {
		o.add("data", e.seriesData(s))
	}
	return o
}

// indexForm returns the members of the form of an index.
func (e *Encoder) indexForm(x *tables.Index) object {
	o := object{}
	o.add("class", text(x.Class))
	o.add("shape", oneLine{ints{x.Len()}})
	switch {
	case x.IsMulti():
		dtypes := make(list, len(x.Levels))
		for k, level := range x.Levels {
			dtypes[k] = "int64"
			if level.Values != nil {
				dtypes[k] = text(level.Values.DType)
			}
		}
		o.add("names", oneLine{list(x.Names)})
		o.add("dtypes", oneLine{dtypes})
		if e.hasData() {
			o.add("data", labels{x})
		}
	case x.IsRange():
		o.add("name", x.Name())
		o.add("start", x.Start)
		o.add("stop", x.Stop)
		o.add("step", x.Step)
	default:
		o.add("name", x.Name())
		o.add("dtype", text(x.Values.DType))
		if e.hasData() {
			o.add("data", e.seriesData(x.Values))
		}
	}
	return o
}

// labels is a list of the labels of a MultiIndex.
type labels struct{ x *tables.Index }

func (l labels) len() int                      { return l.x.Len() }
func (l labels) isObject() bool                { return false }
func (l labels) at(i int) (string, any, error) { return "", labelAt(l.x, i), nil }

// labelAt returns the JSON of label i.
func labelAt(x *tables.Index, i int) any {
	switch {
	case x.IsMulti():
		parts := make(list, len(x.Levels))
		for k, level := range x.Levels {
			if code := codeAt(x.Codes[k], i); code >= 0 {
				parts[k] = labelAt(level, code)
			}
		}
		return oneLine{parts}
	case x.IsRange():
		return x.At(i)
	}
	return cellAt(x.Values, i)
}

// codeAt returns the code i of a categorical or of a level, or -1 if it is missing.
func codeAt(codes *ndarray.Array, i int) int {
	switch c := codes.At(i).(type) {
	case int8:
		return int(c)
	case int16:
		return int(c)
	case int32:
		return int(c)
	case int64:
		return int(c)
	}
	return -1
}

// seriesData returns the elements of a series as a list, or with ArraysBase64 as an array if NumPy
// stores them as bytes. For an extension array that this module does not read, it returns the
// object.
func (e *Encoder) seriesData(s *tables.Series) any {
	if s.Kind == tables.Opaque {
		return s.Raw
	}
	stored := s.Valid == nil && (s.Kind == tables.Numpy || s.Kind == tables.Datetime ||
		s.Kind == tables.Timedelta)
	if stored && !s.Values.HasObject() && !strings.HasSuffix(s.DType, "[pyarrow]") {
		switch s.Values.DType().Kind() {
		case ndarray.KindBool, ndarray.KindInt, ndarray.KindUint, ndarray.KindFloat:
			if e.o.Arrays != ArraysBase64 {
				return row{axis{s.Values, nil}}
			}
		}
		if e.o.Arrays == ArraysBase64 {
			return s.Values
		}
	}
	if s.Kind == tables.Object || s.Kind == tables.Numpy {
		return cells{s}
	}
	return oneLine{cells{s}}
}

// cells is a list of the elements of a series.
type cells struct{ s *tables.Series }

func (c cells) len() int                      { return c.s.Len() }
func (c cells) isObject() bool                { return false }
func (c cells) at(i int) (string, any, error) { return "", cellAt(c.s, i), nil }

// cellAt returns the JSON of element i. It recurses only into categories and bounds of intervals,
// whose nesting package reconstruct limits.
func cellAt(s *tables.Series, i int) any {
	if s.Valid != nil && !s.Valid[i] {
		return nil
	}
	switch s.Kind {
	case tables.Numpy:
		if (s.DType == "string" || s.DType == "str") && s.IsNull(i) {
			return nil
		}
		return element(s.Values.DType(), s.Values.At(i))
	case tables.Masked:
		return element(s.Values.DType(), s.Values.At(i))
	case tables.Sparse:
		v := s.At(i)
		switch s.Values.DType().Kind() {
		case ndarray.KindDatetime, ndarray.KindTimedelta:
			return timeValue(v)
		}
		if v == s.FillValue {
			return v
		}
		return element(s.Values.DType(), v)
	case tables.Categorical:
		if code := codeAt(s.Values, i); code >= 0 {
			return labelAt(s.Categories, code)
		}
		return nil
	case tables.Interval:
		if s.IsNull(i) {
			return nil
		}
		return interval(cellAt(s.Left, i), cellAt(s.Right, i), s.Closed)
	case tables.Datetime, tables.Timedelta, tables.Period:
		if s.IsNull(i) {
			return "NaT"
		}
		if d, ok := s.At(i).(ndarray.Timedelta64); ok && strings.HasPrefix(s.DType, "time") {
			if t, ok := reconstruct.TimeOfDay(d); ok && !strings.HasPrefix(s.DType, "timedelta") {
				return t.ISOFormat()
			}
		}
		if t, ok := reconstruct.TimestampAt(s, i); ok {
			return t.ISOFormat()
		}
	}
	return goValue(s.At(i))
}

// timeValue returns the JSON of a datetime64 or timedelta64 in a column of pandas.
func timeValue(v any) any {
	switch v := v.(type) {
	case ndarray.Datetime64:
		if t, ok := reconstruct.TimestampOf(v); ok {
			return t.ISOFormat()
		}
		return v.String()
	case ndarray.Timedelta64:
		if v.IsNaT() {
			return "NaT"
		}
		return (reconstruct.PandasTimedelta{Value: v.Value, Unit: v.Unit.Base}).Seconds()
	case *ndarray.Scalar: // the fill value of a sparse array
		return timeValue(v.Value())
	}
	return v
}

// goValue returns the JSON of an element of an Arrow column, which is a Go value.
func goValue(v any) any {
	switch v := v.(type) {
	case string:
		return text(v)
	case *apd.Decimal, uuid.UUID:
		return fmt.Sprint(v)
	case time.Time:
		return reconstruct.Timestamp{Value: v.UnixNano(), Unit: "ns", TZ: v.Location()}.ISOFormat()
	case ndarray.Datetime64, ndarray.Timedelta64:
		return timeValue(v)
	case tables.PeriodValue:
		return v.String()
	case []any:
		return goList(v)
	case [2]any:
		return goList(v[:])
	case map[string]any:
		shown := make(map[string]any, len(v))
		for k, e := range v {
			shown[k] = goValue(e)
		}
		o := object{}
		addAttrs(&o, "attrs", shown)
		if len(o.member) == 0 {
			return o
		}
		return o.member[0].value
	case ndarray.Float16:
		return shortestHalf(v)
	}
	return v
}

// goList is a list in an Arrow column.
type goList []any

func (l goList) len() int                      { return len(l) }
func (l goList) isObject() bool                { return false }
func (l goList) at(i int) (string, any, error) { return "", goValue(l[i]), nil }

// Cell returns element i of a series in the form that an [Encoder] writes.
func Cell(s *tables.Series, i int) any { return cellAt(s, i) }

// LevelLabel returns what label i of an index of several levels has at level k, and its place in
// that level, -1 where it is missing.
func LevelLabel(x *tables.Index, k, i int) (level *tables.Index, at int) {
	return x.Levels[k], codeAt(x.Codes[k], i)
}

// Label returns label i of an index in the form that an [Encoder] writes.
func Label(x *tables.Index, i int) any { return labelAt(x, i) }
