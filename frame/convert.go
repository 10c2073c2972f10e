package frame

import (
	"math"
	"reflect"
	"time"

	"github.com/unpkl/unpkl/ndarray"
)

// A setter stores an element, as Series.At returns it, in a Go value.
type setter func(dst reflect.Value, v any) error

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// setterOf returns the setter for a type, or nil if elements cannot have that type.
func setterOf(t reflect.Type) setter {
	switch {
	case t == timeType:
		return setTime
	case t == durationType:
		return setDuration
	}
	switch t.Kind() {
	case reflect.Bool:
		return setBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return setUint
	case reflect.Float32, reflect.Float64:
		return setFloat
	case reflect.Complex64, reflect.Complex128:
		return setComplex
	case reflect.String:
		return setString
	case reflect.Pointer:
		return setPointer(t)
	}
	return setAssignable
}

func mismatch(dst reflect.Value, v any) error {
	return errorf("%T into %v", v, dst.Type())
}

func lost(dst reflect.Value, v any) error {
	return errorf("%v does not fit %v", v, dst.Type())
}

// number returns a number of any Go type. kind says which of the other results has it.
func number(v any) (i int64, u uint64, f float64, kind reflect.Kind) {
	switch v := v.(type) {
	case ndarray.Float16:
		return 0, 0, float64(v.Float32()), reflect.Float64
	case ndarray.Datetime64, ndarray.Timedelta64:
		return 0, 0, 0, reflect.Invalid
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt() && r.Type() != durationType:
		return r.Int(), 0, 0, reflect.Int64
	case r.CanUint():
		return 0, r.Uint(), 0, reflect.Uint64
	case r.CanFloat():
		return 0, 0, r.Float(), reflect.Float64
	}
	return 0, 0, 0, reflect.Invalid
}

func setBool(dst reflect.Value, v any) error {
	b, ok := v.(bool)
	if !ok {
		return mismatch(dst, v)
	}
	dst.SetBool(b)
	return nil
}

func setInt(dst reflect.Value, v any) error {
	i, u, f, kind := number(v)
	switch kind {
	case reflect.Uint64:
		if u > math.MaxInt64 {
			return lost(dst, v)
		}
		i = int64(u)
	case reflect.Float64:
		// 2**63 is a float64, the largest int64 is not
		if f != math.Trunc(f) || f < -1<<63 || f >= 1<<63 {
			return lost(dst, v)
		}
		i = int64(f)
	case reflect.Invalid:
		return mismatch(dst, v)
	}
	if dst.OverflowInt(i) {
		return lost(dst, v)
	}
	dst.SetInt(i)
	return nil
}

func setUint(dst reflect.Value, v any) error {
	i, u, f, kind := number(v)
	switch kind {
	case reflect.Int64:
		if i < 0 {
			return lost(dst, v)
		}
		u = uint64(i)
	case reflect.Float64:
		if f != math.Trunc(f) || f < 0 || f >= 1<<64 {
			return lost(dst, v)
		}
		u = uint64(f)
	case reflect.Invalid:
		return mismatch(dst, v)
	}
	if dst.OverflowUint(u) {
		return lost(dst, v)
	}
	dst.SetUint(u)
	return nil
}

func setFloat(dst reflect.Value, v any) error {
	i, u, f, kind := number(v)
	switch kind {
	case reflect.Int64:
		f = float64(i)
		if f >= 1<<63 || int64(f) != i {
			return lost(dst, v)
		}
	case reflect.Uint64:
		f = float64(u)
		if f >= 1<<64 || uint64(f) != u {
			return lost(dst, v)
		}
	case reflect.Invalid:
		return mismatch(dst, v)
	}
	if dst.OverflowFloat(f) && !math.IsInf(f, 0) {
		return lost(dst, v)
	}
	dst.SetFloat(f)
	return nil
}

func setComplex(dst reflect.Value, v any) error {
	r := reflect.ValueOf(v)
	if !r.CanComplex() {
		return mismatch(dst, v)
	}
	dst.SetComplex(r.Complex())
	return nil
}

func setString(dst reflect.Value, v any) error {
	s, ok := v.(string)
	if !ok {
		return mismatch(dst, v)
	}
	dst.SetString(s)
	return nil
}

func setTime(dst reflect.Value, v any) error {
	switch v := v.(type) {
	case time.Time:
		dst.Set(reflect.ValueOf(v))
		return nil
	case ndarray.Datetime64:
		t, err := v.Time()
		if err != nil {
			return err
		}
		dst.Set(reflect.ValueOf(t))
		return nil
	}
	return mismatch(dst, v)
}

func setDuration(dst reflect.Value, v any) error {
	switch v := v.(type) {
	case time.Duration:
		dst.SetInt(int64(v))
		return nil
	case ndarray.Timedelta64:
		d, err := v.Duration()
		if err != nil {
			return err
		}
		dst.SetInt(int64(d))
		return nil
	}
	return mismatch(dst, v)
}

func setPointer(t reflect.Type) setter {
	set := setterOf(t.Elem())
	if t.Elem().Kind() == reflect.Pointer {
		return setAssignable
	}
	return func(dst reflect.Value, v any) error {
		p := reflect.New(t.Elem())
		if err := set(p.Elem(), v); err != nil {
			if reflect.TypeOf(v).AssignableTo(t) {
				return setAssignable(dst, v)
			}
			return err
		}
		dst.Set(p)
		return nil
	}
}

func setAssignable(dst reflect.Value, v any) error {
	r := reflect.ValueOf(v)
	if !r.Type().AssignableTo(dst.Type()) {
		return mismatch(dst, v)
	}
	dst.Set(r)
	return nil
}
