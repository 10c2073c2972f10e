package jsonval

import (
	"math"
	"math/big"
	"math/bits"
	"strings"

	"github.com/unpkl/unpkl/ndarray"
)

// hasStats reports whether arrays of dtype dt have statistics.
func hasStats(dt *ndarray.DType) bool {
	switch dt.Kind() {
	case ndarray.KindInt, ndarray.KindUint, ndarray.KindFloat, ndarray.KindBool,
		ndarray.KindComplex,
		ndarray.KindDatetime, ndarray.KindTimedelta:
		return true
	}
	_, small := dt.SmallName()
	return small
}

// statsOf returns the smallest and largest element, the mean and the number of NaNs. NaNs are
// ignored otherwise; if there are no other elements, the first three are null. The mean of ints is
// the float nearest to the exact mean. The mean of floats is computed by a compensated sum in
// float64. Elements for which hidden returns true are ignored, and their number is "masked"; hidden
// may be nil.
func statsOf(a *ndarray.Array, hidden func(i int) bool) members {
	s := newStats(a.DType())
	i, masked := 0, 0
	for v := range a.Elements() {
		if hidden != nil && hidden(i) {
			masked++
		} else {
			s.add(v)
		}
		i++
	}
	lo, hi, mean, n := s.result()
	o := object{}
	if n == 0 {
		lo, hi, mean = nil, nil, nil
	}
	o.add("min", lo)
	o.add("max", hi)
	o.add("mean", mean)
	o.add("nan", a.Size()-masked-n)
	if hidden != nil {
		o.add("masked", masked)
	}
	return o
}

// maskOf returns a function that reports whether the element i, in C order, of a masked array is
// masked. It returns nil if there is no mask or it has another size.
func maskOf(mask *ndarray.Array, size int) func(i int) bool {
	if mask == nil || mask.DType().Kind() != ndarray.KindBool || mask.Size() != size {
		return nil
	}
	values, err := ndarray.Values[bool](mask)
	if err != nil {
		return nil
	}
	return func(i int) bool { return values[i] }
}

// newStats returns the stats for elements of dtype dt.
func newStats(dt *ndarray.DType) stats {
	name, small := dt.SmallName()
	switch kind := dt.Kind(); {
	case kind == ndarray.KindFloat && dt.ItemSize() > 8:
		return &longStats{}
	case kind == ndarray.KindFloat, small && !strings.Contains(name, "int"):
		return &floatStats{}
	case kind == ndarray.KindBool:
		return &boolStats{}
	case kind == ndarray.KindComplex:
		return &complexStats{}
	case kind == ndarray.KindDatetime || kind == ndarray.KindTimedelta:
		return &timeStats{dt: dt}
	}
	return &intStats{}
}

// stats accumulates the elements of an array.
type stats interface {
	add(v any)
	// result returns n, the number of elements that are not NaN.
	result() (lo, hi, mean any, n int)
}

// floatStats is for floats of at most 64 bits.
type floatStats struct {
	lo, hi    float64
	sum, lost float64 // Neumaier's summation: lost is the rounding error of sum
	n         int
}

func (s *floatStats) add(v any) {
	switch v := v.(type) {
	case float64:
		s.addFloat(v)
	case float32:
		s.addFloat(float64(v))
	case interface{ Float64() float64 }: // Float16 and those of ml_dtypes
		s.addFloat(v.Float64())
	}
}

func (s *floatStats) addFloat(x float64) {
	if x != x {
		return
	}
	if s.n == 0 || x < s.lo {
		s.lo = x
	}
	if s.n == 0 || x > s.hi {
		s.hi = x
	}
	s.n++
	t := s.sum + x
	if math.Abs(s.sum) >= math.Abs(x) {
		s.lost += (s.sum - t) + x
	} else {
		s.lost += (x - t) + s.sum
	}
	s.sum = t
}

func (s *floatStats) result() (lo, hi, mean any, n int) {
	sum := s.sum
	if !math.IsInf(sum, 0) && sum == sum {
		sum += s.lost
	}
	return s.lo, s.hi, sum / float64(s.n), s.n
}

// longStats is for longdoubles. Only their mean is rounded to float64.
type longStats struct {
	lo, hi ndarray.LongDouble
	floatStats
}

func (s *longStats) add(v any) {
	x, ok := v.(ndarray.LongDouble)
	if !ok || x.IsNaN() {
		return
	}
	if s.n == 0 || x.Big().Cmp(s.lo.Big()) < 0 {
		s.lo = x
	}
	if s.n == 0 || x.Big().Cmp(s.hi.Big()) > 0 {
		s.hi = x
	}
	f, _ := x.Float64()
	s.addFloat(f)
}

func (s *longStats) result() (lo, hi, mean any, n int) {
	_, _, mean, n = s.floatStats.result()
	return longDouble(s.lo), longDouble(s.hi), mean, n
}

// intStats is for signed or unsigned ints. The sum of up to 2^63 values of 64 bits fits 127 bits.
type intStats struct {
	lo, hi       int64
	ulo, uhi     uint64
	sumHi, sumLo uint64 // two's complement
	n            int
	unsigned     bool
}

func (s *intStats) add(v any) {
	switch v := v.(type) {
	case int8:
		s.addInt(int64(v))
	case int16:
		s.addInt(int64(v))
	case int32:
		s.addInt(int64(v))
	case int64:
		s.addInt(v)
	case uint8:
		s.addUint(uint64(v))
	case uint16:
		s.addUint(uint64(v))
	case uint32:
		s.addUint(uint64(v))
	case uint64:
		s.addUint(v)
	}
}

func (s *intStats) addInt(x int64) {
	if s.n == 0 || x < s.lo {
		s.lo = x
	}
	if s.n == 0 || x > s.hi {
		s.hi = x
	}
	s.n++
	s.addSum(uint64(x>>63), uint64(x))
}

func (s *intStats) addUint(x uint64) {
	s.unsigned = true
	if s.n == 0 || x < s.ulo {
		s.ulo = x
	}
	s.uhi = max(s.uhi, x)
	s.n++
	s.addSum(0, x)
}

func (s *intStats) addSum(hi, lo uint64) {
	var carry uint64
	s.sumLo, carry = bits.Add64(s.sumLo, lo, 0)
	s.sumHi, _ = bits.Add64(s.sumHi, hi, carry)
}

func (s *intStats) result() (lo, hi, mean any, n int) {
	if s.n == 0 {
		return nil, nil, nil, 0
	}
	sum := new(big.Int).Lsh(big.NewInt(int64(s.sumHi)), 64)
	sum.Add(sum, new(big.Int).SetUint64(s.sumLo))
	m, _ := new(big.Rat).SetFrac(sum, big.NewInt(int64(s.n))).Float64()
	if s.unsigned {
		return s.ulo, s.uhi, m, s.n
	}
	return s.lo, s.hi, m, s.n
}
