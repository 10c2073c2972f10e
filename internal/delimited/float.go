package delimited

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

// exactPowers are the powers of ten that a float64 holds exactly.
var exactPowers = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
	1e18, 1e19,
	1e20, 1e21, 1e22,
}

// fastFloat parses a decimal number of up to 19 digits. ok is false for any other text, and if the
// digits do not suffice to decide which of two floats is nearer. The result is rounded exactly.
func fastFloat(f []byte) (x float64, ok bool) {
	x, end, ok := floatAt(f, 0, powers())
	return x, ok && end == len(f)
}

// floatAt is fastFloat for the number that begins at i in a longer text. It ends before end.
func floatAt(f []byte, i int, table *powerTable) (x float64, end int, ok bool) {
	negative := false
	if i < len(f) && (f[i] == '-' || f[i] == '+') {
		negative = f[i] == '-'
		i++
	}
	begin := i
	var mantissa uint64
	if i+1 < len(f) && f[i+1] == '.' && f[i]-'0' <= 9 { // most numbers have one digit before the point
		mantissa = uint64(f[i] - '0')
		i++
	} else {
		mantissa, i = digits(f, i, 0)
	}
	n := i - begin
	exp10 := 0
	if i < len(f) && f[i] == '.' {
		if mantissa == 0 {
			n = min(n, 1) // leading zeros do not count as digits
		}
		from := i + 1
		mantissa, i = digits(f, from, mantissa)
		exp10 = from - i
		n += i - from
	}
	if n == 0 || n > 19 && n-leadingZeros(f[begin:i]) > 19 {
		return 0, i, false
	}
	if i < len(f) && f[i]|0x20 == 'e' {
		e, end, ok := exponent(f, i+1)
		if !ok {
			return 0, i, false
		}
		exp10, i = exp10+e, end
	}
	switch {
	case mantissa == 0:
		x, ok = 0, true
	case mantissa < 1<<53 && -22 <= exp10 && exp10 < 0:
		x, ok = float64(mantissa)/exactPowers[-exp10], true
	case mantissa < 1<<53 && 0 <= exp10 && exp10 <= 22:
		x, ok = float64(mantissa)*exactPowers[exp10], true
	default:
		x, ok = nearest(mantissa, exp10, table)
	}
	if negative {
		x = -x
	}
	return x, i, ok
}

// leadingZeros returns the number of zeros at the beginning of a number.
func leadingZeros(f []byte) (n int) {
	for _, c := range f {
		if c == '0' {
			n++
		} else if c != '.' {
			break
		}
	}
	return n
}

// tens are the powers of ten that digits uses.
var tens = [8]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7}

// digits appends the digits at i to those of m; more than 19 in all overflow. It reads eight bytes
// at a time, as a uint64 whose lowest byte is the first.
func digits(f []byte, i int, m uint64) (uint64, int) {
	for len(f)-i >= 8 {
		v := binary.LittleEndian.Uint64(f[i:]) ^ 0x3030303030303030
		// The top bit of every byte that is not a digit.
		others := (v&0x7f7f7f7f7f7f7f7f + 0x7676767676767676 | v) & 0x8080808080808080
		n := bits.TrailingZeros64(others) >> 3
		v <<= 64 - 8*n // fewer than eight digits get leading zeros
		v = v*10 + v>>8
		v = (v&0x000000ff000000ff*(100+1000000<<32) + v>>16&0x000000ff000000ff*(1+10000<<32)) >> 32
		if n < 8 {
			return m*tens[n&7] + v, i + n
		}
		m = m*100_000_000 + v
		i += 8
	}
	for i < len(f) {
		c := f[i] - '0'
		if c > 9 {
			break
		}
		m = m*10 + uint64(c)
		i++
	}
	return m, i
}

// exponent parses the exponent after the e.
func exponent(f []byte, i int) (e, end int, ok bool) {
	negative := false
	if i < len(f) && (f[i] == '-' || f[i] == '+') {
		negative = f[i] == '-'
		i++
	}
	begin := i
	for ; i < len(f) && i-begin < 5; i++ {
		c := f[i] - '0'
		if c > 9 {
			break
		}
		e = e*10 + int(c)
	}
	if negative {
		e = -e
	}
	return e, i, i > begin
}

// nearest returns the float64 nearest to man times a power of ten. ok is false if it is subnormal
// or infinite, or if the approximation does not decide.
//
// Reference: Daniel Lemire, "Number Parsing at a Gigabyte per Second", 2021; Go's strconv,
// eiselLemire64.
func nearest(man uint64, exp10 int, table *powerTable) (x float64, ok bool) {
	if exp10 < minPower || exp10 > maxPower {
		return 0, false
	}
	p := &table[exp10-minPower]
	clz := bits.LeadingZeros64(man)
	man <<= clz
	exp2 := uint64(217706*exp10>>16+64+1023) - uint64(clz)
	hi, lo := bits.Mul64(man, p.hi)
	if hi&0x1ff == 0x1ff && lo+man < man {
		yHi, yLo := bits.Mul64(man, p.lo)
		mergedHi, mergedLo := hi, lo+yHi
		if mergedLo < lo {
			mergedHi++
		}
		if mergedHi&0x1ff == 0x1ff && mergedLo+1 == 0 && yLo+man < man {
			return 0, false
		}
		hi, lo = mergedHi, mergedLo
	}
	top := hi >> 63
	mantissa := hi >> (top + 9)
	exp2 -= 1 ^ top
	if lo == 0 && hi&0x1ff == 0 && mantissa&3 == 1 {
		return 0, false
	}
	mantissa += mantissa & 1
	mantissa >>= 1
	if mantissa>>53 > 0 {
		mantissa >>= 1
		exp2++
	}
	if exp2-1 >= 0x7ff-1 {
		return 0, false
	}
	return math.Float64frombits(exp2<<52 | mantissa&(1<<52-1)), true
}

// AppendE18 appends a float as "%.18e" in C and Python, rounded exactly.
func AppendE18(b []byte, x float64) []byte {
	n, e10, ok := digits19(math.Abs(x))
	if !ok {
		return AppendSpecial(b, x)
	}
	if math.Signbit(x) {
		b = append(b, '-')
	}
	var text [20]byte
	for i := len(text) - 1; i >= 2; i-- {
		text[i] = byte(n%10) + '0'
		n /= 10
	}
	text[0], text[1] = byte(n)+'0', '.'
	b = append(append(b, text[:]...), 'e')
	sign := byte('+')
	if e10 < 0 {
		sign, e10 = '-', -e10
	}
	b = append(b, sign)
	if e10 < 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(e10), 10)
}

// AppendSpecial is AppendE18 for numbers that digits19 does not handle, and for NaN and the
// infinities, which C writes in lower case.
func AppendSpecial(b []byte, x float64) []byte {
	switch {
	case math.IsNaN(x):
		return append(b, "nan"...)
	case math.IsInf(x, 1):
		return append(b, "inf"...)
	case math.IsInf(x, -1):
		return append(b, "-inf"...)
	}
	return strconv.AppendFloat(b, x, 'e', 18, 64)
}

// digits19 returns the first 19 digits of a positive float, and the exponent of the first digit. ok
// is false for zero, subnormal numbers, NaN and the infinities, and if the product with an
// approximate power of ten does not decide how the last digit is rounded.
func digits19(x float64) (n uint64, e10 int, ok bool) {
	b := math.Float64bits(x)
	exp := int(b >> 52)
	man := b&(1<<52-1) | 1<<52
	if exp == 0 || exp == 0x7ff {
		return 0, 0, false
	}
	// x is man times 2**e2, and man has its top bit set.
	man, e2 := man<<11, exp-1023-52-11
	e10 = (exp - 1023) * 78913 >> 18 // floor of the decimal logarithm, or one less
	for range 2 {
		q := 18 - e10
		if q < minPower || q > maxPower {
			return 0, 0, false
		}
		p := &powers()[q-minPower]
		hi, mid := bits.Mul64(man, p.hi)
		carry, _ := bits.Mul64(man, p.lo)
		mid, c := bits.Add64(mid, carry, 0)
		hi += c
		// The product is at most hi<<128 + mid<<64, times 2**(e2+p.e).
		shift := -(e2 + p.e) - 128
		if shift < 0 || shift > 63 {
			return 0, 0, false
		}
		whole := hi >> shift
		if whole >= 1e19 {
			e10++
			continue
		}
		if whole < 1e18 {
			return 0, 0, false
		}
		return rounded(whole, hi<<(64-shift)|mid>>shift, e10)
	}
	return 0, 0, false
}

// rounded rounds a whole number by the first 64 bits of its fraction. ok is false if the error of
// the power of ten could change the result.
func rounded(whole, fraction uint64, e10 int) (uint64, int, bool) {
	const half, margin = 1 << 63, 16
	if fraction-(half-margin) < 2*margin {
		return 0, 0, false
	}
	if fraction >= half {
		if whole++; whole == 1e19 {
			return 1e18, e10 + 1, true
		}
	}
	return whole, e10, true
}
