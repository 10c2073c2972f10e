// Package arrowframe turns a frame.Frame into an Arrow record batch and back. No other package of
// this module imports it, so that only programs that do are built with Arrow.
package arrowframe

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// FromFrame returns the columns of f as a record batch, and behind them the labels of the
// rows unless they are a RangeIndex, under the name of the index or "__index_level_0__" and so
// on, as pyarrow names them; the schema's metadata say so in pyarrow's way.
//
//	Kind of column                     Arrow type
//	Numpy, Masked                      bool, int8...uint64, float16...float64
//	Numpy with text, Text              utf8 or large_utf8
//	Datetime, Timedelta                timestamp[unit, zone], date32 for days; duration[unit], or time32 and
//	                                   time64 where they are what the dtype says
//	Categorical                        dictionary
//	Sparse                             as Numpy, with all elements
//	Interval                           struct<left, right>; the field's metadata has "closed"
//	Period                             int64 ordinals; the field's metadata has "freq"
//
// Missing values (NaT, NA, a code of -1) are null; NaN in a column of floats stays NaN, as it is a
// value of that type. A column of another kind, such as one of complex numbers or of mixed
// objects, is an error that names it.
//
// Elements are not copied where both layouts agree: contiguous numbers, times and text in the
// machine's byte order. So the batch aliases the frame, which must not change while the batch is in use; what must
// be converted is allocated from mem. The caller calls Release on the batch when done; memory of the frame is left
// to the garbage collector.
func FromFrame(mem memory.Allocator, f *frame.Frame) (arrow.RecordBatch, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	c := &converter{mem: mem}
	var fields []arrow.Field
	var columns []arrow.Array
	defer func() {
		for _, a := range columns {
			a.Release()
		}
	}()
	add := func(name string, s *frame.Series) error {
		a, err := c.column(s)
		if err != nil {
			return fmt.Errorf("column %s: %w", name, err)
		}
		columns = append(columns, a)
		field := arrow.Field{Name: name, Type: a.DataType(), Nullable: true}
		switch s.Kind {
		case frame.Period:
			field.Metadata = arrow.NewMetadata([]string{"freq"}, []string{s.Freq})
		case frame.Interval:
			field.Metadata = arrow.NewMetadata([]string{"closed"}, []string{s.Closed})
		case frame.Categorical:
			if v := s.Categories.Values; v != nil && v.Kind == frame.Interval {
				field.Metadata = arrow.NewMetadata([]string{"closed"}, []string{v.Closed})
			}
		}
		fields = append(fields, field)
		return nil
	}
	names := f.ColumnNames()
	for i, s := range f.Columns {
		if err := add(names[i], s); err != nil {
			return nil, err
		}
	}
	var index []string
	for k, s := range levels(f.Index) {
		name, ok := f.Index.Names[k].(string)
		if !ok {
			name = fmt.Sprintf("__index_level_%d__", k)
		}
		index = append(index, name)
		if err := add(name, s); err != nil {
			return nil, err
		}
	}
	meta, err := indexMetadata(f.Index, index)
	if err != nil {
		return nil, err
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, meta), columns, int64(f.Rows())), nil
}

// indexMetadata says which columns are the index, in the way of pyarrow; nil for one that counts from 0. pyarrow
// takes the types of the levels from the columns themselves.
func indexMetadata(x *frame.Index, names []string) (*arrow.Metadata, error) {
	var columns any = names
	described := []any{}
	for k, field := range names {
		described = append(described, map[string]any{
			"name": textOrNil(x.Names[k]), "field_name": field, "pandas_type": "unicode", "numpy_type": "object", "metadata": nil,
		})
	}
	if x.IsRange() {
		if x.Start == 0 && x.Step == 1 && x.Name() == nil {
			return nil, nil
		}
		columns = []any{map[string]any{"kind": "range", "name": textOrNil(x.Name()), "start": x.Start, "stop": x.Stop, "step": x.Step}}
	}
	text, err := json.Marshal(map[string]any{"index_columns": columns, "column_indexes": []any{}, "columns": described})
	if err != nil {
		return nil, err
	}
	m := arrow.NewMetadata([]string{"pandas"}, []string{string(text)})
	return &m, nil
}

// textOrNil returns a name that JSON has the same way as Python, nil for any other.
func textOrNil(name any) any {
	if s, ok := name.(string); ok {
		return s
	}
	return nil
}

// levels returns the labels as columns: none for a RangeIndex.
func levels(x *frame.Index) []*frame.Series {
	switch {
	case x.IsRange():
		return nil
	case x.IsMulti():
		out := make([]*frame.Series, len(x.Levels))
		for k, level := range x.Levels {
			out[k] = &frame.Series{Kind: frame.Categorical, Values: x.Codes[k], Categories: level}
		}
		return out
	}
	return []*frame.Series{x.Values}
}

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
	return nil, fmt.Errorf("arrowframe: a column of kind %v and dtype %s has no Arrow type", s.Kind, s.DType)
}

var types = map[string]arrow.DataType{
	"i1": arrow.PrimitiveTypes.Int8, "i2": arrow.PrimitiveTypes.Int16, "i4": arrow.PrimitiveTypes.Int32, "i8": arrow.PrimitiveTypes.Int64,
	"u1": arrow.PrimitiveTypes.Uint8, "u2": arrow.PrimitiveTypes.Uint16, "u4": arrow.PrimitiveTypes.Uint32, "u8": arrow.PrimitiveTypes.Uint64,
	"f2": arrow.FixedWidthTypes.Float16, "f4": arrow.PrimitiveTypes.Float32, "f8": arrow.PrimitiveTypes.Float64,
}

// numbers converts arrays of numbers and bools; of others, text.
func (c *converter) numbers(s *frame.Series) (arrow.Array, error) {
	dt := s.Values.DType()
	if dt.Kind() == ndarray.KindBool {
		values, err := ndarray.Values[bool](s.Values)
		if err != nil {
			return nil, err
		}
		return made(arrow.FixedWidthTypes.Boolean, len(values), c.validity(s), c.bits(len(values), func(i int) bool { return values[i] })), nil
	}
	typ, ok := types[dt.Str()[1:]]
	if !ok {
		return c.elements(s)
	}
	data, err := c.data(s.Values)
	if err != nil {
		return nil, err
	}
	return made(typ, s.Len(), c.validity(s), data), nil
}

// data returns the elements in the machine's byte order, their own memory where possible.
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

func swap(b []byte, size int) {
	for ; len(b) >= size; b = b[size:] {
		for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
}

// made takes over the buffers, of which the first may be nil.
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

// nullCount is what Arrow is told of the number of nulls: without a bitmap it must not count them.
func nullCount(valid *memory.Buffer) int {
	if valid == nil {
		return 0
	}
	return array.UnknownNullCount
}

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

// validity returns the bitmap of s, nil if nothing is missing. NaN is not missing.
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

var units = map[string]arrow.TimeUnit{"s": arrow.Second, "ms": arrow.Millisecond, "us": arrow.Microsecond, "ns": arrow.Nanosecond}

func (c *converter) times(s *frame.Series) (arrow.Array, error) {
	u := s.Values.DType().Unit()
	unit, ok := units[u.Base]
	switch {
	case u.Num == 1 && u.Base == "D" && s.Kind == frame.Datetime:
		return c.dates(s)
	case !ok || u.Num != 1:
		return nil, fmt.Errorf("arrowframe: dtype %s has no Arrow type", s.Values.DType())
	}
	if s.Kind == frame.Timedelta && (strings.HasPrefix(s.DType, "time32[") || strings.HasPrefix(s.DType, "time64[")) {
		return c.clock(s, unit)
	}
	data, err := c.data(s.Values)
	if err != nil {
		return nil, err
	}
	if s.Kind == frame.Timedelta {
		return made(&arrow.DurationType{Unit: unit}, s.Len(), c.validity(s), data), nil
	}
	return made(&arrow.TimestampType{Unit: unit, TimeZone: s.TZ}, s.Len(), c.validity(s), data), nil
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
		return made(arrow.BinaryTypes.LargeString, t.Len(), valid, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(t.Offsets64)), data)
	}
	return made(arrow.BinaryTypes.String, t.Len(), valid, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(t.Offsets32)), data)
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
		values = made(arrow.PrimitiveTypes.Int64, len(labels), nil, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(labels)))
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
	index := array.NewData(codes.DataType(), s.Len(), []*memory.Buffer{valid, codes.Data().Buffers()[1]}, nil, nullCount(valid), 0)
	defer index.Release()
	if valid != nil {
		valid.Release()
	}
	indices := array.MakeFromData(index)
	defer indices.Release()
	typ := &arrow.DictionaryType{IndexType: codes.DataType(), ValueType: values.DataType(), Ordered: s.Ordered}
	return array.NewDictionaryArray(typ, indices, values), nil
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
	data := array.NewData(typ, s.Len(), []*memory.Buffer{valid}, []arrow.ArrayData{left.Data(), right.Data()}, nullCount(valid), 0)
	defer data.Release()
	if valid != nil {
		valid.Release()
	}
	return array.MakeFromData(data), nil
}

// elements converts what does not lie in memory as Arrow wants it, one element at a time:
// text, and numbers of a sparse column.
func (c *converter) elements(s *frame.Series) (arrow.Array, error) {
	unsupported := fmt.Errorf("arrowframe: a column of kind %v and dtype %s has no Arrow type", s.Kind, s.DType)
	var b array.Builder = array.NewStringBuilder(c.mem)
	if s.Kind == frame.Sparse {
		b.Release()
		switch s.Values.DType().Kind() {
		case ndarray.KindInt:
			b = array.NewInt64Builder(c.mem)
		case ndarray.KindFloat:
			b = array.NewFloat64Builder(c.mem)
		default:
			return nil, unsupported
		}
	}
	defer b.Release()
	var ints []int64
	var floats []float64
	var err error
	switch b.(type) {
	case *array.Int64Builder:
		ints, err = frame.Values[int64](s)
	case *array.Float64Builder:
		floats, err = frame.Values[float64](s)
	}
	if err != nil {
		return nil, err
	}
	for i := range s.Len() {
		switch b := b.(type) {
		case *array.Int64Builder:
			b.Append(ints[i])
		case *array.Float64Builder:
			b.Append(floats[i])
		case *array.StringBuilder:
			if s.IsNull(i) {
				b.AppendNull()
				continue
			}
			text, ok := s.At(i).(string)
			if !ok {
				return nil, unsupported
			}
			b.Append(text)
		}
	}
	return b.NewArray(), nil
}
