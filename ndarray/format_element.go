package ndarray

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A formatter formats one element as it appears in an array. The width is that of all elements that
// are shown.
type formatter func(v any) string

// formatterOf returns the formatter for elements of dtype dt, of which values are shown.
func formatterOf(dt *DType, values []any, zeroD bool, depth int) formatter {
	for _, v := range values {
		if !isElement(dt, v) {
			// A record with objects may have anything in any field.
			return func(v any) string { return pythonRepr(v, depth) }
		}
	}
	switch {
	case dt.isStruct() && dt.kind == KindVoid:
		return structFormatter(dt, values, depth)
	case dt.kind == KindBool:
		return func(v any) string { return boolText(v, zeroD) }
	case dt.kind == KindInt || dt.kind == KindUint:
		return intFormatter(values)
	case dt.kind == KindFloat:
		return newFloatFormat(values, false, dt).format
	case dt.kind == KindComplex:
		return complexFormatter(values, dt)
	case dt.kind == KindDatetime || dt.kind == KindTimedelta:
		return timeFormatter(values)
	}
	return func(v any) string {
		if s, ok := v.(fmt.Stringer); ok && dt.small() != 0 {
			return s.String()
		}
		return pythonRepr(v, depth)
	}
}

// isElement reports whether v has the type that At returns for the dtype.
func isElement(dt *DType, v any) bool {
	ok := true
	switch dt.kind {
	case KindBool:
		_, ok = v.(bool)
	case KindInt, KindUint, KindFloat, KindComplex:
		switch v.(type) {
		case int8, int16, int32, int64, uint8, uint16, uint32, uint64:
			ok = dt.kind == KindInt || dt.kind == KindUint
		case Float16, float32, float64, LongDouble:
			ok = dt.kind == KindFloat
		case complex64, complex128, CLongDouble:
			ok = dt.kind == KindComplex
		default:
			ok = false
		}
	case KindDatetime:
		_, ok = v.(Datetime64)
	case KindTimedelta:
		_, ok = v.(Timedelta64)
	case KindVoid:
		if dt.isStruct() {
			_, ok = v.(Record)
		}
	}
	return ok
}

func boolText(v any, zeroD bool) string {
	switch {
	case v != true:
		return "False"
	case zeroD:
		return "True"
	}
	return " True"
}

func intFormatter(values []any) formatter {
	width := 0
	for _, v := range values {
		width = max(width, len(fmt.Sprint(v)))
	}
	return func(v any) string { return pad(fmt.Sprint(v), width) }
}

// pad adds spaces on the left.
func pad(s string, width int) string {
	return strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0)) + s
}

// timeFormatter is for datetime64 and timedelta64. As in NumPy, the width is that of the least and
// the greatest element, not of all.
func timeFormatter(values []any) formatter {
	text := func(v any) string {
		switch v := v.(type) {
		case Datetime64:
			return "'" + v.String() + "'"
		case Timedelta64:
			if v.IsNaT() {
				return "'NaT'"
			}
			return strconv.FormatInt(v.Value, 10)
		}
		return ""
	}
	ticks := func(v any) int64 {
		if d, ok := v.(Datetime64); ok {
			return d.Value
		}
		return v.(Timedelta64).Value
	}
	var least, greatest any
	width := 0
	for _, v := range values {
		if ticks(v) == NaT {
			width = 5
			continue
		}
		if least == nil || ticks(v) < ticks(least) {
			least = v
		}
		if greatest == nil || ticks(v) > ticks(greatest) {
			greatest = v
		}
	}
	if least != nil {
		width = max(width, len(text(least)), len(text(greatest)))
	}
	return func(v any) string { return pad(text(v), width) }
}

func complexFormatter(values []any, dt *DType) formatter {
	parts := func(v any) (re, im any) {
		switch z := v.(type) {
		case complex64:
			return real(z), imag(z)
		case complex128:
			return real(z), imag(z)
		}
		z := v.(CLongDouble)
		return z.Real, z.Imag
	}
	re, im := make([]any, len(values)), make([]any, len(values))
	for i, v := range values {
		re[i], im[i] = parts(v)
	}
	half := &DType{kind: KindFloat, itemsize: dt.itemsize / 2}
	formatRe, formatIm := newFloatFormat(re, false, half), newFloatFormat(im, true, half)
	return func(v any) string {
		re, im := parts(v)
		s := formatIm.format(im)
		text := strings.TrimRight(s, " ")
		return formatRe.format(re) + text + "j" + s[len(text):]
	}
}

func structFormatter(dt *DType, values []any, depth int) formatter {
	fields := make([]formatter, len(dt.more.fields))
	for i, f := range dt.more.fields {
		base, shape := f.DType.Subarray()
		var column []any
		for _, v := range values {
			x := fieldValue(v, i)
			if sub, ok := x.(*Array); ok && base != nil {
				for e := range sub.Elements() {
					column = append(column, e)
				}
			} else {
				column = append(column, x)
			}
		}
		if base == nil {
			fields[i] = formatterOf(f.DType, column, false, depth)
		} else if element := formatterOf(base, column, false, depth); len(shape) > 0 {
			fields[i] = func(v any) string { return subarrayText(v, element) }
		} else {
			fields[i] = element
		}
	}
	return func(v any) string {
		parts := make([]string, len(fields))
		for i, f := range fields {
			parts[i] = f(fieldValue(v, i))
		}
		if len(parts) == 1 {
			return "(" + parts[0] + ",)"
		}
		return "(" + strings.Join(parts, ", ") + ")"
	}
}

func fieldValue(v any, i int) any {
	if r, ok := v.(Record); ok {
		return r.Values[i]
	}
	return nil
}

// subarrayText formats a subarray field on one line, however long it is.
func subarrayText(v any, format formatter) string {
	sub, ok := v.(*Array)
	if !ok {
		return pythonRepr(v, 1)
	}
	summary := sub.Size() > printThreshold
	var walk func(axis, pos int) string
	walk = func(axis, pos int) string {
		if axis == sub.NDim() {
			return format(sub.atPos(pos))
		}
		n := sub.Shape()[axis]
		k := shown(n, summary)
		parts := make([]string, 0, k+1)
		for i := range k {
			if k < n && i == printEdge {
				parts = append(parts, "...")
			}
			if k < n && i >= printEdge {
				i += n - k
			}
			parts = append(parts, walk(axis+1, pos+i*sub.Strides()[axis]))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return walk(0, sub.pos)
}

// scalarText formats an element as str(scalar) does, or the element of a 0-d array.
func scalarText(dt *DType, v any, depth int) string {
	switch v := v.(type) {
	case string:
		return v
	case float64, float32, Float16, LongDouble:
		return floatScalarText(v)
	case BFloat16:
		return v.String()
	case Float8:
		return v.String()
	case complex64:
		return complexScalarText(real(v), imag(v))
	case complex128:
		return complexScalarText(real(v), imag(v))
	case CLongDouble:
		return complexScalarText(v.Real, v.Imag)
	case Datetime64:
		return v.String()
	case Timedelta64:
		return v.String()
	case bool:
		return boolText(v, true)
	case Record:
		return structFormatter(dt, []any{v}, depth)(v)
	case []byte:
		if dt.kind == KindVoid {
			return voidText(v)
		}
		if dt.kind == KindBytes {
			return "np.bytes_(" + pythonRepr(v, depth) + ")"
		}
	case *Array:
		if depth <= 0 {
			return "..."
		}
		return v.text(depth - 1)
	}
	return pythonRepr(v, depth)
}

// voidText formats raw bytes as str(numpy.void) does.
func voidText(b []byte) string {
	s := make([]byte, 0, 3+4*len(b))
	s = append(s, "b'"...)
	for _, c := range b {
		s = append(s, '\\', 'x', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
	}
	return string(append(s, '\''))
}

// floatScalarText formats a float as str() of its numpy scalar: with the fewest digits that
// identify it. It has an exponent below 1e-4, and from 1e16 on (1e6 for float32, 1e3 for half).
func floatScalarText(v any) string {
	d, class := floatDecimal(v)
	switch class {
	case floatNaN:
		return "nan"
	case floatInf:
		if d.neg {
			return "-inf"
		}
		return "inf"
	case floatZero:
		if d.neg {
			return "-0.0"
		}
		return "0.0"
	}
	maxExp := 16
	switch v.(type) {
	case Float16:
		maxExp = 3
	case float32:
		maxExp = 6
	}
	s := d.text('g', maxExp)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// complexScalarText formats a complex number as str(complex): without a real part that is positive
// zero, and otherwise in parentheses.
func complexScalarText(re, im any) string {
	part := func(v any) string {
		s := floatScalarText(v)
		return strings.TrimSuffix(s, ".0")
	}
	imText := part(im)
	if d, class := floatDecimal(re); class == floatZero && !d.neg {
		return imText + "j"
	}
	if imText[0] != '-' {
		imText = "+" + imText
	}
	return "(" + part(re) + imText + "j)"
}

// pythonRepr formats an element of an object, S, U or V array as repr().
func pythonRepr(v any, depth int) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return boolText(v, true)
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return fmt.Sprint(v)
	case *big.Int:
		if v.BitLen() > 1<<16 {
			return fmt.Sprintf("<int of %d bits>", v.BitLen())
		}
		return v.String()
	case float64:
		if math.IsInf(v, 0) || v != v {
			return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+"))
		}
		return floatScalarText(v)
	case complex128:
		return complexScalarText(real(v), imag(v))
	case string:
		return string(appendQuoted(nil, v))
	case []byte:
		return string(appendBytesRepr(nil, v))
	case maskedMark:
		return "--"
	case Datetime64, Timedelta64:
		return scalarText(nil, v, depth)
	case *Array:
		if depth <= 0 {
			return "..."
		}
		return v.repr(depth - 1)
	case *Scalar:
		if v.DType().object {
			return "<" + v.DType().brief() + ">"
		}
		return scalarText(v.dt, v.Value(), 0)
	}
	return fmt.Sprintf("<%T>", v)
}
