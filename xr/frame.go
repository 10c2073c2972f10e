package xr

import (
	"fmt"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// maxEmptyRows limits the rows of a table in which no variable has that many elements.
const maxEmptyRows = 1 << 20

// Frame returns the dataset as a table, as xarray's to_dataframe does. The table has a row for each
// combination of the labels of all dimensions, which form its index, and a column for each variable
// that is not such a label. A variable is repeated along the dimensions that it lacks. If that
// makes the table larger than both its largest variable and a million rows, Frame returns an error;
// so it does for data of other libraries.
func (d *Dataset) Frame() (*frame.Frame, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	dims := d.Dims()
	rows, largest := 1, maxEmptyRows
	for _, v := range d.Vars {
		size := 1
		for _, n := range v.Variable.Shape() {
			size *= n
		}
		largest = max(largest, size)
	}
	for _, dim := range dims {
		if dim.Size > 0 && rows > largest/dim.Size {
			return nil, fmt.Errorf("xr: a table of more than %d rows", largest)
		}
		rows *= dim.Size
	}
	var columns []*frame.Series
	for _, v := range d.Vars {
		if isLabel(&v, dims) {
			continue
		}
		s, err := column(&v, dims, rows)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, v.Name)
		}
		columns = append(columns, s)
	}
	f, err := frame.New(columns...)
	if err != nil {
		return nil, err
	}
	f.Index, err = d.index(dims, rows)
	return f, err
}

// isLabel reports whether a variable has the labels of a dimension, or one level of them.
func isLabel(v *Named, dims []Dim) bool {
	for _, dim := range dims {
		if v.Name == dim.Name || v.Variable.Level != "" {
			return true
		}
	}
	return false
}

// column returns the elements of a variable as a column, repeated along the dimensions that it
// lacks.
func column(v *Named, dims []Dim, rows int) (*frame.Series, error) {
	if s := v.Variable.Series; s != nil && s.Len() == rows {
		own := *s
		own.Name = v.Name
		return &own, nil
	}
	a, err := v.Variable.Array()
	if err != nil {
		return nil, err
	}
	// order has the axes in the order of dims.
	var order []int
	strides := make([]int, len(dims)) // in elements of the variable, 0 along a dimension it lacks
	for k, dim := range dims {
		for axis, name := range v.Variable.Dims {
			if name == dim.Name {
				order, strides[k] = append(order, axis), 1
			}
		}
	}
	if len(order) > 1 {
		if a, err = a.Transpose(order...); err != nil {
			return nil, err
		}
	}
	if a.Size() == rows {
		if !a.IsCContiguous() {
			if a, err = a.Copy(ndarray.OrderC); err != nil {
				return nil, err
			}
		}
		a, err = a.Reshape(rows)
		return seriesOf(v.Name, a), err
	}
	step := 1
	for k := len(dims) - 1; k >= 0; k-- {
		if strides[k] != 0 {
			strides[k], step = step, step*dims[k].Size
		}
	}
	a, err = repeated(a, dims, strides, rows)
	return seriesOf(v.Name, a), err
}

// repeated returns an element of a for each row. The rows count through dims in C order; strides
// are the steps in a along each dimension, in elements.
func repeated(a *ndarray.Array, dims []Dim, strides []int, rows int) (*ndarray.Array, error) {
	size := a.DType().ItemSize()
	var flat, out []byte
	var elems, objects []any
	if a.HasObject() {
		for e := range a.Elements() {
			elems = append(elems, e)
		}
	} else {
		var err error
		if flat, err = a.AppendBytes(nil, ndarray.OrderC); err != nil {
			return nil, err
		}
		out = make([]byte, 0, rows*size)
	}
	index := make([]int, len(dims))
	at := 0
	for range rows {
		if flat != nil {
			out = append(out, flat[at*size:(at+1)*size]...)
		} else {
			objects = append(objects, elems[at])
		}
		for k := len(dims) - 1; k >= 0; k-- {
			index[k]++
			at += strides[k]
			if index[k] < dims[k].Size {
				break
			}
			at -= strides[k] * dims[k].Size
			index[k] = 0
		}
	}
	if a.HasObject() {
		return ndarray.NewObjects(a.DType(), []int{rows}, ndarray.OrderC, objects)
	}
	return ndarray.New(a.DType(), []int{rows}, ndarray.OrderC, out)
}

// seriesOf returns a one-dimensional array as a column.
func seriesOf(name any, a *ndarray.Array) *frame.Series {
	s := &frame.Series{Name: name, Values: a, DType: a.DType().String()}
	switch a.DType().Kind() {
	case ndarray.KindDatetime:
		s.Kind = frame.Datetime
	case ndarray.KindTimedelta:
		s.Kind = frame.Timedelta
	}
	return s
}

// index returns the labels of the rows: those of the only dimension, or combinations of all.
func (d *Dataset) index(dims []Dim, rows int) (*frame.Index, error) {
	levels := make([]*frame.Index, len(dims))
	names := make([]any, len(dims))
	for k, dim := range dims {
		names[k] = dim.Name
		var err error
		if levels[k], err = d.labelsOf(dim); err != nil {
			return nil, err
		}
	}
	switch len(dims) {
	case 0:
		return frame.NewRangeIndex(rows), nil
	case 1:
		return levels[0], nil
	}
	x := &frame.Index{Class: "MultiIndex", Names: names, Levels: levels}
	inside := rows
	for _, dim := range dims {
		if dim.Size > 0 {
			inside /= dim.Size
		}
		codes := make([]int64, rows)
		for i := range codes {
			codes[i] = int64(i / inside % dim.Size)
		}
		a, err := ndarray.FromSlice(codes)
		if err != nil {
			return nil, err
		}
		x.Codes = append(x.Codes, a)
	}
	return x, nil
}

// labelsOf returns the labels of a dimension. They count from 0 if it has no coordinate.
func (d *Dataset) labelsOf(dim Dim) (*frame.Index, error) {
	v := d.Var(dim.Name)
	if v == nil {
		x := frame.NewRangeIndex(dim.Size)
		x.Names = []any{dim.Name}
		return x, nil
	}
	if v.Index != nil && v.Level == "" {
		own := *v.Index
		if !own.IsMulti() {
			own.Names = []any{dim.Name}
		}
		return &own, nil
	}
	a, err := v.Array()
	if err != nil {
		return nil, err
	}
	return frame.NewIndex(seriesOf(dim.Name, a)), nil
}

// Frame returns the array as a table, with its elements in one column, as [Dataset.Frame] does. The
// column of an array without a name is called "0".
func (a *DataArray) Frame() (*frame.Frame, error) {
	name, ok := a.Name.(string)
	if !ok {
		name = "0"
	}
	d := &Dataset{Vars: []Named{{Name: name, Variable: &a.Variable}}}
	for _, c := range a.Coords {
		if c.Name == name {
			d.Vars = d.Vars[1:] // the array is itself this coordinate
		}
	}
	d.Vars = append(d.Vars, a.Coords...)
	return d.Frame()
}
