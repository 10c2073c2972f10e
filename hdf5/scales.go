package hdf5

import (
	"errors"

	"github.com/unpkl/unpkl/ndarray"
)

// Scales returns, for each dimension of a dataset, its dimension scales: the datasets that have the
// coordinates of the dimension, in the order in which they were attached.
//
// Reference: HDF5 Dimension Scale Specification, attribute DIMENSION_LIST.
func (d *Dataset) Scales() ([][]*Dataset, error) {
	var scales [][]*Dataset
	if d.space != nil {
		scales = make([][]*Dataset, len(d.space.dims))
	}
	a, err := d.Attr("DIMENSION_LIST")
	if errors.Is(err, ErrNotFound) {
		return scales, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := a.Read()
	if err != nil {
		return nil, err
	}
	lists, err := v.Objects()
	if err != nil {
		return nil, withLocation(err, a.path(), a.off)
	}
	for i, list := range lists[:min(len(lists), len(scales))] {
		refs, ok := list.(*ndarray.Array)
		if !ok || refs.DType().Kind() != ndarray.KindObject {
			return nil, &Error{Path: a.path(), Offset: a.off, Kind: ErrMalformed,
				Text: "dimension scales that are no references"}
		}
		for ref := range refs.Elements() {
			r, ok := ref.(Reference)
			if !ok || r.IsNull() {
				continue
			}
			s, err := as[*Dataset](d.f.Dereference(r))
			if err != nil {
				return nil, err
			}
			scales[i] = append(scales[i], s)
		}
	}
	return scales, nil
}
