package jsonval

import (
	"bytes"
	"math"
	"math/big"
	"strconv"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// appendFloat appends f as Python's repr writes it: the shortest digits that read back, with an
// exponent below 1e-4 and from 1e16 on. A value that JSON has no number for is written as a string.
//
// Reference: CPython, Objects/floatobject.c, float_repr; Python/pystrtod.c, format_float_short with
// format code 'r'.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case f != f:
		return append(dst, `"NaN"`...)
	case f > math.MaxFloat64:
		return append(dst, `"Infinity"`...)
	case f < -math.MaxFloat64:
		return append(dst, `"-Infinity"`...)
	}
	return appendFinite(dst, f)
}

// appendFloat32 is appendFloat with the shortest digits that read back as a float32.
func appendFloat32(dst []byte, f float32) []byte {
	if wide := float64(f); wide != wide || math.IsInf(wide, 0) {
		return appendFloat(dst, wide)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, float64(f), 'e', -1, 32)
	// The digits, not the value, decide whether there is an exponent: the float32 nearest to 1e-4 is
	// less than 1e-4, but its digits are 1e-4.
	exponent, err := strconv.Atoi(string(dst[bytes.LastIndexByte(dst, 'e')+1:]))
	if err != nil || exponent < -4 || exponent >= 16 {
		return dst
	}
	dst = strconv.AppendFloat(dst[:from], float64(f), 'f', -1, 32)
	if bytes.IndexByte(dst[from:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// halfDigits is the number of digits that distinguish all float16 values.
const halfDigits = 5

// shortestHalf returns the float64 with the fewest digits that rounds to the float16 h.
func shortestHalf(h ndarray.Float16) float64 {
	f := h.Float64()
	if f != f || math.IsInf(f, 0) {
		return f
	}
	for digits := range halfDigits {
		short, err := strconv.ParseFloat(strconv.FormatFloat(f, 'e', digits, 64), 64)
		if err == nil && ndarray.NewFloat16(short) == h {
			return short
		}
	}
	return f
}

// appendFloatKey appends f as json.dumps writes a key that is a float.
func appendFloatKey(dst []byte, f float64) []byte {
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case f > math.MaxFloat64:
		return append(dst, "Infinity"...)
	case f < -math.MaxFloat64:
		return append(dst, "-Infinity"...)
	}
	return appendFinite(dst, f)
}

// appendFinite is appendFloat for a finite f.
func appendFinite(dst []byte, f float64) []byte {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	for _, c := range dst[from:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// appendBig appends all digits of n. It returns a *pickle.LimitError if there are more than digits,
// because the conversion takes more than linear time.
func appendBig(dst []byte, n *big.Int, digits int) ([]byte, error) {
	// log10(2) = 0.30102999..., so the estimate is below the true number of digits.
	if want := int64(float64(n.BitLen()) * 0.30102); want > int64(digits) {
		return dst, &pickle.LimitError{Limit: "IntDigits", Max: int64(digits), Want: want}
	}
	return n.Append(dst, 10), nil
}
