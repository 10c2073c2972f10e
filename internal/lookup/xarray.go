package lookup

import (
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/xr"
)

// xarrayParts returns the parts of a value of package xr. A Variable has its data and attributes; a
// DataArray also its coordinates by their names; a Dataset its variables and attributes; a DataTree
// the parts of its dataset and its child nodes. A variable or coordinate called attrs hides the
// attributes.
func xarrayParts(v any) Parts {
	var d types.Dict
	switch v := v.(type) {
	case *xr.Variable:
		d = variableParts(v)
	case *xr.DataArray:
		d = variableParts(&v.Variable)
		d = addVariables(d, v.Coords)
	case *xr.Dataset:
		d = datasetParts(v)
	case *xr.DataTree:
		if v.Dataset != nil {
			d = datasetParts(v.Dataset)
		}
		for _, c := range v.Children {
			d = addPart(d, c.Name, c)
		}
	}
	return dictParts(d)
}

func variableParts(v *xr.Variable) types.Dict {
	var data any = v.Raw
	switch {
	case v.Data != nil:
		data = v.Data
	case v.Index != nil && v.Level != "":
		if a, err := v.Array(); err == nil {
			data = a
		}
	case v.Index != nil:
		data = v.Index
	case v.Series != nil:
		data = v.Series
	}
	return addAttrs(types.Dict{{Key: "data", Value: data}}, v.Attrs)
}

func datasetParts(ds *xr.Dataset) types.Dict {
	return addAttrs(addVariables(nil, ds.Vars), ds.Attrs)
}

func addVariables(d types.Dict, vars []xr.Named) types.Dict {
	for _, v := range vars {
		d = append(d, types.DictEntry{Key: v.Name, Value: v.Variable})
	}
	return d
}

func addPart(d types.Dict, name string, v any) types.Dict {
	return append(d, types.DictEntry{Key: name, Value: v})
}

// addAttrs adds the attributes as a dict called attrs, unless d has an entry of that name.
func addAttrs(d types.Dict, attrs map[string]any) types.Dict {
	if len(attrs) == 0 || slices.ContainsFunc(d, func(e types.DictEntry) bool {
		return e.Key == "attrs"
	}) {
		return d
	}
	names := make([]string, 0, len(attrs))
	for name := range attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	dict := make(types.Dict, len(names))
	for i, name := range names {
		dict[i] = types.DictEntry{Key: name, Value: attrs[name]}
	}
	return addPart(d, "attrs", &dict)
}
