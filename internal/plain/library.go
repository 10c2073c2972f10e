package plain

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/xr"
)

// NOTE. Objects of pandas, SciPy and other libraries are converted in two steps. First, package
// reconstruct reads an object into a value such as a *frame.Frame, whose elements, names, labels
// and attrs are still objects. Then these are replaced by their plain values, in place, as the
// elements of an array of objects are. So a Frame, Series or Index is a container like others: it
// has a frame on the stack while its parts are converted, and it is shared if its object was.

// library returns the plain value of an object of a library. ok is false for other objects.
func (p *Converter) library(v any) (plain any, ok bool, err error) {
	var c any
	switch v := v.(type) {
	case *frame.Frame, *frame.Series, *frame.Index, reconstruct.LibraryValue,
		*xr.Variable, *xr.DataArray, *xr.Dataset, *xr.DataTree:
		plain, err = p.beginPart(v)
		return plain, true, err
	case *pickle.Object:
		if n := p.nodeOf(v); n != nil {
			plain, err = p.sharedValue(n)
			return plain, true, err
		}
		if c, ok, err = p.Pandas.Convert(v); !ok && err == nil {
			c, ok, err = LibraryOf(&p.Pandas, v)
		}
	case *ndarray.Array:
		if c, ok, err = p.Pandas.Convert(v); !ok && err == nil {
			c, ok, err = p.Pandas.Library(v)
		}
	case pickle.Named:
		c, ok, err = p.Pandas.Convert(v)
	}
	if err != nil {
		return nil, false, fmt.Errorf("unpkl: %w", err)
	}
	if !ok {
		return nil, false, nil
	}
	switch c := c.(type) {
	case *frame.Frame, *frame.Series, *frame.Index, *reconstruct.Sparse, reconstruct.LibraryValue,
		*xr.Variable, *xr.DataArray, *xr.Dataset, *xr.DataTree:
		if plain, err = p.beginPart(c); err == nil {
			p.seen[v] = p.seen[c]
		}
	case *types.List, *types.Dict, pickle.DictHolder: // A class that only wraps a container.
		plain, err = p.begin(c)
	default:
		plain, err = p.scalar(c)
	}
	return plain, true, err
}

// LibraryOf returns the *reconstruct.Sparse or other library value that an object represents.
func LibraryOf(p *reconstruct.Pandas, v *pickle.Object) (any, bool, error) {
	s, ok, err := p.Sparse(v)
	switch {
	case err != nil:
		return nil, false, err
	case ok:
		return s, true, nil
	}
	return p.Library(v)
}

// beginPart is begin for a Frame, Series, Index, Sparse, or value of package xr or of another
// library. Such a value can be part of several others, so it may have been converted before.
func (p *Converter) beginPart(c any) (any, error) {
	p.inPlace = true
	if i, ok := p.seen[c]; ok {
		return p.sharedValue(&p.nodes[i])
	}
	var f partsFrame
	switch c := c.(type) {
	case *frame.Frame:
		f.table(c)
	case *frame.Series:
		p.setOwner(c)
		f.series(c)
	case *frame.Index:
		f.index(c)
	case *reconstruct.Sparse:
		f.array(c.Data)
	case reconstruct.LibraryValue:
		f.library(c, p.owner)
	case *xr.Variable:
		f.variable(c)
	case *xr.DataArray:
		f.dataArray(c)
	case *xr.Dataset:
		f.dataset(c)
	case *xr.DataTree:
		f.tree(c)
	}
	return p.enter(c, c, graphFrame{children: f.children, set: f.set})
}

// setOwner sets the owner of the array of s if the file is mapped: the array may be a view of bytes
// in the file that reconstruct created.
func (p *Converter) setOwner(s *frame.Series) {
	if p.owner != nil && s.Values != nil {
		s.Values.SetOwner(p.owner)
	}
}

// partsFrame collects the parts of a library value that must be converted.
type partsFrame struct {
	children []any
	// stores has a function for each child that stores its plain value, or nil for a child that is
	// converted in place.
	stores []func(any)
}

// set stores the plain value of the child i.
func (f *partsFrame) set(i int, plain any) error {
	if store := f.stores[i]; store != nil {
		store(plain)
	}
	return nil
}

// value adds a child, unless its plain value is v itself.
func (f *partsFrame) value(v any, store func(any)) {
	if _, ok := quickLeaf(v); ok {
		return
	}
	f.children = append(f.children, v)
	f.stores = append(f.stores, store)
}

// array adds an array if it has elements to convert.
func (f *partsFrame) array(a *ndarray.Array) {
	if a != nil && a.HasObject() {
		f.value(a, nil)
	}
}

// attrs adds the values of a map, in a fixed order.
func (f *partsFrame) attrs(m map[string]any) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		f.value(m[k], func(v any) { m[k] = v })
	}
}

// library adds the Python objects in a library value, and sets the owner of its arrays.
func (f *partsFrame) library(v reconstruct.LibraryValue, owner ndarray.Owner) {
	for _, place := range v.Places() {
		f.value(*place, func(plain any) { *place = plain })
	}
	for _, part := range v.Parts() {
		if a, ok := part.Value.(*ndarray.Array); ok {
			if owner != nil {
				a.SetOwner(owner)
			}
			f.array(a)
		}
	}
}

func (f *partsFrame) table(t *frame.Frame) {
	f.value(t.Labels, nil)
	f.value(t.Index, nil)
	for _, c := range t.Columns {
		f.value(c, nil)
	}
	f.attrs(t.Attrs)
	f.attrs(t.Extra)
}

func (f *partsFrame) series(s *frame.Series) {
	f.value(s.Name, func(v any) { s.Name = v })
	f.value(s.FillValue, func(v any) { s.FillValue = v })
	f.value(s.Raw, func(v any) { s.Raw = v })
	f.array(s.Values)
	for _, x := range []*frame.Index{s.Categories, s.Index} {
		if x != nil {
			f.value(x, nil)
		}
	}
	for _, side := range []*frame.Series{s.Left, s.Right} {
		if side != nil {
			f.value(side, nil)
		}
	}
	f.attrs(s.Attrs)
	f.attrs(s.Extra)
}

func (f *partsFrame) index(x *frame.Index) {
	for i, name := range x.Names {
		f.value(name, func(v any) { x.Names[i] = v })
	}
	if x.Values != nil {
		f.value(x.Values, nil)
	}
	for _, level := range x.Levels {
		f.value(level, nil)
	}
}

// scalar returns the plain value of a scalar of pandas.
func (p *Converter) scalar(v any) (any, error) {
	iv, ok := v.(frame.IntervalValue)
	if !ok {
		return pyvalue.PlainLeaf(v), nil
	}
	var err error
	if iv.Left, err = p.bound(iv.Left); err != nil {
		return nil, err
	}
	if iv.Right, err = p.bound(iv.Right); err != nil {
		return nil, err
	}
	return iv, nil
}

// bound returns the plain value of one end of an interval, which is a number or a time.
func (p *Converter) bound(v any) (any, error) {
	switch b := v.(type) {
	case int, float64, bool, string, *big.Int, reconstruct.Timedelta:
		return pyvalue.PlainLeaf(v), nil
	case *ndarray.Scalar:
		if !b.DType().HasObject() {
			return b.Value(), nil
		}
	case *reconstruct.Datetime, *reconstruct.Date, reconstruct.Decimal:
		return pyvalue.PlainLeaf(v), nil
	case *pickle.Object:
		c, _, err := p.Pandas.Convert(b)
		if err != nil {
			return nil, fmt.Errorf("unpkl: %w", err)
		}
		switch c := c.(type) {
		case reconstruct.Timestamp:
			return c.Plain(), nil
		case reconstruct.PandasTimedelta:
			return c.Plain(), nil
		}
	}
	return nil, pyvalue.Errorf(pickle.ErrMalformed, "an Interval with an end of %s",
		pyvalue.Describe(v))
}
