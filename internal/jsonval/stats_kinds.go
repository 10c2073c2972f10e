package jsonval

import (
	"math"
	"math/big"

	"github.com/unpkl/unpkl/ndarray"
)

// boolStats is for bools. The mean is the share of true elements.
type boolStats struct{ n, trues int }

func (s *boolStats) add(v any) {
	s.n++
	if v == true {
		s.trues++
	}
}

func (s *boolStats) result() (lo, hi, mean any, n int) {
	return s.trues == s.n && s.n > 0, s.trues > 0, float64(s.trues) / float64(s.n), s.n
}

// complexStats is for complex numbers, which NumPy orders by their real and then their imaginary
// part. A number with a NaN in either part counts as NaN.
type complexStats struct {
	lo, hi complex128
	re, im floatStats
}

func (s *complexStats) add(v any) {
	var z complex128
	switch v := v.(type) {
	case complex64:
		z = complex128(v)
	case complex128:
		z = v
	case ndarray.CLongDouble:
		re, _ := v.Real.Float64()
		im, _ := v.Imag.Float64()
		z = complex(re, im)
	}
	if math.IsNaN(real(z)) || math.IsNaN(imag(z)) {
		return
	}
	if s.re.n == 0 || lessComplex(z, s.lo) {
		s.lo = z
	}
	if s.re.n == 0 || lessComplex(s.hi, z) {
		s.hi = z
	}
	s.re.addFloat(real(z))
	s.im.addFloat(imag(z))
}

func lessComplex(a, b complex128) bool {
	return real(a) < real(b) || real(a) == real(b) && imag(a) < imag(b)
}

func (s *complexStats) result() (lo, hi, mean any, n int) {
	_, _, re, n := s.re.result()
	_, _, im, _ := s.im.result()
	return pair(real(s.lo), imag(s.lo)), pair(real(s.hi), imag(s.hi)), oneLine{list{re, im}}, n
}

// timeStats is for datetime64 and timedelta64. NaT counts as NaN. Only timedelta64 has a mean,
// which is truncated towards zero as in NumPy.
type timeStats struct {
	dt     *ndarray.DType
	lo, hi int64
	sum    big.Int
	n      int
}

func (s *timeStats) add(v any) {
	var x int64
	switch v := v.(type) {
	case ndarray.Datetime64:
		x = v.Value
	case ndarray.Timedelta64:
		x = v.Value
	}
	if x == ndarray.NaT {
		return
	}
	if s.n == 0 || x < s.lo {
		s.lo = x
	}
	if s.n == 0 || x > s.hi {
		s.hi = x
	}
	s.n++
	s.sum.Add(&s.sum, big.NewInt(x))
}

func (s *timeStats) result() (lo, hi, mean any, n int) {
	if s.n == 0 {
		return nil, nil, nil, 0
	}
	if s.dt.Kind() == ndarray.KindTimedelta {
		m := new(big.Int).Quo(&s.sum, big.NewInt(int64(s.n)))
		return s.lo, s.hi, m, s.n
	}
	at := func(x int64) any { return ndarray.Datetime64{Value: x, Unit: s.dt.Unit()}.String() }
	return at(s.lo), at(s.hi), nil, s.n
}
