package frame_test

import (
	"reflect"
	"runtime/debug"
	"testing"

	"github.com/unpkl/unpkl/frame"
)

// TestZeroValues calls what does not take the position of an element that zero values do not
// have: it works or returns an error.
func TestZeroValues(t *testing.T) {
	zeros := []func() any{
		func() any { return &frame.Frame{} },
		func() any { return &frame.Index{} },
	}
	for k := frame.Numpy; k <= frame.Opaque; k++ {
		zeros = append(zeros, func() any { return &frame.Series{Kind: k} })
	}
	for _, zero := range zeros {
		typ := reflect.TypeOf(zero())
		for i := range typ.NumMethod() {
			m := reflect.ValueOf(zero()).Method(i)
			var args []reflect.Value
			positions := false
			for k := range m.Type().NumIn() {
				in := m.Type().In(k)
				positions = positions || in.Kind() == reflect.Int
				if !m.Type().IsVariadic() || k < m.Type().NumIn()-1 {
					args = append(args, reflect.Zero(in))
				}
			}
			if positions {
				continue
			}
			func() {
				defer func() {
					if r := recover(); r != nil {
						t.Errorf("%v.%s: panic: %v\n%s", typ, typ.Method(i).Name, r, debug.Stack())
					}
				}()
				m.Call(args)
			}()
		}
	}
	if rows, cols := (&frame.Frame{}).Shape(); rows != 0 || cols != 0 {
		t.Errorf("the zero Frame has the shape %d, %d", rows, cols)
	}
	if (&frame.Frame{}).Validate() == nil {
		t.Error("the zero Frame is valid, with neither an index nor labels")
	}
}
