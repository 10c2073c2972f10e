//go:build purego

package pickle

import (
	"hash/maphash"
	"reflect"
	"strings"
)

// This file is the twin of unsafe.go for the build tag purego. The pickles are the same byte for
// byte, with one exception: two interfaces with the zero value of a type whose only content is one
// pointer, such as struct{ *T }, are one Python object here, and two objects there.
//
// The functions without a comment are documented in unsafe.go.

// pointer is the unsafe.Pointer that reflection returns. For the value in an interface, other than
// a pointer or map, it is the reflect.Value, which == compares by the memory of the value. Both
// keep the memory.
type pointer = any

var addressSeed = maphash.MakeSeed()

// addressWord returns a hash if reflection does not give the address as a number. The hash decides
// about the identity of keys inside of tuples; two of them are equal with a probability of 2**-64.
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

// stringOf returns a copy of b in memory of its own, also for a single byte, for which string(b)
// would return shared memory. So no string shares memory with a slice of bytes.
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

// items returns a itself, which has the items of a slice as well as of an array.
func (a address) items() address { return a }

func (a address) itemsPointer() pointer { return valuePointer(a.v) }

func (a address) item(i int, _ uintptr) address { return address{a.v.Index(i)} }

func (a address) field(f *planField) address {
	v, _ := f.fieldIn(a.v)
	return address{v}
}
