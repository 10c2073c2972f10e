package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// This file reads Series and sparse frames of pandas up to 0.12.

// seriesClasses are the classes of Series. Up to pandas 0.12 they were subclasses of ndarray.
var seriesClasses = map[string]bool{"Series": true, "TimeSeries": true, "SparseSeries": true,
	"SparseTimeSeries": true}

// arraySeries converts a Series that is a subclass of ndarray. It adds (index, name) to the array's
// state, or if it is sparse (index, fill value, sparse index, name).
func (p *Pandas) arraySeries(name string, a *ndarray.Array) (*frame.Series, error) {
	own := ownItems(a)
	if len(own) == 0 || a.NDim() != 1 {
		return nil, pickle.Malformed("a Series without an index")
	}
	s, rest := plainSeries(a), own[1:]
	if name == "SparseSeries" || name == "SparseTimeSeries" {
		if len(own) < 3 {
			return nil, pickle.Malformed("a SparseSeries with a state of %d items", len(own))
		}
		var err error
		if s, err = sparseSeries(a, own[2], own[1]); err != nil {
			return nil, err
		}
		rest = own[3:]
	}
	if len(rest) > 0 {
		s.Name = rest[0]
	}
	s.Class = a.Class()
	var err error
	if s.Index, err = p.axis(own[0]); err != nil {
		return nil, err
	}
	if s.Len() != s.Index.Len() {
		return nil, pickle.Malformed("a Series of %d values with an index of %d labels", s.Len(),
			s.Index.Len())
	}
	return s, nil
}

// isOldSparseFrame reports whether a state is (dict of columns, labels, index, fill value, kind).
func isOldSparseFrame(state any) bool {
	s, ok := items(state)
	if !ok || len(s) != 5 {
		return false
	}
	_, ok = s[0].(*types.Dict)
	return ok
}

// oldSparseFrame converts a SparseDataFrame of pandas up to 0.12. Each column is (sparse index,
// values).
func (p *Pandas) oldSparseFrame(inst namedInstance) (*frame.Frame, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	state, _ := items(inst.State)
	byLabel := state[0].(*types.Dict)
	f := &frame.Frame{Class: inst.Class.String()}
	var err error
	if f.Labels, err = p.axis(state[1]); err != nil {
		return nil, err
	}
	if f.Index, err = p.axis(state[2]); err != nil {
		return nil, err
	}
	columns := make(map[any]*frame.Series, len(*byLabel))
	for _, e := range *byLabel {
		key, ok := labelKey(e.Key)
		pair, ok2 := items(e.Value)
		if !ok || !ok2 || len(pair) != 2 {
			return nil, pickle.Malformed("a column of a SparseDataFrame is %s", typeName(e.Value))
		}
		values, ok := pair[1].(*ndarray.Array)
		if !ok {
			return nil, pickle.Malformed("the values of a SparseDataFrame's column are %s",
				typeName(pair[1]))
		}
		if columns[key], err = sparseSeries(values, pair[0], state[3]); err != nil {
			return nil, err
		}
	}
	for i := range f.Labels.Len() {
		key, _ := labelKey(f.Labels.At(i))
		c, ok := columns[key]
		if !ok || c.Len() != f.Index.Len() {
			return nil,
				pickle.Malformed(
					"a SparseDataFrame of %d rows without a column of that length for each label",
					f.Index.Len())
		}
		own := *c
		own.Name = f.Labels.At(i)
		f.Columns = append(f.Columns, &own)
	}
	return f, nil
}
