package stats

import (
	"math"

	"github.com/unpkl/unpkl/internal/chunk"
	"github.com/unpkl/unpkl/ndarray"
)

// Array sums up the elements of an array, without those where mask, an array of bool of the same
// shape or nil, is true.
func Array(a, mask *ndarray.Array) (*Summary, error) {
	if mask != nil && mask.DType().Kind() != ndarray.KindBool {
		mask = nil
	}
	if mask == nil && a.IsFContiguous() {
		a = a.T() // the order does not matter
	}
	switch dt := a.DType(); dt.Kind() {
	case ndarray.KindBool:
		return sumArray[uint8](a, mask, nil)
	case ndarray.KindInt:
		return intArray(a, mask, nil)
	case ndarray.KindUint:
		switch dt.ItemSize() {
		case 1:
			return sumArray[uint8](a, mask, nil)
		case 2:
			return sumArray[uint16](a, mask, nil)
		case 4:
			return sumArray[uint32](a, mask, nil)
		}
		return sumArray[uint64](a, mask, nil)
	case ndarray.KindFloat:
		switch dt.ItemSize() {
		case 4:
			return sumArray[float32](a, mask, nil)
		case 2, 8:
			return sumArray[float64](a, mask, nil)
		}
	case ndarray.KindDatetime, ndarray.KindTimedelta:
		return timeArray(a, mask)
	}
	return elements(a, mask)
}

func intArray(a, mask *ndarray.Array, missing *int64) (*Summary, error) {
	switch a.DType().ItemSize() {
	case 1:
		return sumArray[int8](a, mask, nil)
	case 2:
		return sumArray[int16](a, mask, nil)
	case 4:
		return sumArray[int32](a, mask, nil)
	}
	return sumArray(a, mask, missing)
}

// timeArray sums up times by their ticks; NaT is missing.
func timeArray(a, mask *ndarray.Array) (*Summary, error) {
	nat := int64(ndarray.NaT)
	s, err := sumArray(a, mask, &nat)
	if err != nil {
		return nil, err
	}
	unit := a.DType().Unit()
	s.Unit = unit
	as := func(v any) any {
		ticks := int64(0)
		switch v := v.(type) {
		case int64:
			ticks = v
		case float64:
			if math.IsNaN(v) {
				return nil
			}
			ticks = int64(v)
		default:
			return nil
		}
		if a.DType().Kind() == ndarray.KindDatetime {
			return ndarray.Datetime64{Value: ticks, Unit: unit}
		}
		return ndarray.Timedelta64{Value: ticks, Unit: unit}
	}
	s.Min, s.Max = as(s.Min), as(s.Max)
	if a.DType().Kind() == ndarray.KindDatetime {
		s.Mean = as(s.Mean)
		for i, q := range s.Quantiles {
			s.Quantiles[i] = as(q)
		}
	}
	return s, nil
}

// found is what is found in a piece.
type found[T number] struct {
	part[T]
	values []float64 // those that are kept
	err    error
}

// sumArray sums up the elements of an array as values of type T; those equal to missing are.
func sumArray[T number](a, mask *ndarray.Array, missing *T) (*Summary, error) {
	exact := a.Size() <= exactMost
	stride := max(1, a.Size()/sampleSize)
	counts := make([]distinct, chunk.Workers())
	results := chunk.Each(chunk.Cut(a, mask), func(worker int, p chunk.Piece) found[T] {
		return sumPiece(p.Arrays[0], p.Arrays[1], missing, exact, stride, &counts[worker])
	})
	var p part[T]
	var k kept
	for i := range results {
		if err := results[i].err; err != nil {
			return nil, err
		}
		p.merge(results[i].part)
		k.values = append(k.values, results[i].values...)
	}
	for w := range counts {
		k.different.merge(&counts[w])
	}
	s := &Summary{Count: p.n, Missing: p.missing, Mean: math.NaN(), Std: p.std()}
	if p.n > 0 {
		s.Min, s.Max, s.Mean = widest(p.min), widest(p.max), p.mean
	}
	s.finish(&k, !exact)
	return s, nil
}

// widest returns a number as the type that Summary has it in.
func widest[T number](v T) any {
	switch v := any(v).(type) {
	case float64, int64, uint64:
		return v
	case float32:
		return float64(v)
	case uint8:
		return uint64(v)
	case uint16:
		return uint64(v)
	case uint32:
		return uint64(v)
	}
	return int64(v)
}

func sumPiece[T number](a, mask *ndarray.Array, missing *T, exact bool, stride int,
	count *distinct) (f found[T]) {
	values, err := valuesOf[T](a)
	if err != nil {
		f.err = err
		return f
	}
	if mask != nil || missing != nil {
		var out int
		if values, out, f.err = present(values, mask, missing); f.err != nil {
			return f
		}
		f.missing = int64(out)
	}
	sums := sum(values)
	sums.missing += f.missing
	f.part = sums
	f.keep(values, exact, stride)
	countDifferent(count, values)
	return f
}

// keep keeps all values, or some of them.
func (f *found[T]) keep(values []T, exact bool, stride int) {
	if exact {
		f.values = make([]float64, 0, len(values))
		for _, v := range values {
			if v == v {
				f.values = append(f.values, float64(v))
			}
		}
		return
	}
	f.values = make([]float64, 0, len(values)/stride+1)
	// One of each stretch, not always the same of it, so that a period in the data is none of the
	// sample.
	seed := uint64(len(values))
	for i := 0; i < len(values); i += stride {
		seed = hash(seed + uint64(i))
		if v := values[min(i+int(seed%uint64(stride)), len(values)-1)]; v == v {
			f.values = append(f.values, float64(v))
		}
	}
}

// valuesOf returns the elements of a piece: its own memory where that is possible.
func valuesOf[T number](a *ndarray.Array) ([]T, error) {
	if ndarray.DTypeOf[T]().Equal(a.DType()) && a.IsCContiguous() {
		if values, err := ndarray.Slice[T](a); err == nil {
			return values, nil
		}
	}
	if k := a.DType().Kind(); k == ndarray.KindDatetime || k == ndarray.KindTimedelta {
		v, err := ndarray.Values[int64](a)
		values, _ := any(v).([]T)
		return values, err
	}
	return ndarray.Values[T](a)
}

// present returns the values that are not masked and not missing.
func present[T number](values []T, mask *ndarray.Array, missing *T) (there []T, out int,
	err error) {
	var hidden []bool
	if mask != nil {
		if hidden, err = ndarray.Values[bool](mask); err != nil {
			return nil, 0, err
		}
	}
	there = make([]T, 0, len(values))
	for i, v := range values {
		if hidden != nil && hidden[i] || missing != nil && v == *missing {
			continue
		}
		there = append(there, v)
	}
	return there, len(values) - len(there), nil
}
