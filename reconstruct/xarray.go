package reconstruct

import (
	"errors"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/xr"
)

// isXarray reports whether a class belongs to xarray.
func isXarray(g pickle.Global) bool {
	return g.Module == "xarray" || strings.HasPrefix(g.Module, "xarray.")
}

// xarray converts an object of xarray to a type of package xr. It returns nil for any other object.
//
// Reference: xarray/core/{variable,dataarray,dataset,datatree}.py; before 0.15 objects had a dict
// as their state, since then slots.
func (p *Pandas) xarray(o *pickle.Object, inst namedInstance) (any, error) {
	switch inst.Class.Name {
	case "Variable", "IndexVariable", "Coordinate":
		return orNil(p.xarrayVariable(o))
	case "DataArray":
		return orNil(p.dataArray(inst))
	case "Dataset":
		return orNil(p.dataset(inst))
	case "DataTree":
		t, err := p.dataTree(inst, map[any]bool{o: true})
		if err == nil {
			err = t.Validate()
		}
		if err != nil {
			return nil, err
		}
		return t, nil
	}
	return nil, nil
}

// slotState returns the attributes of an instance, from a dict or from a pair of dict and slots.
func slotState(state any) (map[string]any, bool) {
	if t, ok := state.(*types.Tuple); ok && t != nil && len(*t) == 2 {
		slots, isDict := textKeys((*t)[1])
		if !isDict {
			return nil, false
		}
		attrs, _ := textKeys((*t)[0])
		for k, v := range attrs {
			slots[k] = v
		}
		return slots, true
	}
	return textKeys(state)
}

// entriesOf returns the entries of a dict or of an instance of a rebuilt subclass.
func entriesOf(v any) (types.Dict, bool) {
	switch d := v.(type) {
	case *types.Dict:
		return *d, d != nil
	case pickle.DictHolder:
		return *d.PyDict(), true
	}
	return nil, false
}

// xarrayAttrs reads attributes or an encoding: a dict with text keys, or None.
func xarrayAttrs(v any, what string) (map[string]any, error) {
	d, ok := entriesOf(v)
	if !ok {
		if v != nil {
			return nil, pickle.Malformed("%s that are %s", what, typeName(v))
		}
		return nil, nil
	}
	if len(d) == 0 {
		return nil, nil
	}
	m := make(map[string]any, len(d))
	for _, e := range d {
		k, isText := asText(e.Key)
		if !isText {
			return nil, pickle.Unsupported("%s with the key %s", what, shown(e.Key))
		}
		m[k] = e.Value
	}
	return m, nil
}

// maxVariableDims limits the dimensions of a Variable, as NumPy does.
const maxVariableDims = 64

// xarrayVariable converts a Variable or IndexVariable. The same object gives the same variable.
func (p *Pandas) xarrayVariable(o *pickle.Object) (*xr.Variable, error) {
	if r, done := p.results[o]; done {
		v, _ := r.value.(*xr.Variable)
		return v, r.err
	}
	v, err := p.newVariable(o)
	r := result{err: err}
	if err == nil {
		r.value = v
	}
	p.keep(o, r)
	return v, err
}

// newVariable is xarrayVariable for an object that was not converted before.
func (p *Pandas) newVariable(o *pickle.Object) (*xr.Variable, error) {
	inst, ok := named(o)
	state, isState := variableState(inst)
	if !ok || !isXarray(inst.Class) || !isState {
		return nil, pickle.Malformed("an xarray Variable that is %s", typeName(o))
	}
	v := &xr.Variable{Class: inst.Class.String()}
	dims, ok := items(state["_dims"])
	if !ok || len(dims) > maxVariableDims {
		return nil, pickle.Malformed("%s with dimensions of %s", inst.Class,
			typeName(state["_dims"]))
	}
	v.Dims = make([]string, len(dims))
	for i, d := range dims {
		if v.Dims[i], ok = asText(d); !ok {
			return nil, pickle.Unsupported("a dimension %s", shown(d))
		}
	}
	var err error
	if v.Attrs, err = xarrayAttrs(state["_attrs"], "attrs"); err != nil {
		return nil, err
	}
	if v.Encoding, err = xarrayAttrs(state["_encoding"], "an encoding"); err != nil {
		return nil, err
	}
	if err := p.xarrayData(v, state["_data"]); err != nil {
		return nil, err
	}
	if err := v.Validate(); err != nil {
		return nil, pickle.Malformed("%v", err)
	}
	return v, nil
}

// xarrayData sets the elements of a variable: an array, an index or extension array of pandas
// inside an adapter, or an object of another library.
func (p *Pandas) xarrayData(v *xr.Variable, data any) error {
	for range maxPandasDepth {
		if a, ok := data.(*ndarray.Array); ok {
			v.Data = a
			return nil
		}
		o, ok := data.(*pickle.Object)
		if !ok {
			return pickle.Malformed("data of %s", typeName(data))
		}
		inst, ok := named(o)
		state, isState := slotState(inst.State)
		if _, isPandas := pandasName(inst.Class); isPandas { // a call
			return p.pandasData(v, data)
		}
		if !ok || !isState || !isXarray(inst.Class) {
			v.Raw = data
			return nil
		}
		switch inst.Class.Name {
		case "PandasIndexAdapter", "PandasIndexingAdapter", "PandasMultiIndexingAdapter":
			return p.xarrayIndex(v, state)
		case "PandasExtensionArray":
			return p.xarrayExtension(v, state["array"], data)
		case "MemoryCachedArray", "CopyOnWriteArray", "NumpyIndexingAdapter":
			data = state["array"]
		default:
			v.Raw = o
			return nil
		}
	}
	return pickle.Malformed("adapters nested more than %d deep", maxPandasDepth)
}

// xarrayIndex sets the elements from the state of an adapter around an index.
func (p *Pandas) xarrayIndex(v *xr.Variable, state map[string]any) error {
	x, err := p.axis(state["array"])
	if err != nil {
		return err
	}
	v.Index = x
	if level := state["level"]; level != nil {
		name, ok := asText(level)
		if !ok {
			return pickle.Unsupported("a level %s", shown(level))
		}
		v.Level = name
	}
	return nil
}

// xarrayExtension sets the elements from an extension array, or Raw if it cannot be converted.
func (p *Pandas) xarrayExtension(v *xr.Variable, array, raw any) error {
	c, _, err := p.Convert(array)
	if err != nil && !errors.Is(err, pickle.ErrUnsupported) {
		return err
	}
	if s, ok := c.(*frame.Series); ok {
		v.Series = s
	} else {
		v.Raw = raw
	}
	return nil
}

// xarrayVars reads a dict of variables.
func (p *Pandas) xarrayVars(dict any, what string) ([]xr.Named, error) {
	entries, ok := entriesOf(dict)
	if !ok {
		return nil, pickle.Malformed("%s that are %s", what, typeName(dict))
	}
	out := make([]xr.Named, 0, len(entries))
	for _, e := range entries {
		name, isText := asText(e.Key)
		if !isText {
			return nil, pickle.Unsupported("a variable called %s", shown(e.Key))
		}
		o, isObject := e.Value.(*pickle.Object)
		if !isObject {
			return nil, pickle.Malformed("the variable %s is %s", name, typeName(e.Value))
		}
		v, err := p.xarrayVariable(o)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return nil, pickle.Malformed("the variable %s is of class %s", name, o.ClassName())
		}
		out = append(out, xr.Named{Name: name, Variable: v})
	}
	return out, nil
}

// withoutIndexes replaces the index of coordinates that have none in xarray, as after drop_indexes,
// by an array. indexes is the dict of all indexes by name. If it is None, as in xarray before 0.19
// until indexes are used, a coordinate has an index if it is named like its only dimension.
func withoutIndexes(vars []xr.Named, indexes any) error {
	entries, stated := entriesOf(indexes)
	has := make(map[string]bool, len(entries))
	for _, e := range entries {
		name, _ := asText(e.Key)
		has[name] = true
	}
	for i, v := range vars {
		has := has[v.Name] || !stated && slices.Equal(v.Variable.Dims, []string{v.Name})
		if !v.Coord || v.Variable.Index == nil || has {
			continue
		}
		a, err := v.Variable.Array()
		if err != nil {
			return err
		}
		own := *v.Variable
		own.Class, own.Data, own.Index, own.Level = "xarray.core.variable.Variable", a, nil, ""
		vars[i].Variable = &own
	}
	return nil
}

// dataArray converts a DataArray.
func (p *Pandas) dataArray(inst namedInstance) (*xr.DataArray, error) {
	state, ok, err := p.arrayState(inst)
	if err != nil {
		return nil, err
	}
	o, isObject := state["_variable"].(*pickle.Object)
	if !ok || !isObject {
		return nil, pickle.Malformed("no variable in the state")
	}
	v, err := p.xarrayVariable(o)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, pickle.Malformed("a variable of class %s", o.ClassName())
	}
	a := &xr.DataArray{Class: inst.Class.String(), Name: state["_name"], Variable: *v}
	if text, isText := asText(a.Name); isText {
		a.Name = text
	}
	if a.Coords, err = p.xarrayVars(state["_coords"], "coordinates"); err != nil {
		return nil, err
	}
	for i := range a.Coords {
		a.Coords[i].Coord = true
	}
	if err := withoutIndexes(a.Coords, state["_indexes"]); err != nil {
		return nil, err
	}
	if err := a.Validate(); err != nil {
		return nil, pickle.Malformed("%v", err)
	}
	return a, nil
}

// dataset converts a Dataset.
func (p *Pandas) dataset(inst namedInstance) (*xr.Dataset, error) {
	state, ok, err := p.datasetState(inst)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, pickle.Malformed("a state of %s", typeName(inst.State))
	}
	d := &xr.Dataset{Class: inst.Class.String()}
	if d.Vars, err = p.xarrayVars(state["_variables"], "variables"); err != nil {
		return nil, err
	}
	names, ok := setItems(state["_coord_names"])
	if !ok {
		return nil, pickle.Malformed("names of coordinates that are %s",
			typeName(state["_coord_names"]))
	}
	places := make(map[string]int, len(d.Vars))
	for i, v := range d.Vars {
		places[v.Name] = i
	}
	for _, n := range names {
		name, _ := asText(n)
		i, ok := places[name]
		if !ok {
			return nil, pickle.Malformed("a coordinate %s that is no variable", shown(n))
		}
		d.Vars[i].Coord = true
	}
	if err := withoutIndexes(d.Vars, state["_indexes"]); err != nil {
		return nil, err
	}
	return d, p.finishDataset(d, state, "_dims")
}

// finishDataset reads the attributes, and compares the sizes of dimensions with those in the state.
func (p *Pandas) finishDataset(d *xr.Dataset, state map[string]any, dims string) (err error) {
	if d.Attrs, err = xarrayAttrs(state["_attrs"], "attrs"); err != nil {
		return err
	}
	if d.Encoding, err = xarrayAttrs(state["_encoding"], "an encoding"); err != nil {
		return err
	}
	if err := d.Validate(); err != nil {
		return pickle.Malformed("%v", err)
	}
	stated, ok := entriesOf(state[dims])
	if !ok {
		if state[dims] == nil {
			return nil
		}
		return pickle.Malformed("sizes of dimensions that are %s", typeName(state[dims]))
	}
	sizes := map[string]int{}
	for _, e := range stated {
		name, _ := asText(e.Key)
		if sizes[name], ok = asInt(e.Value); !ok {
			return pickle.Malformed("a dimension of %s elements", shown(e.Value))
		}
	}
	for _, dim := range d.Dims() {
		if n, ok := sizes[dim.Name]; !ok || n != dim.Size {
			return pickle.Malformed("the dimension %q of %d elements, the dataset says %d",
				dim.Name,
				dim.Size, n)
		}
	}
	return nil
}

// setItems returns the members of a set; None has none.
func setItems(v any) ([]any, bool) {
	switch s := v.(type) {
	case *pickle.Set:
		return s.Items, s != nil
	case *pickle.FrozenSet:
		return s.Items, s != nil
	}
	return nil, v == nil
}

// dataTree converts a node and all below it. inside has the nodes seen so far, each of which has
// one parent.
func (p *Pandas) dataTree(inst namedInstance, inside map[any]bool) (*xr.DataTree, error) {
	state, ok := slotState(inst.State)
	if len(inst.Args) > 0 {
		return p.calledTree(inst, inside)
	}
	if !ok {
		return nil, pickle.Malformed("a state of %s", typeName(inst.State))
	}
	t := &xr.DataTree{Class: inst.Class.String(), Dataset: &xr.Dataset{}}
	t.Name, _ = asText(state["_name"])
	coords, err := p.xarrayVars(state["_node_coord_variables"], "coordinates")
	if err != nil {
		return nil, err
	}
	for i := range coords {
		coords[i].Coord = true
	}
	if err := withoutIndexes(coords, state["_node_indexes"]); err != nil {
		return nil, err
	}
	vars, err := p.xarrayVars(state["_data_variables"], "variables")
	if err != nil {
		return nil, err
	}
	t.Dataset.Vars = append(coords, vars...)
	if err := p.finishDataset(t.Dataset, state, "_node_dims"); err != nil {
		return nil, err
	}
	return t, p.treeChildren(t, state["_children"], inside)
}

// treeChildren converts the children of a node.
func (p *Pandas) treeChildren(t *xr.DataTree, dict any, inside map[any]bool) error {
	children, ok := entriesOf(dict)
	if !ok {
		return pickle.Malformed("children that are %s", typeName(dict))
	}
	for _, e := range children {
		o, isObject := e.Value.(*pickle.Object)
		child, isNamed := named(o)
		if !isObject || !isNamed || !isXarray(child.Class) || inside[o] {
			return pickle.Malformed("a child that is %s", typeName(e.Value))
		}
		inside[o] = true
		if p.treeDepth++; p.treeDepth > xr.MaxTreeDepth {
			return &pickle.LimitError{Limit: "depth of a DataTree", Max: xr.MaxTreeDepth,
				Want: int64(p.treeDepth)}
		}
		node, err := p.dataTree(child, inside)
		p.treeDepth--
		if err != nil {
			return err
		}
		if node.Name, ok = asText(e.Key); !ok {
			return pickle.Unsupported("a child called %s", shown(e.Key))
		}
		t.Children = append(t.Children, node)
	}
	return nil
}
