package convert

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"sync"

	"github.com/unpkl/unpkl/internal/delimited"
	"github.com/unpkl/unpkl/ndarray"
)

// formatVerb is one %-format of Python, or the literal text before it.
type formatVerb struct {
	literal string
	goVerb  string // the format for package fmt; "" for literal text
	kind    byte   // the conversion (e, f, g, d, s ...), or 0 for literal text
}

var verbPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`%([-+ #0]*)(\d*)(\.\d+)?([a-zA-Z%])`)
})

// parseFormat parses a %-format of Python for numbers.
func parseFormat(format string) ([]formatVerb, error) {
	var out []formatVerb
	for len(format) > 0 {
		m := verbPattern().FindStringSubmatchIndex(format)
		if m == nil {
			out = append(out, formatVerb{literal: format})
			break
		}
		if m[0] > 0 {
			out = append(out, formatVerb{literal: format[:m[0]]})
		}
		flags, width, kind := format[m[2]:m[3]], format[m[4]:m[5]], format[m[8]]
		precision := ""
		if m[6] >= 0 {
			precision = format[m[6]:m[7]]
		}
		format = format[m[1]:]
		if len(width) > 4 || len(precision) > 4 {
			return nil, fmt.Errorf("convert: a format of width %s and precision %s", width,
				precision)
		}
		switch kind {
		case '%':
			out = append(out, formatVerb{literal: "%"})
			continue
		case 'e', 'E', 'f', 'F', 'g', 'G':
			if precision == "" {
				precision = ".6"
			}
		case 'd', 'i', 'u':
			kind = 'd'
		case 's', 'r':
		default:
			return nil, fmt.Errorf("convert: %%%c is no format for numbers", kind)
		}
		goKind := kind
		if kind == 'r' {
			goKind = 's'
		}
		out = append(out, formatVerb{goVerb: "%" + flags + width + precision + string(goKind),
			kind: kind})
	}
	return out, nil
}

// append appends a number in the format, as Python's % does.
func (v *formatVerb) append(b []byte, x any) []byte {
	switch v.kind {
	case 0:
		return append(b, v.literal...)
	case 's', 'r':
		text, _ := cellText(x)
		return fmt.Appendf(b, v.goVerb, text)
	case 'd':
		if f, ok := x.(float64); ok {
			whole, _ := big.NewFloat(f).Int(nil)
			return fmt.Appendf(b, v.goVerb, whole)
		}
		return fmt.Appendf(b, v.goVerb, x)
	}
	if v.goVerb == "%.18e" {
		return delimited.AppendE18(b, floatFor(x))
	}
	return fmt.Appendf(b, v.goVerb, floatFor(x))
}

// floatFor returns Python's float() of a number.
func floatFor(x any) float64 {
	switch x := x.(type) {
	case float64:
		return x
	case int64:
		return float64(x)
	case uint64:
		return float64(x)
	case bool:
		if x {
			return 1
		}
	}
	return 0
}

// formatted returns a function that appends a row of cols numbers in t.Format.
//
// Reference: numpy/lib/_npyio_impl.py, savetxt.
func (t *Text) formatted(a *ndarray.Array, cols int, delimiter byte) (appendCell, error) {
	verbs, err := parseFormat(t.Format)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, v := range verbs {
		if v.kind != 0 {
			n++
		}
	}
	isComplex := a.DType().Kind() == ndarray.KindComplex
	switch {
	case n == 1 && isComplex:
		verbs = complexVerbs(verbs)
		n = 2
	case n != 1 && n != cols && !(isComplex && n == 2*cols):
		return nil, fmt.Errorf("convert: the format %q has %d numbers for %d columns", t.Format, n,
			cols)
	}
	get, err := numberGetter(a)
	if err != nil {
		return nil, err
	}
	if perRow := n != 1 && !(isComplex && n == 2 && cols > 1); perRow {
		return func(b []byte, i int) []byte {
			return append(formatRow(b, verbs, get, i*cols, isComplex), '\n')
		}, nil
	}
	return func(b []byte, i int) []byte {
		for c := range cols {
			if c > 0 {
				b = append(b, delimiter)
			}
			b = formatRow(b, verbs, get, i*cols+c, isComplex)
		}
		return append(b, '\n')
	}, nil
}

// complexVerbs returns savetxt's format of a complex number, given one format for both its parts.
func complexVerbs(part []formatVerb) []formatVerb {
	out := []formatVerb{{literal: " ("}}
	out = append(out, part...)
	out = append(out, formatVerb{literal: "+"})
	out = append(out, part...)
	return append(out, formatVerb{literal: "j)"})
}

// formatRow appends as many elements as the verbs take, from element i on.
func formatRow(b []byte, verbs []formatVerb, get func(i int) any, i int, isComplex bool) []byte {
	begin := len(b)
	second := false
	for k := range verbs {
		v := &verbs[k]
		if v.kind == 0 {
			b = v.append(b, nil)
			continue
		}
		x := get(i)
		if c, ok := x.(complex128); ok {
			if x = any(real(c)); second {
				x = imag(c)
			}
			if second = !second; second {
				i--
			}
		}
		b = v.append(b, x)
		i++
	}
	if isComplex {
		fixed := strings.ReplaceAll(string(b[begin:]), "+-", "-")
		b = append(b[:begin], fixed...)
	}
	return b
}

// numberGetter returns a function that returns the elements of an array as bool, int64, uint64,
// float64 or complex128, or as they are.
func numberGetter(a *ndarray.Array) (func(i int) any, error) {
	switch a.DType().Kind() {
	case ndarray.KindFloat:
		return getter[float64](a)
	case ndarray.KindInt:
		return getter[int64](a)
	case ndarray.KindUint:
		return getter[uint64](a)
	case ndarray.KindBool:
		return getter[bool](a)
	case ndarray.KindComplex:
		return getter[complex128](a)
	}
	var all []any
	for v := range a.Elements() {
		all = append(all, v)
	}
	return func(i int) any { return all[i] }, nil
}

func getter[T ndarray.Element](a *ndarray.Array) (func(i int) any, error) {
	data, err := ndarray.Values[T](a)
	return func(i int) any { return data[i] }, err
}
