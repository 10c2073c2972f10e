package reconstruct

import (
	"reflect"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/xr"
)

// Values of package xr are written as calls of xarray's classes, as programs make them: the
// arguments have been the same since 0.11, while the state of instances has changed. A MultiIndex
// that has coordinates for its levels is written as a Coordinates object with its index, which
// exist in the same versions.

func init() { // not an initializer, because the functions use the map
	add := func(t reflect.Type, f func(r *Reducers, v any) (any, error)) {
		pandasReducers[t] = func(r *Reducers, v any, _ int) (any, error) { return f(r, v) }
	}
	add(reflect.TypeFor[*xr.Variable](), func(r *Reducers, v any) (any, error) {
		return r.variable(v.(*xr.Variable))
	})
	add(reflect.TypeFor[*xr.DataArray](), func(r *Reducers, v any) (any, error) {
		return r.dataArray(v.(*xr.DataArray))
	})
	add(reflect.TypeFor[*xr.Dataset](), func(r *Reducers, v any) (any, error) {
		return r.dataset(v.(*xr.Dataset))
	})
	add(reflect.TypeFor[*xr.DataTree](), func(r *Reducers, v any) (any, error) {
		t := v.(*xr.DataTree)
		if err := t.Validate(); err != nil {
			return nil, err
		}
		return r.dataTree(t)
	})
	add(reflect.TypeFor[xr.Variable](), func(r *Reducers, v any) (any, error) {
		x := v.(xr.Variable)
		return r.variable(&x)
	})
	add(reflect.TypeFor[xr.DataArray](), func(r *Reducers, v any) (any, error) {
		x := v.(xr.DataArray)
		return r.dataArray(&x)
	})
	add(reflect.TypeFor[xr.Dataset](), func(r *Reducers, v any) (any, error) {
		x := v.(xr.Dataset)
		return r.dataset(&x)
	})
}

// xarrayClass returns the class to write: the one that was read if xarray does not define it, else
// known.
func xarrayClass(class string, known pickle.Named) any {
	if g := className(class); class != "" && !isXarray(g) {
		return g
	}
	return known
}

// variable writes a Variable or IndexVariable.
func (r *Reducers) variable(v *xr.Variable) (any, error) {
	if err := v.Validate(); err != nil {
		return nil, err
	}
	class := pyName("xarray.core.variable", "Variable")
	if g := className(v.Class); isXarray(g) && g.Name != "Variable" ||
		v.Class == "" && v.Index != nil {
		class = pyName("xarray.core.variable", "IndexVariable")
	}
	args := []any{dimsTuple(v.Dims), variableData(v)}
	if v.Attrs != nil || v.Encoding != nil {
		args = append(args, attrsOrNone(v.Attrs))
	}
	if v.Encoding != nil {
		args = append(args, v.Encoding)
	}
	return call(xarrayClass(v.Class, class), args...), nil
}

// attrsOrNone returns an untyped nil for attributes that are nil.
func attrsOrNone(attrs map[string]any) any {
	if attrs == nil {
		return nil
	}
	return attrs
}

// dimsTuple returns the names of dimensions as a tuple.
func dimsTuple(dims []string) written.Tuple {
	t := make(written.Tuple, len(dims))
	for i, dim := range dims {
		t[i] = dim
	}
	return t
}

// variableData returns the elements as the constructors accept them.
func variableData(v *xr.Variable) any {
	switch {
	case v.Data != nil:
		return v.Data
	case v.Index != nil && v.Level != "":
		return levelIndex(v)
	case v.Index != nil:
		return v.Index
	case v.Series != nil:
		own := *v.Series
		own.Index = nil
		if own.Class == "" {
			own.Class = "pandas.core.arrays." + own.Kind.String() + "Array"
		}
		return &own
	}
	return v.Raw
}

// levelIndex returns the elements of one level of a MultiIndex as an index.
func levelIndex(v *xr.Variable) *frame.Index {
	items := make([]any, v.Index.Len())
	for i := range items {
		items[i] = v.At(i)
	}
	return &frame.Index{Class: "Index", Names: []any{v.Level},
		Values: &frame.Series{Kind: frame.Object, DType: "object", Items: items}}
}

// variablesDict returns a dict of variables by name.
func variablesDict(vars []xr.Named) *types.Dict {
	d := make(types.Dict, len(vars))
	for i, v := range vars {
		d[i] = types.DictEntry{Key: v.Name, Value: v.Variable}
	}
	return &d
}

// coordinates returns the argument coords of the constructors. It is a dict of variables, for which
// xarray creates indexes, or, where xarray would create other indexes, a Coordinates object with
// the indexes. Such coordinates exist only in versions that have Coordinates.
func coordinates(vars []xr.Named) any {
	multi := map[*frame.Index]any{}
	explicit := false
	for _, v := range vars {
		x := v.Variable
		if x.Level != "" {
			multi[x.Index] = nil
		}
		// A variable named like its only dimension, but without an index.
		explicit = explicit || x.Level != "" ||
			x.Index == nil && len(x.Dims) == 1 && x.Dims[0] == v.Name
	}
	if !explicit {
		return variablesDict(vars)
	}
	indexes := types.Dict{}
	for _, v := range vars {
		x := v.Variable.Index
		if x == nil {
			continue
		}
		index, isMulti := multi[x]
		switch {
		case isMulti && index == nil:
			index = call(pyName("xarray.core.indexes", "PandasMultiIndex"), x, v.Variable.Dims[0])
			multi[x] = index
		case !isMulti:
			index = call(pyName("xarray.core.indexes", "PandasIndex"), x, v.Variable.Dims[0])
		}
		indexes = append(indexes, types.DictEntry{Key: v.Name, Value: index})
	}
	return call(pyName("xarray.core.coordinates", "Coordinates"), variablesDict(vars), &indexes)
}

// dataArray writes a DataArray.
func (r *Reducers) dataArray(a *xr.DataArray) (any, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	class := xarrayClass(a.Class, pyName("xarray.core.dataarray", "DataArray"))
	return call(class, variableData(&a.Variable), coordinates(a.Coords), dimsTuple(a.Dims),
		label(a.Name), attrsOrNone(a.Attrs)), nil
}

// dataset writes a Dataset.
func (r *Reducers) dataset(d *xr.Dataset) (any, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	var coords, vars []xr.Named
	for _, v := range d.Vars {
		if v.Coord {
			coords = append(coords, v)
		} else {
			vars = append(vars, v)
		}
	}
	class := xarrayClass(d.Class, pyName("xarray.core.dataset", "Dataset"))
	return call(class, variablesDict(vars), coordinates(coords), attrsOrNone(d.Attrs)), nil
}

// dataTree writes a node of a DataTree and its children; the caller has validated the tree.
func (r *Reducers) dataTree(t *xr.DataTree) (any, error) {
	children := make(types.Dict, len(t.Children))
	for i, c := range t.Children {
		node, err := r.dataTree(c)
		if err != nil {
			return nil, err
		}
		children[i] = types.DictEntry{Key: c.Name, Value: node}
	}
	ds, name := t.Dataset, any(nil)
	if ds == nil {
		ds = &xr.Dataset{}
	}
	if t.Name != "" {
		name = t.Name
	}
	class := xarrayClass(t.Class, pyName("xarray.core.datatree", "DataTree"))
	return call(class, ds, &children, name), nil
}
