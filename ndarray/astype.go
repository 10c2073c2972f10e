package ndarray

import (
	"math"
	"strconv"
	"strings"
)

// AsType returns a copy of the array with its elements converted to another dtype, as
// ndarray.astype does with casting="unsafe". The copy has the array's order. As in NumPy:
//
//   - an integer that is too large for the new dtype wraps around; a float loses its fraction, a
//     complex number its imaginary part
//   - a number is true if it is not 0, so a NaN is true
//   - a number becomes text as str() writes it, truncated to the width of the new dtype. The dtypes
//     "S" and "U" have the width that NumPy chooses
//   - text becomes a number as int() and float() read it
//   - a time changes its unit, rounded down, if both units are weeks or shorter. Otherwise it can
//     only become an int64
//
// The error is of the kind ErrValue if NumPy's result is undefined or an exception: for a NaN or
// too large a float as an integer, or text that is not a number. It is of the kind ErrDType for
// other pairs of dtypes, including records, objects and long doubles; [Values] converts objects
// that are numbers.
func (a *Array) AsType(dt *DType) (*Array, error) {
	if err := a.alive(); err != nil {
		return nil, err
	}
	from := a.DType()
	if dt == nil {
		return nil, errorf(ErrDType, "no dtype to convert to")
	}
	if from.Equal(dt) {
		return a.Copy(OrderK)
	}
	dt = wideEnough(from, dt)
	put := caster(a, dt)
	if put == nil {
		return nil, errorf(ErrDType, "an array of dtype %s, shape %s as dtype %s", from.brief(),
			shapeText(a.Shape()), dt.brief())
	}
	_, nbytes, err := checkShape(a.Shape(), dt.itemsize)
	if err != nil {
		return nil, err
	}
	data := make([]byte, 0, nbytes)
	src := a
	order := a.Order()
	if order == OrderF {
		src = a.T()
	}
	for pos := range src.positions() {
		n := len(data)
		data = data[:n+dt.itemsize]
		if !put(data[n:], pos) {
			return nil, errorf(ErrValue, "%s of dtype %s as dtype %s", valueText(a.atPos(pos)),
				from.brief(), dt.brief())
		}
	}
	return New(dt, a.Shape(), order, data)
}

// textWidths are the characters that NumPy gives to numbers of a dtype as text.
//
// Reference: numpy/_core/src/multiarray/convert_datatype.c, PyArray_AdaptDescriptorToArray.
var textWidths = map[string]int{
	"b1": 5, "i1": 4, "i2": 6, "i4": 11, "i8": 21, "u1": 3, "u2": 5, "u4": 10, "u8": 20,
	"f2": 32, "f4": 32, "f8": 32, "c8": 64, "c16": 64,
}

// wideEnough returns dt, or where it is text of no width, one as wide as the elements of a dtype
// need.
func wideEnough(from, dt *DType) *DType {
	if dt.kind != KindStr && dt.kind != KindBytes || dt.itemsize != 0 {
		return dt
	}
	width := textWidths[from.Str()[1:]]
	switch from.kind {
	case KindBytes:
		width = from.itemsize
	case KindStr:
		width = from.itemsize / 4
	}
	if wide, err := ParseDType(string(rune(dt.kind)) + strconv.Itoa(width)); err == nil {
		return wide
	}
	return dt
}

// caster returns a function that writes the element at a byte position as one of another dtype. The
// function returns false if that has no such value. caster returns nil if there is no such
// conversion.
func caster(a *Array, dt *DType) func(b []byte, pos int) bool {
	from := a.DType()
	isText := func(d *DType) bool { return d.kind == KindStr || d.kind == KindBytes }
	switch {
	case isText(from):
		return textCaster(a, dt)
	case isText(dt):
		if _, ok := textWidths[from.Str()[1:]]; !ok {
			return nil
		}
		return func(b []byte, pos int) bool {
			return putText(dt, b, scalarText(from, a.atPos(pos), 1))
		}
	case from.kind == KindDatetime || from.kind == KindTimedelta || dt.kind == KindDatetime ||
		dt.kind == KindTimedelta:
		return timeCaster(a, dt)
	}
	return numberCaster(a, dt)
}

// numberCaster is caster for bools and numbers.
func numberCaster(a *Array, dt *DType) func(b []byte, pos int) bool {
	from := a.DType()
	re := a.floatAt()
	if from.kind == KindComplex {
		re = a.partsAt()
	}
	if re == nil || from.isLongDouble() || dt.isLongDouble() ||
		from.kind == KindComplex && from.itemsize > 16 {
		return nil
	}
	switch dt.kind {
	case KindBool:
		isZero := func(pos int) bool { return re(pos) == 0 }
		if from.kind == KindComplex {
			isZero = func(pos int) bool { return re(pos) == 0 && re(pos+from.itemsize/2) == 0 }
		}
		return func(b []byte, pos int) bool {
			if b[0] = 1; isZero(pos) {
				b[0] = 0
			}
			return true
		}
	case KindInt, KindUint:
		return intCaster(a, dt, re)
	case KindFloat:
		put := floatPutter(a, dt, re)
		return func(b []byte, pos int) bool { put(b, pos); return true }
	case KindComplex:
		if dt.itemsize > 16 {
			return nil
		}
		half := *dt
		half.kind, half.itemsize = KindFloat, dt.itemsize/2
		put := floatPutter(a, &half, re)
		return func(b []byte, pos int) bool {
			put(b[:half.itemsize], pos)
			im := 0.0
			if from.kind == KindComplex {
				im = re(pos + from.itemsize/2)
			}
			putFloat(&half, b[half.itemsize:], half.itemsize, im)
			return true
		}
	}
	return nil
}

// intCaster is caster for numbers to integers.
func intCaster(a *Array, dt *DType, re func(pos int) float64) func(b []byte, pos int) bool {
	switch a.DType().kind {
	case KindInt:
		at := a.intAt()
		return func(b []byte, pos int) bool { putUint(b, uint64(at(pos)), dt.order); return true }
	case KindUint:
		at := a.uintAt()
		return func(b []byte, pos int) bool { putUint(b, at(pos), dt.order); return true }
	}
	// The first float that is too small, and the first that is too large.
	bits := 8 * dt.itemsize
	low, high := -1.0, math.Ldexp(1, bits)
	if dt.kind == KindInt {
		low, high = -math.Ldexp(1, bits-1)-1, math.Ldexp(1, bits-1)
	}
	return func(b []byte, pos int) bool {
		x := math.Trunc(re(pos))
		if !(x > low || x == low+1) || !(x < high) {
			return false
		}
		if x < 0 {
			putUint(b, uint64(int64(x)), dt.order)
		} else {
			putUint(b, uint64(x), dt.order)
		}
		return true
	}
}

// floatPutter returns a function that writes numbers as floats, rounded once. Integers become
// float16 by way of float32, as in NumPy.
func floatPutter(a *Array, dt *DType, re func(pos int) float64) func(b []byte, pos int) {
	if dt.itemsize == 4 || dt.itemsize == 2 {
		switch a.DType().kind {
		case KindInt:
			at := a.intAt()
			return func(b []byte, pos int) {
				putFloat(dt, b, dt.itemsize, float64(float32(at(pos))))
			}
		case KindUint:
			at := a.uintAt()
			return func(b []byte, pos int) {
				putFloat(dt, b, dt.itemsize, float64(float32(at(pos))))
			}
		}
	}
	return func(b []byte, pos int) { putFloat(dt, b, dt.itemsize, re(pos)) }
}

// putText writes s as one element, truncated to its width. It returns false if s is not ASCII and
// dt is S.
func putText(dt *DType, b []byte, s string) bool {
	if dt.kind == KindBytes {
		for i := range len(s) {
			if s[i] >= 0x80 {
				return false
			}
		}
		clear(b[copy(b, s):])
		return true
	}
	runes := []rune(s)
	if most := len(b) / 4; len(runes) > most {
		runes = runes[:most]
	}
	return encodeUCS4(b, string(runes), dt.order)
}

// textCaster is caster for text.
func textCaster(a *Array, dt *DType) func(b []byte, pos int) bool {
	text := func(pos int) string {
		switch v := a.atPos(pos).(type) {
		case []byte:
			return string(v)
		case string:
			return v
		}
		return ""
	}
	switch dt.kind {
	case KindStr:
		if a.DType().kind == KindBytes {
			return func(b []byte, pos int) bool {
				s := text(pos)
				return isASCII(s) && putText(dt, b, s)
			}
		}
		return func(b []byte, pos int) bool { return putText(dt, b, text(pos)) }
	case KindBytes:
		if a.DType().kind == KindBytes {
			return func(b []byte, pos int) bool { clear(b[copy(b, text(pos)):]); return true }
		}
		return func(b []byte, pos int) bool { return putText(dt, b, text(pos)) }
	case KindInt, KindUint:
		return func(b []byte, pos int) bool {
			s := strings.TrimSpace(text(pos))
			if dt.kind == KindUint {
				n, err := strconv.ParseUint(strings.TrimPrefix(s, "+"), 10, 8*dt.itemsize)
				putUint(b, n, dt.order)
				return err == nil
			}
			n, err := strconv.ParseInt(s, 10, 8*dt.itemsize)
			putUint(b, uint64(n), dt.order)
			return err == nil
		}
	case KindFloat:
		if dt.isLongDouble() {
			return nil
		}
		return func(b []byte, pos int) bool {
			s := strings.TrimSpace(text(pos))
			if strings.ContainsAny(s, "xXpP") { // Python's float() does not accept hexadecimal.
				return false
			}
			x, err := strconv.ParseFloat(s, 64)
			if x != x {
				x = math.Float64frombits(0x7ff8 << 48) // the NaN of C
			}
			putFloat(dt, b, dt.itemsize, x)
			return err == nil || math.IsInf(x, 0)
		}
	}
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// timeCaster is caster for times, and for integers of the same size.
func timeCaster(a *Array, dt *DType) func(b []byte, pos int) bool {
	from := a.DType()
	isTime := func(d *DType) bool { return d.kind == KindDatetime || d.kind == KindTimedelta }
	at := a.intAt()
	switch {
	case isTime(from) && isTime(dt) && from.kind == dt.kind:
		num, denom, ok := unitRatio(from.Unit(), dt.Unit())
		if !ok {
			return nil
		}
		return func(b []byte, pos int) bool {
			v := at(pos)
			if v != NaT {
				if v > math.MaxInt64/num || v < math.MinInt64/num {
					return false
				}
				v = floorDiv(v*num, denom)
			}
			putUint(b, uint64(v), dt.order)
			return true
		}
	case from.kind == KindInt && from.itemsize == 8 && isTime(dt),
		isTime(from) && dt.kind == KindInt && dt.itemsize == 8:
		return func(b []byte, pos int) bool { putUint(b, uint64(at(pos)), dt.order); return true }
	}
	return nil
}

// unitRatio returns the numbers by which to multiply and then divide, to convert a number of one
// unit to another. ok is false for units longer than weeks.
func unitRatio(from, to DatetimeUnit) (num, denom int64, ok bool) {
	length := func(u DatetimeUnit) (seconds, parts int64, ok bool) {
		n := int64(max(u.Num, 1))
		if s := secondsPer(u.Base); s > 0 {
			return s * n, 1, true
		}
		p := perSecond(u.Base)
		return n, p, p > 0
	}
	s1, p1, ok1 := length(from)
	s2, p2, ok2 := length(to)
	if !ok1 || !ok2 {
		return 0, 0, false
	}
	// from is s1/p1 seconds, to is s2/p2.
	g := gcd(s1, s2)
	s1, s2 = s1/g, s2/g
	g = gcd(p1, p2)
	p1, p2 = p1/g, p2/g
	if s1 > math.MaxInt64/p2 || s2 > math.MaxInt64/p1 {
		return 0, 0, false
	}
	num, denom = s1*p2, s2*p1
	g = gcd(num, denom)
	return num / g, denom / g, true
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
