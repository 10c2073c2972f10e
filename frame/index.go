package frame

import "github.com/unpkl/unpkl/ndarray"

// An Index has the labels of an axis: pandas' Index and its subclasses. It is safe for concurrent
// reads.
type Index struct {
	// Class is the Python class's name: "RangeIndex", "Index", "MultiIndex",
	// "DatetimeIndex", "TimedeltaIndex", "PeriodIndex", "CategoricalIndex",
	// "IntervalIndex", or "Int64Index" and the like of older versions.
	Class string
	// Names has one entry for each level: usually a string, or nil if the level has no name.
	Names []any

	// Start, Stop and Step are the labels of a RangeIndex, which has nothing else.
	Start, Stop, Step int

	// Values has the labels of all other classes except MultiIndex.
	Values *Series

	// Levels and Codes have the labels of a MultiIndex: label i of level k is
	// Levels[k].At(Codes[k][i]), or missing if the code is -1.
	Levels []*Index
	Codes  []*ndarray.Array
}

// IsRange reports whether x is a RangeIndex.
func (x *Index) IsRange() bool { return x.Values == nil && x.Levels == nil }

// IsMulti reports whether x is a MultiIndex.
func (x *Index) IsMulti() bool { return x.Levels != nil }

// Name returns the name of an index of one level, or nil if it has none.
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

// rangeLen returns len(range(start, stop, step)) without overflow. It is 0 for a step of 0.
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

// At returns label i: an int for a RangeIndex, a []any with one entry for each level for a
// MultiIndex, and otherwise the element of Values. Like the index of a slice, an i outside [0,
// Len()) panics.
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

// Level returns the part of label i at level k of a MultiIndex, or nil if it is missing. A bad
// level or index panics.
func (x *Index) Level(k, i int) any {
	code, err := (&Series{Values: x.Codes[k]}).code(i)
	if err != nil || code < 0 {
		return nil
	}
	return x.Levels[k].At(code)
}

// IsNull reports whether label i is missing. A label of a MultiIndex never is.
func (x *Index) IsNull(i int) bool {
	return x.Values != nil && x.Values.IsNull(i)
}
