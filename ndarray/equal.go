package ndarray

import (
	"bytes"
	"math"
	"math/big"
	"reflect"
)

// equalBudget bounds how many values Equal compares inside object arrays. Their elements may be
// arrays that contain each other, or that are shared so often that a comparison would not end.
const equalBudget = 1 << 26

// Equal reports whether two arrays have the same shape, the same dtype except for the byte order
// and scalar class, and equal elements. It differs from numpy.array_equal without equal_nan: a NaN
// equals any NaN, and a NaT any NaT. 0.0 equals -0.0. Strings are compared without trailing NULs,
// void elements by their bytes, and records field by field, so that padding does not matter.
//
// Objects are equal if they are equal values of the same Go type, or arrays that are Equal. Arrays
// inside objects are compared four levels deep; below that they must be the same array. Objects of
// types that Go cannot compare must be the same pointer. The class, the writeable flag and the
// memory layout do not matter.
func (a *Array) Equal(b *Array) bool {
	budget := equalBudget
	return a.equal(b, printDepth, &budget)
}

func (a *Array) equal(b *Array, depth int, budget *int) bool {
	if a == b {
		return true
	}
	if b == nil || depth < 0 || !sameShape(a.Shape(), b.Shape()) || a.alive() != nil ||
		b.alive() != nil {
		return false
	}
	same := a.DType().Equal(b.DType())
	if !same && !a.DType().NewByteOrder(LittleEndian).Equal(b.DType().NewByteOrder(LittleEndian)) {
		return false
	}
	if same && !a.DType().object {
		x, errX := a.Bytes()
		y, errY := b.Bytes()
		if errX == nil && errY == nil && a.Order() == b.Order() && bytes.Equal(x, y) {
			return true
		}
	}
	var s, t stepper
	n := a.Size()
	t.reset(b.Shape(), b.Strides(), b.pos, n)
	for s.reset(a.Shape(), a.Strides(), a.pos, n); n > 0; n-- {
		if !equalAt(a, b, s.pos, t.pos, depth, budget) {
			return false
		}
		s.next()
		t.next()
	}
	return true
}

func equalAt(a, b *Array, p, q, depth int, budget *int) bool {
	if a.DType().object {
		return equalObjects(a.atPos(p), b.atPos(q), depth, budget)
	}
	return equalBytes(a.DType(), b.DType(), a.data[p:p+a.DType().itemsize],
		b.data[q:q+b.DType().itemsize])
}

// equalBytes compares one element. The dtypes differ at most in byte order.
func equalBytes(dt, et *DType, x, y []byte) bool {
	switch dt.kind {
	case KindVoid:
		return equalVoid(dt, et, x, y)
	case KindBool:
		return (x[0] != 0) == (y[0] != 0)
	case KindFloat, KindComplex:
		if dt.order == et.order && bytes.Equal(x, y) {
			return true
		}
		return equalFloats(element(dt, x, false), element(et, y, false))
	}
	if dt.order == et.order {
		return bytes.Equal(x, y)
	}
	return element(dt, x, false) == element(et, y, false)
}

func equalVoid(dt, et *DType, x, y []byte) bool {
	if base, _ := dt.Subarray(); base != nil {
		other, _ := et.Subarray()
		for ; len(x) > 0; x, y = x[base.itemsize:], y[base.itemsize:] {
			if !equalBytes(base, other, x[:base.itemsize], y[:base.itemsize]) {
				return false
			}
		}
		return true
	}
	if !dt.isStruct() {
		return bytes.Equal(x, y)
	}
	for i, f := range dt.more.fields {
		g := et.more.fields[i]
		if !equalBytes(f.DType, g.DType, x[f.Offset:f.Offset+f.DType.itemsize],
			y[g.Offset:g.Offset+g.DType.itemsize]) {
			return false
		}
	}
	return true
}

func equalFloats(x, y any) bool {
	switch x := x.(type) {
	case Float16:
		return same(x.Float64(), y.(Float16).Float64())
	case float32:
		return same(float64(x), float64(y.(float32)))
	case float64:
		return same(x, y.(float64))
	case LongDouble:
		return x.equal(y.(LongDouble))
	case complex64:
		z := y.(complex64)
		return same(float64(real(x)), float64(real(z))) && same(float64(imag(x)), float64(imag(z)))
	case complex128:
		z := y.(complex128)
		return same(real(x), real(z)) && same(imag(x), imag(z))
	}
	z, w := x.(CLongDouble), y.(CLongDouble)
	return z.Real.equal(w.Real) && z.Imag.equal(w.Imag)
}

func same(x, y float64) bool { return x == y || x != x && y != y }

// equal compares the values as same does; bits that do not affect the value may differ.
func (l LongDouble) equal(m LongDouble) bool { return l == m || sameFloat(l.Big(), m.Big()) }

// equalObjects compares elements of arrays of objects. depth bounds the recursion, and budget the
// work.
func equalObjects(x, y any, depth int, budget *int) bool {
	if *budget--; *budget < 0 {
		return false
	}
	switch x := x.(type) {
	case *Array:
		y, ok := y.(*Array)
		return ok && x.equal(y, depth-1, budget)
	case Record:
		y, ok := y.(Record)
		return ok && equalLists(x.Values, y.Values, depth, budget)
	case []any:
		y, ok := y.([]any)
		return ok && depth > 0 && equalLists(x, y, depth-1, budget)
	case []byte:
		y, ok := y.([]byte)
		return ok && bytes.Equal(x, y)
	case *big.Int:
		y, ok := y.(*big.Int)
		return ok && x.Cmp(y) == 0
	case float64:
		y, ok := y.(float64)
		return ok && same(x, y)
	case Float16, float32, LongDouble, complex64, complex128, CLongDouble:
		return reflect.TypeOf(x) == reflect.TypeOf(y) && equalFloats(x, y)
	}
	if x == nil || y == nil {
		return x == nil && y == nil
	}
	return reflect.TypeOf(x) == reflect.TypeOf(y) && reflect.ValueOf(x).Comparable() && x == y
}

func equalLists(x, y []any, depth int, budget *int) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if !equalObjects(x[i], y[i], depth, budget) {
			return false
		}
	}
	return true
}

// AllClose reports whether two arrays of numbers have elements that are all close: |a-b| <= atol +
// rtol*|b|. Infinities must be equal; NaNs are equal if equalNaN. It is numpy.allclose, whose
// defaults are rtol 1e-05 and atol 1e-08, without broadcasting. Integers and bools are compared as
// float64. Different shapes are an error of the kind ErrShape; dtypes other than numbers are an
// error of the kind ErrDType.
//
// Reference: numpy/_core/numeric.py, isclose.
func AllClose(a, b *Array, rtol, atol float64, equalNaN bool) (bool, error) {
	if !sameShape(a.Shape(), b.Shape()) {
		return false, errorf(ErrShape, "shapes %s and %s differ", shapeText(a.Shape()),
			shapeText(b.Shape()))
	}
	for _, x := range []*Array{a, b} {
		if err := x.alive(); err != nil {
			return false, err
		}
		if x.complexAt() == nil {
			return false, errorf(ErrDType, "an array of dtype %s, shape %s holds no numbers",
				x.DType().brief(), shapeText(x.Shape()))
		}
	}
	atA, atB := a.complexAt(), b.complexAt()
	var s, t stepper
	n := a.Size()
	t.reset(b.Shape(), b.Strides(), b.pos, n)
	for s.reset(a.Shape(), a.Strides(), a.pos, n); n > 0; n-- {
		if !isClose(atA(s.pos), atB(t.pos), rtol, atol, equalNaN) {
			return false, nil
		}
		s.next()
		t.next()
	}
	return true, nil
}

func isClose(x, y complex128, rtol, atol float64, equalNaN bool) bool {
	if x == y {
		return true
	}
	nanX, nanY := isNaN(x), isNaN(y)
	if nanX || nanY {
		return equalNaN && nanX && nanY
	}
	absY := math.Hypot(real(y), imag(y))
	// Equal infinities were handled by x == y.
	return !math.IsInf(absY, 0) && math.Hypot(real(x)-real(y), imag(x)-imag(y)) <= atol+rtol*absY
}

func isNaN(z complex128) bool { return real(z) != real(z) || imag(z) != imag(z) }

// complexAt returns a function that returns the number at a byte position, or nil if the elements
// are not numbers.
func (a *Array) complexAt() func(pos int) complex128 {
	if f := a.floatAt(); f != nil {
		return func(pos int) complex128 { return complex(f(pos), 0) }
	}
	if a.DType().kind != KindComplex {
		return nil
	}
	re := &Array{dt: &DType{kind: KindFloat, itemsize: a.DType().itemsize / 2,
		order: a.DType().order, ldFormat: a.DType().ldFormat}, data: a.data}
	f, half := re.floatAt(), a.DType().itemsize/2
	return func(pos int) complex128 { return complex(f(pos), f(pos+half)) }
}

// floatAt returns a function that returns the number at a byte position as a float64, or nil if the
// elements are not real numbers.
func (a *Array) floatAt() func(pos int) float64 {
	d, o := a.data, a.DType().order.binary()
	switch a.DType().kind {
	case KindVoid:
		if m := a.DType().more; m != nil && m.small != 0 {
			return a.smallAt(m.small)
		}
	case KindBool:
		return func(pos int) float64 {
			if d[pos] != 0 {
				return 1
			}
			return 0
		}
	case KindInt:
		i := a.intAt()
		return func(pos int) float64 { return float64(i(pos)) }
	case KindUint:
		u := a.uintAt()
		return func(pos int) float64 { return float64(u(pos)) }
	case KindFloat:
		switch a.DType().itemsize {
		case 2:
			return func(pos int) float64 { return Float16(o.Uint16(d[pos:])).Float64() }
		case 4:
			return func(pos int) float64 { return float64(math.Float32frombits(o.Uint32(d[pos:]))) }
		case 8:
			return func(pos int) float64 { return math.Float64frombits(o.Uint64(d[pos:])) }
		}
		return func(pos int) float64 {
			x, _ := decodeLongDouble(d[pos:pos+a.DType().itemsize], a.DType().order,
				a.DType().ldFormat).Float64()
			return x
		}
	}
	return nil
}

func (a *Array) intAt() func(pos int) int64 {
	u := a.uintAt()
	shift := 64 - 8*a.DType().itemsize
	return func(pos int) int64 { return int64(u(pos)<<shift) >> shift }
}

func (a *Array) uintAt() func(pos int) uint64 {
	d, o := a.data, a.DType().order.binary()
	switch a.DType().itemsize {
	case 1:
		return func(pos int) uint64 { return uint64(d[pos]) }
	case 2:
		return func(pos int) uint64 { return uint64(o.Uint16(d[pos:])) }
	case 4:
		return func(pos int) uint64 { return uint64(o.Uint32(d[pos:])) }
	}
	return func(pos int) uint64 { return o.Uint64(d[pos:]) }
}
