package ndarray

import (
	"math"
	"math/big"
	"strconv"
)

// Float16 is an IEEE 754 binary16 number, NumPy's half, by its bits.
type Float16 uint16

// NewFloat16 returns the half nearest to x, ties to even. A number that is too large becomes
// infinite, a NaN stays a NaN.
func NewFloat16(x float64) Float16 {
	b := math.Float64bits(x)
	sign := uint16(b >> 48 & 0x8000)
	exp := int(b>>52&0x7ff) - 1023
	frac := b & (1<<52 - 1)
	switch {
	case exp == 1024 && frac != 0:
		h := sign | 0x7c00 | uint16(frac>>42)
		if h&0x3ff == 0 {
			h |= 1
		}
		return Float16(h)
	case exp > 15:
		return Float16(sign | 0x7c00)
	case exp < -25:
		return Float16(sign)
	}
	// Count in units of the last place of the result. 42 bits are rounded off, or more if the
	// result is subnormal.
	frac |= 1 << 52
	shift := uint(42)
	h := uint16(0)
	if exp >= -14 {
		h = uint16(exp+14) << 10
	} else {
		shift += uint(-14 - exp)
	}
	q, rest, half := frac>>shift, frac&(1<<shift-1), uint64(1)<<(shift-1)
	if rest > half || rest == half && q&1 == 1 {
		q++
	}
	// A carry out of the fraction increments the exponent, as it should.
	return Float16(sign | (h + uint16(q)))
}

// Float64 returns the value exactly.
func (h Float16) Float64() float64 {
	exp, frac := int(h>>10&0x1f), uint64(h&0x3ff)
	sign := uint64(h&0x8000) << 48
	switch exp {
	case 0:
		return math.Copysign(float64(frac)*0x1p-24, math.Float64frombits(sign|1))
	case 31:
		return math.Float64frombits(sign | 0x7ff<<52 | frac<<42)
	}
	return math.Float64frombits(sign | uint64(exp-15+1023)<<52 | frac<<42)
}

// Float32 returns the value exactly.
func (h Float16) Float32() float32 { return float32(h.Float64()) }

// IsNaN reports whether h is not a number.
func (h Float16) IsNaN() bool { return h&0x7fff > 0x7c00 }

// String returns the shortest decimal that reads back as h, as strconv writes a float32.
func (h Float16) String() string {
	x := h.Float64()
	if x == 0 || math.IsInf(x, 0) || x != x {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	d := h.decimal()
	return d.text('g', 21)
}

// decimal returns the shortest digits of a finite h that is not zero.
func (h Float16) decimal() decimal {
	exp, frac := int(h>>10&0x1f), int64(h&0x3ff)
	lowerCloser := frac == 0 && exp > 1
	if exp == 0 {
		exp = 1
	} else {
		frac |= 0x400
	}
	d := shortest(big.NewInt(frac), exp-25, lowerCloser)
	d.neg = h&0x8000 != 0
	return d
}
