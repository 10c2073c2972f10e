package stats

import (
	"math"
	"runtime"
	"sync"

	"github.com/unpkl/unpkl/ndarray"
)

// pieceSize is about how many elements one goroutine takes at a time.
const pieceSize = 1 << 17

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
	all := pieces(a, mask)
	exact := a.Size() <= exactMost
	stride := max(1, a.Size()/sampleSize)
	results := make([]found[T], len(all))
	workers := min(runtime.GOMAXPROCS(0), len(all))
	counts := make([]distinct, workers)
	var wg sync.WaitGroup
	next := make(chan int)
	for w := range workers {
		wg.Go(func() {
			for i := range next {
				results[i] = sumPiece(all[i], missing, exact, stride, &counts[w])
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	wg.Wait()

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
		if err := k.different.merge(&counts[w]); err != nil {
			return nil, err
		}
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

func sumPiece[T number](p piece, missing *T, exact bool, stride int, count *distinct) (f found[T]) {
	values, err := valuesOf[T](p.data)
	if err != nil {
		f.err = err
		return f
	}
	if p.mask != nil || missing != nil {
		var out int
		if values, out, f.err = present(values, p.mask, missing); f.err != nil {
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

// countDifferent counts different values. Of what repeats at once only the first is looked at.
func countDifferent[T number](count *distinct, values []T) {
	for i, v := range values {
		if v == v && (i == 0 || v != values[i-1]) {
			count.add(hash(keyOf(v)))
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
func present[T number](values []T, mask *ndarray.Array, missing *T) (there []T, out int, err error) {
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

// piece is part of an array and of its mask.
type piece struct{ data, mask *ndarray.Array }

// pieces cuts an array into parts of about pieceSize elements. It calls itself for each axis at most.
func pieces(a, mask *ndarray.Array) []piece {
	if a.Size() <= pieceSize || a.NDim() == 0 {
		if a.Size() == 0 {
			return nil
		}
		return []piece{{a, mask}}
	}
	if a.IsCContiguous() && mask == nil {
		if flat, err := a.Reshape(a.Size()); err == nil {
			a = flat
		}
	}
	n := a.Shape()[0]
	step := max(1, pieceSize/max(1, a.Size()/n))
	var all []piece
	for i := 0; i < n; i += step {
		p := piece{slice(a, i, i+step), slice(mask, i, i+step)}
		if step == 1 && a.NDim() > 1 {
			all = append(all, pieces(index(p.data), index(p.mask))...)
			continue
		}
		all = append(all, p)
	}
	return all
}

func slice(a *ndarray.Array, from, to int) *ndarray.Array {
	if a == nil {
		return nil
	}
	part, err := a.Slice(0, from, to, 1)
	if err != nil {
		panic("stats: " + err.Error()) // the axis is there, and the step is 1
	}
	return part
}

// index returns the only item along the first axis.
func index(a *ndarray.Array) *ndarray.Array {
	if a == nil {
		return nil
	}
	part, err := a.Index(0)
	if err != nil {
		panic("stats: " + err.Error()) // slice left one
	}
	return part
}
