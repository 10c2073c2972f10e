package hdf5

import (
	"math"

	"github.com/unpkl/unpkl/ndarray"
)

// This file decodes numbers whose bits are not those of a type of Go or NumPy.

// loadInt returns a number of at most 8 bytes as an integer.
func loadInt(b []byte, order ndarray.ByteOrder) uint64 {
	var x uint64
	for i := range b {
		if order == ndarray.BigEndian {
			x = x<<8 | uint64(b[i])
		} else {
			x = x<<8 | uint64(b[len(b)-1-i])
		}
	}
	return x
}

// storeInt writes the low bytes of x.
func storeInt(b []byte, x uint64, order ndarray.ByteOrder) {
	for i := range b {
		if order == ndarray.BigEndian {
			b[len(b)-1-i] = byte(x)
		} else {
			b[i] = byte(x)
		}
		x >>= 8
	}
}

// bitsConverter returns a function that converts integers which take only some bits of their bytes
// to integers of size bytes.
func bitsConverter(t *Datatype, offset, precision, size int) func(dst, src []byte) {
	order, signed := t.Order, t.Signed
	out := order
	if out == ndarray.NotApplicable {
		out = ndarray.LittleEndian
	}
	return func(dst, src []byte) {
		x := loadInt(src, order) >> offset << (64 - precision)
		if signed {
			x = uint64(int64(x) >> (64 - precision))
		} else {
			x >>= 64 - precision
		}
		storeInt(dst[:size], x, out)
	}
}

// standard is a float layout that NumPy has.
type standard uint8

const (
	standardNone standard = iota
	standardIEEE
	standardX87
	standardBinary128
)

// standard returns which of NumPy's layouts a float of size bytes has.
func (l FloatLayout) standard(size int) standard {
	switch (layoutSize{l, size}) {
	case layoutSize{FloatLayout{15, 10, 5, 0, 10, 15, true}, 2},
		layoutSize{FloatLayout{31, 23, 8, 0, 23, 127, true}, 4},
		layoutSize{FloatLayout{63, 52, 11, 0, 52, 1023, true}, 8}:
		return standardIEEE
	case layoutSize{FloatLayout{79, 64, 15, 0, 64, 16383, false}, 16},
		layoutSize{FloatLayout{79, 64, 15, 0, 64, 16383, false}, 12}:
		return standardX87
	case layoutSize{FloatLayout{127, 112, 15, 0, 112, 16383, true}, 16}:
		return standardBinary128
	}
	return standardNone
}

type layoutSize struct {
	FloatLayout
	size int
}

// ieeeSize returns the size of the smallest float of IEEE 754 that has the range and the digits of
// the layout, or 8.
func (l FloatLayout) ieeeSize() int {
	digits := l.MantissaBits
	if l.Implied {
		digits++
	}
	// The exponents of numbers with the largest and the smallest exponent field.
	top := int64(1)<<min(l.ExponentBits, 30) - 2 - l.Bias
	bottom := 1 - l.Bias
	switch {
	case digits <= 11 && top <= 15 && bottom >= -14:
		return 2
	case digits <= 24 && top <= 127 && bottom >= -126:
		return 4
	}
	return 8
}

// floatConverter returns a function that converts floats of other layouts to IEEE 754 with size
// bytes.
func floatConverter(t *Datatype, size int) func(dst, src []byte) {
	l, order, vax := t.Float, t.Order, t.vax
	return func(dst, src []byte) {
		var swapped [8]byte
		if vax {
			// The 16-bit words are in the opposite order.
			for i := 0; i+1 < len(src); i += 2 {
				copy(swapped[i:], src[len(src)-2-i:len(src)-i])
			}
			src = swapped[:len(src)]
		}
		x := l.float64(loadInt(src, order))
		switch size {
		case 2:
			storeInt(dst[:2], uint64(ndarray.NewFloat16(x)), order)
		case 4:
			storeInt(dst[:4], uint64(math.Float32bits(float32(x))), order)
		default:
			storeInt(dst[:8], math.Float64bits(x), order)
		}
	}
}

// float64 returns the number with the given bits, rounded if float64 has fewer digits.
func (l FloatLayout) float64(bits uint64) float64 {
	field := func(at, n int) uint64 {
		return bits >> at & (1<<n - 1)
	}
	exponent, mantissa := field(l.ExponentAt, l.ExponentBits), field(l.MantissaAt, l.MantissaBits)
	var x float64
	switch {
	case exponent == 1<<l.ExponentBits-1 && mantissa == 0:
		x = math.Inf(1)
	case exponent == 1<<l.ExponentBits-1:
		// HDF5's library converts every NaN to this one.
		x = math.Float64frombits(1<<63 - 1)
	default:
		e := int64(exponent) - l.Bias
		if l.Implied && exponent != 0 {
			mantissa |= 1 << l.MantissaBits
		} else if exponent == 0 {
			e++ // subnormal
		}
		shift := int64(l.MantissaBits)
		if !l.Implied {
			shift--
		}
		x = math.Ldexp(float64(mantissa), int(max(min(e-shift, 1<<20), -1<<20)))
	}
	if bits>>l.Sign&1 != 0 {
		x = -x
	}
	return x
}
