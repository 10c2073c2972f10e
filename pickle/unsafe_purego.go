//go:build purego

package pickle

import (
	"hash/maphash"
	"reflect"
	"strings"
)

// This file is the twin of unsafe.go for the build tag purego. The same pickles come of it, byte
// for byte, but for one kind of values: two boxes with the zero value of a type whose only content
// is one pointer, such as struct{ *T }, are one object of Python here, and two there.
//
// Only strings that share memory are one string. A string that stringOf makes has memory of its
// own, so that a slice of bytes and a string never share any.

// pointer is the unsafe.Pointer that reflection gives, or, of a boxed value other than a pointer or
// map, its reflect.Value: == compares that by where the box is. Either keeps what it points to.
type pointer = any

var addressSeed = maphash.MakeSeed()

// addressWord is a hash where reflection gives no number; two boxes have the same with a
// probability of 2**-64, where a key that is compared by its identity is inside of a tuple.
func addressWord(p pointer) uintptr {
	if v := reflect.ValueOf(p); v.Kind() == reflect.UnsafePointer {
		return v.Pointer()
	}
	return uintptr(maphash.Comparable(addressSeed, p))
}

func stringPointer(s string) pointer { return valuePointer(reflect.ValueOf(s)) }

func slicePointer[T any](s []T) pointer { return valuePointer(reflect.ValueOf(s)) }

func itemPointer(item *any) pointer { return valuePointer(reflect.ValueOf(item)) }

func valuePointer(v reflect.Value) pointer {
	if p := v.UnsafePointer(); p != nil {
		return p
	}
	return nil
}

func boxPointer(v any) pointer {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer, reflect.Map:
		return valuePointer(r)
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		if r.IsNil() {
			return nil
		}
	case reflect.Invalid:
		return nil
	}
	return r
}

func typeOfBox(v any) uintptr {
	if v == nil {
		return 0
	}
	return typeAddress(reflect.TypeOf(v))
}

func typeAddress(t reflect.Type) uintptr { return reflect.ValueOf(t).Pointer() }

// stringOf returns a copy, of its own even for a single byte, of which string(b) has one for all.
func stringOf(b []byte) string {
	var s strings.Builder
	s.Write(b)
	return s.String()
}

// address is the value itself.
type address struct{ v reflect.Value }

func addressOf(v reflect.Value, _ any) address { return address{v} }

func (a address) known() bool { return a.v.IsValid() }

func (a address) value(reflect.Type) reflect.Value { return a.v }

func load[T any](a address) (x T) {
	to := reflect.ValueOf(&x).Elem()
	switch {
	case to.CanInt():
		to.SetInt(a.v.Int())
	case to.CanUint():
		to.SetUint(a.v.Uint())
	case to.CanFloat():
		to.SetFloat(a.v.Float())
	case to.Kind() == reflect.Bool:
		to.SetBool(a.v.Bool())
	case to.Kind() == reflect.String:
		to.SetString(a.v.String())
	default:
		to.Set(a.v)
	}
	return x
}

func (a address) isZero(uintptr) bool { return a.v.IsZero() }

func (a address) isNil() bool { return a.v.IsNil() }

func (a address) length() int { return a.v.Len() }

// items returns a itself: a slice as well as an array has its items.
func (a address) items() address { return a }

func (a address) itemsPointer() pointer { return valuePointer(a.v) }

func (a address) item(i int, _ uintptr) address { return address{a.v.Index(i)} }

func (a address) field(f *planField) address {
	v, _ := f.fieldIn(a.v)
	return address{v}
}
