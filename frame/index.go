package frame

import "github.com/unpkl/unpkl/ndarray"

// Index holds the labels of an axis, as pandas' Index and its subclasses. It is
// safe for concurrent reads.
type Index struct {
	// Class is the Python class's name: "RangeIndex", "Index", "MultiIndex",
	// "DatetimeIndex", "TimedeltaIndex", "PeriodIndex", "CategoricalIndex",
	// "IntervalIndex", or "Int64Index" and the like of older versions.
	Class string
	// Names has one entry a level: a string mostly, nil where there is none.
	Names []any

	// Start, Stop and Step are of a RangeIndex, which stores nothing else.
	Start, Stop, Step int

	// Values holds the labels of all other classes but MultiIndex.
	Values *Series

	// Levels and Codes are of a MultiIndex: label i of level k is
	// Levels[k].At(Codes[k][i]), missing where the code is -1.
	Levels []*Index
	Codes  []*ndarray.Array
}

// IsRange reports whether x is a RangeIndex.
func (x *Index) IsRange() bool { return x.Values == nil && x.Levels == nil }

// IsMulti reports whether x is a MultiIndex.
func (x *Index) IsMulti() bool { return x.Levels != nil }

// Name returns the name of an index of one level, nil if it has none.
func (x *Index) Name() any {
	if len(x.Names) == 1 {
		return x.Names[0]
	}
	return nil
}

// Len returns the number of labels.
func (x *Index) Len() int {
	switch {
	case x.IsMulti():
		if len(x.Codes) == 0 {
			return 0
		}
		return x.Codes[0].Size()
	case x.IsRange():
		return rangeLen(x.Start, x.Stop, x.Step)
	}
	return x.Values.Len()
}

// rangeLen is len(range(start, stop, step)) without overflow; 0 for a step of 0.
func rangeLen(start, stop, step int) int {
	switch {
	case step > 0 && start < stop:
		return clampLen((uint64(stop)-uint64(start)-1)/uint64(step) + 1)
	case step < 0 && start > stop:
		return clampLen((uint64(start)-uint64(stop)-1)/(-uint64(step)) + 1)
	}
	return 0
}

func clampLen(n uint64) int {
	const maxInt = int(^uint(0) >> 1)
	if n > uint64(maxInt) {
		return maxInt
	}
	return int(n)
}

// At returns label i: an int of a RangeIndex, a []any with one entry a level of
// a MultiIndex, else the element of Values. It panics where i is outside
// [0, Len()), as indexing a slice does.
func (x *Index) At(i int) any {
	switch {
	case x.IsMulti():
		label := make([]any, len(x.Levels))
		for k := range label {
			label[k] = x.Level(k, i)
		}
		return label
	case x.IsRange():
		if i < 0 || i >= x.Len() {
			panic(errorf("index %d outside an index of %d labels", i, x.Len()))
		}
		return x.Start + i*x.Step
	}
	return x.Values.At(i)
}

// Level returns the part of label i that level k of a MultiIndex holds, nil
// where it is missing. It panics where there is no such level or label, as an index of a slice
// does.
func (x *Index) Level(k, i int) any {
	code, err := (&Series{Values: x.Codes[k]}).code(i)
	if err != nil || code < 0 {
		return nil
	}
	return x.Levels[k].At(code)
}

// IsNull reports whether label i is missing; a label of a MultiIndex is not.
func (x *Index) IsNull(i int) bool {
	return x.Values != nil && x.Values.IsNull(i)
}
