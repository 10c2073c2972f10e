package unmarshal

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"time"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// errInexact and pyvalue.ErrOverflow are the causes of numeric mismatches.
var errInexact = errors.New("would lose digits")

func assignBool(a *assigner, src any, dst reflect.Value) error {
	switch v := scalarOf(src).(type) {
	case nil:
	case bool:
		dst.SetBool(v)
	default:
		return a.mismatch(src, dst.Type(), nil)
	}
	return nil
}

// assignNumber returns an assignFunc that sets dst to what convert returns for a scalar. None
// leaves dst unchanged.
func assignNumber[T any](convert func(v any, dst reflect.Value) (T, error),
	set func(dst reflect.Value, n T)) assignFunc {
	return func(a *assigner, src any, dst reflect.Value) error {
		v := scalarOf(src)
		if v == nil {
			return nil
		}
		n, err := convert(v, dst)
		if err != nil {
			return a.mismatch(src, dst.Type(), reason(err))
		}
		set(dst, n)
		return nil
	}
}

var (
	assignInt     = assignNumber(toIntOf, reflect.Value.SetInt)
	assignUint    = assignNumber(toUintOf, reflect.Value.SetUint)
	assignComplex = assignNumber(toComplexOf, reflect.Value.SetComplex)
	assignReal    = assignNumber(func(v any, dst reflect.Value) (float64, error) {
		return toFloat64(v, dst.Kind() == reflect.Float32)
	}, reflect.Value.SetFloat)
)

// assignFloat is assignReal, except that a missing value becomes NaN.
func assignFloat(a *assigner, src any, dst reflect.Value) error {
	if src == any(pyvalue.Missing{}) {
		dst.SetFloat(math.NaN())
		return nil
	}
	return assignReal(a, src, dst)
}

func toIntOf(v any, dst reflect.Value) (int64, error) {
	i, err := toInt64(v)
	if err == nil && dst.OverflowInt(i) {
		err = outOfRange(v)
	}
	return i, err
}

func toUintOf(v any, dst reflect.Value) (uint64, error) {
	u, err := toUint64(v)
	if err == nil && dst.OverflowUint(u) {
		err = outOfRange(v)
	}
	return u, err
}

func toComplexOf(v any, dst reflect.Value) (complex128, error) {
	var c complex128
	var err error
	switch v := v.(type) {
	case complex128:
		c = v
	case complex64:
		c = complex128(v)
	default:
		var f float64
		f, err = toFloat64(v, dst.Kind() == reflect.Complex64)
		c = complex(f, 0)
	}
	if err == nil && dst.OverflowComplex(c) {
		err = outOfRange(v)
	}
	return c, err
}

// errKind is returned for a value that is not a number of the required kind. It is not a cause of a
// mismatch, because the types in the message say enough.
var errKind = errors.New("not a number of this kind")

// reason returns err if it explains a mismatch, or nil if it is errKind.
func reason(err error) error {
	if err == errKind {
		return nil
	}
	return err
}

func outOfRange(v any) error { return fmt.Errorf("%s: %w", shortNumber(v), pyvalue.ErrOverflow) }
func inexact(v any) error    { return fmt.Errorf("%s: %w", shortNumber(v), errInexact) }

// shortNumber formats a number for an error message. A very large int is described by its size,
// because its digits would take longer to compute than the int took to read.
func shortNumber(v any) string {
	if b, ok := v.(*big.Int); ok && b.BitLen() > 256 {
		return fmt.Sprintf("an int of %d bits", b.BitLen())
	}
	return fmt.Sprint(v)
}

// toInt64 converts a number without loss.
func toInt64(v any) (int64, error) {
	switch v := v.(type) {
	case int:
		return int64(v), nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case int64:
		return v, nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint64:
		if v > math.MaxInt64 {
			return 0, outOfRange(v)
		}
		return int64(v), nil
	case *big.Int:
		if !v.IsInt64() {
			return 0, outOfRange(v)
		}
		return v.Int64(), nil
	case float32:
		return floatToInt64(float64(v))
	case float64:
		return floatToInt64(v)
	}
	return 0, errKind
}

// floatToInt64 converts a float without a fraction.
func floatToInt64(f float64) (int64, error) {
	if f != math.Trunc(f) {
		return 0, inexact(f)
	}
	if f < -1<<63 || f >= 1<<63 {
		return 0, outOfRange(f)
	}
	return int64(f), nil
}

// toUint64 converts a number without loss.
func toUint64(v any) (uint64, error) {
	switch v := v.(type) {
	case uint64:
		return v, nil
	case *big.Int:
		if !v.IsUint64() {
			return 0, outOfRange(v)
		}
		return v.Uint64(), nil
	case float64:
		if v >= 1<<63 && v < 1<<64 {
			return uint64(v), nil
		}
	}
	i, err := toInt64(v)
	if err == nil && i < 0 {
		err = outOfRange(v)
	}
	return uint64(i), err
}

// toFloat64 converts a number. single says whether the target is a float32. A float may be rounded
// to the nearest float32, but an int must be exact.
func toFloat64(v any, single bool) (float64, error) {
	switch v := v.(type) {
	case float64:
		if single && !math.IsInf(v, 0) && math.IsInf(float64(float32(v)), 0) {
			return 0, outOfRange(v)
		}
		return v, nil
	case float32:
		return float64(v), nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		if back, acc := new(big.Float).SetFloat64(finite(f)).Int(nil); acc != big.Exact ||
			back.Cmp(v) != 0 || (single && float64(float32(f)) != f) {
			return 0, inexact(v)
		}
		return f, nil
	case uint64:
		f := float64(v)
		if f == 1<<64 || uint64(f) != v || (single && float64(float32(f)) != f) {
			return 0, inexact(v)
		}
		return f, nil
	case interface{ Float64() float64 }:
		return v.Float64(), nil
	}
	i, err := toInt64(v)
	if err != nil {
		return 0, err
	}
	f := float64(i)
	if f == 1<<63 || int64(f) != i || (single && float64(float32(f)) != f) {
		return 0, inexact(v)
	}
	return f, nil
}

// finite replaces an infinity, which big.Float cannot convert to an int, by 0.
func finite(f float64) float64 {
	if math.IsInf(f, 0) {
		return 0
	}
	return f
}

func assignString(a *assigner, src any, dst reflect.Value) error {
	if s, ok := pyvalue.TextOf(pyvalue.Bare(src)); ok {
		dst.SetString(s)
		return nil
	}
	switch v := scalarOf(src).(type) {
	case nil:
	case string:
		dst.SetString(v)
	case pickle.Py2String:
		dst.SetString(string(v))
	case []byte:
		dst.SetString(string(v))
	default:
		return a.mismatch(src, dst.Type(), nil)
	}
	return nil
}

func assignBigInt(a *assigner, src any, dst reflect.Value) error {
	target := dst.Addr().Interface().(*big.Int)
	switch v := scalarOf(src).(type) {
	case nil:
	case *big.Int:
		target.Set(v)
	case uint64:
		target.SetUint64(v)
	default:
		i, err := toInt64(v)
		if err != nil {
			return a.mismatch(src, dst.Type(), reason(err))
		}
		target.SetInt64(i)
	}
	return nil
}

func assignBigRat(a *assigner, src any, dst reflect.Value) error {
	target := dst.Addr().Interface().(*big.Rat)
	switch v := pyvalue.PlainLeaf(scalarOf(src)).(type) {
	case nil:
	case *big.Rat:
		target.Set(v)
	case *big.Int:
		target.SetInt(v)
	case float64:
		if target.SetFloat64(v) == nil {
			return a.mismatch(src, dst.Type(), outOfRange(v))
		}
	default:
		i, err := toInt64(v)
		if err != nil {
			return a.mismatch(src, dst.Type(), reason(err))
		}
		target.SetInt64(i)
	}
	return nil
}

// assignTime accepts datetime, date, datetime64 (not NaT), and text in RFC 3339.
func assignTime(a *assigner, src any, dst reflect.Value) error {
	v := pyvalue.Bare(src)
	if v == nil {
		return nil
	}
	t, ok, err := pyvalue.TimeOf(v)
	if s, isText := v.(string); isText {
		ok = true
		t, err = time.Parse(time.RFC3339, s)
	}
	if !ok || err != nil {
		return a.mismatch(src, dst.Type(), err)
	}
	dst.Set(reflect.ValueOf(t))
	return nil
}

// assignDuration accepts timedelta, timedelta64 (not NaT), and ints as nanoseconds.
func assignDuration(a *assigner, src any, dst reflect.Value) error {
	d, ok, err := pyvalue.DurationOf(pyvalue.Bare(src))
	if !ok {
		return assignInt(a, src, dst)
	}
	if err != nil {
		return a.mismatch(src, dst.Type(), err)
	}
	dst.SetInt(int64(d))
	return nil
}

// assignUnmarshaler calls the method UnmarshalPickle. As in encoding/json, the method gets None
// too.
func assignUnmarshaler(a *assigner, src any, dst reflect.Value) error {
	if err := dst.Addr().Interface().(pyvalue.Unmarshaler).UnmarshalPickle(src); err != nil {
		return a.mismatch(src, dst.Type(), err)
	}
	return nil
}

var regexpType = reflect.TypeFor[regexp.Regexp]()

// textPlan returns the plan of an encoding.TextUnmarshaler. The method gets every value that has a
// text in Python (a str, a Decimal, a UUID and so on); other values are decoded by byKind.
func textPlan(byKind assignFunc) assignFunc {
	return func(a *assigner, src any, dst reflect.Value) error {
		v := pyvalue.Bare(src)
		if v == nil {
			return nil
		}
		if p, ok := reconstruct.ReadPattern(v); ok && dst.Type() == regexpType {
			re, err := p.Regexp()
			if err != nil {
				return a.mismatch(src, dst.Type(), err)
			}
			dst.Set(reflect.ValueOf(re).Elem())
			return nil
		}
		text, ok := v.(string)
		if !ok {
			text, ok = pyvalue.TextOf(v)
		}
		if !ok {
			return byKind(a, src, dst)
		}
		if err := dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(
			text)); err != nil {
			return a.mismatch(src, dst.Type(), err)
		}
		return nil
	}
}

// assignExact assigns objects to a variable whose type is itself the type of an object.
func assignExact(a *assigner, src any, dst reflect.Value) error {
	if isNone(src) {
		return nil
	}
	if isTableType(dst.Type()) {
		p := reflect.New(reflect.PointerTo(dst.Type())).Elem()
		if err := planOf(p.Type()).assign(a, src, p); err != nil || p.IsNil() {
			return err
		}
		dst.Set(p.Elem())
		return nil
	}
	if class, ok := src.(reconstruct.Class); ok && dst.Type() == globalType {
		src = class.Global()
	}
	if reflect.TypeOf(src) != dst.Type() {
		src = pyvalue.Bare(src)
	}
	if reflect.TypeOf(src) != dst.Type() {
		return a.mismatch(src, dst.Type(), nil)
	}
	dst.Set(reflect.ValueOf(src))
	return nil
}

// assignAny stores a plain value, or with WithObjects the object, in an any. As in encoding/json,
// if the any holds a non-nil pointer, the value is stored in the variable that it points to.
func assignAny(a *assigner, src any, dst reflect.Value) error {
	if e := dst.Elem(); src != nil && e.Kind() == reflect.Pointer && !e.IsNil() &&
		!pyvalue.IsObjectType(e.Type().Elem()) {
		return planOf(e.Type().Elem()).assign(a, src, e.Elem())
	}
	v, err := a.plain.Convert(src, a.depth)
	if err != nil {
		return err
	}
	if v == nil {
		dst.SetZero()
	} else {
		dst.Set(reflect.ValueOf(v))
	}
	return nil
}

// assignInterface fills an interface with methods. If it holds a pointer, the value is stored in
// the variable pointed to; otherwise the object or plain value must have the methods.
func assignInterface(a *assigner, src any, dst reflect.Value) error {
	if isNone(src) {
		dst.SetZero()
		return nil
	}
	if e := dst.Elem(); e.Kind() == reflect.Pointer && !e.IsNil() {
		return planOf(e.Type().Elem()).assign(a, src, e.Elem())
	}
	if reflect.TypeOf(src).Implements(dst.Type()) {
		dst.Set(reflect.ValueOf(src))
		return nil
	}
	v, err := a.plain.Convert(src, a.depth)
	if err != nil {
		return err
	}
	if v == nil || !reflect.TypeOf(v).Implements(dst.Type()) {
		return a.mismatch(src, dst.Type(), nil)
	}
	dst.Set(reflect.ValueOf(v))
	return nil
}
