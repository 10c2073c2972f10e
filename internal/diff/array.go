package diff

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/unpkl/unpkl/internal/chunk"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
)

// Elements says how the elements of two arrays of equal shape differ.
type Elements struct {
	// Differ is the number of elements that differ, Size the number of all elements.
	Differ, Size int
	// At is the index of the element with the largest difference, or of the first that differs if
	// the elements are no numbers. Old and New are the two elements there.
	At       []int
	Old, New string
	// MaxAbs is the largest absolute difference, MaxRel the largest relative to the element of the
	// second array, as in numpy.testing. They are valid only if HasNumbers is set.
	MaxAbs, MaxRel float64
	HasNumbers     bool
}

// delta is how one piece of two arrays differs.
type delta struct {
	differ   int
	at       int // position in C order of the largest difference, or of the first
	abs, rel float64
	err      error
}

func (d *delta) merge(o delta) {
	if o.differ > 0 && (d.differ == 0 || o.abs > d.abs) {
		d.at, d.abs = o.at, o.abs
	}
	d.differ += o.differ
	d.rel = max(d.rel, o.rel)
}

// close is numpy.isclose with equal_nan=True.
func (c *comparer) close(a, b float64) bool {
	return a == b || a != a && b != b || math.Abs(a-b) <= c.o.ATol+c.o.RTol*math.Abs(b) &&
		!math.IsInf(b, 0)
}

// arrays compares dtype, shape and elements.
func (c *comparer) arrays(at pointer.Pointer, a, b *ndarray.Array) error {
	if !slices.Equal(a.Shape(), b.Shape()) {
		c.tell(at, Shape, a, b)
		return nil
	}
	if !a.DType().Equal(b.DType()) {
		c.tell(at, DType, a, b)
		if !isReal(a.DType()) || !isReal(b.DType()) {
			return nil
		}
	}
	if fields := a.DType().Fields(); fields != nil {
		return c.fields(at, a, b, fields)
	}
	if a.DType().HasObject() {
		return c.objectArrays(at, a, b)
	}
	d := c.elements(a, b)
	if d.err != nil {
		return fmt.Errorf("%s: %w", at, d.err)
	}
	if d.differ > 0 {
		c.stack = append(c.stack, task{change: changeOf(at, a, b, d)})
	}
	return nil
}

func isReal(dt *ndarray.DType) bool {
	switch dt.Kind() {
	case ndarray.KindInt, ndarray.KindUint, ndarray.KindFloat, ndarray.KindBool:
		return true
	}
	return false
}

// changeOf returns the Change for two arrays whose elements differ by d.
func changeOf(at pointer.Pointer, a, b *ndarray.Array, d delta) *Change {
	e := &Elements{Differ: d.differ, Size: a.Size(), MaxAbs: d.abs, MaxRel: d.rel,
		HasNumbers: isNumeric(a.DType())}
	e.At = make([]int, a.NDim())
	for k, i := a.NDim()-1, d.at; k >= 0; k-- {
		e.At[k] = i % a.Shape()[k]
		i /= a.Shape()[k]
	}
	e.Old, e.New = describe.Text(a.At(e.At...)), describe.Text(b.At(e.At...))
	return &Change{At: at, Kind: Changed, Old: describe.Brief(a), New: describe.Brief(b),
		Elements: e}
}

func isNumeric(dt *ndarray.DType) bool {
	return isReal(dt) || dt.Kind() == ndarray.KindComplex || dt.Kind() == ndarray.KindTimedelta
}

func (c *comparer) fields(at pointer.Pointer, a, b *ndarray.Array, fields []ndarray.Field) error {
	for _, f := range fields {
		x, err := a.Field(f.Name)
		if err != nil {
			return err
		}
		y, err := b.Field(f.Name)
		if err != nil {
			return err
		}
		c.push(at.Child(f.Name), x, y)
	}
	return nil
}

// objectArrays compares arrays with objects: item by item along the first axis.
func (c *comparer) objectArrays(at pointer.Pointer, a, b *ndarray.Array) error {
	if a.NDim() == 0 {
		c.push(at, a.At(), b.At())
		return nil
	}
	for i := range a.Shape()[0] {
		x, err := lookup.Subscript(a, pointer.Subscript{Index: i})
		if err != nil {
			return err
		}
		y, err := lookup.Subscript(b, pointer.Subscript{Index: i})
		if err != nil {
			return err
		}
		c.push(at.Child(fmt.Sprint(i)), x, y)
	}
	return nil
}

// elements compares the elements of arrays of equal shape.
func (c *comparer) elements(a, b *ndarray.Array) (d delta) {
	results := chunk.Each(chunk.Cut(a, b), func(_ int, p chunk.Piece) delta {
		x, y := p.Arrays[0], p.Arrays[1]
		if sameBytes(x, y) {
			return delta{}
		}
		d := c.compareElements(x, y)
		d.at += p.Start
		return d
	})
	for _, r := range results {
		if r.err != nil {
			return r
		}
		d.merge(r)
	}
	return d
}

// sameBytes reports whether two pieces have the same dtype, are C contiguous, and have equal bytes,
// which is the quick way to tell that they are equal.
func sameBytes(a, b *ndarray.Array) bool {
	if !a.DType().Equal(b.DType()) || !a.IsCContiguous() || !b.IsCContiguous() {
		return false
	}
	x, err := a.Bytes()
	if err != nil {
		return false
	}
	y, err := b.Bytes()
	return err == nil && bytes.Equal(x, y)
}

// compareElements compares pieces whose bytes are not equal.
func (c *comparer) compareElements(a, b *ndarray.Array) delta {
	ka, kb := a.DType().Kind(), b.DType().Kind()
	switch {
	case ka == ndarray.KindComplex:
		return compareSlices(a, b, func(x, y complex128) (float64, float64, bool) {
			if c.close(real(x), real(y)) && c.close(imag(x), imag(y)) {
				return 0, 0, true
			}
			return c.distance(math.Hypot(real(x)-real(y), imag(x)-imag(y)),
				math.Hypot(real(y), imag(y)))
		})
	case isReal(a.DType()) && isReal(b.DType()):
		if isInteger(ka) && ka == kb {
			return c.integers(a, b, ka)
		}
		if a.DType().ItemSize() <= 8 && b.DType().ItemSize() <= 8 && !isInteger(ka) &&
			!isInteger(kb) {
			return compareSlices(a, b, c.floats)
		}
	case ka == ndarray.KindDatetime || ka == ndarray.KindTimedelta:
		return compareSlices(a, b, func(x, y int64) (float64, float64, bool) {
			if x == y {
				return 0, 0, true
			}
			return c.distance(math.Abs(float64(x)-float64(y)), math.Abs(float64(y)))
		})
	}
	return c.anyElements(a, b)
}

func isInteger(k ndarray.Kind) bool { return k == ndarray.KindInt || k == ndarray.KindUint }

func (c *comparer) floats(x, y float64) (abs, rel float64, same bool) {
	if c.close(x, y) {
		return 0, 0, true
	}
	return c.distance(math.Abs(x-y), math.Abs(y))
}

// distance returns an absolute difference and its ratio to the size of the second number, as
// results of a compare function of compareSlices.
func (c *comparer) distance(abs, size float64) (float64, float64, bool) {
	if abs != abs {
		abs = 0 // a NaN beside a number
	}
	rel := abs / size
	if rel != rel {
		rel = 0
	}
	return abs, rel, false
}

// integers compares integers of the same kind without going through float64, which makes large
// neighbours equal.
func (c *comparer) integers(a, b *ndarray.Array, kind ndarray.Kind) delta {
	if kind == ndarray.KindUint {
		return compareSlices(a, b, func(x, y uint64) (float64, float64, bool) {
			diff := float64(max(x, y) - min(x, y))
			return c.integer(diff, float64(y))
		})
	}
	return compareSlices(a, b, func(x, y int64) (float64, float64, bool) {
		diff := float64(uint64(max(x, y)) - uint64(min(x, y)))
		return c.integer(diff, math.Abs(float64(y)))
	})
}

func (c *comparer) integer(diff, size float64) (abs, rel float64, same bool) {
	if diff == 0 || diff <= c.o.ATol+c.o.RTol*size {
		return 0, 0, true
	}
	return c.distance(diff, size)
}

// compareSlices compares pieces as values of type T.
func compareSlices[T ndarray.Element](a, b *ndarray.Array,
	compare func(x, y T) (abs, rel float64, same bool)) (d delta) {
	x, err := valuesOf[T](a)
	if err != nil {
		return delta{err: err}
	}
	y, err := valuesOf[T](b)
	if err != nil {
		return delta{err: err}
	}
	for i := range x {
		if abs, rel, same := compare(x[i], y[i]); !same {
			d.merge(delta{differ: 1, at: i, abs: abs, rel: rel})
		}
	}
	return d
}

func valuesOf[T ndarray.Element](a *ndarray.Array) ([]T, error) {
	if values, err := ndarray.Slice[T](a); err == nil {
		return values, nil
	}
	return ndarray.Values[T](a)
}

// anyElements compares elements of any dtype one by one.
func (c *comparer) anyElements(a, b *ndarray.Array) (d delta) {
	i := 0
	for index, x := range a.Indexed() {
		y := b.At(index...)
		fx, okX := floatOf(x)
		fy, okY := floatOf(y)
		abs, rel, same := 0.0, 0.0, false
		if okX && okY {
			abs, rel, same = c.floats(fx, fy)
		} else {
			same = describe.Text(x) == describe.Text(y) && sameElement(x, y)
		}
		if !same {
			d.merge(delta{differ: 1, at: i, abs: abs, rel: rel})
		}
		i++
	}
	return d
}

func sameElement(x, y any) bool {
	switch x := x.(type) {
	case []byte:
		y, ok := y.([]byte)
		return ok && bytes.Equal(x, y)
	case *ndarray.Array:
		y, ok := y.(*ndarray.Array)
		return ok && x.Equal(y)
	}
	return texts.Sprint(x) == texts.Sprint(y)
}

func floatOf(v any) (float64, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int8:
		return float64(v), true
	case int16:
		return float64(v), true
	case int32:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint8:
		return float64(v), true
	case uint16:
		return float64(v), true
	case uint32:
		return float64(v), true
	case uint64:
		return float64(v), true
	case float32:
		return float64(v), true
	case float64:
		return v, true
	case interface{ Float64() float64 }:
		return v.Float64(), true
	}
	return 0, false
}
