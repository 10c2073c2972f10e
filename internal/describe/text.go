package describe

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

const (
	// shortText is the number of bytes that are shown of a text.
	shortText = 160
	// firstItems is the number of elements in the preview of an array or list.
	firstItems = 6
)

// missing stands for a missing element.
var missing = pyvalue.Missing{}

// preview shows the first of n elements in brackets.
func preview(n int, at func(i int) any) string {
	var b strings.Builder
	b.WriteByte('[')
	for i := range min(n, firstItems) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(elementText(at(i)))
		if b.Len() > shortText {
			n = max(n, firstItems+1)
			break
		}
	}
	if n > firstItems {
		b.WriteString(", ...")
	}
	b.WriteByte(']')
	return b.String()
}

// elementText is Text, but rounds floats to 8 digits behind the point as NumPy's printing does.
func elementText(v any) string {
	var f float64
	switch v := v.(type) {
	case float64:
		f = v
	case float32:
		return floatText(float64(v), 32)
	default:
		return Text(v)
	}
	if a := math.Abs(f); a >= 1e-4 && a < 1e8 {
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'f', 8, 64), 64)
	}
	return floatText(f, 64)
}

// arrayElements returns the number of elements of an array and a function that returns the i-th in
// C order. Elements that mask hides are missing; mask may be nil.
func arrayElements(a, mask *ndarray.Array) (n int, at func(i int) any) {
	shape := a.Shape()
	return a.Size(), func(i int) any {
		index := make([]int, len(shape))
		for k := len(shape) - 1; k >= 0; k-- {
			index[k] = i % shape[k]
			i /= shape[k]
		}
		if mask != nil && mask.DType().Kind() == ndarray.KindBool {
			if m, _ := mask.At(index...).(bool); m {
				return missing
			}
		}
		return a.At(index...)
	}
}

// Text shows a value on one line without control characters. It is Python's repr, cut off if it is
// long, or a shorter form where the repr is unwieldy.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case pyvalue.Missing:
		return "--"
	case bool, int, *big.Int, float64, float32, complex128, complex64:
		return numberText(v)
	case string:
		return quote(v)
	case pickle.Py2String:
		return quote(string(v))
	case pickle.Bytes:
		return bytesText([]byte(v))
	case []byte:
		return bytesText(v)
	case ndarray.Record:
		return recordText(v)
	case *ndarray.Array:
		return fmt.Sprintf("%s array of shape %v", v.DType(), v.Shape())
	case []any:
		return preview(len(v), func(i int) any { return v[i] })
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case frame.PeriodValue:
		return Printable(v.String())
	case frame.IntervalValue:
		return intervalText(v)
	case reconstruct.PandasNull:
		return string(v)
	case pickle.Named:
		return Printable(v.Global().String())
	case *pickle.Object:
		return objectText(v)
	}
	if text, ok := pyvalue.TextOf(v); ok {
		return Printable(cut(text))
	}
	// Containers come before values with a String method, because gopickle's String methods never
	// return for a container that holds itself.
	if _, ok := pyvalue.EntriesOf(v); ok || pyvalue.IsContainer(v) {
		return KindOf(v)
	}
	if s, ok := v.(fmt.Stringer); ok {
		return Printable(cut(s.String()))
	}
	switch reflect.TypeOf(v).Kind() {
	case reflect.Pointer, reflect.Struct, reflect.Map, reflect.Slice, reflect.Array, reflect.Func,
		reflect.Chan, reflect.Interface:
		return KindOf(v) // fmt would not return for a value that holds itself
	}
	return Printable(cut(fmt.Sprint(v)))
}

// numberText returns the text of a number or bool of one of the types that Text names.
func numberText(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int:
		return strconv.Itoa(v)
	case *big.Int:
		return bigText(v)
	case float64:
		return floatText(v, 64)
	case float32:
		return floatText(float64(v), 32)
	case complex128:
		return complexText(v, 64)
	case complex64:
		return complexText(complex128(v), 32)
	}
	return ""
}

func objectText(o *pickle.Object) string {
	if text, ok := pyvalue.TextOf(o); ok {
		return Printable(cut(text))
	}
	if name, ok := pyvalue.GlobalName(o); ok {
		return Printable(cut(name))
	}
	n := reconstruct.Normalize(o)
	if name := n.ClassName(); name != "" {
		return Printable(cut(name))
	}
	return "object"
}

func recordText(r ndarray.Record) string {
	parts := make([]string, min(len(r.Values), firstItems))
	for i := range parts {
		parts[i] = Text(r.Values[i])
	}
	if len(r.Values) > len(parts) {
		parts = append(parts, "...")
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func intervalText(v frame.IntervalValue) string {
	open, end := "(", ")"
	if v.Closed == "left" || v.Closed == "both" {
		open = "["
	}
	if v.Closed == "right" || v.Closed == "both" {
		end = "]"
	}
	return open + Text(v.Left) + ", " + Text(v.Right) + end
}

// bigText shows an int, or the number of its bits if it has more than 512.
func bigText(v *big.Int) string {
	if v.BitLen() > 512 {
		return fmt.Sprintf("an int of %d bits", v.BitLen())
	}
	return v.String()
}

// floatText returns Python's repr of a float of 64 bits, or NumPy's str of one of 32 bits.
func floatText(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'g', -1, bits), "+"))
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, bits)
	}
	text := strconv.FormatFloat(f, 'f', -1, bits)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func complexText(c complex128, bits int) string {
	imag := strings.TrimSuffix(floatText(imag(c), bits), ".0") + "j"
	if imag[0] != '-' {
		imag = "+" + imag
	}
	return "(" + strings.TrimSuffix(floatText(real(c), bits), ".0") + imag + ")"
}

// cut shortens a text to shortText bytes at a boundary between characters.
func cut(s string) string {
	if len(s) <= shortText {
		return s
	}
	n := shortText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

// quote shows a str in single quotes, shortened.
func quote(s string) string { return "'" + Printable(cut(s)) + "'" }

// bytesText shows bytes as text if they are UTF-8 without control characters, else in hexadecimal.
func bytesText(b []byte) string {
	if utf8.Valid(b) && !strings.ContainsFunc(string(b[:min(len(b), shortText)]),
		func(r rune) bool {
			return r < ' '
		}) {
		return "b" + quote(string(b))
	}
	const few = 24
	if len(b) > few {
		return "0x" + hex.EncodeToString(b[:few]) + "..."
	}
	return "0x" + hex.EncodeToString(b)
}

// Printable escapes control characters, which a terminal would act on, and line breaks.
func Printable(s string) string {
	quoted := strconv.QuoteToGraphic(s)
	quoted = quoted[1 : len(quoted)-1]
	if !strings.Contains(quoted, `\`) {
		return quoted
	}
	return unescaped.Replace(quoted)
}

// unescaped undoes the escapes that only a quoted Go string needs.
var unescaped = strings.NewReplacer(`\"`, `"`, `\\`, `\`)
