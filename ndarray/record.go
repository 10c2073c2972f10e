package ndarray

import (
	"reflect"
	"strings"
	"sync"
	"time"
)

// A Record is one element of a structured array: NumPy's numpy.void with fields, or numpy.record.
type Record struct {
	// Names are the names of the fields in order. They belong to the dtype; the caller must not
	// change them.
	Names []string
	// Values has one value for each name, of the types that [Array.At] lists.
	Values []any
}

// Get returns the value of the field called name.
func (r Record) Get(name string) (any, bool) {
	for i, n := range r.Names {
		if n == name {
			return r.Values[i], true
		}
	}
	return nil, false
}

// Records returns the elements of a structured array as structs, in C order. An exported field of T
// gets the value of the field of the same name, or of the name in its tag, `pickle:"name"`; the tag
// "-" leaves it out. Other fields of T stay zero. These dtypes can be stored in these Go types:
//
//   - a number in any number type that holds all its values exactly; bool in bool
//   - U and S in string, S and V in []byte
//   - datetime64 in time.Time, timedelta64 in time.Duration
//   - a structured field in a struct; a subarray in *Array, an array of the same length, or a slice
//   - any dtype in any, as At returns the value
//
// The error is of the kind ErrDType if T has no field that the dtype has, or if the type of a field
// does not suit. It is of the kind ErrValue, and names the field and the element, for a value that
// does not fit.
//
// If T has the same memory layout as the dtype, with the same types at the same offsets, the
// elements are copied as one block.
func Records[T any](a *Array) ([]T, error) {
	if err := a.alive(); err != nil {
		return nil, err
	}
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct || !a.DType().isStruct() {
		return nil, errorf(ErrDType, "an array of dtype %s, shape %s does not become []%s",
			a.DType().brief(), shapeText(a.Shape()), t)
	}
	plan, err := planRecord(t, a.DType())
	if err != nil {
		return nil, err
	}
	out := make([]T, a.Size())
	if !a.DType().object && sameLayout(t, a.DType()) && fillStructs(out, a) {
		return out, nil
	}
	dst, i := reflect.ValueOf(out), 0
	for pos := range a.positions() {
		var err error
		if a.DType().object {
			err = plan.setValues(dst.Index(i), a.atPos(pos).(Record).Values)
		} else {
			err = plan.setBytes(dst.Index(i), a.data[pos:pos+a.DType().itemsize])
		}
		if err != nil {
			return nil, errorf(err.(*Error).Kind, "element %d: %s", i, err.(*Error).Text)
		}
		i++
	}
	return out, nil
}

// goField is a field of a struct type and its name in Python.
type goField struct {
	name  string
	index int
}

// goFields caches a []goField for each struct type, because parsing tags is slow.
var goFields sync.Map

func fieldsOf(t reflect.Type) []goField {
	if f, ok := goFields.Load(t); ok {
		return f.([]goField)
	}
	fields := []goField{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("pickle"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields = append(fields, goField{name, i})
	}
	got, _ := goFields.LoadOrStore(t, fields)
	return got.([]goField)
}

// recordPlan is the mapping from fields of a dtype to fields of a struct.
type recordPlan []struct {
	from  Field
	pos   int        // index of from among the dtype's fields
	to    int        // index of the struct's field
	inner recordPlan // for a structured field and a struct
}

func planRecord(t reflect.Type, dt *DType) (recordPlan, error) {
	var plan recordPlan
	for _, g := range fieldsOf(t) {
		i := dt.fieldIndex(g.name)
		if i < 0 {
			continue
		}
		step := recordPlan{{from: dt.more.fields[i], pos: i, to: g.index}}
		if ft := t.Field(g.index).Type; ft.Kind() == reflect.Struct &&
			step[0].from.DType.isStruct() {
			inner, err := planRecord(ft, step[0].from.DType)
			if err != nil {
				return nil, errorf(ErrDType, "field %q: %s", g.name, err.(*Error).Text)
			}
			step[0].inner = inner
		}
		plan = append(plan, step...)
	}
	if len(plan) == 0 {
		return nil, errorf(ErrDType, "%s has none of the fields of dtype %s", t, dt.brief())
	}
	return plan, nil
}

// setBytes fills a struct from the bytes of one element.
func (p recordPlan) setBytes(dst reflect.Value, b []byte) error {
	for i := range p {
		s := &p[i]
		part := b[s.from.Offset : s.from.Offset+s.from.DType.itemsize]
		var err error
		if s.inner != nil {
			err = s.inner.setBytes(dst.Field(s.to), part)
		} else {
			err = assign(dst.Field(s.to), element(s.from.DType, part, false))
		}
		if err != nil {
			return errorf(err.(*Error).Kind, "field %q: %s", s.from.Name, err.(*Error).Text)
		}
	}
	return nil
}

// setValues fills a struct from one element of a dtype with objects.
func (p recordPlan) setValues(dst reflect.Value, values []any) error {
	for i := range p {
		s := &p[i]
		var err error
		if r, ok := values[s.pos].(Record); ok && s.inner != nil {
			err = s.inner.setValues(dst.Field(s.to), r.Values)
		} else {
			err = assign(dst.Field(s.to), values[s.pos])
		}
		if err != nil {
			return errorf(err.(*Error).Kind, "field %q: %s", s.from.Name, err.(*Error).Text)
		}
	}
	return nil
}

// assign stores v, a value that At returns, in a Go variable.
func assign(dst reflect.Value, v any) error {
	if v == nil {
		dst.SetZero()
		return nil
	}
	if src := reflect.ValueOf(v); src.Type().AssignableTo(dst.Type()) {
		dst.Set(src)
		return nil
	}
	ok := false
	switch v := v.(type) {
	case Datetime64:
		if dst.Type() == reflect.TypeFor[time.Time]() {
			t, err := v.Time()
			if err == nil {
				dst.Set(reflect.ValueOf(t))
			}
			return err
		}
	case Timedelta64:
		if dst.Type() == reflect.TypeFor[time.Duration]() {
			d, err := v.Duration()
			if err == nil {
				dst.SetInt(int64(d))
			}
			return err
		}
	case *Array:
		return assignArray(dst, v)
	case []byte:
		if ok = dst.Kind() == reflect.String; ok {
			dst.SetString(string(v))
		}
	case string:
		if ok = dst.Kind() == reflect.String; ok {
			dst.SetString(v)
		}
	case Record:
		return errorf(ErrDType, "a record does not become %s", dst.Type())
	default:
		ok = assignNumber(dst, v)
	}
	if !ok {
		return errorf(ErrValue, "%s does not fit into %s", valueText(v), dst.Type())
	}
	return nil
}

// assignNumber stores a number if the variable holds it exactly.
func assignNumber(dst reflect.Value, v any) bool {
	switch dst.Kind() {
	case reflect.Bool:
		x, ok := v.(bool)
		dst.SetBool(ok && x)
		return ok
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := toInt(v)
		if ok = ok && n.IsInt64() && !dst.OverflowInt(n.Int64()); ok {
			dst.SetInt(n.Int64())
		}
		return ok
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, ok := toInt(v)
		if ok = ok && n.IsUint64() && !dst.OverflowUint(n.Uint64()); ok {
			dst.SetUint(n.Uint64())
		}
		return ok
	case reflect.Float32, reflect.Float64:
		x, ok := toFloat(v)
		if ok = ok && sameNumber(x, v) && (dst.Kind() == reflect.Float64 || x != x ||
			float64(float32(x)) == x); ok {
			dst.SetFloat(x)
		}
		return ok
	case reflect.Complex128:
		if z, ok := v.(complex64); ok {
			dst.SetComplex(complex128(z))
			return true
		}
	}
	return false
}

// assignArray fills an array or a slice with a subarray, axis by axis.
func assignArray(dst reflect.Value, a *Array) error {
	if a.NDim() == 0 {
		return assign(dst, a.At())
	}
	n := a.Shape()[0]
	switch {
	case dst.Kind() == reflect.Slice:
		dst.Set(reflect.MakeSlice(dst.Type(), n, n))
	case dst.Kind() != reflect.Array || dst.Len() != n:
		return errorf(ErrDType, "a subarray of shape %s does not become %s", shapeText(a.Shape()),
			dst.Type())
	}
	for i := range n {
		part, err := a.Index(i)
		if err == nil {
			err = assignArray(dst.Index(i), part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sameLayout reports whether a Go type has the same memory layout as elements of the dtype, so that
// they can be copied as bytes. It is false for bools, because bytes other than 0 and 1 are invalid
// in Go.
func sameLayout(t reflect.Type, dt *DType) bool {
	if int(t.Size()) != dt.itemsize || dt.order != NotApplicable && dt.order != NativeEndian {
		return false
	}
	base, shape := dt.Subarray()
	if base != nil {
		for _, n := range shape {
			if t.Kind() != reflect.Array || t.Len() != n {
				return false
			}
			t = t.Elem()
		}
		return sameLayout(t, base)
	}
	if dt.isStruct() && dt.kind == KindVoid {
		return t.Kind() == reflect.Struct && sameFields(t, dt)
	}
	switch t.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		return dt.kind == KindInt
	case reflect.Uint16:
		return dt.kind == KindUint && t != reflect.TypeFor[Float16]() ||
			dt.kind == KindFloat && t == reflect.TypeFor[Float16]()
	case reflect.Uint8, reflect.Uint32, reflect.Uint64, reflect.Uint:
		return dt.kind == KindUint
	case reflect.Float32, reflect.Float64:
		return dt.kind == KindFloat
	case reflect.Complex64, reflect.Complex128:
		return dt.kind == KindComplex
	}
	return false
}

func sameFields(t reflect.Type, dt *DType) bool {
	fields := fieldsOf(t)
	if len(fields) != t.NumField() || len(fields) != len(dt.more.fields) {
		return false
	}
	for _, g := range fields {
		i := dt.fieldIndex(g.name)
		if i < 0 || int(t.Field(g.index).Offset) != dt.more.fields[i].Offset ||
			!sameLayout(t.Field(g.index).Type, dt.more.fields[i].DType) {
			return false
		}
	}
	return true
}
