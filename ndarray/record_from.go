package ndarray

import (
	"iter"
	"reflect"
	"unicode/utf8"
)

// FromRecords returns a structured array of one dimension with a copy of data. T must be a struct
// type. The dtype has a field for each exported field of T, named as in [Records], and is packed as
// numpy.dtype(list) packs fields. Go's numbers, Float16 and bool keep their type; int and uint
// become int64 and uint64, string becomes U of the width of the longest value, an array becomes a
// subarray, and a struct a structured field. For other types the error is of the kind ErrDType.
func FromRecords[T any](data []T) (*Array, error) {
	v := reflect.ValueOf(data)
	if v.Type().Elem().Kind() != reflect.Struct {
		return nil, errorf(ErrDType, "%s is not a slice of structs", v.Type())
	}
	each := func(yield func(reflect.Value) bool) {
		for i := range v.Len() {
			if !yield(v.Index(i)) {
				return
			}
		}
	}
	dt, err := dtypeOfType(v.Type().Elem(), each)
	if err != nil {
		return nil, err
	}
	a, err := Zeros(dt, len(data))
	if err != nil {
		return nil, err
	}
	for i := range len(data) {
		if err := encodeGo(dt, a.data[i*dt.itemsize:(i+1)*dt.itemsize], v.Index(i)); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// dtypeOfType returns the dtype for a Go type. values yields the values of that type in the data,
// for the width of strings.
func dtypeOfType(t reflect.Type, values iter.Seq[reflect.Value]) (*DType, error) {
	switch k := t.Kind(); {
	case t == reflect.TypeFor[Float16]():
		return float16DType, nil
	case k == reflect.Bool:
		return boolDType, nil
	case k >= reflect.Int && k <= reflect.Int64:
		return native(KindInt, max(int(t.Size()), 8*b2i(k == reflect.Int))), nil
	case k >= reflect.Uint && k <= reflect.Uint64:
		return native(KindUint, max(int(t.Size()), 8*b2i(k == reflect.Uint))), nil
	case k == reflect.Float32 || k == reflect.Float64:
		return native(KindFloat, int(t.Size())), nil
	case k == reflect.Complex64 || k == reflect.Complex128:
		return native(KindComplex, int(t.Size())), nil
	case k == reflect.String:
		n := 0
		for v := range values {
			n = max(n, utf8.RuneCountInString(v.String()))
		}
		return NewDType(DTypeSpec{Kind: KindStr, ItemSize: 4 * n})
	case k == reflect.Array:
		base, err := dtypeOfType(t.Elem(), func(yield func(reflect.Value) bool) {
			for v := range values {
				for i := range v.Len() {
					if !yield(v.Index(i)) {
						return
					}
				}
			}
		})
		if err != nil {
			return nil, err
		}
		return NewSubarray(base, t.Len())
	case k == reflect.Struct:
		return dtypeOfStruct(t, values)
	}
	return nil, errorf(ErrDType, "no dtype for the Go type %s", t)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func dtypeOfStruct(t reflect.Type, values iter.Seq[reflect.Value]) (*DType, error) {
	fields := []Field{}
	for _, g := range fieldsOf(t) {
		d, err := dtypeOfType(t.Field(g.index).Type, func(yield func(reflect.Value) bool) {
			for v := range values {
				if !yield(v.Field(g.index)) {
					return
				}
			}
		})
		if err != nil {
			return nil, err
		}
		fields = append(fields, Field{Name: g.name, DType: d})
	}
	return NewStruct(fields, false)
}

// encodeGo writes a Go value as an element of the dtype that dtypeOfType returned for its type.
func encodeGo(dt *DType, b []byte, v reflect.Value) error {
	if base, shape := dt.Subarray(); base != nil && v.Kind() == reflect.Array {
		inner := base
		if len(shape) > 1 {
			var err error
			if inner, err = NewSubarray(base, shape[1:]...); err != nil {
				return err
			}
		}
		for i := range v.Len() {
			if err := encodeGo(inner, b[i*inner.itemsize:(i+1)*inner.itemsize],
				v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	if v.Kind() == reflect.Struct {
		for i, g := range fieldsOf(v.Type()) {
			f := dt.more.fields[i]
			if err := encodeGo(f.DType, b[f.Offset:f.Offset+f.DType.itemsize],
				v.Field(g.index)); err != nil {
				return err
			}
		}
		return nil
	}
	return encode(dt, b, plainValue(v))
}

// plainValue returns v as a value of a builtin type.
func plainValue(v reflect.Value) any {
	switch k := v.Kind(); {
	case v.Type() == reflect.TypeFor[Float16]():
		return Float16(v.Uint())
	case k == reflect.Bool:
		return v.Bool()
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.CanFloat():
		return v.Float()
	case v.CanComplex():
		return v.Complex()
	}
	return v.String()
}
