package arrowframe

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/cockroachdb/apd/v3"
	"github.com/google/uuid"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// typed returns the elements of a series as an array of type want, or of the type that FromFrame
// gives it if want is nil. It returns an error if the type cannot hold an element.
func (c *converter) typed(s *frame.Series, want arrow.DataType) (arrow.Array, error) {
	if x, ok := want.(arrow.ExtensionType); ok {
		stored, err := c.typed(s, x.StorageType())
		if err != nil {
			return nil, err
		}
		return array.NewExtensionArrayWithStorage(x, stored), nil
	}
	if d, ok := want.(*arrow.DictionaryType); ok && s.Kind == frame.Categorical {
		return c.dictionary(s, d)
	}
	own, err := c.column(s)
	if want == nil || err == nil && arrow.TypeEqual(own.DataType(), want) {
		return own, err
	}
	b := array.NewBuilder(c.mem, want)
	defer b.Release()
	for i := range s.Len() {
		v := s.At(i)
		if s.IsNull(i) && !isNumber(v) {
			v = nil
		}
		if err := appendItem(b, v); err != nil {
			return nil, err
		}
	}
	return b.NewArray(), nil
}

// isNumber reports whether an element that pandas considers missing is a float: NaN.
func isNumber(v any) bool { _, ok := floatOf(v); return ok }

// dictionary returns a categorical column with the types of indices and values that want has.
func (c *converter) dictionary(s *frame.Series, want *arrow.DictionaryType) (arrow.Array, error) {
	if s.Categories == nil || s.Categories.Values == nil {
		return nil, unsupported(s)
	}
	values, err := c.typed(s.Categories.Values, want.ValueType)
	if err != nil {
		return nil, err
	}
	codes, err := ndarray.Values[int64](s.Values)
	if err != nil {
		return nil, err
	}
	b := array.NewBuilder(c.mem, want.IndexType)
	defer b.Release()
	for i, code := range codes {
		var v any = code
		if s.IsNull(i) {
			v = nil
		}
		if err := appendItem(b, v); err != nil {
			return nil, err
		}
	}
	return array.NewDictionaryArray(want, b.NewArray(), values), nil
}

// appendItem appends a value to an array of any type. nil is null.
func appendItem(b array.Builder, v any) error {
	if s, ok := v.(*ndarray.Scalar); ok {
		v = s.Value()
	}
	if v == nil {
		b.AppendNull()
		return nil
	}
	ok := false
	switch b := b.(type) {
	case *array.BooleanBuilder:
		var x bool
		if x, ok = v.(bool); ok {
			b.Append(x)
		}
	case interface{ Append(string) }: // all types of text
		var x string
		if x, ok = v.(string); ok {
			b.Append(x)
		}
	case *array.FixedSizeBinaryBuilder:
		var x []byte
		if x, ok = bytesOfItem(v); ok && len(x) == b.Type().(*arrow.FixedSizeBinaryType).ByteWidth {
			b.Append(x)
		} else {
			ok = false
		}
	case interface{ Append([]byte) }:
		var x []byte
		if x, ok = bytesOfItem(v); ok {
			b.Append(x)
		}
	case array.ListLikeBuilder:
		return appendList(b, v)
	case *array.StructBuilder:
		return appendStruct(b, v)
	case *array.BinaryDictionaryBuilder:
		var x string
		if x, ok = v.(string); ok {
			return b.AppendString(x)
		}
	default:
		if ok = appendTicks(b, v); !ok {
			ok = appendNumber(b, v)
		}
	}
	if !ok {
		return fmt.Errorf("arrowframe: a %T in an Arrow %s", v, b.Type())
	}
	return nil
}

// bytesOfItem returns the bytes of an element that is bytes, a UUID or a geometry.
func bytesOfItem(v any) ([]byte, bool) {
	switch v := v.(type) {
	case []byte:
		return v, true
	case uuid.UUID:
		return v[:], true
	case geometry:
		return v.WKB(), true
	}
	return nil, false
}

// appendList appends a list, or the pairs of a map.
func appendList(b array.ListLikeBuilder, v any) error {
	items, ok := v.([]any)
	if !ok {
		return fmt.Errorf("arrowframe: a %T in an Arrow %s", v, b.Type())
	}
	if t, fixed := b.Type().(*arrow.FixedSizeListType); fixed && int(t.Len()) != len(items) {
		return fmt.Errorf("arrowframe: %d elements in an Arrow %s", len(items), t)
	}
	switch b := b.(type) {
	case *array.ListViewBuilder:
		b.AppendWithSize(true, len(items))
	case *array.LargeListViewBuilder:
		b.AppendWithSize(true, len(items))
	default:
		b.Append(true)
	}
	if m, isMap := b.(*array.MapBuilder); isMap {
		return appendPairs(m, items)
	}
	for _, item := range items {
		if err := appendItem(b.ValueBuilder(), item); err != nil {
			return err
		}
	}
	return nil
}

func appendPairs(b *array.MapBuilder, items []any) error {
	for _, item := range items {
		pair, ok := item.([2]any)
		if !ok {
			return fmt.Errorf("arrowframe: a %T in an Arrow map", item)
		}
		if err := appendItem(b.KeyBuilder(), pair[0]); err != nil {
			return err
		}
		if err := appendItem(b.ItemBuilder(), pair[1]); err != nil {
			return err
		}
	}
	return nil
}

func appendStruct(b *array.StructBuilder, v any) error {
	fields := b.Type().(*arrow.StructType).Fields()
	m, ok := v.(map[string]any)
	if !ok || len(m) != len(fields) {
		return fmt.Errorf("arrowframe: a %T of %d in an Arrow %s", v, len(m), b.Type())
	}
	b.Append(true)
	for i, f := range fields {
		item, ok := m[f.Name]
		if !ok {
			return fmt.Errorf("arrowframe: a struct without %q", f.Name)
		}
		if err := appendItem(b.FieldBuilder(i), item); err != nil {
			return err
		}
	}
	return nil
}

// appendNumber appends a number and reports whether the type holds it exactly.
func appendNumber(b array.Builder, v any) bool {
	if d, ok := v.(*apd.Decimal); ok {
		return appendDecimal(b, d)
	}
	switch b := b.(type) {
	case *array.Float16Builder:
		x, ok := v.(ndarray.Float16)
		if ok {
			b.Append(float16.FromBits(uint16(x)))
		}
		return ok
	case *array.Float32Builder:
		x, ok := floatOf(v)
		if ok = ok && (float64(float32(x)) == x || x != x); ok {
			b.Append(float32(x))
		}
		return ok
	case *array.Float64Builder:
		x, ok := floatOf(v)
		if ok {
			b.Append(x)
		}
		return ok
	}
	if x, ok := v.(bool); ok { // bool8 is stored as int8
		v = int64(0)
		if x {
			v = int64(1)
		}
	}
	return appendInt(b, reflect.ValueOf(v))
}

// appendInt appends an integer and reports whether the type holds it.
func appendInt(b array.Builder, v reflect.Value) bool {
	var n int64  // the value, if it fits
	var u uint64 // the value, if it is not negative
	negative, large := false, false
	switch {
	case v.CanInt():
		n = v.Int()
		u, negative = uint64(n), n < 0
	case v.CanUint():
		u = v.Uint()
		n, large = int64(u), u > math.MaxInt64
	default:
		return false
	}
	switch b := b.(type) {
	case *array.Int8Builder:
		return put(b.Append, int8(n), !large && int64(int8(n)) == n)
	case *array.Int16Builder:
		return put(b.Append, int16(n), !large && int64(int16(n)) == n)
	case *array.Int32Builder:
		return put(b.Append, int32(n), !large && int64(int32(n)) == n)
	case *array.Int64Builder:
		return put(b.Append, n, !large)
	case *array.Uint8Builder:
		return put(b.Append, uint8(u), !negative && u <= math.MaxUint8)
	case *array.Uint16Builder:
		return put(b.Append, uint16(u), !negative && u <= math.MaxUint16)
	case *array.Uint32Builder:
		return put(b.Append, uint32(u), !negative && u <= math.MaxUint32)
	case *array.Uint64Builder:
		return put(b.Append, u, !negative)
	}
	return false
}

// put appends x if fits is true, and returns fits.
func put[T any](appendTo func(T), x T, fits bool) bool {
	if fits {
		appendTo(x)
	}
	return fits
}

// appendDecimal appends a decimal with the scale of the type and reports whether that is exact.
func appendDecimal(b array.Builder, d *apd.Decimal) bool {
	t, ok := b.Type().(arrow.DecimalType)
	if !ok || d.Form != apd.Finite {
		return false
	}
	n := new(big.Int).Set(d.Coeff.MathBigInt())
	up := int64(d.Exponent) + int64(t.GetScale())
	const most = 100 // more digits than any type has
	if up > most || up < -most {
		return false
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(up, -up)), nil)
	if up >= 0 {
		n.Mul(n, power)
	} else if _, rest := n.QuoRem(n, power, new(big.Int)); rest.Sign() != 0 {
		return false
	}
	if len(n.Text(10)) > int(t.GetPrecision()) {
		return false
	}
	if d.Negative {
		n.Neg(n)
	}
	switch b := b.(type) {
	case *array.Decimal32Builder:
		b.Append(decimal.Decimal32(n.Int64()))
	case *array.Decimal64Builder:
		b.Append(decimal.Decimal64(n.Int64()))
	case *array.Decimal128Builder:
		b.Append(decimal128.FromBigInt(n))
	case *array.Decimal256Builder:
		b.Append(decimal256.FromBigInt(n))
	default:
		return false
	}
	return true
}

// appendTicks appends a time, day or duration and reports whether the type holds it exactly.
func appendTicks(b array.Builder, v any) bool {
	var unit arrow.TimeUnit
	switch t := b.Type().(type) {
	case *arrow.TimestampType:
		unit = t.Unit
	case *arrow.DurationType:
		unit = t.Unit
	case *arrow.Time32Type:
		unit = t.Unit
	case *arrow.Time64Type:
		unit = t.Unit
	case *arrow.Date64Type:
		unit = arrow.Millisecond
	case *arrow.Date32Type:
		d, ok := v.(ndarray.Datetime64)
		ok = ok && d.Unit.Base == "D" && d.Unit.Num == 1 && int64(int32(d.Value)) == d.Value
		return ok && put(b.(*array.Date32Builder).Append, arrow.Date32(d.Value), ok)
	default:
		return false
	}
	n, ok := ticks(v, unit)
	if !ok {
		return false
	}
	switch b := b.(type) {
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(n))
	case *array.DurationBuilder:
		b.Append(arrow.Duration(n))
	case *array.Time32Builder:
		return put(b.Append, arrow.Time32(n), int64(int32(n)) == n)
	case *array.Time64Builder:
		b.Append(arrow.Time64(n))
	case *array.Date64Builder:
		b.Append(arrow.Date64(n))
	}
	return true
}

// perSecond is the number of ticks of a unit in a second.
var perSecond = map[arrow.TimeUnit]int64{arrow.Second: 1, arrow.Millisecond: 1e3,
	arrow.Microsecond: 1e6, arrow.Nanosecond: 1e9}

// ticks returns a time or duration as a number of units. ok is false if that is not exact.
func ticks(v any, unit arrow.TimeUnit) (n int64, ok bool) {
	per := perSecond[unit]
	var value int64
	var from ndarray.DatetimeUnit
	switch v := v.(type) {
	case ndarray.Datetime64:
		value, from = v.Value, v.Unit
	case ndarray.Timedelta64:
		value, from = v.Value, v.Unit
	case time.Time:
		whole, part := v.Unix(), int64(v.Nanosecond())
		n := whole * per
		if n/per != whole || part%(1e9/per) != 0 {
			return 0, false
		}
		return n + part/(1e9/per), true
	default:
		return 0, false
	}
	if from.Num != 1 {
		return 0, false
	}
	if from.Base == "D" {
		n := value * 86400 * per
		return n, n/(86400*per) == value
	}
	base, ok := units[from.Base]
	if !ok {
		return 0, false
	}
	had := perSecond[base]
	if had > per {
		return value / (had / per), value%(had/per) == 0
	}
	n = value * (per / had)
	return n, n/(per/had) == value
}
