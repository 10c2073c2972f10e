package jsonval

import (
	"github.com/unpkl/unpkl/xr"
)

// xarrayForm returns the form of a value of package xr, which follows xarray's to_dict.
func (e *Encoder) xarrayForm(v any) (any, bool) {
	switch v := v.(type) {
	case *xr.Variable:
		return e.table("$variable", e.variable(v)), true
	case *xr.DataArray:
		o := object{}
		o.add("name", v.Name)
		o.member = append(o.member, e.variable(&v.Variable).member...)
		o.add("coords", e.variables(v.Coords))
		return e.table("$dataarray", o), true
	case *xr.Dataset:
		return e.table("$dataset", e.dataset(v)), true
	case *xr.DataTree:
		return e.table("$datatree", e.tree(v)), true
	}
	return nil, false
}

func (e *Encoder) variable(v *xr.Variable) object {
	dims := make(list, len(v.Dims))
	for i, dim := range v.Dims {
		dims[i] = text(dim)
	}
	o := object{}
	o.add("dims", oneLine{dims})
	addAttrs(&o, "attrs", v.Attrs)
	switch {
	case v.Data != nil:
		o.add("data", v.Data)
	case v.Index != nil && v.Level != "":
		o.add("level", text(v.Level))
		if a, err := v.Array(); err == nil {
			o.add("data", a)
		}
	case v.Index != nil:
		o.add("data", v.Index)
	case v.Series != nil:
		o.add("data", v.Series)
	default:
		o.add("data", v.Raw)
	}
	return o
}

// variables returns variables as an object with their names.
func (e *Encoder) variables(vars []xr.Named) any {
	o := object{}
	texts := true
	entries := make(pairs, len(vars))
	for i, v := range vars {
		form := e.variable(v.Variable)
		o.add(v.Name, form)
		entries[i].Key, entries[i].Value = v.Name, form
		texts = texts && isText(v.Name) && !reserved[v.Name]
	}
	if !texts {
		return form("$dict", entries)
	}
	return o
}

func (e *Encoder) dataset(d *xr.Dataset) object {
	sizes := object{}
	for _, dim := range d.Dims() {
		sizes.add(dim.Name, dim.Size)
	}
	var coords, vars []xr.Named
	for _, v := range d.Vars {
		if v.Coord {
			coords = append(coords, v)
		} else {
			vars = append(vars, v)
		}
	}
	o := object{}
	o.add("dims", oneLine{sizes})
	addAttrs(&o, "attrs", d.Attrs)
	o.add("coords", e.variables(coords))
	o.add("data_vars", e.variables(vars))
	return o
}

func (e *Encoder) tree(t *xr.DataTree) object {
	o := object{}
	o.add("name", text(t.Name))
	if t.Dataset != nil {
		o.member = append(o.member, e.dataset(t.Dataset).member...)
	}
	children := make(list, len(t.Children))
	for i, c := range t.Children {
		children[i] = e.tree(c)
	}
	o.add("children", children)
	return o
}
