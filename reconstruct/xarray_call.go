package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/xr"
)

// This file reads objects of xarray that are created by calls, as this package writes them. Each
// call is translated to the state that it sets.

// argument returns argument i of a call, or nil if there are fewer.
func argument(args []any, i int) any {
	if i < len(args) {
		return args[i]
	}
	return nil
}

// variableState returns the state of a Variable, or the one that Variable(dims, data, attrs,
// encoding) sets.
func variableState(inst namedInstance) (map[string]any, bool) {
	if inst.State == nil && len(inst.Args) >= 2 {
		return map[string]any{"_dims": inst.Args[0], "_data": inst.Args[1],
			"_attrs": argument(inst.Args, 2), "_encoding": argument(inst.Args, 3)}, true
	}
	return slotState(inst.State)
}

// pandasData sets the elements of a variable from an index or array of pandas.
func (p *Pandas) pandasData(v *xr.Variable, data any) error {
	c, _, err := p.Convert(data)
	if err != nil {
		return err
	}
	switch c := c.(type) {
	case *frame.Index:
		v.Index = c
	case *frame.Series:
		v.Series = c
	default:
		v.Raw = data
	}
	return nil
}

// calledCoords reads the argument coords of a call: a dict, or Coordinates(variables, indexes). It
// returns the dicts of variables and indexes, and gives the coordinates of a MultiIndex's levels
// their index.
func (p *Pandas) calledCoords(v any) (vars, indexes any, err error) {
	o, ok := v.(*pickle.Object)
	if !ok {
		return v, nil, nil
	}
	inst, isNamed := named(o)
	if !isNamed || !isXarray(inst.Class) || inst.Class.Name != "Coordinates" {
		return nil, nil, pickle.Malformed("coordinates that are %s", typeName(v))
	}
	vars, indexes = argument(inst.Args, 0), argument(inst.Args, 1)
	byName := map[string]*pickle.Object{}
	all, _ := entriesOf(vars)
	for _, e := range all {
		if key, ok := asText(e.Key); ok {
			byName[key], _ = e.Value.(*pickle.Object)
		}
	}
	made, _ := entriesOf(indexes)
	for _, e := range made {
		if name, ok := asText(e.Key); ok {
			if err := p.levelCoord(name, e.Value, byName[name]); err != nil {
				return nil, nil, err
			}
		}
	}
	return vars, indexes, nil
}

// levelCoord gives the coordinate of a level of a MultiIndex its index. It does nothing for the
// dimension of the MultiIndex itself and for other indexes, and if variable is nil.
func (p *Pandas) levelCoord(name string, index any, variable *pickle.Object) error {
	made, isObject := index.(*pickle.Object)
	call, isNamed := named(made)
	if !isObject || !isNamed || call.Class.Name != "PandasMultiIndex" || len(call.Args) < 2 ||
		variable == nil {
		return nil
	}
	if dim, _ := asText(call.Args[1]); dim == name {
		return nil
	}
	x, err := p.axis(call.Args[0])
	if err != nil {
		return err
	}
	read, err := p.xarrayVariable(variable)
	if err != nil || read == nil {
		return err
	}
	level := *read
	level.Data, level.Series, level.Raw, level.Index, level.Level = nil, nil, nil, x, name
	if err := level.Validate(); err != nil {
		return pickle.Malformed("%v", err)
	}
	p.keep(variable, result{value: &level})
	return nil
}

// arrayState returns the state of a DataArray, or the one that DataArray(data, coords, dims, name,
// attrs) sets.
func (p *Pandas) arrayState(inst namedInstance) (map[string]any, bool, error) {
	if inst.State != nil || len(inst.Args) == 0 {
		state, ok := slotState(inst.State)
		return state, ok, nil
	}
	coords, indexes, err := p.calledCoords(argument(inst.Args, 1))
	if err != nil {
		return nil, false, err
	}
	if coords == nil {
		coords = &types.Dict{}
	}
	variable := &pickle.Object{Class: pickle.Global{Module: "xarray.core.variable",
		Name: "Variable"}, Args: []any{argument(inst.Args, 2), inst.Args[0],
		argument(inst.Args, 4)}}
	return map[string]any{"_variable": variable, "_coords": coords, "_indexes": indexes,
		"_name": argument(inst.Args, 3)}, true, nil
}

// datasetState returns the state of a Dataset, or the one that Dataset(data_vars, coords, attrs)
// sets.
func (p *Pandas) datasetState(inst namedInstance) (map[string]any, bool, error) {
	if inst.State != nil || len(inst.Args) == 0 {
		state, ok := slotState(inst.State)
		return state, ok, nil
	}
	coords, indexes, err := p.calledCoords(argument(inst.Args, 1))
	if err != nil {
		return nil, false, err
	}
	vars, _ := entriesOf(inst.Args[0])
	labels, _ := entriesOf(coords)
	all := make(types.Dict, 0, len(vars)+len(labels))
	all = append(append(all, vars...), labels...)
	names := &pickle.Set{}
	for _, e := range labels {
		names.Items = append(names.Items, e.Key)
	}
	return map[string]any{"_variables": &all, "_coord_names": names, "_indexes": indexes,
		"_attrs": argument(inst.Args, 2)}, true, nil
}

// calledTree reads DataTree(dataset, children, name).
func (p *Pandas) calledTree(inst namedInstance, inside map[any]bool) (*xr.DataTree, error) {
	t := &xr.DataTree{Class: inst.Class.String()}
	t.Name, _ = asText(argument(inst.Args, 2))
	c, _, err := p.Convert(inst.Args[0])
	if err != nil {
		return nil, err
	}
	ds, ok := c.(*xr.Dataset)
	if !ok {
		return nil, pickle.Malformed("a node over %s", typeName(inst.Args[0]))
	}
	t.Dataset = ds
	children := argument(inst.Args, 1)
	if children == nil {
		return t, nil
	}
	return t, p.treeChildren(t, children, inside)
}
