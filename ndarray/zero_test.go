package ndarray_test

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

// TestZeroValues calls every method of the zero values that takes no argument, or an empty list
// of them, or another zero value: each works or returns an error, none panics.
func TestZeroValues(t *testing.T) {
	for _, zero := range []func() any{
		func() any { return &ndarray.Array{} },
		func() any { return &ndarray.Masked{} },
		func() any { return &ndarray.Scalar{} },
		func() any { return &ndarray.DType{} },
		func() any { return ndarray.Record{} },
		func() any { return ndarray.LongDouble{} },
		func() any { return ndarray.CLongDouble{} },
		func() any { return ndarray.Datetime64{} },
		func() any { return ndarray.Timedelta64{} },
		func() any { return ndarray.Field{} },
	} {
		callAll(t, zero)
	}
}

// callAll calls the methods of a value, each of one made anew.
func callAll(t *testing.T, zero func() any) {
	t.Helper()
	typ := reflect.TypeOf(zero())
	for i := range typ.NumMethod() {
		name := typ.Method(i).Name
		m := reflect.ValueOf(zero()).Method(i)
		args := make([]reflect.Value, 0, m.Type().NumIn())
		for k := range m.Type().NumIn() {
			in := m.Type().In(k)
			switch {
			case m.Type().IsVariadic() && k == m.Type().NumIn()-1:
				continue
			case in == typ:
				args = append(args, reflect.ValueOf(zero()))
			default:
				args = append(args, reflect.Zero(in))
			}
		}
		func() {
			defer func() {
				if r := recover(); r != nil {
					if e, ok := r.(error); ok && name == "IsMasked" {
						t.Logf("%v.%s: %v, as its documentation says", typ, name, e)
						return
					}
					t.Errorf("%v.%s: panic: %v\n%s", typ, name, r, debug.Stack())
				}
			}()
			m.Call(args)
		}()
	}
	_ = fmt.Sprint(zero(), zero())
	_ = fmt.Sprintf("%v %+v %s", zero(), zero(), zero())
}
