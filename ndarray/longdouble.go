package ndarray

import (
	"encoding/binary"
	"math"
	"math/big"
)

// LongDoubleFormat is the memory representation of a long double. A pickle or an .npy file does not
// say which it is; X87 is by far the most common.
type LongDoubleFormat uint8

// The formats.
const (
	// X87 is the 80-bit extended format of x86. In little-endian order it takes the first 10 of 16
	// bytes (of 12 in 32-bit programs); the others are padding.
	X87 LongDoubleFormat = iota
	// Binary128 is IEEE 754 quadruple precision: Linux on arm64, riscv64, s390x.
	Binary128
)

// String returns the format's name.
func (f LongDoubleFormat) String() string {
	if f == Binary128 {
		return "binary128"
	}
	return "x87"
}

// LongDouble is a long double of either format, by its bits.
type LongDouble struct {
	hi, lo uint64 // X87: sign and exponent in hi's low 16 bits, significand in lo
	format LongDoubleFormat
}

// CLongDouble is a complex number of two long doubles, NumPy's clongdouble.
type CLongDouble struct{ Real, Imag LongDouble }

// NewLongDouble returns the exact value of x as a long double of the given format.
func NewLongDouble(x float64, format LongDoubleFormat) LongDouble {
	b := math.Float64bits(x)
	sign, exp, frac := b>>63, int(b>>52&0x7ff), b&(1<<52-1)
	switch {
	case exp == 0x7ff:
		exp = 0x7fff
	case exp == 0 && frac != 0:
		shift := 0
		for frac&(1<<52) == 0 {
			frac <<= 1
			shift++
		}
		exp, frac = 1-shift-1023+16383, frac&(1<<52-1)
	case exp != 0:
		exp += 16383 - 1023
	}
	if format == Binary128 {
		return LongDouble{sign<<63 | uint64(exp)<<48 | frac>>4, frac << 60, format}
	}
	l := LongDouble{hi: sign<<15 | uint64(exp), lo: frac << 11}
	if exp != 0 {
		l.lo |= 1 << 63
	}
	return l
}

// decodeLongDouble decodes a long double of 12 or 16 bytes.
func decodeLongDouble(b []byte, order ByteOrder, format LongDoubleFormat) LongDouble {
	if order == BigEndian {
		var r [16]byte
		for i, c := range b {
			r[len(b)-1-i] = c
		}
		b = r[:]
	}
	lo, hi := binary.LittleEndian.Uint64(b), uint64(0)
	if format == Binary128 {
		hi = binary.LittleEndian.Uint64(b[8:])
	} else {
		hi = uint64(binary.LittleEndian.Uint16(b[8:]))
	}
	return LongDouble{hi, lo, format}
}

// encode writes l to 12 or 16 bytes. Padding is set to zeros.
func (l LongDouble) encode(b []byte, order ByteOrder) {
	var le [16]byte
	binary.LittleEndian.PutUint64(le[:], l.lo)
	binary.LittleEndian.PutUint64(le[8:], l.hi)
	copy(b, le[:])
	if order == BigEndian {
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
}

// Format returns the format of l.
func (l LongDouble) Format() LongDoubleFormat { return l.format }

// Signbit reports whether l is negative or negative zero.
func (l LongDouble) Signbit() bool {
	if l.format == Binary128 {
		return l.hi>>63 == 1
	}
	return l.hi>>15&1 == 1
}

func (l LongDouble) exponent() int {
	if l.format == Binary128 {
		return int(l.hi >> 48 & 0x7fff)
	}
	return int(l.hi & 0x7fff)
}

// IsNaN reports whether l is not a number. In the 80-bit format this includes the bit patterns that
// x86 processors reject: those with an exponent and without the leading bit.
func (l LongDouble) IsNaN() bool {
	e := l.exponent()
	if l.format == Binary128 {
		return e == 0x7fff && l.hi<<16|l.lo != 0
	}
	return e == 0x7fff && l.lo != 1<<63 || e != 0 && l.lo>>63 == 0
}

// IsInf reports whether l is an infinity.
func (l LongDouble) IsInf() bool {
	if l.exponent() != 0x7fff {
		return false
	}
	return !l.IsNaN()
}

// parts returns a finite value as mant times two to the power of exp2, and the width of the
// significand in bits.
func (l LongDouble) parts() (mant *big.Int, exp2, width int) {
	e := l.exponent()
	if l.format != Binary128 {
		return new(big.Int).SetUint64(l.lo), max(e, 1) - 16383 - 63, 64
	}
	hi := l.hi & (1<<48 - 1)
	if e != 0 {
		hi |= 1 << 48
	}
	mant = new(big.Int).SetUint64(hi)
	mant.Or(mant.Lsh(mant, 64), new(big.Int).SetUint64(l.lo))
	return mant, max(e, 1) - 16383 - 112, 113
}

// Big returns the exact value, or nil for a NaN.
func (l LongDouble) Big() *big.Float {
	if l.IsNaN() {
		return nil
	}
	f := new(big.Float).SetPrec(113)
	if l.IsInf() {
		return f.SetInf(l.Signbit())
	}
	mant, exp2, _ := l.parts()
	f.SetMantExp(f.SetInt(mant), exp2)
	if l.Signbit() {
		f.Neg(f)
	}
	return f
}

// Float64 returns the nearest float64, ties to even, and whether it is exact. A NaN is exact.
func (l LongDouble) Float64() (x float64, exact bool) {
	f := l.Big()
	if f == nil {
		return math.NaN(), true
	}
	x, acc := f.Float64()
	return x, acc == big.Exact
}

// String returns the shortest decimal that reads back as l in its format. Like NumPy's str it uses
// an exponent below 1e-4 and from 1e16 on. Whole numbers end in ".0".
func (l LongDouble) String() string {
	switch {
	case l.IsNaN():
		return "nan"
	case l.IsInf() && l.Signbit():
		return "-inf"
	case l.IsInf():
		return "inf"
	}
	s := "0"
	if d, ok := l.decimal(); ok {
		s = d.text('g', 16)
	} else if l.Signbit() {
		s = "-0"
	}
	for i := range len(s) {
		if s[i] == '.' || s[i] == 'e' {
			return s
		}
	}
	return s + ".0"
}

// decimal returns the shortest digits of a finite value; ok is false for zero.
func (l LongDouble) decimal() (d decimal, ok bool) {
	mant, exp2, width := l.parts()
	if mant.Sign() == 0 {
		return d, false
	}
	lowerCloser := l.exponent() > 1 && mant.TrailingZeroBits() == uint(width-1)
	d = shortest(mant, exp2, lowerCloser)
	d.neg = l.Signbit()
	return d, true
}
