//go:build purego

package unmarshal

import "reflect"

// This file is the twin of unsafe.go, which documents the functions, for the build tag purego.

type place struct{ v reflect.Value }

func placeOf(v reflect.Value) place { return place{v} }

func pointee(v reflect.Value) place { return place{v.Elem()} }

func (d place) value(reflect.Type) reflect.Value { return d.v }

func (d place) field(f *cellField) place { return place{d.v.FieldByIndex(f.index)} }

func (d place) setBool(b bool)                { d.v.SetBool(b) }
func (d place) setString(s string)            { d.v.SetString(s) }
func (d place) setInt(_ uintptr, i int64)     { d.v.SetInt(i) }
func (d place) setUint(_ uintptr, i uint64)   { d.v.SetUint(i) }
func (d place) setFloat(_ uintptr, f float64) { d.v.SetFloat(f) }

type elements struct{ v reflect.Value }

func elementsOf(v reflect.Value) elements { return elements{v} }

func (e elements) at(i int) place { return place{e.v.Index(i)} }

func as[T any](d place) (*T, bool) {
	p, ok := d.v.Addr().Interface().(*T)
	return p, ok
}

func items[T any](v reflect.Value) ([]T, bool) {
	if v.Kind() == reflect.Array {
		v = v.Slice(0, v.Len())
	}
	s, ok := v.Interface().([]T)
	return s, ok
}

func bytesOf(v reflect.Value) ([]byte, bool) { return nil, false }

func (d place) sliceCap() int { return d.v.Cap() }

func (d place) setOver([]byte, uintptr, int) bool { return false }

func stringOf(b []byte) string { return string(b) }

func castSlice(s any, t reflect.Type) reflect.Value {
	v := reflect.ValueOf(s)
	if v.Type() == t {
		return v
	}
	out := reflect.MakeSlice(t, v.Len(), v.Len())
	for i := range v.Len() {
		out.Index(i).Set(v.Index(i).Convert(t.Elem()))
	}
	return out
}

type number interface{ float64 | int64 | int }

func uncleared[T number](n int) []T { return make([]T, n) }
