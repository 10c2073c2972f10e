package frame

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/unpkl/unpkl/ndarray"
)

// Column returns the values of the first column of f with the given name, as [Values] does.
func Column[T any](f *Frame, name string) ([]T, error) {
	s := f.Column(name)
	if s == nil {
		return nil, errorf("no column %q", name)
	}
	v, err := Values[T](s)
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", name, err)
	}
	return v, nil
}

// Values returns the elements of s converted to T. T is a number, bool, string, []byte, time.Time,
// time.Duration, any, a type with one of these as its underlying type, or a pointer to one of them.
// A number that does not fit T exactly is an error, except that a float64 is rounded to float32. A
// missing value is NaN in a float, nil in a pointer or an any, and otherwise an error that names
// the element.
//
// The caller owns the slice, unless s has exactly such numbers, without a mask, in contiguous
// memory: then the slice shares the memory of the series.
func Values[T any](s *Series) ([]T, error) {
	if s.Kind == Opaque {
		return nil, errorf("an extension array of the class %s, which is not read", s.DType)
	}
	if out, ok, err := fastValues[T](s); ok {
		return out, err
	}
	out := make([]T, s.Len())
	set := setterOf(reflect.TypeFor[T]())
	if set == nil {
		return nil, errorf("a series cannot become []%v", reflect.TypeFor[T]())
	}
	v := reflect.ValueOf(out)
	at := s.reader(reflect.TypeFor[T]())
	for i := range out {
		if s.IsNull(i) {
			if !setNull(v.Index(i)) {
				return nil, errorf("element %d is missing, which %v cannot say: use a pointer", i,
					reflect.TypeFor[T]())
			}
			continue
		}
		if err := set(v.Index(i), at(i)); err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return out, nil
}

// fastValues converts whole arrays of numbers without missing values, and text. ok is false for
// other series.
func fastValues[T any](s *Series) (out []T, ok bool, err error) {
	if s.Kind == Text && s.Text.Validity == nil {
		out, ok = any(s.Text.all()).([]T)
		return out, ok, nil
	}
	if s.Kind != Numpy || s.Valid != nil {
		return nil, false, nil
	}
	switch s.Values.DType().Kind() {
	case 'i', 'u', 'f', 'b':
	case 'O':
		if _, isText := any(out).([]string); !isText {
			return nil, false, nil
		}
		text, ok := s.Values.Strings()
		out, _ = any(text).([]T)
		return out, ok, nil
	default:
		return nil, false, nil
	}
	switch any(*new(T)).(type) {
	case float64:
		return arrayValues[float64, T](s)
	case float32:
		return arrayValues[float32, T](s)
	case int64:
		return arrayValues[int64, T](s)
	case int32:
		return arrayValues[int32, T](s)
	case int16:
		return arrayValues[int16, T](s)
	case int8:
		return arrayValues[int8, T](s)
	case uint64:
		return arrayValues[uint64, T](s)
	case uint32:
		return arrayValues[uint32, T](s)
	case uint16:
		return arrayValues[uint16, T](s)
	case uint8:
		return arrayValues[uint8, T](s)
	case bool:
		return arrayValues[bool, T](s)
	}
	return nil, false, nil
}

func arrayValues[E ndarray.Element, T any](s *Series) ([]T, bool, error) {
	values, err := ndarray.Slice[E](s.Values)
	if err != nil {
		values, err = ndarray.Values[E](s.Values)
	}
	out, _ := any(values).([]T)
	return out, true, err
}

// Unmarshal sets the slice of structs (or of pointers to structs) that v points to, with one
// element for each row. A field gets the column of the name in its tag, `pickle:"name"`, or of its
// own name; the tag "-" leaves it out. Columns without a field are ignored, and a field without a
// column is an error. Values are converted as [Values] does, except that a missing value leaves a
// field unchanged if its type has neither nil nor NaN, as encoding/json does for null.
func (f *Frame) Unmarshal(v any) error {
	dst := reflect.ValueOf(v)
	if dst.Kind() != reflect.Pointer || dst.IsNil() || dst.Elem().Kind() != reflect.Slice {
		return errorf("a frame's rows need a pointer to a slice of structs, not %T", v)
	}
	slice := dst.Elem()
	elem := slice.Type().Elem()
	pointers := elem.Kind() == reflect.Pointer
	if pointers {
		elem = elem.Elem()
	}
	if elem.Kind() != reflect.Struct {
		return errorf("a frame's rows need a pointer to a slice of structs, not %T", v)
	}
	rows := reflect.MakeSlice(reflect.SliceOf(elem), f.Rows(), f.Rows())
	for _, field := range reflect.VisibleFields(elem) {
		name, ok := columnOf(field)
		if !ok {
			continue
		}
		if err := f.fillField(rows, field, name); err != nil {
			return err
		}
	}
	if !pointers {
		slice.Set(rows)
		return nil
	}
	out := reflect.MakeSlice(slice.Type(), rows.Len(), rows.Len())
	for i := range rows.Len() {
		out.Index(i).Set(rows.Index(i).Addr())
	}
	slice.Set(out)
	return nil
}

// Rows returns the rows of f as structs: see [Frame.Unmarshal].
func Rows[T any](f *Frame) ([]T, error) {
	var out []T
	err := f.Unmarshal(&out)
	return out, err
}

// columnOf returns the name of the column for a struct field. ok is false if the field gets none.
func columnOf(field reflect.StructField) (name string, ok bool) {
	if !field.IsExported() || field.Anonymous && field.Type.Kind() == reflect.Struct {
		return "", false
	}
	tag := field.Tag.Get("pickle")
	if tag == "-" {
		return "", false
	}
	for i := range len(tag) {
		if tag[i] == ',' {
			tag = tag[:i]
			break
		}
	}
	if tag == "" {
		tag = field.Name
	}
	return tag, true
}

func (f *Frame) fillField(rows reflect.Value, field reflect.StructField, name string) error {
	s := f.Column(name)
	if s == nil {
		return errorf("no column %q for the field %s", name, field.Name)
	}
	set := setterOf(field.Type)
	if set == nil {
		return errorf("a column cannot fill the field %s of type %v", field.Name, field.Type)
	}
	if done, err := fillNumbers(rows, field, s); done {
		if err != nil {
			return fmt.Errorf("column %q into %s: %w", name, field.Name, err)
		}
		return nil
	}
	if s.Kind == Opaque {
		return errorf("column %q is an extension array of the class %s, which is not read", name,
			s.DType)
	}
	at := s.reader(field.Type)
	for i := range rows.Len() {
		dst := rows.Index(i).FieldByIndex(field.Index)
		if s.IsNull(i) {
			setNull(dst)
			continue
		}
		if err := set(dst, at(i)); err != nil {
			return fmt.Errorf("column %q into %s: row %d: %w", name, field.Name, i, err)
		}
	}
	return nil
}

// fillNumbers is a fast path for a column of numbers: it converts whole slices instead of single
// elements.
func fillNumbers(rows reflect.Value, field reflect.StructField, s *Series) (bool, error) {
	if s.Kind != Numpy || s.Valid != nil {
		return false, nil
	}
	switch field.Type.Kind() {
	case reflect.Float64:
		values, ok, err := fastValues[float64](s)
		for i, v := range values {
			rows.Index(i).FieldByIndex(field.Index).SetFloat(v)
		}
		return ok, err
	case reflect.Int64, reflect.Int:
		if field.Type == reflect.TypeFor[time.Duration]() {
			return false, nil
		}
		values, ok, err := fastValues[int64](s)
		for i, v := range values {
			if field.Type.Kind() == reflect.Int && int64(int(v)) != v {
				return true, errorf("row %d: %d does not fit int", i, v)
			}
			rows.Index(i).FieldByIndex(field.Index).SetInt(v)
		}
		return ok, err
	}
	return false, nil
}

// setNull stores a missing value if the type has one, nil or NaN, and reports whether it does.
func setNull(dst reflect.Value) bool {
	switch dst.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		dst.SetZero()
		return true
	case reflect.Float32, reflect.Float64:
		dst.SetFloat(math.NaN())
		return true
	}
	return false
}
