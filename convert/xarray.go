package convert

import (
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/xr"
)

// xarrayParts returns a value of package xr as a dict of its variables by name. A variable with
// attributes is a dict of its elements and attributes, any other is its elements.
func xarrayParts(v any) (any, bool) {
	switch x := v.(type) {
	case *xr.Variable:
		if len(x.Attrs) == 0 {
			return variableElements(x)
		}
	case *xr.DataArray:
		if len(x.Attrs) == 0 && len(x.Coords) == 0 {
			return variableElements(&x.Variable)
		}
	case *xr.Dataset, *xr.DataTree:
	default:
		return nil, false
	}
	parts, _ := new(lookup.Reader).Parts(v)
	d := make(dict, parts.Len)
	for i := range d {
		d[i].name, d[i].value = parts.At(i)
	}
	return d, true
}

// variableElements returns the elements of a variable as an array, or as they are if they are no
// array, such as the labels of a level of an index.
func variableElements(v *xr.Variable) (any, bool) {
	a, err := v.Array()
	if err != nil {
		return v.Raw, true
	}
	return a, true
}

// xarrayFrame returns a Dataset or DataArray as a table, as xarray's to_dataframe does. ok is false
// for other values, and if the table would be much larger than the data.
func xarrayFrame(v any) (f *frame.Frame, ok bool) {
	var err error
	switch x := v.(type) {
	case *xr.Dataset:
		f, err = x.Frame()
	case *xr.DataArray:
		f, err = x.Frame()
	default:
		return nil, false
	}
	return f, err == nil
}

// xarrayTable returns a Dataset or DataArray as a table if it can be one, and any other value as it
// is.
func (d *document) xarrayTable(v any) any {
	x := v
	if c, ok, err := d.pandas.Convert(v); ok && err == nil {
		x = c
	}
	if f, ok := xarrayFrame(x); ok {
		return f
	}
	return v
}
