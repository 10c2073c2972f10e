package stats

import (
	"math"

	"github.com/unpkl/unpkl/internal/chunk"
	"github.com/unpkl/unpkl/ndarray"
)

// Array returns the statistics of the elements of an array. mask is nil or an array of bool of the
// same shape; elements where it is true count as missing.
func Array(a, mask *ndarray.Array) (*Summary, error) {
	if mask != nil && mask.DType().Kind() != ndarray.KindBool {
		mask = nil
	}
	if mask == nil && a.IsFContiguous() {
		a = a.T() // the result does not depend on the order, and C order is faster to read
	}
	switch dt := a.DType(); dt.Kind() {
	case ndarray.KindBool:
		return sumArray[uint8](a, mask, nil)
	case ndarray.KindInt:
		return signedArray(a, mask, nil)
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

// signedArray is Array for signed integers. Elements equal to *missing are missing; only itemsize 8
// knows such a value, NaT.
func signedArray(a, mask *ndarray.Array, missing *int64) (*Summary, error) {
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

// timeArray returns the statistics of datetimes or timedeltas, which it computes from their ticks.
// NaT is missing.
func timeArray(a, mask *ndarray.Array) (*Summary, error) {
	nat := int64(ndarray.NaT)
	s, err := sumArray(a, mask, &nat)
	if err != nil {
		return nil, err
	}
	unit := a.DType().Unit()
	s.Unit = unit
	toTime := func(v any) any {
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
	s.Min, s.Max = toTime(s.Min), toTime(s.Max)
	if a.DType().Kind() == ndarray.KindDatetime {
		s.Mean = toTime(s.Mean)
		for i, q := range s.Quantiles {
			s.Quantiles[i] = toTime(q)
		}
	}
	return s, nil
}

// pieceResult is what sumPiece finds in one piece of an array.
type pieceResult[T number] struct {
	partial[T]
	values []float64 // the sample for the quantiles: all values, or about one in stride
	err    error
}

// sumArray returns the statistics of an array's elements, which it reads as values of type T.
// Values equal to *missing are missing; missing may be nil.
func sumArray[T number](a, mask *ndarray.Array, missing *T) (*Summary, error) {
	exact := a.Size() <= maxExact
	stride := max(1, a.Size()/sampleSize)
	counts := make([]distinct, chunk.Workers())
	results := chunk.Each(chunk.Cut(a, mask), func(worker int, p chunk.Piece) pieceResult[T] {
		return sumPiece(p.Arrays[0], p.Arrays[1], missing, exact, stride, &counts[worker])
	})
	var p partial[T]
	var k sample
	for i := range results {
		if err := results[i].err; err != nil {
			return nil, err
		}
		p.merge(results[i].partial)
		k.values = append(k.values, results[i].values...)
	}
	for w := range counts {
		k.distinct.merge(&counts[w])
	}
	s := &Summary{Count: p.n, Missing: p.missing, Mean: math.NaN(), Std: p.std()}
	if p.n > 0 {
		s.Min, s.Max, s.Mean = widen(p.min), widen(p.max), p.mean
	}
	s.addSample(&k, !exact)
	return s, nil
}

// widen returns a number in the type that Summary has it in: int64, uint64 or float64.
func widen[T number](v T) any {
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

// sumPiece reads one piece of an array. It counts the distinct values in count, and keeps all
// values if exact is set, else about one in stride.
func sumPiece[T number](a, mask *ndarray.Array, missing *T, exact bool, stride int,
	count *distinct) (f pieceResult[T]) {
	values, err := valuesOf[T](a)
	if err != nil {
		f.err = err
		return f
	}
	if mask != nil || missing != nil {
		var out int
		if values, out, f.err = withoutMissing(values, mask, missing); f.err != nil {
			return f
		}
		f.missing = int64(out)
	}
	sums := summarize(values)
	sums.missing += f.missing
	f.partial = sums
	f.keep(values, exact, stride)
	countDistinct(count, values)
	return f
}

// keep keeps all values that are not NaN, or a sample of about one in stride.
func (f *pieceResult[T]) keep(values []T, exact bool, stride int) {
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
	// Take a value at a varying position in each run of stride values, so that the sample does not
	// resonate with a period in the data.
	seed := uint64(len(values))
	for i := 0; i < len(values); i += stride {
		seed = hash(seed + uint64(i))
		if v := values[min(i+int(seed%uint64(stride)), len(values)-1)]; v == v {
			f.values = append(f.values, float64(v))
		}
	}
}

// valuesOf returns the elements of a piece. The slice shares the memory of the array where that is
// possible.
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

// withoutMissing returns the values that are neither masked nor equal to *missing, and the number
// of the others.
func withoutMissing[T number](values []T, mask *ndarray.Array, missing *T) (present []T, out int,
	err error) {
	var hidden []bool
	if mask != nil {
		if hidden, err = ndarray.Values[bool](mask); err != nil {
			return nil, 0, err
		}
	}
	present = make([]T, 0, len(values))
	for i, v := range values {
		if hidden != nil && hidden[i] || missing != nil && v == *missing {
			continue
		}
		present = append(present, v)
	}
	return present, len(values) - len(present), nil
}
