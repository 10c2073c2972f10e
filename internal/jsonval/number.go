package jsonval

import (
	"math"
	"math/big"
	"strconv"

	"github.com/unpkl/unpkl/pickle"
)

// appendFloat appends f as Python's repr writes it: the shortest digits that
// read back, with an exponent below 1e-4 and from 1e16 on. What JSON has no
// number for is a string.
//
// Reference: CPython, Objects/floatobject.c, float_repr; Python/pystrtod.c,
// format_float_short with format code 'r'.
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

// appendFloatKey appends f as json.dumps writes a float key.
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

// appendBig appends all digits of n, or returns a *pickle.LimitError where they
// are more than digits: the conversion is not linear.
func appendBig(dst []byte, n *big.Int, digits int) ([]byte, error) {
	// log10(2) = 0.30102999..., so the estimate is below the true count by at
	// most one.
	if want := int64(float64(n.BitLen()) * 0.30102); want > int64(digits) {
		return dst, &pickle.LimitError{Limit: "IntDigits", Max: int64(digits), Want: want}
	}
	return n.Append(dst, 10), nil
}
