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

// NOTE. Objects of pandas and SciPy become values of packages frame and reconstruct
// in two steps: reconstruct reads the object, and what it read holds objects again
// (elements, names, labels, attrs), which are converted where they stand, as those of an
// array of objects are. A Frame, Series and Index is therefore a container like others: it
// is on the stack while its parts are converted, and is shared where it was.

// library returns the plain value of an object of pandas or SciPy; ok is false where v
// is none.
func (p *Converter) library(v any) (plain any, ok bool, err error) {
	var c any
	switch v := v.(type) {
	case *frame.Frame, *frame.Series, *frame.Index, reconstruct.LibraryValue,
		*xr.Variable, *xr.DataArray, *xr.Dataset, *xr.DataTree:
		plain, err = p.part(v)
		return plain, true, err
	case *pickle.Object:
		if n := p.met(v); n != nil {
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
		if plain, err = p.part(c); err == nil {
			p.seen[v] = p.seen[c]
		}
	case *types.List, *types.Dict, pickle.DictHolder: // what is one in all but name
		plain, err = p.begin(c)
	default:
		plain, err = p.scalar(c)
	}
	return plain, true, err
}

// LibraryOf returns the *reconstruct.Sparse or what else of reconstruct.ReadLibrary an object is.
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

// part begins a Frame, Series, Index, Sparse, value of package xr or of another library, or returns
// it where it was met before. What was read into them may be in several of them.
func (p *Converter) part(c any) (any, error) {
	p.inPlace = true
	if i, ok := p.seen[c]; ok {
		return p.sharedValue(&p.nodes[i])
	}
	var f partsFrame
	switch c := c.(type) {
	case *frame.Frame:
		f.table(c)
	case *frame.Series:
		p.guard(c)
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

// guard makes the owner of a mapped file's arrays that of arrays made over its bytes.
func (p *Converter) guard(s *frame.Series) {
	if p.owner != nil && s.Values != nil {
		s.Values.SetOwner(p.owner)
	}
}

// partsFrame collects what a value of package frame holds: parts that stay the
// same pointers, and values with what stores them.
type partsFrame struct {
	children []any
	stores   []func(any) // nil of parts
}

func (f *partsFrame) set(i int, plain any) error {
	if store := f.stores[i]; store != nil {
		store(plain)
	}
	return nil
}

func (f *partsFrame) value(v any, store func(any)) {
	if _, ok := quickLeaf(v); ok {
		return
	}
	f.children = append(f.children, v)
	f.stores = append(f.stores, store)
}

func (f *partsFrame) array(a *ndarray.Array) {
	if a != nil && a.HasObject() {
		f.value(a, nil)
	}
}

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

// library collects the Python objects of a value, and gives its arrays their owner.
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

// bound returns the plain value of an end of an interval, which is a number or a time.
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
