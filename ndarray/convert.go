package ndarray

import (
	"fmt"
	"math"
	"math/big"
)

// coerce converts a Python or Go value to the type that At returns for the dtype. It returns v
// itself if the dtype could not hold it.
func coerce(dt *DType, v any) any {
	switch dt.kind {
	case KindBytes, KindVoid:
		if s, ok := v.(string); ok {
			return []byte(s)
		}
		return v
	case KindStr, KindObject, KindString:
		return v
	}
	var buf [32]byte
	b := buf[:dt.itemsize]
	if encode(dt, b, v) != nil {
		return v
	}
	return element(dt, b, false)
}

// encode writes v as one element to b. Integers must fit. Floats are rounded to the dtype's
// precision, as NumPy's assignment does.
func encode(dt *DType, b []byte, v any) error {
	ok := false
	switch dt.kind {
	case KindBool:
		ok = encodeBool(b, v)
	case KindInt, KindUint:
		ok = encodeInt(dt, b, v)
	case KindFloat:
		ok = encodeFloat(dt, b, v)
	case KindComplex:
		ok = encodeComplex(dt, b, v)
	case KindDatetime, KindTimedelta:
		ok = encodeTime(dt, b, v)
	case KindBytes:
		ok = encodeBytes(b, v)
	case KindStr:
		s, isString := v.(string)
		ok = isString && encodeUCS4(b, s, dt.order)
	case KindVoid:
		if dt.more == nil || dt.more.small == 0 {
			return encodeVoid(dt, b, v)
		}
		ok = encodeSmall(dt.more.small, b, v)
	}
	if !ok {
		return errorf(ErrValue, "%s does not fit into dtype %s", valueText(v), dt.brief())
	}
	return nil
}

func encodeBool(b []byte, v any) bool {
	x, ok := v.(bool)
	if !ok {
		n, isInt := toInt(v)
		if !isInt || n.Cmp(bigOne) > 0 || n.Sign() < 0 {
			return false
		}
		x = n.Sign() != 0
	}
	if b[0] = 0; x {
		b[0] = 1
	}
	return true
}

var bigOne = big.NewInt(1)

func encodeInt(dt *DType, b []byte, v any) bool {
	x, ok := toInt(v)
	if !ok {
		return false
	}
	bits := 8 * dt.itemsize
	if dt.kind == KindUint {
		if x.Sign() < 0 || x.BitLen() > bits {
			return false
		}
	} else if n := x.BitLen(); n > bits || n == bits && !isMinInt(x, bits) {
		return false
	}
	u := x.Uint64()
	if x.IsInt64() {
		u = uint64(x.Int64())
	}
	putUint(b, u, dt.order)
	return true
}

// isMinInt reports whether x is the least signed integer of that many bits.
func isMinInt(x *big.Int, bits int) bool {
	return x.Sign() < 0 && x.TrailingZeroBits() == uint(bits-1)
}

// putUint writes the low bytes of u, as many as b has.
func putUint(b []byte, u uint64, order ByteOrder) {
	o := order.binary()
	switch len(b) {
	case 1:
		b[0] = byte(u)
	case 2:
		o.PutUint16(b, uint16(u))
	case 4:
		o.PutUint32(b, uint32(u))
	case 8:
		o.PutUint64(b, u)
	}
}

func encodeFloat(dt *DType, b []byte, v any) bool {
	if l, ok := v.(LongDouble); ok && dt.isLongDouble() {
		if l.format != dt.ldFormat {
			return false
		}
		l.encode(b, dt.order)
		return true
	}
	x, ok := toFloat(v)
	if !ok {
		return false
	}
	putFloat(dt, b, dt.itemsize, x)
	return true
}

// putFloat writes x as a float of size bytes.
func putFloat(dt *DType, b []byte, size int, x float64) {
	switch size {
	case 2:
		dt.order.binary().PutUint16(b, uint16(NewFloat16(x)))
	case 4:
		dt.order.binary().PutUint32(b, math.Float32bits(float32(x)))
	case 8:
		dt.order.binary().PutUint64(b, math.Float64bits(x))
	default:
		NewLongDouble(x, dt.ldFormat).encode(b[:size], dt.order)
	}
}

func encodeComplex(dt *DType, b []byte, v any) bool {
	half := dt.itemsize / 2
	switch z := v.(type) {
	case CLongDouble:
		if half < 12 || z.Real.format != dt.ldFormat || z.Imag.format != dt.ldFormat {
			return false
		}
		z.Real.encode(b[:half], dt.order)
		z.Imag.encode(b[half:], dt.order)
		return true
	case complex64:
		v = complex128(z)
	}
	z, ok := v.(complex128)
	if !ok {
		x, isFloat := toFloat(v)
		if !isFloat {
			return false
		}
		z = complex(x, 0)
	}
	putFloat(dt, b[:half], half, real(z))
	putFloat(dt, b[half:], half, imag(z))
	return true
}

func encodeTime(dt *DType, b []byte, v any) bool {
	var value int64
	switch x := v.(type) {
	case Datetime64:
		if dt.kind != KindDatetime || x.Unit != dt.more.unit && !x.IsNaT() {
			return false
		}
		value = x.Value
	case Timedelta64:
		if dt.kind != KindTimedelta || x.Unit != dt.more.unit && !x.IsNaT() {
			return false
		}
		value = x.Value
	case nil:
		value = NaT
	default:
		n, ok := toInt(v)
		if !ok || !n.IsInt64() {
			return false
		}
		value = n.Int64()
	}
	putUint(b, uint64(value), dt.order)
	return true
}

func encodeBytes(b []byte, v any) bool {
	s, ok := v.([]byte)
	if t, isString := v.(string); isString {
		s, ok = []byte(t), true
	}
	if !ok || len(s) > len(b) {
		return false
	}
	clear(b[copy(b, s):])
	return true
}

func encodeVoid(dt *DType, b []byte, v any) error {
	if base, shape := dt.Subarray(); base != nil {
		return encodeSubarray(base, shape, b, v)
	}
	if !dt.isStruct() {
		if s, ok := v.([]byte); ok && len(s) <= len(b) {
			clear(b[copy(b, s):])
			return nil
		}
		return errorf(ErrValue, "%s does not fit into dtype %s", valueText(v), dt.brief())
	}
	values, ok := v.([]any)
	if r, isRecord := v.(Record); isRecord {
		values, ok = r.Values, true
	}
	if !ok || len(values) != len(dt.more.fields) {
		return errorf(ErrValue, "%s is no record of dtype %s", valueText(v), dt.brief())
	}
	for i, f := range dt.more.fields {
		if err := encode(f.DType, b[f.Offset:f.Offset+f.DType.itemsize], values[i]); err != nil {
			return errorf(err.(*Error).Kind, "field %q: %s", f.Name, err.(*Error).Text)
		}
	}
	return nil
}

func encodeSubarray(base *DType, shape []int, b []byte, v any) error {
	a, ok := v.(*Array)
	if !ok {
		list, isList := v.([]any)
		if !isList || len(shape) == 0 || len(list) != shape[0] {
			return errorf(ErrValue, "%s is no array of shape %s", valueText(v), shapeText(shape))
		}
		step := len(b) / max(len(list), 1)
		for i, e := range list {
			part, err := b[i*step:(i+1)*step], error(nil)
			if len(shape) > 1 {
				err = encodeSubarray(base, shape[1:], part, e)
			} else {
				err = encode(base, part, e)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	if !sameShape(a.Shape(), shape) || !a.DType().Equal(base) {
		return errorf(ErrShape,
			"an array of shape %s, dtype %s in a subarray of shape %s, dtype %s",
			shapeText(a.Shape()), a.DType().brief(), shapeText(shape), base.brief())
	}
	_, err := a.AppendBytes(b[:0:len(b)], OrderC)
	return err
}

// toInt returns v as an integer. It accepts any Go integer, bool, *big.Int, or float without a
// fraction.
func toInt(v any) (*big.Int, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return bigOne, true
		}
		return new(big.Int), true
	case int:
		return big.NewInt(int64(v)), true
	case int8:
		return big.NewInt(int64(v)), true
	case int16:
		return big.NewInt(int64(v)), true
	case int32:
		return big.NewInt(int64(v)), true
	case int64:
		return big.NewInt(v), true
	case uint:
		return new(big.Int).SetUint64(uint64(v)), true
	case uint8:
		return big.NewInt(int64(v)), true
	case uint16:
		return big.NewInt(int64(v)), true
	case uint32:
		return big.NewInt(int64(v)), true
	case uint64:
		return new(big.Int).SetUint64(v), true
	case *big.Int:
		return v, v != nil
	}
	x, ok := toFloat(v)
	if !ok || x != math.Trunc(x) || math.IsInf(x, 0) || math.Abs(x) > 1<<64 {
		return nil, false
	}
	n, _ := big.NewFloat(x).Int(nil)
	return n, true
}

// toFloat returns v, if it is a number, as the nearest float64.
func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case Float16:
		return v.Float64(), true
	case BFloat16:
		return v.Float64(), true
	case Float8:
		return v.Float64(), true
	case LongDouble:
		x, _ := v.Float64()
		return x, true
	case complex64, complex128, nil, string, []byte, *Array, Record, []any, CLongDouble, Datetime64,
		Timedelta64:
		return 0, false
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, *big.Int:
		n, ok := toInt(v)
		if !ok {
			return 0, false
		}
		x, _ := new(big.Float).SetInt(n).Float64()
		return x, true
	}
	return 0, false
}

// valueText describes a value in an error.
func valueText(v any) string {
	switch v := v.(type) {
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32,
		float64, complex64, complex128:
		return fmt.Sprint(v)
	case string:
		if len(v) > 40 {
			return fmt.Sprintf("a string of %d bytes", len(v))
		}
		return fmt.Sprintf("%q", v)
	case nil:
		return "None"
	case *Array:
		return fmt.Sprintf("an array of shape %v", v.Shape())
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	}
	return fmt.Sprintf("a %T", v)
}
