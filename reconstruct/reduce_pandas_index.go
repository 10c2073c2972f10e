package reconstruct

import (
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// indexClass returns a class or function of a module of pandas.core.indexes.
func indexClass(module, name string) pickle.Named {
	return pyName("pandas.core.indexes."+module, name)
}

var newIndex = pyName("pandas.core.indexes.base", "_new_Index")

// index writes an Index of any class. The numeric index classes that pandas had before 2.0 are
// written as Index, which those versions turn into the numeric class.
func (r *Reducers) index(x *frame.Index, protocol int) (any, error) {
	if err := x.Validate(); err != nil {
		return nil, err
	}
	switch {
	case x.IsRange():
		return call(newIndex, indexClass("range", "RangeIndex"),
			dictOf("name", label(x.Name()), "start", x.Start, "stop", x.Stop, "step", x.Step)), nil
	case x.IsMulti():
		return r.multiIndex(x)
	}
	s := x.Values
	if s.Kind == frame.Interval {
		return r.intervalIndex(s, label(x.Name()))
	}
	if dtype := chosenDType(s); dtype != "" {
		return r.textIndex(s, dtype, label(x.Name()))
	}
	s, err := hashable(s)
	if err != nil {
		return nil, err
	}
	data, err := r.values(s, protocol)
	if err != nil {
		return nil, err
	}
	fn, class := newIndex, indexClass("base", "Index")
	switch s.Kind {
	case frame.Datetime:
		if pandasUnit(s.Values.DType()) == "" {
			break // dates are written as objects
		}
		fn, class = indexClass("datetimes", "_new_DatetimeIndex"),
			indexClass("datetimes", "DatetimeIndex")
		data, err = r.timeArray(s, "DatetimeArray")
	case frame.Timedelta:
		if isClockTime(s) {
			break // times of day are written as objects
		}
		class = indexClass("timedeltas", "TimedeltaIndex")
		if data, err = r.timeArray(s, "TimedeltaArray"); err != nil {
			return nil, err
		}
		if freq, ok := offset(s.Freq); ok { // TimedeltaIndex ignores the freq of the array
			return call(fn, class, dictOf("data", data, "freq", freq, "name", label(x.Name()))), nil
		}
	case frame.Period:
		class = indexClass("period", "PeriodIndex")
	case frame.Categorical:
		class = indexClass("category", "CategoricalIndex")
	}
	if err != nil {
		return nil, err
	}
	return call(fn, class, dictOf("data", data, "name", label(x.Name()))), nil
}

// multiIndex writes a MultiIndex.
func (r *Reducers) multiIndex(x *frame.Index) (any, error) {
	levels, codes, names := make(types.List, len(x.Levels)), make(types.List, len(x.Levels)),
		make(types.List, len(x.Levels))
	for k := range x.Levels {
		levels[k], names[k] = x.Levels[k], label(x.Names[k])
		var err error
		if codes[k], err = r.writeable(x.Codes[k]); err != nil {
			return nil, err
		}
	}
	return call(newIndex, indexClass("multi", "MultiIndex"),
		dictOf("levels", &levels, "codes", &codes, "sortorder", nil, "names", &names)), nil
}

// intervalIndex writes an index of intervals.
func (r *Reducers) intervalIndex(s *frame.Series, name any) (any, error) {
	left, err := boundsIndex(s.Left)
	if err != nil {
		return nil, err
	}
	right, err := boundsIndex(s.Right)
	if err != nil {
		return nil, err
	}
	return call(indexClass("interval", "_new_IntervalIndex"),
		indexClass("interval", "IntervalIndex"),
		dictOf("left", left, "right", right, "closed", s.Closed, "name", name)), nil
}

// boundsIndex returns the bounds of intervals as an index, the form that pandas accepts.
func boundsIndex(s *frame.Series) (*frame.Index, error) {
	switch s.Kind {
	case frame.Numpy, frame.Datetime, frame.Timedelta, frame.Masked:
		bounds := *s
		bounds.Freq = "" // bounds have no freq in pandas
		return &frame.Index{Class: "Index", Names: []any{nil}, Values: &bounds}, nil
	}
	return nil, pickle.Unsupported("intervals of %s bounds", s.Kind)
}

// hashable returns the values of an index with lists replaced by tuples. Elements of an index are
// hashable, so a list in Go stands for a tuple in Python.
func hashable(s *frame.Series) (*frame.Series, error) {
	if s.Kind != frame.Numpy || s.Values.DType().Kind() != ndarray.KindObject {
		return s, nil
	}
	isList := func(v any) bool { _, ok := v.([]any); return ok }
	list := slices.Collect(s.Values.Elements())
	if !slices.ContainsFunc(list, isList) {
		return s, nil
	}
	for i, v := range list {
		if isList(v) {
			list[i] = label(v)
		}
	}
	values, err := ndarray.NewObjects(s.Values.DType(), s.Values.Shape(), ndarray.OrderC, list)
	if err != nil {
		return nil, err
	}
	out := *s
	out.Values = values
	return &out, nil
}

// label returns the name of a column, level or index. Lists become tuples because pandas needs
// hashable names.
func label(v any) any {
	if parts, ok := v.([]any); ok {
		t := make(written.Tuple, len(parts))
		for i, e := range parts {
			t[i] = label(e)
		}
		return t
	}
	return pandasObject(v)
}
