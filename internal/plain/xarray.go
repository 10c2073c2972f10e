package plain

import "github.com/unpkl/unpkl/xr"

func (f *partsFrame) variable(v *xr.Variable) {
	f.array(v.Data)
	if v.Index != nil {
		f.value(v.Index, nil)
	}
	if v.Series != nil {
		f.value(v.Series, nil)
	}
	f.value(v.Raw, func(raw any) { v.Raw = raw })
	f.attrs(v.Attrs)
	f.attrs(v.Encoding)
}

func (f *partsFrame) variables(vars []xr.Named) {
	for _, v := range vars {
		f.value(v.Variable, nil)
	}
}

func (f *partsFrame) dataArray(a *xr.DataArray) {
	f.value(a.Name, func(name any) { a.Name = name })
	f.variable(&a.Variable)
	f.variables(a.Coords)
}

func (f *partsFrame) dataset(d *xr.Dataset) {
	f.variables(d.Vars)
	f.attrs(d.Attrs)
	f.attrs(d.Encoding)
}

func (f *partsFrame) tree(t *xr.DataTree) {
	if t.Dataset != nil {
		f.value(t.Dataset, nil)
	}
	for _, c := range t.Children {
		f.value(c, nil)
	}
}
