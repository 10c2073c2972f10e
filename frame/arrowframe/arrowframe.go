// Package arrowframe converts a frame.Frame to an Arrow record batch and back. No other package of
// this module imports it, so only programs that import it themselves are linked with Arrow.
package arrowframe

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// FromFrame returns the columns of f as a record batch. After them come the labels of the rows,
// unless they are a RangeIndex, under the name of the index or "__index_level_0__" and so on, as
// pyarrow names them. The schema's metadata describe the index and the columns as pyarrow does.
//
//	Kind of column                     Arrow type
//	Numpy, Masked                      bool, int8...uint64, float16...float64
//	Numpy with text, Text              utf8 or large_utf8
//	Datetime, Timedelta                timestamp[unit, zone], date32 for days;
//	                                   duration[unit], or time32 and time64 if the
//	                                   dtype names them
//	Categorical                        dictionary
//	Sparse                             as Numpy, with all elements
//	Interval                           struct<left, right>; the field's metadata has "closed"
//	Period                             int64 ordinals; the field's metadata has "freq"
//	Object of dtype "geometry"         binary: WKB, the extension type geoarrow.wkb with the CRS;
//	                                   the schema's metadata has GeoParquet's "geo"
//
// Missing values (NaT, NA, a code of -1) are null. NaN in a column of floats stays NaN, since it is
// a value of that type. Objects become bools, ints, floats, text or bytes if all elements are of
// the same of these kinds. A column of any other kind, such as one of complex numbers or of mixed
// objects, is an error that names the column.
//
// Elements are not copied if both layouts agree: contiguous numbers, times and text in the
// machine's byte order. The batch then shares the memory of the frame, which must not change while
// the batch is in use. Converted elements are allocated from mem. The caller calls Release on the
// batch when done; the garbage collector frees the memory of the frame.
func FromFrame(mem memory.Allocator, f *frame.Frame) (arrow.RecordBatch, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	b := &batchBuilder{c: &converter{mem: mem}}
	defer b.release()
	for i, name := range f.ColumnNames() {
		if err := b.add(name, f.Columns[i]); err != nil {
			return nil, err
		}
	}
	index, err := b.addIndex(f.Index)
	if err != nil {
		return nil, err
	}
	meta, err := metadata(f, index, b.described)
	if err != nil {
		return nil, err
	}
	meta = b.addGeo(f, meta)
	return array.NewRecordBatch(arrow.NewSchema(b.fields, meta), b.columns, int64(f.Rows())), nil
}

// batchBuilder collects the columns of a record batch.
type batchBuilder struct {
	c         *converter
	fields    []arrow.Field
	columns   []arrow.Array
	described []described // what pandas' metadata say of each column

	geometries    []*frame.Series // the columns of geometries
	geometryNames []string        // their names
}

func (b *batchBuilder) release() {
	for _, a := range b.columns {
		a.Release()
	}
}

// add converts a series and adds it as the next column.
func (b *batchBuilder) add(name string, s *frame.Series) error {
	a, err := b.c.column(s)
	if err != nil {
		return fmt.Errorf("column %s: %w", name, err)
	}
	return b.addArray(name, s, a)
}

// addArray adds an array as the next column. The array was made from s, or from elements of s.
func (b *batchBuilder) addArray(name string, s *frame.Series, a arrow.Array) error {
	b.columns = append(b.columns, a)
	field := arrow.Field{Name: name, Type: a.DataType(), Nullable: true}
	if s.DType == geometryDType {
		field.Metadata = geometryMetadata(s)
		b.geometries = append(b.geometries, s)
		b.geometryNames = append(b.geometryNames, name)
	}
	switch s.Kind {
	case frame.Period:
		field.Metadata = arrow.NewMetadata(
			[]string{"freq", extensionName, extensionMetadata},
			[]string{s.Freq, periodName, jsonText(map[string]any{"freq": s.Freq})})
	case frame.Interval:
		subtype := a.DataType().(*arrow.StructType).Field(0).Type
		field.Metadata = arrow.NewMetadata(
			[]string{"closed", extensionName, extensionMetadata},
			[]string{s.Closed, intervalName, jsonText(map[string]any{
				"subtype": pyarrowName(subtype), "closed": s.Closed,
			})})
	case frame.Categorical:
		if v := s.Categories.Values; v != nil && v.Kind == frame.Interval {
			field.Metadata = arrow.NewMetadata([]string{"closed"}, []string{v.Closed})
		}
	}
	b.fields = append(b.fields, field)
	b.described = append(b.described, describe(name, s, a.DataType()))
	return nil
}

// addIndex adds the labels of the rows as columns and returns the names of the columns. There are
// none for a RangeIndex.
func (b *batchBuilder) addIndex(x *frame.Index) ([]string, error) {
	if x.IsRange() {
		return nil, nil
	}
	var names []string
	name := func(k int) string {
		if s, ok := x.Names[k].(string); ok {
			return s
		}
		return fmt.Sprintf("__index_level_%d__", k)
	}
	if !x.IsMulti() {
		return []string{name(0)}, b.addLevel(name(0), x.Names[0], x.Values)
	}
	for k, level := range x.Levels {
		names = append(names, name(k))
		s := level.Values
		if level.IsRange() {
			labels := make([]int64, level.Len())
			for i := range labels {
				labels[i] = int64(level.Start + i*level.Step)
			}
			var err error
			if s, err = frame.NewSeries("", labels); err != nil {
				return nil, err
			}
		}
		a, err := b.c.taken(s, x.Codes[k])
		if err != nil {
			return nil, fmt.Errorf("level %s: %w", names[k], err)
		}
		if err := b.addArray(names[k], s, a); err != nil {
			return nil, err
		}
		b.described[len(b.described)-1].Name = textOrNil(x.Names[k])
	}
	return names, nil
}

// addLevel adds the labels of an index that is no MultiIndex.
func (b *batchBuilder) addLevel(field string, name any, s *frame.Series) error {
	if err := b.add(field, s); err != nil {
		return err
	}
	b.described[len(b.described)-1].Name = textOrNil(name)
	return nil
}

// converter converts series to arrays, whose memory it allocates from mem.
type converter struct{ mem memory.Allocator }

func (c *converter) column(s *frame.Series) (arrow.Array, error) {
	switch s.Kind {
	case frame.Numpy, frame.Masked, frame.Period:
		return c.numbers(s)
	case frame.Datetime, frame.Timedelta:
		return c.times(s)
	case frame.Text:
		return c.text(s.Text), nil
	case frame.Categorical:
		return c.categorical(s)
	case frame.Interval:
		return c.interval(s)
	case frame.Object, frame.Sparse:
		return c.elements(s)
	}
	return nil, unsupported(s)
}

var arrowTypes = map[string]arrow.DataType{
	"i1": arrow.PrimitiveTypes.Int8, "i2": arrow.PrimitiveTypes.Int16,
	"i4": arrow.PrimitiveTypes.Int32, "i8": arrow.PrimitiveTypes.Int64,
	"u1": arrow.PrimitiveTypes.Uint8, "u2": arrow.PrimitiveTypes.Uint16,
	"u4": arrow.PrimitiveTypes.Uint32, "u8": arrow.PrimitiveTypes.Uint64,
	"f2": arrow.FixedWidthTypes.Float16, "f4": arrow.PrimitiveTypes.Float32,
	"f8": arrow.PrimitiveTypes.Float64,
}

// numbers converts a series with an array of numbers, bools or text.
func (c *converter) numbers(s *frame.Series) (arrow.Array, error) {
	dt := s.Values.DType()
	if dt.Kind() == ndarray.KindBool {
		values, err := ndarray.Values[bool](s.Values)
		if err != nil {
			return nil, err
		}
		return made(arrow.FixedWidthTypes.Boolean, len(values), c.validity(s),
			c.bits(len(values), func(i int) bool {
				return values[i]
			})), nil
	}
	typ, ok := arrowTypes[dt.Str()[1:]]
	if !ok {
		return c.elements(s)
	}
	data, err := c.data(s.Values)
	if err != nil {
		return nil, err
	}
	return made(typ, s.Len(), c.validity(s), data), nil
}

// data returns the elements in C order and in the machine's byte order. The buffer shares the
// memory of the array if possible.
func (c *converter) data(a *ndarray.Array) (*memory.Buffer, error) {
	if a.DType().IsNative() && a.IsCContiguous() {
		b, err := a.Bytes()
		return memory.NewBufferBytes(b), err
	}
	native, err := ndarray.Zeros(a.DType().NewByteOrder(ndarray.NativeEndian), a.Size())
	if err != nil {
		return nil, err
	}
	b, err := native.Bytes()
	if err != nil {
		return nil, err
	}
	if b, err = a.AppendBytes(b[:0], ndarray.OrderC); err != nil {
		return nil, err
	}
	if !a.DType().IsNative() {
		swap(b, a.DType().ItemSize())
	}
	return memory.NewBufferBytes(b), nil
}

// swap reverses the bytes of each element.
func swap(b []byte, size int) {
	for ; len(b) >= size; b = b[size:] {
		for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
}

// made returns an array of n elements, which takes over the buffers. The first buffer, the bitmap
// of validity, may be nil.
func made(typ arrow.DataType, n int, buffers ...*memory.Buffer) arrow.Array {
	data := array.NewData(typ, n, buffers, nil, nullCount(buffers[0]), 0)
	defer data.Release()
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	return array.MakeFromData(data)
}

// nullCount returns the number of nulls to give to Arrow's library. Without a bitmap it is 0, since
// the library must not count then.
func nullCount(valid *memory.Buffer) int {
	if valid == nil {
		return 0
	}
	return array.UnknownNullCount
}

// bits returns a bitmap of n bits.
func (c *converter) bits(n int, at func(i int) bool) *memory.Buffer {
	b := memory.NewResizableBuffer(c.mem)
	b.Resize(int(bitutil.BytesForBits(int64(n))))
	clear(b.Bytes())
	for i := range n {
		if at(i) {
			bitutil.SetBit(b.Bytes(), i)
		}
	}
	return b
}

// validity returns the bitmap of the elements that are not missing, or nil if none is missing. NaN
// of a Numpy column is not missing.
func (c *converter) validity(s *frame.Series) *memory.Buffer {
	if s.Kind == frame.Numpy && s.Valid == nil {
		return nil
	}
	for i := range s.Len() {
		if s.IsNull(i) {
			return c.bits(s.Len(), func(i int) bool { return !s.IsNull(i) })
		}
	}
	return nil
}

var units = map[string]arrow.TimeUnit{"s": arrow.Second, "ms": arrow.Millisecond,
	"us": arrow.Microsecond, "ns": arrow.Nanosecond}

func (c *converter) times(s *frame.Series) (arrow.Array, error) {
	u := s.Values.DType().Unit()
	unit, ok := units[u.Base]
	switch {
	case u.Num == 1 && u.Base == "D" && s.Kind == frame.Datetime:
		return c.dates(s)
	case !ok || u.Num != 1:
		return nil, fmt.Errorf("arrowframe: dtype %s has no Arrow type", s.Values.DType())
	}
	if s.Kind == frame.Timedelta && (strings.HasPrefix(s.DType, "time32[") ||
		strings.HasPrefix(s.DType, "time64[")) {
		return c.clock(s, unit)
	}
	data, err := c.data(s.Values)
	if err != nil {
		return nil, err
	}
	if s.Kind == frame.Timedelta {
		return made(&arrow.DurationType{Unit: unit}, s.Len(), c.validity(s), data), nil
	}
	return made(&arrow.TimestampType{Unit: unit, TimeZone: zoneName(s)}, s.Len(), c.validity(s),
		data), nil
}

// zoneName returns the time zone of a series as Arrow names it. A fixed offset is "+01:30", for
// example.
func zoneName(s *frame.Series) string {
	if !strings.ContainsAny(s.TZ, "+-(") || strings.HasPrefix(s.TZ, "Etc/") ||
		strings.Contains(s.TZ, "tzfile(") {
		return strings.TrimSuffix(s.TZ, "()")
	}
	loc, err := s.Location()
	if err != nil {
		return s.TZ
	}
	if _, err := time.LoadLocation(s.TZ); err == nil {
		return s.TZ // such as America/Port-au-Prince
	}
	return time.Unix(0, 0).In(loc).Format("-07:00")
}

// clock converts times of day.
func (c *converter) clock(s *frame.Series, unit arrow.TimeUnit) (arrow.Array, error) {
	if unit == arrow.Microsecond || unit == arrow.Nanosecond {
		data, err := c.data(s.Values)
		if err != nil {
			return nil, err
		}
		return made(&arrow.Time64Type{Unit: unit}, s.Len(), c.validity(s), data), nil
	}
	counts, err := ndarray.Values[int64](s.Values)
	if err != nil {
		return nil, err
	}
	b := array.NewTime32Builder(c.mem, &arrow.Time32Type{Unit: unit})
	defer b.Release()
	for i, n := range counts {
		switch {
		case s.IsNull(i):
			b.AppendNull()
		case n < 0 || n > math.MaxInt32:
			return nil, fmt.Errorf("arrowframe: a time of day of %d %s", n, unit)
		default:
			b.Append(arrow.Time32(n))
		}
	}
	return b.NewArray(), nil
}

func (c *converter) dates(s *frame.Series) (arrow.Array, error) {
	days, err := ndarray.Values[int64](s.Values)
	if err != nil {
		return nil, err
	}
	b := array.NewDate32Builder(c.mem)
	defer b.Release()
	for i, d := range days {
		switch {
		case s.IsNull(i):
			b.AppendNull()
		case d < math.MinInt32 || d > math.MaxInt32:
			return nil, fmt.Errorf("arrowframe: day %d does not fit date32", d)
		default:
			b.Append(arrow.Date32(d))
		}
	}
	return b.NewArray(), nil
}

func (c *converter) text(t *frame.Strings) arrow.Array {
	var valid *memory.Buffer
	switch {
	case t.Validity == nil:
	case t.BitOffset == 0:
		valid = memory.NewBufferBytes(t.Validity)
	default:
		valid = c.bits(t.Len(), func(i int) bool { return !t.IsNull(i) })
	}
	data := memory.NewBufferBytes(t.Data)
	if t.Offsets64 != nil {
		return made(arrow.BinaryTypes.LargeString, t.Len(), valid,
			memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(t.Offsets64)), data)
	}
	return made(arrow.BinaryTypes.String, t.Len(), valid,
		memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(t.Offsets32)), data)
}

func (c *converter) categorical(s *frame.Series) (arrow.Array, error) {
	x := s.Categories
	var values arrow.Array
	var err error
	if x.IsRange() {
		labels := make([]int64, x.Len())
		for i := range labels {
			labels[i] = int64(x.Start + i*x.Step)
		}
		values = made(arrow.PrimitiveTypes.Int64, len(labels), nil,
			memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(labels)))
	} else if values, err = c.column(x.Values); err != nil {
		return nil, err
	}
	defer values.Release()
	codes, err := c.numbers(&frame.Series{Values: s.Values})
	if err != nil {
		return nil, err
	}
	defer codes.Release()
	valid := c.validity(s)
	index := array.NewData(codes.DataType(), s.Len(), []*memory.Buffer{valid,
		withoutNegative(codes, valid)}, nil, nullCount(valid), 0)
	defer index.Release()
	if valid != nil {
		valid.Release()
	}
	indices := array.MakeFromData(index)
	defer indices.Release()
	typ := &arrow.DictionaryType{IndexType: codes.DataType(), ValueType: values.DataType(),
		Ordered: s.Ordered}
	return array.NewDictionaryArray(typ, indices, values), nil
}

// withoutNegative returns the codes of a categorical with 0 in place of the -1 that pandas has
// where an element is null, because polars reads the indices of nulls too.
func withoutNegative(codes arrow.Array, valid *memory.Buffer) *memory.Buffer {
	b := codes.Data().Buffers()[1]
	if valid == nil {
		return b
	}
	size := codes.DataType().(arrow.FixedWidthDataType).Bytes()
	data := bytes.Clone(b.Bytes())
	for i := range codes.Len() {
		if !bitutil.BitIsSet(valid.Bytes(), i) {
			clear(data[i*size : (i+1)*size])
		}
	}
	return memory.NewBufferBytes(data)
}

func (c *converter) interval(s *frame.Series) (arrow.Array, error) {
	left, err := c.column(s.Left)
	if err != nil {
		return nil, err
	}
	defer left.Release()
	right, err := c.column(s.Right)
	if err != nil {
		return nil, err
	}
	defer right.Release()
	typ := arrow.StructOf(
		arrow.Field{Name: "left", Type: left.DataType(), Nullable: true},
		arrow.Field{Name: "right", Type: right.DataType(), Nullable: true},
	)
	valid := c.validity(s)
	data := array.NewData(typ, s.Len(), []*memory.Buffer{valid},
		[]arrow.ArrayData{left.Data(), right.Data()}, nullCount(valid), 0)
	defer data.Release()
	if valid != nil {
		valid.Release()
	}
	return array.MakeFromData(data), nil
}

// elements converts one element at a time. It serves columns whose memory layout is not Arrow's:
// text in NumPy's arrays, sparse columns, and objects that are all of one kind.
func (c *converter) elements(s *frame.Series) (arrow.Array, error) {
	b := c.builderFor(s)
	if b == nil {
		return nil, unsupported(s)
	}
	defer b.Release()
	for i := range s.Len() {
		v := s.At(i)
		if s.IsNull(i) && (s.Kind != frame.Sparse || v == nil) && !isNaN(v, b) {
			b.AppendNull()
			continue
		}
		if !appendValue(b, v) {
			return nil, unsupported(s)
		}
	}
	return b.NewArray(), nil
}

func unsupported(s *frame.Series) error {
	return fmt.Errorf("arrowframe: a column of kind %v and dtype %s has no Arrow type", s.Kind,
		s.DType)
}

// isNaN reports whether an element that pandas considers missing is a NaN in a column of floats,
// where it is a value for Arrow.
func isNaN(v any, b array.Builder) bool {
	_, isFloat := b.(*array.Float64Builder)
	x, ok := floatOf(v)
	return isFloat && ok && x != x
}

// builderFor returns a builder for the type of the first element that is not missing, or nil if
// there is no Arrow type for it.
func (c *converter) builderFor(s *frame.Series) array.Builder {
	if s.Kind == frame.Sparse {
		switch s.Values.DType().Kind() {
		case ndarray.KindInt, ndarray.KindUint:
			return array.NewInt64Builder(c.mem)
		case ndarray.KindFloat:
			return array.NewFloat64Builder(c.mem)
		case ndarray.KindBool:
			return array.NewBooleanBuilder(c.mem)
		}
		return nil
	}
	if s.DType == geometryDType {
		return array.NewBinaryBuilder(c.mem, arrow.BinaryTypes.Binary)
	}
	for i := range s.Len() {
		if s.IsNull(i) {
			continue
		}
		switch s.At(i).(type) {
		case bool:
			return array.NewBooleanBuilder(c.mem)
		case int, int8, int16, int32, int64:
			return array.NewInt64Builder(c.mem)
		case float32, float64:
			return array.NewFloat64Builder(c.mem)
		case string:
			return array.NewStringBuilder(c.mem)
		case []byte, geometry:
			return array.NewBinaryBuilder(c.mem, arrow.BinaryTypes.Binary)
		}
		return nil
	}
	return array.NewStringBuilder(c.mem) // all elements are missing
}

func floatOf(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case ndarray.Float16:
		return v.Float64(), true
	case *ndarray.Scalar:
		return floatOf(v.Value())
	}
	return 0, false
}

// appendValue appends a value and reports whether it was of the builder's type.
func appendValue(b array.Builder, v any) bool {
	if s, ok := v.(*ndarray.Scalar); ok {
		v = s.Value()
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		x, ok := v.(bool)
		b.Append(x)
		return ok
	case *array.Int64Builder:
		r := reflect.ValueOf(v)
		switch {
		case r.IsValid() && r.CanInt():
			b.Append(r.Int())
			return true
		case r.IsValid() && r.CanUint() && r.Uint() <= math.MaxInt64:
			b.Append(int64(r.Uint()))
			return true
		}
		return false
	case *array.Float64Builder:
		x, ok := floatOf(v)
		b.Append(x)
		return ok
	case *array.StringBuilder:
		x, ok := v.(string)
		b.Append(x)
		return ok
	case *array.BinaryBuilder:
		if g, ok := v.(geometry); ok {
			v = g.WKB()
		}
		x, ok := v.([]byte)
		b.Append(x)
		return ok
	}
	return false
}
