package ndarray

import (
	"math"
	"math/big"
	"math/bits"
)

// realNumber has the element types with which Go can compute, except complex numbers.
type realNumber interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// convertInto fills out with the converted elements of a in C order. It returns the index of the
// first element that T does not hold, or -1.
func convertInto[T Element](a *Array, out []T) (bad int) {
	switch dst := any(out).(type) {
	case []int8:
		return convertReal(a, dst)
	case []int16:
		return convertReal(a, dst)
	case []int32:
		return convertReal(a, dst)
	case []int64:
		return convertReal(a, dst)
	case []uint8:
		return convertReal(a, dst)
	case []uint16:
		return convertReal(a, dst)
	case []uint32:
		return convertReal(a, dst)
	case []uint64:
		return convertReal(a, dst)
	case []float32:
		return convertReal(a, dst)
	case []float64:
		return convertReal(a, dst)
	}
	return convertSlowly(a, out)
}

// convertReal is convertInto for numbers that are not complex.
func convertReal[T realNumber](a *Array, out []T) int {
	switch {
	case a.DType().kind == KindBool:
		return convertBool(a, out)
	case a.DType().kind == KindInt && a.DType().itemsize == 1:
		return convertFrom[int8](a, out)
	case a.DType().kind == KindInt && a.DType().itemsize == 2:
		return convertFrom[int16](a, out)
	case a.DType().kind == KindInt && a.DType().itemsize == 4:
		return convertFrom[int32](a, out)
	case a.DType().kind == KindInt:
		return convertFrom[int64](a, out)
	case a.DType().kind == KindUint && a.DType().itemsize == 1:
		return convertFrom[uint8](a, out)
	case a.DType().kind == KindUint && a.DType().itemsize == 2:
		return convertFrom[uint16](a, out)
	case a.DType().kind == KindUint && a.DType().itemsize == 4:
		return convertFrom[uint32](a, out)
	case a.DType().kind == KindUint:
		return convertFrom[uint64](a, out)
	case a.DType().kind == KindFloat && a.DType().itemsize == 4:
		return convertFrom[float32](a, out)
	case a.DType().kind == KindFloat && a.DType().itemsize == 8:
		return convertFrom[float64](a, out)
	}
	return convertSlowly(a, out)
}

func convertBool[T realNumber](a *Array, out []T) int {
	i := 0
	for pos := range a.positions() {
		if a.data[pos] != 0 {
			out[i] = 1
		}
		i++
	}
	return -1
}

// convertFrom decodes blocks of elements of type S and converts them.
func convertFrom[S, T realNumber](a *Array, out []T) int {
	var buf [512]S
	size := int(a.DType().itemsize)
	always := lossless[S, T]()
	done, bad := 0, -1
	var err error // stays nil, because the dtype and order were checked
	a.chunks(OrderC, &err)(func(c []byte) bool {
		for len(c) > 0 {
			n := min(len(c)/size, len(buf))
			fillReal(buf[:n], c[:n*size], a.DType().order)
			dst := out[done : done+n]
			if always {
				for i, s := range buf[:n] {
					dst[i] = T(s)
				}
			} else if i := convertChecked(buf[:n], dst); i >= 0 {
				bad = done + i
				return false
			}
			done += n
			c = c[n*size:]
		}
		return true
	})
	return bad
}

// fillReal is fill for the types of realNumber.
func fillReal[S realNumber](dst []S, src []byte, order ByteOrder) {
	switch dst := any(dst).(type) {
	case []int8:
		fill(dst, src, order)
	case []int16:
		fill(dst, src, order)
	case []int32:
		fill(dst, src, order)
	case []int64:
		fill(dst, src, order)
	case []uint8:
		fill(dst, src, order)
	case []uint16:
		fill(dst, src, order)
	case []uint32:
		fill(dst, src, order)
	case []uint64:
		fill(dst, src, order)
	case []float32:
		fill(dst, src, order)
	case []float64:
		fill(dst, src, order)
	}
}

// precision returns the number of bits of an integer type, or of the significand of a float type,
// and what kind of number T is.
func precision[T realNumber]() (n int, signed, float bool) {
	var zero T
	switch any(zero).(type) {
	case float32:
		return 24, true, true
	case float64:
		return 53, true, true
	case int8:
		return 7, true, false
	case int16:
		return 15, true, false
	case int32:
		return 31, true, false
	case int64:
		return 63, true, false
	case uint8:
		return 8, false, false
	case uint16:
		return 16, false, false
	case uint32:
		return 32, false, false
	}
	return 64, false, false
}

// lossless reports whether every value of S is a value of T.
func lossless[S, T realNumber]() bool {
	n, signed, float := precision[S]()
	m, toSigned, toFloat := precision[T]()
	if float && !toFloat || signed && !toSigned {
		return false
	}
	return n <= m
}

// convertChecked converts src. It returns the index of the first element that T does not hold, or
// -1.
func convertChecked[S, T realNumber](src []S, dst []T) int {
	n, _, toFloat := precision[T]()
	_, _, float := precision[S]()
	for i, s := range src {
		var ok bool
		switch {
		case float && toFloat: // float64 to float32
			dst[i] = T(s)
			ok = S(dst[i]) == s || s != s
		case float:
			dst[i], ok = floatToInt[S, T](s)
		case toFloat:
			dst[i] = T(s)
			ok = significantBits(s) <= n
		default:
			dst[i] = T(s)
			ok = S(dst[i]) == s && (dst[i] < 0) == (s < 0)
		}
		if !ok {
			return i
		}
	}
	return -1
}

// significantBits returns the number of bits of an integer without trailing zeros.
func significantBits[S realNumber](s S) int {
	u := uint64(s)
	if s < 0 {
		u = -u
	}
	if u == 0 {
		return 0
	}
	return bits.Len64(u) - bits.TrailingZeros64(u)
}

// floatToInt converts a float for which Go defines the conversion.
func floatToInt[S, T realNumber](s S) (T, bool) {
	n, signed, _ := precision[T]()
	x := float64(s)
	limit := math.Ldexp(1, n)
	if !(x < limit) || x < 0 && (!signed || x < -limit) || x != math.Trunc(x) {
		return 0, false
	}
	return T(s), true
}

// convertSlowly is convertInto by means of At.
func convertSlowly[T Element](a *Array, out []T) int {
	i := 0
	for pos := range a.positions() {
		var ok bool
		if out[i], ok = exact[T](a.atPos(pos)); !ok {
			return i
		}
		i++
	}
	return -1
}

// exact returns v as the T that has exactly the same value.
func exact[T Element](v any) (x T, ok bool) {
	if x, ok = v.(T); ok {
		return x, true
	}
	t := DTypeOf[T]()
	var buf [16]byte
	b := buf[:t.itemsize]
	if encode(t, b, v) != nil || !sameNumber(element(t, b, false), v) {
		return x, false
	}
	var one [1]T
	fill(one[:], b, NativeEndian)
	return one[0], true
}

// sameNumber reports whether two numbers have exactly the same value. All NaNs are the same.
func sameNumber(a, b any) bool {
	x, okX := exactComplex(a)
	y, okY := exactComplex(b)
	return okX && okY && sameFloat(x[0], y[0]) && sameFloat(x[1], y[1])
}

func sameFloat(x, y *big.Float) bool {
	if x == nil || y == nil {
		return x == y
	}
	return x.Cmp(y) == 0
}

// exactComplex returns the real and imaginary part of a number. A nil part is NaN.
func exactComplex(v any) (z [2]*big.Float, ok bool) {
	part := func(x float64) *big.Float {
		if x != x {
			return nil
		}
		return big.NewFloat(x)
	}
	z[1] = new(big.Float)
	switch v := v.(type) {
	case LongDouble:
		z[0] = v.Big()
	case CLongDouble:
		z[0], z[1] = v.Real.Big(), v.Imag.Big()
	case complex64:
		z[0], z[1] = part(float64(real(v))), part(float64(imag(v)))
	case complex128:
		z[0], z[1] = part(real(v)), part(imag(v))
	case float32:
		z[0] = part(float64(v))
	case float64:
		z[0] = part(v)
	case Float16:
		z[0] = part(v.Float64())
	case BFloat16:
		z[0] = part(v.Float64())
	case Float8:
		z[0] = part(v.Float64())
	default:
		n, isInt := toInt(v)
		if !isInt {
			return z, false
		}
		z[0] = new(big.Float).SetInt(n)
	}
	return z, true
}
