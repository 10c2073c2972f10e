package ndarray

import (
	"math"
	"strconv"
	"strings"
)

// floatClass distinguishes numbers with digits from those without.
type floatClass int

const (
	floatFinite floatClass = iota
	floatZero
	floatInf
	floatNaN
)

// floatDecimal returns the shortest digits of a Float16, float32, float64 or LongDouble.
func floatDecimal(v any) (decimal, floatClass) {
	var x float64
	bitSize := 64
	switch v := v.(type) {
	case float32:
		x, bitSize = float64(v), 32
	case float64:
		x = v
	case Float16:
		if x = v.Float64(); x != 0 && !math.IsInf(x, 0) && x == x {
			return v.decimal(), floatFinite
		}
	case LongDouble:
		switch {
		case v.IsNaN():
			return decimal{}, floatNaN
		case v.IsInf():
			return decimal{neg: v.Signbit()}, floatInf
		}
		d, ok := v.decimal()
		if !ok {
			return decimal{neg: v.Signbit()}, floatZero
		}
		return d, floatFinite
	}
	neg := math.Signbit(x)
	switch {
	case x != x:
		return decimal{}, floatNaN
	case math.IsInf(x, 0):
		return decimal{neg: neg}, floatInf
	case x == 0:
		return decimal{neg: neg}, floatZero
	}
	s := strconv.AppendFloat(nil, math.Abs(x), 'e', -1, bitSize)
	d := decimal{neg: neg}
	for i, c := range s {
		if c == 'e' {
			d.exp, _ = strconv.Atoi(string(s[i+1:]))
			d.exp++
			break
		}
		if c != '.' {
			d.digits = append(d.digits, c)
		}
	}
	return d, floatFinite
}

// fixedText formats the exact value with so many digits after the point, rounded half to even, in
// the format 'f' or 'e'.
func fixedText(v any, format byte, digits int) string {
	switch v := v.(type) {
	case float32:
		return strconv.FormatFloat(float64(v), format, digits, 64)
	case float64:
		return strconv.FormatFloat(v, format, digits, 64)
	case Float16:
		return strconv.FormatFloat(v.Float64(), format, digits, 64)
	case LongDouble:
		return v.Big().Text(format, digits)
	}
	return ""
}

// floatFormat is NumPy's FloatingFormat with the default options.
type floatFormat struct {
	plus              bool // write the sign of positive numbers
	exponent          bool
	padLeft, padRight int
	precision         int // with an exponent
	expDigits         int
}

// newFloatFormat returns the format that shows all values with their digits.
func newFloatFormat(values []any, plus bool, dt *DType) *floatFormat {
	f := &floatFormat{plus: plus}
	f.exponent = needsExponent(values, dt)
	finite, special, negInf := 0, false, plus
	for _, v := range values {
		d, class := floatDecimal(v)
		if class == floatInf || class == floatNaN {
			special = true
			negInf = negInf || class == floatInf && d.neg
			continue
		}
		finite++
		f.measure(f.shortText(v))
	}
	switch {
	case finite == 0:
		f.exponent = false
	case f.exponent:
		f.precision = f.padRight
		f.padRight = f.expDigits + 2 + f.precision
	}
	if special {
		offset, inf := f.padRight+1, 3
		if negInf {
			inf++
		}
		f.padLeft = max(f.padLeft, 3-offset, inf-offset)
	}
	return f
}

// measure widens the format so that s fits.
func (f *floatFormat) measure(s string) {
	mantissa, exp, _ := strings.Cut(s, "e")
	whole, frac, _ := strings.Cut(mantissa, ".")
	f.padLeft = max(f.padLeft, len(whole))
	f.padRight = max(f.padRight, len(frac))
	f.expDigits = max(f.expDigits, len(exp)-1)
}

// needsExponent reports whether the values are too large, too small or too different to be shown
// without an exponent.
func needsExponent(values []any, dt *DType) bool {
	least, greatest := math.Inf(1), 0.0
	for _, v := range values {
		_, class := floatDecimal(v)
		if class != floatFinite {
			continue
		}
		x := math.Abs(asFloat64(v))
		least, greatest = min(least, x), max(greatest, x)
	}
	if math.IsInf(least, 1) && greatest == 0 {
		return false
	}
	cutoff := 1e8
	switch dt.itemsize {
	case 2:
		cutoff = 1e3
	case 4:
		cutoff = 1e6
	}
	return greatest >= cutoff || least < 0.0001 || greatest/least > 1000
}

func asFloat64(v any) float64 {
	if l, ok := v.(LongDouble); ok {
		x, _ := l.Float64()
		return x
	}
	x, _ := toFloat(v)
	return x
}

// shortText formats a finite value, with a sign, with the fewest digits that identify it, and at
// most printPrecision after the point.
func (f *floatFormat) shortText(v any) string {
	d, class := floatDecimal(v)
	var s string
	switch {
	case class == floatZero && f.exponent:
		s = "0.e+00"
	case class == floatZero:
		s = "0."
	case f.exponent:
		if len(d.digits)-1 > printPrecision {
			s = fixedText(v, 'e', printPrecision)
		} else {
			s = d.text('e', 0)
		}
		s = trimZeros(s)
	default:
		if len(d.digits)-d.exp > printPrecision {
			s = fixedText(v, 'f', printPrecision)
		} else {
			s = d.text('f', 0)
		}
		s = trimZeros(s)
	}
	return f.withSign(s, d.neg)
}

// withSign adds the sign to s.
func (f *floatFormat) withSign(s string, neg bool) string {
	s = strings.TrimPrefix(s, "-")
	if neg {
		return "-" + s
	}
	if f.plus {
		return "+" + s
	}
	return s
}

// trimZeros removes trailing zeros but not the decimal point, which it adds if there is none.
func trimZeros(s string) string {
	mantissa, exp, isExp := strings.Cut(s, "e")
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(mantissa, "0")
	} else {
		mantissa += "."
	}
	if isExp {
		return mantissa + "e" + exp
	}
	return mantissa
}

func (f *floatFormat) format(v any) string {
	d, class := floatDecimal(v)
	switch class {
	case floatNaN, floatInf:
		s := "nan"
		if class == floatInf {
			s = "inf"
		}
		return pad(f.withSign(s, d.neg), f.padLeft+f.padRight+1)
	}
	var s string
	if !f.exponent {
		s = f.shortText(v)
		_, frac, _ := strings.Cut(s, ".")
		return pad(s, len(s)+f.padLeft-(len(s)-len(frac)-1)) +
			strings.Repeat(" ", f.padRight-len(frac))
	}
	s = fixedText(v, 'e', f.precision)
	if f.precision == 0 {
		s = strings.Replace(s, "e", ".e", 1)
	}
	mantissa, exp, _ := strings.Cut(s, "e")
	exp = exp[:1] + strings.Repeat("0", max(f.expDigits-len(exp)+1, 0)) + exp[1:]
	s = f.withSign(mantissa+"e"+exp, d.neg)
	whole := strings.IndexByte(s, '.')
	return strings.Repeat(" ", max(f.padLeft-whole, 0)) + s
}
