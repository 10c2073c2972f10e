package zarr

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/ndarray"
)

// fillElement returns the fill value of the metadata as the bytes of an element, or nil if they are
// zero.
//
// Reference: Zarr storage specification, version 2, "Fill value encoding"; Zarr core
// specification, version 3, "Fill value"; zarr-python, core/dtype/npy.
func fillElement(dt *ndarray.DType, v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	if s, ok := v.(string); ok && isRaw(dt) {
		return rawElement(dt, s)
	}
	if fields := dt.Fields(); len(fields) > 0 {
		return fillRecord(dt, fields, v)
	}
	if base, shape := dt.Subarray(); base != nil {
		return nil, unsupported("a fill value of elements of shape %v", shape)
	}
	plain, as, err := fillPlain(dt, v)
	if err != nil {
		return nil, err
	}
	one, err := ndarray.Zeros(as)
	if err != nil {
		return nil, err
	}
	if err := one.SetAt(plain); err != nil {
		return nil, malformed("a fill value of %.40v for %s", v, dt)
	}
	return one.AppendBytes(nil, ndarray.OrderC)
}

// isRaw reports whether a fill value that is text is the bytes of an element in base64.
func isRaw(dt *ndarray.DType) bool {
	return dt.Kind() == ndarray.KindBytes || dt.Kind() == ndarray.KindVoid
}

func base64Bytes(s string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, malformed("a fill value of %.40q: %v", s, err)
	}
	return raw, nil
}

// rawElement decodes the bytes of an element in base64. Zero bytes at the end may be left out.
func rawElement(dt *ndarray.DType, s string) ([]byte, error) {
	raw, err := base64Bytes(s)
	if err != nil {
		return nil, err
	}
	if len(raw) > dt.ItemSize() {
		return nil, malformed("a fill value of %d bytes for %s", len(raw), dt)
	}
	out := make([]byte, dt.ItemSize())
	copy(out, raw)
	return out, nil
}

// fillRecord is fillElement for a structured dtype; the value has its fields by name or in order.
func fillRecord(dt *ndarray.DType, fields []ndarray.Field, v any) ([]byte, error) {
	out := make([]byte, dt.ItemSize())
	list, isList := v.([]any)
	named, isMap := v.(map[string]any)
	if n, ok := v.(json.Number); ok && n.String() == "0" {
		return nil, nil
	}
	if !isMap && (!isList || len(list) != len(fields)) {
		return nil, malformed("a fill value of %.40v for %s", v, dt)
	}
	for i, f := range fields {
		x := named[f.Name]
		if isList {
			x = list[i]
		}
		part, err := fillElement(f.DType, x)
		if err != nil {
			return nil, err
		}
		copy(out[f.Offset:], part)
	}
	return out, nil
}

// fillPlain returns a fill value, other than a record, in a form that SetAt takes, and the dtype of
// the same size in which it is set.
func fillPlain(dt *ndarray.DType, v any) (any, *ndarray.DType, error) {
	switch dt.Kind() {
	case ndarray.KindDatetime, ndarray.KindTimedelta:
		ints, err := ndarray.ParseDType("i8")
		if err != nil {
			return nil, nil, err
		}
		if s, ok := v.(string); ok && s == "NaT" {
			return int64(ndarray.NaT), ints.NewByteOrder(dt.ByteOrder()), nil
		}
		n, err := fillNumber(v)
		return n, ints.NewByteOrder(dt.ByteOrder()), err
	case ndarray.KindComplex:
		parts, ok := v.([]any)
		if !ok || len(parts) != 2 {
			n, err := fillFloat(v, dt.ItemSize()/2)
			return complex(n, 0), dt, err
		}
		re, err := fillFloat(parts[0], dt.ItemSize()/2)
		if err != nil {
			return nil, nil, err
		}
		im, err := fillFloat(parts[1], dt.ItemSize()/2)
		return complex(re, im), dt, err
	case ndarray.KindFloat:
		n, err := fillFloat(v, dt.ItemSize())
		return n, dt, err
	case ndarray.KindVoid:
		return fillVoid(dt, v)
	case ndarray.KindStr:
		if n, ok := v.(json.Number); ok && n.String() == "0" { // zarr takes 0 for ""
			v = ""
		}
		return v, dt, nil
	case ndarray.KindBytes:
		if n, ok := v.(json.Number); ok && n.String() == "0" {
			return []byte{}, dt, nil
		}
	}
	if b, ok := v.(bool); ok {
		return b, dt, nil
	}
	n, err := fillNumber(v)
	return n, dt, err
}

// fillVoid returns a fill value that is a list of bytes.
func fillVoid(dt *ndarray.DType, v any) (any, *ndarray.DType, error) {
	list, ok := v.([]any)
	if !ok || len(list) != dt.ItemSize() {
		return nil, nil, malformed("a fill value of %.40v for %s", v, dt)
	}
	out := make([]byte, len(list))
	for i, x := range list {
		n, err := fillNumber(x)
		b, isInt := n.(int64)
		if err != nil || !isInt || b < 0 || b > 255 {
			return nil, nil, malformed("a byte of %.40v", x)
		}
		out[i] = byte(b)
	}
	return out, dt, nil
}

// fillNumber returns a JSON number as int64, uint64 or float64.
func fillNumber(v any) (any, error) {
	n, ok := v.(json.Number)
	if !ok {
		return nil, malformed("a fill value of %.40v", v)
	}
	if i, err := n.Int64(); err == nil {
		return i, nil
	}
	if u, err := strconv.ParseUint(n.String(), 10, 64); err == nil {
		return u, nil
	}
	f, err := n.Float64()
	if err != nil {
		return nil, malformed("a fill value of %.40s", n)
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), nil
	}
	return f, nil
}

// fillFloat returns a float that is a JSON number, a name such as "NaN", or its bits in
// hexadecimal.
func fillFloat(v any, size int) (float64, error) {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err == nil {
			return f, nil
		}
	case string:
		switch v {
		case "NaN":
			return math.NaN(), nil
		case "Infinity":
			return math.Inf(1), nil
		case "-Infinity":
			return math.Inf(-1), nil
		}
		digits, ok := strings.CutPrefix(v, "0x")
		bits, err := strconv.ParseUint(digits, 16, 8*size)
		switch {
		case !ok || err != nil:
		case size == 2:
			return float64(ndarray.Float16(bits).Float32()), nil
		case size == 4:
			return float64(math.Float32frombits(uint32(bits))), nil
		case size == 8:
			return math.Float64frombits(bits), nil
		}
	}
	return 0, malformed("a fill value of %.40v", v)
}
