package ndarray

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// This file has the number formats of the Python package ml_dtypes, which JAX and TensorFlow use.
// In NumPy their dtypes have the kind void and a scalar class of their own, such as
// "ml_dtypes.bfloat16".
//
// Reference: github.com/jax-ml/ml_dtypes, README.md, "Specifications of implemented floating point
// formats".

// BFloat16 is a bfloat16, the upper half of a float32, by its bits.
type BFloat16 uint16

// NewBFloat16 returns the bfloat16 nearest to x, ties to even. A number that is too large becomes
// infinite, a NaN stays a NaN.
func NewBFloat16(x float32) BFloat16 {
	b := math.Float32bits(x)
	if x != x {
		return BFloat16(b>>16 | 0x40)
	}
	return BFloat16((b + 0x7fff + b>>16&1) >> 16)
}

// Float32 returns the value, exactly.
func (b BFloat16) Float32() float32 { return math.Float32frombits(uint32(b) << 16) }

// Float64 returns the value, exactly.
func (b BFloat16) Float64() float64 { return float64(b.Float32()) }

// String returns str() of the number in ml_dtypes: that of a float with the same value.
func (b BFloat16) String() string { return smallText(b.Float64()) }

// Float8Format is one of ml_dtypes' formats of at most 8 bits.
type Float8Format uint8

// The formats. EeMm has e bits of exponent and m of mantissa. A format without a suffix follows
// IEEE 754. FN formats have no infinities; FNUZ formats also have no negative zero, whose bits are
// the only NaN; B11 has the bias 11. E8M0FNU, which is for scales, has neither a sign nor a zero.
const (
	E4M3FN Float8Format = iota + 1
	E5M2
	E3M4
	E4M3
	E4M3B11FNUZ
	E4M3FNUZ
	E5M2FNUZ
	E8M0FNU
	E2M3FN // 6 bits, no NaN
	E3M2FN // 6 bits, no NaN
	E2M1FN // 4 bits, no NaN
)

// nans says which bit patterns of a format are NaNs.
type nans uint8

const (
	nansIEEE nans = iota // those with the largest exponent, except infinities
	nansLast             // those in which all bits but the sign are set
	nansZero             // that of the negative zero
	nansNone
)

var float8Formats = [...]struct {
	name            string
	exp, mant, bias int
	nans            nans
}{
	E4M3FN: {"float8_e4m3fn", 4, 3, 7, nansLast}, E5M2: {"float8_e5m2", 5, 2, 15, nansIEEE},
	E3M4: {"float8_e3m4", 3, 4, 3, nansIEEE}, E4M3: {"float8_e4m3", 4, 3, 7, nansIEEE},
	E4M3B11FNUZ: {"float8_e4m3b11fnuz", 4, 3, 11, nansZero},
	E4M3FNUZ:    {"float8_e4m3fnuz", 4, 3, 8, nansZero},
	E5M2FNUZ:    {"float8_e5m2fnuz", 5, 2, 16, nansZero},
	E8M0FNU:     {"float8_e8m0fnu", 8, 0, 127, nansLast},
	E2M3FN:      {"float6_e2m3fn", 2, 3, 1, nansNone}, E3M2FN: {"float6_e3m2fn", 3, 2, 3, nansNone},
	E2M1FN: {"float4_e2m1fn", 2, 1, 1, nansNone},
}

// String returns the name of the dtype in ml_dtypes, such as "float8_e4m3fn".
func (f Float8Format) String() string {
	if f == 0 || int(f) >= len(float8Formats) {
		return "float8?"
	}
	return float8Formats[f].name
}

// Float8 is a number of one of ml_dtypes' formats of at most 8 bits, which are the low bits of
// Bits.
type Float8 struct {
	Bits   uint8
	Format Float8Format
}

// Float32 returns the value, exactly. It is NaN for the zero Float8, which has no format.
func (f Float8) Float32() float32 { return float32(f.Float64()) }

// Float64 returns the value, exactly.
func (f Float8) Float64() float64 {
	if f.Format == 0 || int(f.Format) >= len(float8Formats) {
		return math.NaN()
	}
	t := &float8Formats[f.Format]
	bits := int(f.Bits)
	if f.Format == E8M0FNU {
		if bits == 0xff {
			return math.NaN()
		}
		return math.Ldexp(1, bits-t.bias)
	}
	size := t.exp + t.mant
	negative := bits>>size&1 == 1
	bits &= 1<<size - 1
	exp, mant := bits>>t.mant, bits&(1<<t.mant-1)
	var x float64
	switch top := 1<<t.exp - 1; {
	case t.nans == nansIEEE && exp == top && mant == 0:
		x = math.Inf(1)
	case t.nans == nansIEEE && exp == top, t.nans == nansLast && bits == 1<<size-1,
		t.nans == nansZero && negative && bits == 0:
		return math.NaN()
	case exp == 0:
		x = math.Ldexp(float64(mant), 1-t.bias-t.mant)
	default:
		x = math.Ldexp(float64(mant|1<<t.mant), exp-t.bias-t.mant)
	}
	if negative {
		return -x
	}
	return x
}

// String returns the shortest decimal of the value.
func (f Float8) String() string { return smallText(f.Float64()) }

func smallText(x float64) string {
	switch {
	case x != x:
		return "nan"
	case math.IsInf(x, 0):
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(x, 'g', -1, 64), "+"))
	}
	return strconv.FormatFloat(x, 'g', -1, 32)
}

// smallKind is a format of ml_dtypes: a Float8Format or one of the constants below. 0 means none.
type smallKind uint8

const (
	smallBFloat16 = 32 + iota // smaller values are Float8Formats
	smallInt4
	smallInt2
	smallUint4
	smallUint2
)

// smallKinds has the formats by their names in package ml_dtypes.
var smallKinds = func() map[string]smallKind {
	m := map[string]smallKind{
		"bfloat16": smallBFloat16,
		"int4":     smallInt4, "int2": smallInt2, "uint4": smallUint4, "uint2": smallUint2,
	}
	for f := range float8Formats {
		if f > 0 {
			m[float8Formats[f].name] = smallKind(f)
		}
	}
	return m
}()

// smallOf returns the format of a void dtype with the given scalar class and itemsize, or 0.
func smallOf(class string, itemsize int) smallKind {
	name, ok := strings.CutPrefix(class, "ml_dtypes.")
	if !ok {
		return 0
	}
	k := smallKinds[name]
	if want := 1 + boolInt(k == smallBFloat16); k == 0 || itemsize != want {
		return 0
	}
	return k
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// SmallName returns the name of a dtype of ml_dtypes, such as "bfloat16". ok is false for other
// dtypes.
func (d *DType) SmallName() (name string, ok bool) {
	if d.more == nil || d.more.small == 0 {
		return "", false
	}
	return strings.TrimPrefix(d.more.class, "ml_dtypes."), true
}

// smallElement decodes one element.
func smallElement(k smallKind, b []byte) any {
	switch k {
	case smallBFloat16:
		return BFloat16(binary.LittleEndian.Uint16(b))
	case smallInt4:
		return int8(b[0]<<4) >> 4
	case smallInt2:
		return int8(b[0]<<6) >> 6
	case smallUint4:
		return b[0] & 15
	case smallUint2:
		return b[0] & 3
	}
	return Float8{Bits: b[0], Format: Float8Format(k)}
}

// encodeSmall writes a value, which the format must hold exactly.
func encodeSmall(k smallKind, b []byte, v any) bool {
	if x, ok := v.([]byte); ok && len(x) == len(b) {
		copy(b, x)
		return true
	}
	switch x := v.(type) {
	case BFloat16:
		if k != smallBFloat16 {
			return false
		}
		binary.LittleEndian.PutUint16(b, uint16(x))
		return true
	case Float8:
		b[0] = x.Bits
		return smallKind(x.Format) == k
	}
	if k == smallBFloat16 {
		x, ok := toFloat(v)
		binary.LittleEndian.PutUint16(b, uint16(NewBFloat16(float32(x))))
		return ok
	}
	n, ok := toInt(v)
	if !ok || !n.IsInt64() || k < smallInt4 {
		return false
	}
	b[0] = byte(n.Int64())
	back, _ := toInt(smallElement(k, b))
	return back != nil && back.Cmp(n) == 0
}

// smallAt returns a function that returns the element at a byte position as a float64.
func (a *Array) smallAt(k smallKind) func(pos int) float64 {
	size := a.DType().itemsize
	return func(pos int) float64 {
		x, _ := toFloat(smallElement(k, a.data[pos:pos+size]))
		return x
	}
}
