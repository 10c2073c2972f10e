package frame

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/unpkl/unpkl/ndarray"
)

// New returns a frame of the columns, in that order, whose rows have the labels 0, 1, 2... All
// columns must have the same length. The index of a column is ignored: set Index of the frame for
// other labels. The columns are copied, but not their elements.
func New(columns ...*Series) (*Frame, error) {
	f := &Frame{Columns: make([]*Series, len(columns)), Index: NewRangeIndex(0)}
	names := make([]any, len(columns))
	for i, c := range columns {
		if c == nil {
			return nil, errorf("column %d is nil", i)
		}
		own := *c
		own.Index, own.Class, own.Attrs = nil, "", nil
		f.Columns[i], names[i] = &own, own.Name
	}
	if len(columns) > 0 {
		f.Index = NewRangeIndex(columns[0].Len())
	}
	f.Labels = labelsOf(names)
	return f, f.Validate()
}

// labelsOf returns an index of the names of columns. Its dtype is that of text if all names are
// strings.
func labelsOf(names []any) *Index {
	texts := make([]string, len(names))
	for i, n := range names {
		s, ok := n.(string)
		if !ok {
			return &Index{Class: "Index", Names: []any{nil}, Values: objectSeries("", names)}
		}
		texts[i] = s
	}
	return NewIndex(textSeries("", texts, nil))
}

// NewRangeIndex returns an index with the labels 0 to n-1.
func NewRangeIndex(n int) *Index {
	return &Index{Class: "RangeIndex", Names: []any{nil}, Stop: n, Step: 1}
}

// NewIndex returns an index with the elements of s as labels, and the name of s.
func NewIndex(s *Series) *Index {
	own := *s
	own.Index, own.Class, own.Attrs, own.Name = nil, "", nil, nil
	x := &Index{Class: "Index", Names: []any{s.Name}, Values: &own}
	if s.Name == "" {
		x.Names[0] = nil
	}
	switch s.Kind {
	case Datetime:
		x.Class = "DatetimeIndex"
	case Timedelta:
		x.Class = "TimedeltaIndex"
	case Period:
		x.Class = "PeriodIndex"
	case Categorical:
		x.Class = "CategoricalIndex"
	case Interval:
		x.Class = "IntervalIndex"
	}
	return x
}

// NewSeries returns the values as a Series with a name. Its dtype in pandas depends on T:
//
//	T                                      dtype
//	bool, ints, uints, floats, complex     bool, int64 (for int)... complex128
//	pointers to bool, ints, floats         boolean, Int64..., Float64, Float32; nil is NA
//	string, *string                        text: object in pandas 1 and 2, str in 3
//	time.Time, *time.Time                  datetime64[ns, zone]; the zero Time and nil are NaT
//	time.Duration, *time.Duration          timedelta64[ns]; nil is NaT
//	[]byte, any and all else               object; nil is None
//
// A type with one of these as its underlying type gives the same dtype. Times are shown in the zone
// that all of them have, if it has a name in the IANA database, and otherwise in UTC; see
// [Series.WithZone]. If some time is outside the years 1678 to 2261, which 64 bits of nanoseconds
// hold, the dtype is datetime64[us], which pandas has since 2.0.
//
// Numbers and bools are not copied: the Series shares the memory of the slice.
func NewSeries[T any](name string, values []T) (*Series, error) {
	return seriesOf(name, reflect.ValueOf(values))
}

// FromRows returns the rows as a frame with a column for each field of the struct T (or *T), in the
// order of the fields. A column is named as in [Frame.Unmarshal], and has the dtype that
// [NewSeries] gives the type of the field.
func FromRows[T any](rows []T) (*Frame, error) {
	v := reflect.ValueOf(rows)
	elem := v.Type().Elem()
	pointers := elem.Kind() == reflect.Pointer
	if pointers {
		elem = elem.Elem()
	}
	if elem.Kind() != reflect.Struct {
		return nil, errorf("rows are structs, not %v", reflect.TypeFor[T]())
	}
	var columns []*Series
	for _, field := range reflect.VisibleFields(elem) {
		name, ok := columnOf(field)
		if !ok {
			continue
		}
		values := reflect.MakeSlice(reflect.SliceOf(field.Type), v.Len(), v.Len())
		for i := range v.Len() {
			row := v.Index(i)
			if pointers {
				if row.IsNil() {
					return nil, errorf("row %d is nil", i)
				}
				row = row.Elem()
			}
			x, err := row.FieldByIndexErr(field.Index)
			if err != nil {
				return nil, fmt.Errorf("row %d: %w", i, err)
			}
			values.Index(i).Set(x)
		}
		s, err := seriesOf(name, values)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", field.Name, err)
		}
		columns = append(columns, s)
	}
	f, err := New(columns...)
	if err == nil && len(columns) == 0 {
		f.Index = NewRangeIndex(v.Len())
	}
	return f, err
}

func seriesOf(name string, v reflect.Value) (*Series, error) {
	t := v.Type().Elem()
	switch {
	case t == timeType:
		return timeSeries(name, v.Interface().([]time.Time), nil)
	case t == durationType:
		return numberSeries(name, v, ndarray.DTypeOf[int64]())
	case t.Kind() == reflect.String:
		texts := make([]string, v.Len())
		for i := range texts {
			texts[i] = v.Index(i).String()
		}
		return textSeries(name, texts, nil), nil
	case ndarray.DTypeOfKind(t.Kind()) != nil:
		return numberSeries(name, v, ndarray.DTypeOfKind(t.Kind()))
	case t.Kind() == reflect.Pointer && isColumnType(t.Elem()):
		return pointerSeries(name, v)
	case t.Kind() == reflect.Chan || t.Kind() == reflect.Func || t.Kind() == reflect.UnsafePointer:
		return nil, errorf("a column of %v", t)
	}
	items := make([]any, v.Len())
	for i := range items {
		if x := v.Index(i); !isNil(x) {
			items[i] = x.Interface()
		}
	}
	return objectSeries(name, items), nil
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return v.IsNil()
	}
	return false
}

// isColumnType reports whether pointers to t become a column with a mask.
func isColumnType(t reflect.Type) bool {
	return t == timeType || t.Kind() == reflect.String ||
		ndarray.DTypeOfKind(t.Kind()) != nil && t.Kind() != reflect.Complex64 &&
			t.Kind() != reflect.Complex128
}

// pointerSeries returns a column of the values that the pointers point to. nil is a missing value.
func pointerSeries(name string, v reflect.Value) (*Series, error) {
	values := reflect.MakeSlice(reflect.SliceOf(v.Type().Elem().Elem()), v.Len(), v.Len())
	valid := make([]bool, v.Len())
	for i := range valid {
		if p := v.Index(i); !p.IsNil() {
			values.Index(i).Set(p.Elem())
			valid[i] = true
		}
	}
	if texts, ok := values.Interface().([]string); ok {
		return textSeries(name, texts, valid), nil
	}
	if times, ok := values.Interface().([]time.Time); ok {
		return timeSeries(name, times, valid)
	}
	s, err := seriesOf(name, values)
	if err != nil {
		return nil, err
	}
	switch s.Kind {
	case Timedelta:
		for i, ok := range valid {
			if !ok {
				values.Index(i).SetInt(math.MinInt64)
			}
		}
	case Text:
		s.Text.setValid(valid)
	default:
		s.Kind, s.Valid = Masked, valid
		s.DType = nullableName(s.Values.DType())
	}
	return s, nil
}

// nullableName returns the name of pandas' nullable dtype.
func nullableName(d *ndarray.DType) string {
	name := d.String()
	switch d.Kind() {
	case ndarray.KindBool:
		return "boolean"
	case ndarray.KindUint:
		return "UI" + name[2:]
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// numberSeries returns a column that shares the memory of a slice of numbers or durations.
func numberSeries(name string, v reflect.Value, dt *ndarray.DType) (*Series, error) {
	s := &Series{Name: name}
	if v.Type().Elem() == durationType {
		var err error
		if dt, err = ndarray.ParseDType("m8[ns]"); err != nil {
			return nil, err
		}
		s.Kind = Timedelta
	}
	memory := []byte{}
	if n := v.Len(); n > 0 {
		memory = reflect.SliceAt(reflect.TypeFor[byte](), v.UnsafePointer(),
			n*dt.ItemSize()).Bytes()
	}
	var err error
	s.Values, err = ndarray.New(dt, []int{v.Len()}, ndarray.OrderC, memory)
	s.DType = dt.String()
	return s, err
}

func objectSeries(name string, items []any) *Series {
	return &Series{Name: name, Kind: Object, DType: "object", Items: items}
}

// textSeries returns a column of strings in Arrow's layout. valid may be nil.
func textSeries(name string, texts []string, valid []bool) *Series {
	size := 0
	for _, s := range texts {
		size += len(s)
	}
	t := &Strings{Data: make([]byte, 0, size)}
	if size > math.MaxInt32 {
		t.Offsets64 = make([]int64, 1, len(texts)+1)
	} else {
		t.Offsets32 = make([]int32, 1, len(texts)+1)
	}
	for _, s := range texts {
		t.Data = append(t.Data, s...)
		if t.Offsets64 != nil {
			t.Offsets64 = append(t.Offsets64, int64(len(t.Data)))
		} else {
			t.Offsets32 = append(t.Offsets32, int32(len(t.Data)))
		}
	}
	t.setValid(valid)
	return &Series{Name: name, Kind: Text, DType: "str", Text: t}
}

// setValid sets the bitmap, which stays nil if no string is missing.
func (t *Strings) setValid(valid []bool) {
	if !slices.Contains(valid, false) {
		return
	}
	t.Validity = make([]byte, (len(valid)+7)/8)
	for i, ok := range valid {
		if ok {
			t.Validity[i>>3] |= 1 << (i & 7)
		}
	}
}

var (
	minNano = time.Unix(0, math.MinInt64+1)
	maxNano = time.Unix(0, math.MaxInt64)
)

func timeSeries(name string, times []time.Time, valid []bool) (*Series, error) {
	unit, zone := "ns", ""
	for i, t := range times {
		if valid != nil && !valid[i] || t.IsZero() {
			continue
		}
		if t.Before(minNano) || t.After(maxNano) {
			unit = "us"
		}
		switch loc := zoneOf(t); {
		case zone == "":
			zone = loc
		case zone != loc:
			zone = "UTC"
		}
	}
	counts := make([]int64, len(times))
	for i, t := range times {
		switch {
		case valid != nil && !valid[i] || t.IsZero():
			counts[i] = math.MinInt64
		case unit == "us":
			counts[i] = t.UnixMicro()
		default:
			counts[i] = t.UnixNano()
		}
	}
	dt, err := ndarray.ParseDType("M8[" + unit + "]")
	if err != nil {
		return nil, err
	}
	s, err := numberSeries(name, reflect.ValueOf(counts), dt)
	if err != nil {
		return nil, err
	}
	s.Kind = Datetime
	return s.WithZone(cmp.Or(zone, "UTC")), nil
}

// zoneOf returns the name of a time's zone in the IANA database, or "UTC" if it has none.
func zoneOf(t time.Time) string {
	if name := t.Location().String(); strings.Contains(name, "/") {
		if _, err := time.LoadLocation(name); err == nil {
			return name
		}
	}
	return "UTC"
}

// WithZone returns a Datetime series of the same instants in another time zone: a name of the IANA
// database, an offset such as "+01:30", or "" for naive datetimes with the wall clock of UTC. A
// series of another kind is returned unchanged.
func (s *Series) WithZone(tz string) *Series {
	if s.Kind != Datetime || s.Values == nil {
		return s
	}
	own := *s
	own.TZ, own.DType = tz, s.Values.DType().String()
	if tz != "" {
		own.DType = "datetime64[" + s.Values.DType().Unit().Base + ", " + tz + "]"
	}
	return &own
}

// NewCategorical returns the values as a Categorical. Its categories are the given ones, which are
// then ordered, or else the distinct values in ascending order. As in pandas, a value that is not
// among them is missing.
func NewCategorical[T cmp.Ordered](name string, values []T, categories ...T) (*Series, error) {
	ordered := len(categories) > 0
	if !ordered {
		categories = slices.Compact(slices.Sorted(slices.Values(values)))
		// A NaN is a missing value, not a category.
		categories = slices.DeleteFunc(categories, func(c T) bool { return c != c })
	}
	index := make(map[T]int64, len(categories))
	for i, c := range categories {
		if _, twice := index[c]; twice || c != c {
			return nil, errorf("the category %v twice or not equal to itself", c)
		}
		index[c] = int64(i)
	}
	codes := make([]int64, len(values))
	for i, v := range values {
		code, ok := index[v]
		if !ok {
			code = -1
		}
		codes[i] = code
	}
	labels, err := NewSeries("", categories)
	if err != nil {
		return nil, err
	}
	a, err := ndarray.FromSlice(codes)
	return &Series{
		Name: name, Kind: Categorical, DType: "category", Values: a, Ordered: ordered,
		Categories: NewIndex(labels),
	}, err
}
