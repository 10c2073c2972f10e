package ndarray

import (
	"math"
	"math/big"
	"strconv"
)

// decimal is the number 0.d1d2d3... times ten to the power of exp.
type decimal struct {
	neg    bool
	digits []byte // '0' to '9', no leading zero, not empty
	exp    int
}

// shortest returns the fewest digits that distinguish mant times two to the power of exp2 from its
// neighbours, and among those the nearest to the value. lowerCloser says that the neighbour below
// is only half as far away as the one above. If the mantissa is even, the midpoints to the
// neighbours also read back as the value, so they are included.
//
// Reference: Steele and White, "How to Print Floating-Point Numbers Accurately", the algorithm of
// NumPy's dragon4.c.
func shortest(mant *big.Int, exp2 int, lowerCloser bool) decimal {
	// The value is r/s; up/s and low/s are half the distances to its neighbours.
	r, s := new(big.Int).Lsh(mant, 2), big.NewInt(4)
	up, low := big.NewInt(2), big.NewInt(2)
	if lowerCloser {
		low.SetInt64(1)
	}
	if exp2 >= 0 {
		r.Lsh(r, uint(exp2))
		up.Lsh(up, uint(exp2))
		low.Lsh(low, uint(exp2))
	} else {
		s.Lsh(s, uint(-exp2))
	}
	even := mant.Bit(0) == 0
	exp := estimateExp10(mant.BitLen() + exp2)
	scale10(r, s, up, low, exp)
	sum := new(big.Int)
	// The estimate may be one too small.
	if c := sum.Add(r, up).Cmp(s); c > 0 || c == 0 && even {
		s.Mul(s, big.NewInt(10))
		exp++
	}
	return decimal{digits: generate(r, s, up, low, even), exp: exp}
}

// estimateExp10 returns k or k-1, where k is such that a number of so many bits is at least ten to
// the power of k-1 and less than ten to the power of k. No power of two in range is so close to a
// power of ten that the rounding of float64 matters.
func estimateExp10(bitlen int) int {
	return int(math.Floor(float64(bitlen-1)*math.Log10(2))) + 1
}

func scale10(r, s, up, low *big.Int, exp int) {
	ten := big.NewInt(10)
	if exp >= 0 {
		s.Mul(s, new(big.Int).Exp(ten, big.NewInt(int64(exp)), nil))
		return
	}
	p := new(big.Int).Exp(ten, big.NewInt(int64(-exp)), nil)
	r.Mul(r, p)
	up.Mul(up, p)
	low.Mul(low, p)
}

// generate returns the digits of r/s, which is less than 1, until they distinguish it.
func generate(r, s, up, low *big.Int, even bool) []byte {
	ten, sum, q := big.NewInt(10), new(big.Int), new(big.Int)
	var digits []byte
	for {
		q.QuoRem(r.Mul(r, ten), s, r)
		up.Mul(up, ten)
		low.Mul(low, ten)
		c, d := r.Cmp(low), sum.Add(r, up).Cmp(s)
		isLow, isHigh := c < 0 || c == 0 && even, d > 0 || d == 0 && even
		digit := byte(q.Int64())
		if !isLow && !isHigh {
			digits = append(digits, '0'+digit)
			continue
		}
		roundUp := isHigh
		if isLow && isHigh {
			half := r.Lsh(r, 1).Cmp(s)
			roundUp = half > 0 || half == 0 && digit&1 == 1
		}
		digits = append(digits, '0'+digit)
		if roundUp {
			return carry(digits)
		}
		return digits
	}
}

// carry adds one to the last digit. The digits are never all nines, because fewer digits would have
// been enough then.
func carry(digits []byte) []byte {
	i := len(digits) - 1
	for i > 0 && digits[i] == '9' {
		i--
	}
	digits[i]++
	return digits[:i+1]
}

// text formats the number as strconv.FormatFloat does with precision -1, except that the format 'g'
// uses an exponent from 10^maxExp on.
func (d *decimal) text(format byte, maxExp int) string {
	var b []byte
	if d.neg {
		b = append(b, '-')
	}
	x := d.exp - 1
	if format == 'e' || format == 'g' && (x < -4 || x >= maxExp) {
		b = append(b, d.digits[0])
		if len(d.digits) > 1 {
			b = append(append(b, '.'), d.digits[1:]...)
		}
		b = append(b, 'e')
		if x < 0 {
			b, x = append(b, '-'), -x
		} else {
			b = append(b, '+')
		}
		if x < 10 {
			b = append(b, '0')
		}
		return string(strconv.AppendInt(b, int64(x), 10))
	}
	whole := min(max(d.exp, 0), len(d.digits))
	b = append(b, d.digits[:whole]...)
	for i := whole; i < d.exp; i++ {
		b = append(b, '0')
	}
	if d.exp <= 0 {
		b = append(b, '0')
	}
	if whole == len(d.digits) {
		return string(b)
	}
	b = append(b, '.')
	for i := d.exp; i < 0; i++ {
		b = append(b, '0')
	}
	return string(append(b, d.digits[whole:]...))
}
