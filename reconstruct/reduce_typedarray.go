package reconstruct

import (
	"encoding/binary"
	"math"
	"reflect"
	"unicode/utf16"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/pickle"
)

var arrayClass = pyType("array", "array")

// reduceTypedArray writes an array.array: with bytes at protocol 3 and above, and with a list of
// items below.
//
// Reference: Modules/arraymodule.c, array_array___reduce_ex__.
func reduceTypedArray(v any, protocol int) (any, error) {
	t := v.(*TypedArray)
	kind, known := formatKinds[t.TypeCode]
	if !known && t.TypeCode != 'c' {
		return nil, pickle.Unsupported("an array with the typecode %q", t.TypeCode)
	}
	code := written.Interned(t.TypeCode)
	if protocol < 3 || t.TypeCode == 'c' {
		list, err := t.list()
		if err != nil {
			return nil, err
		}
		return call(arrayClass, code, list), nil
	}
	format := t.Format
	if format < 0 || format >= len(machineFormats) || machineFormats[format].kind != kind {
		format = t.naturalFormat(kind)
	}
	data, err := machineFormats[format].encode(t.Values)
	if err != nil {
		return nil, err
	}
	return call(pyType("array", "_array_reconstructor"), arrayClass, code, format,
		written.Bytes(data)), nil
}

// list returns the items as a list of Python objects.
func (t *TypedArray) list() (*types.List, error) {
	list := types.List{}
	switch v := t.Values.(type) {
	case string:
		for _, r := range v {
			list = append(list, string(r))
		}
		return &list, nil
	case []byte:
		if t.TypeCode == 'c' {
			for _, c := range v {
				list = append(list, pickle.Py2String([]byte{c}))
			}
			return &list, nil
		}
	}
	items := reflect.ValueOf(t.Values)
	if items.Kind() != reflect.Slice {
		return nil, pickle.Unsupported("an array of %T", t.Values)
	}
	for i := range items.Len() {
		list = append(list, items.Index(i).Interface())
	}
	return &list, nil
}

// naturalFormat returns the code of the little-endian format with the item size of the Go slice.
func (t *TypedArray) naturalFormat(kind byte) int {
	size := 4
	if items := reflect.TypeOf(t.Values); items != nil && items.Kind() == reflect.Slice {
		size = int(items.Elem().Size())
	}
	for i, f := range machineFormats {
		if f.size == size && f.kind == kind && !f.big {
			return i
		}
	}
	return 20 // UTF-32, little-endian
}

// encode returns the bytes of an array; decode is its inverse.
func (f machineFormat) encode(values any) ([]byte, error) {
	var order binary.AppendByteOrder = binary.LittleEndian
	if f.big {
		order = binary.BigEndian
	}
	if text, ok := values.(string); ok && f.kind == 'c' {
		return f.encodeText(text, order), nil
	}
	items := reflect.ValueOf(values)
	if items.Kind() != reflect.Slice || int(items.Type().Elem().Size()) != f.size {
		return nil, pickle.Unsupported("an array of %T in items of %d bytes", values, f.size)
	}
	out := make([]byte, 0, items.Len()*f.size)
	for i := range items.Len() {
		var bits uint64
		switch v := items.Index(i); {
		case v.CanInt():
			bits = uint64(v.Int())
		case v.CanUint():
			bits = v.Uint()
		case v.Kind() == reflect.Float32:
			bits = uint64(math.Float32bits(v.Interface().(float32)))
		case v.CanFloat():
			bits = math.Float64bits(v.Float())
		default:
			return nil, pickle.Unsupported("an array of %T", values)
		}
		switch f.size {
		case 1:
			out = append(out, byte(bits))
		case 2:
			out = order.AppendUint16(out, uint16(bits))
		case 4:
			out = order.AppendUint32(out, uint32(bits))
		default:
			out = order.AppendUint64(out, bits)
		}
	}
	return out, nil
}

// encodeText encodes text as UTF-16 or UTF-32.
func (f machineFormat) encodeText(text string, order binary.AppendByteOrder) []byte {
	var out []byte
	if f.size == 2 {
		for _, u := range utf16.Encode([]rune(text)) {
			out = order.AppendUint16(out, u)
		}
		return out
	}
	for _, r := range text {
		out = order.AppendUint32(out, uint32(r))
	}
	return out
}
