package arrowframe

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/cockroachdb/apd/v3"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// ToFrame returns the columns of a record batch as a frame in memory of its own, so that the batch
// may be released. It is the reverse of [FromFrame]:
//
//	Arrow type                              Kind of column
//	bool, int8...uint64, float16...float64  Numpy; Masked if elements are null
//	utf8, large_utf8, string_view           Text
//	timestamp, duration                     Datetime in the time zone, Timedelta
//	date32, date64                          Datetime in days
//	time32, time64                          Timedelta since midnight
//	dictionary                              Categorical
//	decimal, binary, list, map, struct      Object: *apd.Decimal, []byte, []any, [2]any pairs, map[string]any
//	null                                    Object of nil
//	extension                               as its storage type
//	extension geoarrow.wkb, ogc.wkb         Object of dtype "geometry": *reconstruct.Geometry
//
// A binary column is also one of geometries if GeoParquet's metadata, "geo" in the schema, say that
// it has WKB; the frame is then a GeoDataFrame with their primary column. Its CRS is the text in
// the metadata of the field or of GeoParquet: PROJJSON, well-known text or a name. It is
// "OGC:CRS84" if GeoParquet's metadata have no CRS, and "" if that is null. Malformed WKB is an
// error. A column with a curve, which reconstruct.NewGeometry does not read, stays bytes, as do all
// such columns in a program that imports neither package reconstruct nor the root.
//
// A column is a Period or Interval if the field's metadata say so, as those of FromFrame do. The
// index is what the schema's metadata under "pandas" name, as pyarrow and FromFrame write them,
// else 0, 1, 2 and so on. A type that is not in the table is an error that names the column.
func ToFrame(batch arrow.RecordBatch) (*frame.Frame, error) {
	var columns []*frame.Series
	named := map[string]*frame.Series{}
	described, geo := readMetadata(batch.Schema()), readGeo(batch.Schema())
	index := described.IndexColumns
	isIndex := map[string]bool{}
	for _, x := range index {
		isIndex[x.Name] = true
	}
	for i, field := range batch.Schema().Fields() {
		s, err := series(batch.Column(i), field)
		if crs, ok := geo.geometryField(batch.Column(i).DataType(), field); ok && err == nil {
			err = geometries(s, crs)
		}
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", field.Name, err)
		}
		s.Name = field.Name
		if d, ok := described.column(field.Name); ok {
			restore(s, d)
		}
		if isIndex[field.Name] && named[field.Name] == nil {
			named[field.Name] = s
			continue
		}
		columns = append(columns, s)
	}
	f, err := frame.New(columns...)
	if err != nil {
		return nil, err
	}
	if f.Index, err = indexOf(index, named, int(batch.NumRows())); err != nil {
		return nil, err
	}
	geo.finish(f)
	return f, f.Validate()
}

// level is one of the index_columns of pandas' metadata: the name of a column, or a range.
type level struct {
	Kind, Name        string
	Start, Stop, Step int
}

// UnmarshalJSON reads either form.
func (l *level) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		l.Kind = "column"
		return json.Unmarshal(data, &l.Name)
	}
	type form level
	return json.Unmarshal(data, (*form)(l))
}

// pandasMetadata is pandas' metadata of a schema.
type pandasMetadata struct {
	IndexColumns []level     `json:"index_columns"`
	Columns      []described `json:"columns"`
}

// readMetadata reads pandas' metadata of a schema. Metadata that are missing or malformed are
// empty.
func readMetadata(s *arrow.Schema) pandasMetadata {
	var m pandasMetadata
	text, ok := s.Metadata().GetValue("pandas")
	if !ok || json.Unmarshal([]byte(text), &m) != nil {
		return pandasMetadata{}
	}
	return m
}

// column returns the metadata of the column with the given field name.
func (m *pandasMetadata) column(field string) (described, bool) {
	for _, d := range m.Columns {
		if d.FieldName == field {
			return d, true
		}
	}
	return described{}, false
}

// nullable has the dtypes of pandas' masked arrays.
var nullable = map[string]bool{
	"Int8": true, "Int16": true, "Int32": true, "Int64": true, "UInt8": true, "UInt16": true,
	"UInt32": true,
	"UInt64": true, "Float32": true, "Float64": true, "boolean": true,
}

// restore gives a series the dtype that it had in pandas if several dtypes have the same Arrow
// type.
func restore(s *frame.Series, d described) {
	switch {
	case nullable[d.NumpyType] && s.Kind == frame.Numpy && s.Valid == nil:
		s.Kind, s.DType = frame.Masked, d.NumpyType
		s.Valid = make([]bool, s.Len())
		for i := range s.Valid {
			s.Valid[i] = true
		}
	case s.Kind == frame.Text && strings.HasPrefix(d.NumpyType, "string"):
		s.DType = "string"
	case d.NumpyType == "object" && (s.Kind == frame.Masked || d.PandasType == "bool"):
		asObjects(s)
	case s.Kind == frame.Masked && (d.NumpyType == "float16" || d.NumpyType == "float32" ||
		d.NumpyType == "float64"):
		floats(s)
	}
}

// asObjects converts a column of numbers or bools to Python objects, with None for null.
func asObjects(s *frame.Series) {
	items := make([]any, s.Len())
	for i := range items {
		if !s.IsNull(i) {
			items[i] = s.At(i)
		}
	}
	a, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{len(items)}, ndarray.OrderC, items)
	if err != nil {
		return
	}
	s.Kind, s.Valid, s.Values, s.DType = frame.Numpy, nil, a, "object"
}

// floats converts a masked column of floats to a NumPy array with NaN for null, as pandas has it.
func floats(s *frame.Series) {
	values, err := s.Values.Copy(ndarray.OrderC)
	if err != nil || values.DType().Kind() != ndarray.KindFloat {
		return
	}
	for i, ok := range s.Valid {
		if !ok && values.SetAt(math.NaN(), i) != nil {
			return
		}
	}
	s.Kind, s.Valid, s.Values, s.DType = frame.Numpy, nil, values, values.DType().Name()
}

func indexOf(levels []level, named map[string]*frame.Series, rows int) (*frame.Index, error) {
	var found []*frame.Series
	for _, l := range levels {
		if l.Kind == "range" && len(levels) == 1 {
			x := &frame.Index{Class: "RangeIndex", Names: []any{nil}, Start: l.Start, Stop: l.Stop,
				Step: l.Step}
			if l.Name != "" {
				x.Names[0] = l.Name
			}
			if l.Step != 0 && x.Len() == rows {
				return x, nil
			}
			continue // this batch is a part of a table, and the range is that of the table
		}
		if s := named[l.Name]; s != nil {
			if strings.HasPrefix(l.Name, "__index_level_") {
				s.Name = nil
			}
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return frame.NewRangeIndex(rows), nil
	case 1:
		x := frame.NewIndex(found[0])
		return x, nil
	}
	x := &frame.Index{Class: "MultiIndex"}
	for _, s := range found {
		codes, categories, err := factorized(s)
		if err != nil {
			return nil, err
		}
		x.Levels, x.Codes, x.Names = append(x.Levels, categories), append(x.Codes, codes),
			append(x.Names, s.Name)
	}
	return x, nil
}

// factorized returns the codes and the labels of a level of a MultiIndex.
func factorized(s *frame.Series) (*ndarray.Array, *frame.Index, error) {
	places := make([]int64, s.Len())
	for i := range places {
		if places[i] = int64(i); s.IsNull(i) {
			places[i] = -1
		}
	}
	own := *s
	own.Name = nil
	a, err := ndarray.FromSlice(places)
	return a, frame.NewIndex(&own), err
}

// withExtension returns a field of an extension type of pandas with "freq" or "closed" as metadata
// of its own, and any other field as it is.
func withExtension(field arrow.Field) arrow.Field {
	name, _ := field.Metadata.GetValue(extensionName)
	text, _ := field.Metadata.GetValue(extensionMetadata)
	if name != periodName && name != intervalName {
		return field
	}
	var m struct{ Freq, Closed string }
	if json.Unmarshal([]byte(text), &m) != nil {
		return field
	}
	key, value := "freq", m.Freq
	if name == intervalName {
		key, value = "closed", m.Closed
	}
	field.Metadata = arrow.NewMetadata([]string{key}, []string{value})
	return field
}

// series converts one array.
func series(a arrow.Array, field arrow.Field) (*frame.Series, error) {
	field = withExtension(field)
	if e, ok := a.(array.ExtensionArray); ok {
		a = e.Storage()
	}
	if freq, ok := field.Metadata.GetValue("freq"); ok && a.DataType().ID() == arrow.INT64 {
		s, err := fixed(a, "<i8")
		if err == nil {
			s.Kind, s.Freq, s.DType = frame.Period, freq, "period["+freq+"]"
		}
		return s, err
	}
	closed, ok := field.Metadata.GetValue("closed")
	if !ok {
		return column(a)
	}
	switch a := a.(type) {
	case *array.Struct:
		return interval(a, closed)
	case *array.Dictionary:
		if values, isStruct := a.Dictionary().(*array.Struct); isStruct {
			categories, err := interval(values, closed)
			if err != nil {
				return nil, err
			}
			return categorical(a, categories)
		}
	}
	return column(a)
}

var numpyTypes = map[arrow.Type]string{
	arrow.INT8: "<i1", arrow.INT16: "<i2", arrow.INT32: "<i4", arrow.INT64: "<i8",
	arrow.UINT8: "<u1", arrow.UINT16: "<u2", arrow.UINT32: "<u4", arrow.UINT64: "<u8",
	arrow.FLOAT16: "<f2", arrow.FLOAT32: "<f4", arrow.FLOAT64: "<f8",
}

func column(a arrow.Array) (*frame.Series, error) {
	if typestr, ok := numpyTypes[a.DataType().ID()]; ok {
		return fixed(a, typestr)
	}
	switch a := a.(type) {
	case *array.Boolean:
		return bools(a)
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType)
		s, err := fixed(a, "<M8["+t.Unit.String()+"]")
		if err == nil && t.TimeZone != "" {
			s.TZ, s.DType = t.TimeZone, "datetime64["+t.Unit.String()+", "+t.TimeZone+"]"
		}
		return s, err
	case *array.Duration:
		return fixed(a, "<m8["+a.DataType().(*arrow.DurationType).Unit.String()+"]")
	case *array.Date32:
		return counted(a, "<M8[D]", func(i int) int64 { return int64(a.Value(i)) })
	case *array.Date64:
		return counted(a, "<M8[D]", func(i int) int64 { return int64(a.Value(i)) / 86_400_000 })
	case *array.Time32:
		return clock(a, a.DataType().(*arrow.Time32Type).Unit, func(i int) int64 {
			return int64(a.Value(i))
		})
	case *array.Time64:
		return clock(a, a.DataType().(*arrow.Time64Type).Unit, func(i int) int64 {
			return int64(a.Value(i))
		})
	case *array.String:
		return text(a, a.Value, false), nil
	case *array.LargeString:
		return text(a, a.Value, true), nil
	case *array.StringView:
		return text(a, a.Value, true), nil
	case *array.Dictionary:
		return dictionary(a)
	case array.ExtensionArray:
		return column(a.Storage())
	}
	return objects(a)
}

// valid returns which elements of an array are not null. It is nil if none is null.
func valid(a arrow.Array) []bool {
	if a.NullN() == 0 {
		return nil
	}
	out := make([]bool, a.Len())
	for i := range out {
		out[i] = a.IsValid(i)
	}
	return out
}

// fixed copies elements whose bytes are the same in NumPy's dtype typestr.
func fixed(a arrow.Array, typestr string) (*frame.Series, error) {
	dt, err := ndarray.ParseDType(typestr)
	if err != nil {
		return nil, err
	}
	size, from := dt.ItemSize(), a.Data().Offset()
	data := make([]byte, a.Len()*size)
	if len(data) > 0 {
		b := a.Data().Buffers()[1]
		if b == nil || b.Len() < from*size+len(data) {
			return nil, fmt.Errorf("arrowframe: %d elements of %s in too few bytes", a.Len(),
				a.DataType())
		}
		copy(data, b.Bytes()[from*size:])
	}
	values, err := ndarray.New(dt, []int{a.Len()}, ndarray.OrderC, data)
	if err != nil {
		return nil, err
	}
	return masked(&frame.Series{Values: values, DType: dt.String(), Valid: valid(a)}), nil
}

// masked sets the kind of a series. If elements are missing, it also sets the name of pandas'
// nullable dtype.
func masked(s *frame.Series) *frame.Series {
	switch kind := s.Values.DType().Kind(); {
	case kind == ndarray.KindDatetime:
		s.Kind = frame.Datetime
	case kind == ndarray.KindTimedelta:
		s.Kind = frame.Timedelta
	case s.Valid != nil && kind == ndarray.KindBool:
		s.Kind, s.DType = frame.Masked, "boolean"
	case s.Valid != nil && kind == ndarray.KindUint:
		s.Kind, s.DType = frame.Masked, "UI"+s.DType[2:]
	case s.Valid != nil:
		s.Kind, s.DType = frame.Masked, strings.ToUpper(s.DType[:1])+s.DType[1:]
	}
	return s
}

func bools(a *array.Boolean) (*frame.Series, error) {
	values := make([]bool, a.Len())
	for i := range values {
		values[i] = a.IsValid(i) && a.Value(i)
	}
	v, err := ndarray.FromSlice(values)
	if err != nil {
		return nil, err
	}
	return masked(&frame.Series{Values: v, DType: "bool", Valid: valid(a)}), nil
}

// counted returns a column of datetime64 or timedelta64 whose i-th element is at(i) ticks.
func counted(a arrow.Array, typestr string, at func(i int) int64) (*frame.Series, error) {
	counts := make([]int64, a.Len())
	for i := range counts {
		counts[i] = at(i)
	}
	v, err := ndarray.FromSlice(counts)
	if err != nil {
		return nil, err
	}
	data, err := v.Bytes()
	if err != nil {
		return nil, err
	}
	dt, err := ndarray.ParseDType(typestr)
	if err != nil {
		return nil, err
	}
	values, err := ndarray.New(dt.NewByteOrder(ndarray.NativeEndian), []int{a.Len()},
		ndarray.OrderC, data)
	if err != nil {
		return nil, err
	}
	return masked(&frame.Series{Values: values, DType: dt.String(), Valid: valid(a)}), nil
}

func clock(a arrow.Array, unit arrow.TimeUnit, at func(i int) int64) (*frame.Series, error) {
	s, err := counted(a, "<m8["+unit.String()+"]", at)
	if err == nil {
		s.DType = a.DataType().Name() + "[" + unit.String() + "][pyarrow]"
	}
	return s, err
}

func text(a arrow.Array, at func(i int) string, large bool) *frame.Series {
	t := &frame.Strings{}
	if a.NullN() > 0 {
		t.Validity = make([]byte, (a.Len()+7)/8)
	}
	offsets := make([]int64, 1, a.Len()+1)
	for i := range a.Len() {
		if a.IsValid(i) {
			t.Data = append(t.Data, at(i)...)
			if t.Validity != nil {
				t.Validity[i/8] |= 1 << (i % 8)
			}
		}
		offsets = append(offsets, int64(len(t.Data)))
	}
	if t.Offsets64 = offsets; !large {
		t.Offsets64, t.Offsets32 = nil, make([]int32, len(offsets))
		for i, n := range offsets {
			t.Offsets32[i] = int32(n)
		}
	}
	return &frame.Series{Kind: frame.Text, DType: "str", Text: t}
}

func dictionary(a *array.Dictionary) (*frame.Series, error) {
	categories, err := column(a.Dictionary())
	if err != nil {
		return nil, err
	}
	return categorical(a, categories)
}

func categorical(a *array.Dictionary, categories *frame.Series) (*frame.Series, error) {
	t := a.DataType().(*arrow.DictionaryType)
	var values *ndarray.Array
	var err error
	switch t.IndexType.ID() {
	case arrow.INT8:
		values, err = codes[int8](a)
	case arrow.INT16:
		values, err = codes[int16](a)
	case arrow.INT32:
		values, err = codes[int32](a)
	default:
		values, err = codes[int64](a)
	}
	return &frame.Series{
		Kind: frame.Categorical, DType: "category", Values: values,
		Categories: frame.NewIndex(categories),
		Ordered:    t.Ordered,
	}, err
}

// codes returns the indices of a dictionary as the codes of a Categorical: -1 if an element is
// null.
func codes[T int8 | int16 | int32 | int64](a *array.Dictionary) (*ndarray.Array, error) {
	out := make([]T, a.Len())
	for i := range out {
		if out[i] = -1; a.IsValid(i) {
			out[i] = T(a.GetValueIndex(i))
		}
	}
	return ndarray.FromSlice(out)
}

func interval(a *array.Struct, closed string) (*frame.Series, error) {
	if a.NumField() != 2 {
		return nil, fmt.Errorf("arrowframe: an interval of %d fields", a.NumField())
	}
	left, err := column(a.Field(0))
	if err != nil {
		return nil, err
	}
	right, err := column(a.Field(1))
	if err != nil {
		return nil, err
	}
	return &frame.Series{
		Kind: frame.Interval, Closed: closed, Left: left, Right: right, Valid: valid(a),
		DType: "interval[" + left.DType + ", " + closed + "]",
	}, nil
}

// objects converts an array to a column whose elements are Go values.
func objects(a arrow.Array) (*frame.Series, error) {
	at, err := valueOf(a)
	if err != nil {
		return nil, err
	}
	items := make([]any, a.Len())
	for i := range items {
		if a.IsValid(i) {
			items[i] = at(i)
		}
	}
	return &frame.Series{Kind: frame.Object, DType: "object", Items: items}, nil
}

// valueOf returns a function that reads the i-th element of an array, which must not be null.
func valueOf(a arrow.Array) (func(i int) any, error) {
	switch a := a.(type) {
	case *array.Null:
		return func(int) any { return nil }, nil
	case *array.Binary:
		return func(i int) any { return append([]byte{}, a.Value(i)...) }, nil
	case *array.LargeBinary:
		return func(i int) any { return append([]byte{}, a.Value(i)...) }, nil
	case *array.BinaryView:
		return func(i int) any { return append([]byte{}, a.Value(i)...) }, nil
	case *array.FixedSizeBinary:
		return func(i int) any { return append([]byte{}, a.Value(i)...) }, nil
	case *array.Decimal32:
		return decimals(a, a.Value), nil
	case *array.Decimal64:
		return decimals(a, a.Value), nil
	case *array.Decimal128:
		return decimals(a, a.Value), nil
	case *array.Decimal256:
		return decimals(a, a.Value), nil
	case *array.Struct:
		return structs(a)
	case *array.Map:
		return maps(a)
	case array.ListLike:
		elem, err := elementOf(a.ListValues())
		if err != nil {
			return nil, err
		}
		return func(i int) any {
			from, to := a.ValueOffsets(i)
			out := make([]any, 0, to-from)
			for j := from; j < to; j++ {
				out = append(out, elem(int(j)))
			}
			return out
		}, nil
	}
	return nil, fmt.Errorf("arrowframe: the Arrow type %s is not supported", a.DataType())
}

// elementOf returns a function that reads the i-th element of an array inside another array. It
// returns nil for null.
func elementOf(a arrow.Array) (func(i int) any, error) {
	s, err := column(a)
	if err != nil {
		return nil, err
	}
	return func(i int) any {
		switch {
		case s.Kind == frame.Datetime && s.TZ != "":
			if t, ok := s.Time(i); ok {
				return t
			}
			return nil
		case s.Valid != nil && !s.Valid[i]:
			return nil
		}
		return s.At(i)
	}, nil
}

// decimals returns a function that reads decimals of any width.
func decimals[T interface {
	ToString(scale int32) string
}](a arrow.Array, at func(i int) T) func(i int) any {
	scale := a.DataType().(arrow.DecimalType).GetScale()
	return func(i int) any {
		d, _, err := apd.NewFromString(at(i).ToString(scale))
		if err != nil {
			return nil
		}
		return d
	}
}

func structs(a *array.Struct) (func(i int) any, error) {
	fields := make([]func(i int) any, a.NumField())
	for k := range fields {
		var err error
		if fields[k], err = elementOf(a.Field(k)); err != nil {
			return nil, err
		}
	}
	t := a.DataType().(*arrow.StructType)
	return func(i int) any {
		m := make(map[string]any, len(fields))
		for k, at := range fields {
			m[t.Field(k).Name] = at(i)
		}
		return m
	}, nil
}

func maps(a *array.Map) (func(i int) any, error) {
	keys, err := elementOf(a.Keys())
	if err != nil {
		return nil, err
	}
	values, err := elementOf(a.Items())
	if err != nil {
		return nil, err
	}
	return func(i int) any {
		from, to := a.ValueOffsets(i)
		out := make([]any, 0, to-from)
		for j := from; j < to; j++ {
			out = append(out, [2]any{keys(int(j)), values(int(j))})
		}
		return out
	}, nil
}
