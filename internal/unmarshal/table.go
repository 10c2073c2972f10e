package unmarshal

import (
	"errors"
	"fmt"
	"math"
	"reflect"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/fields"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/xr"
)

var (
	errMissing = errors.New("an element is missing, and only nil or NaN can stand for it")
)

// isTableType reports whether t is the type of a table, or of a value of another library, that is
// converted from an object.
func isTableType(t reflect.Type) bool {
	switch t {
	case pyvalue.TableType, pyvalue.SeriesType, pyvalue.LabelsType, pyvalue.SparseType,
		pyvalue.VariableType, pyvalue.DataArrayType, pyvalue.DatasetType, pyvalue.DataTreeType:
		return true
	}
	return reflect.PointerTo(t).Implements(pyvalue.LibraryType)
}

// tableOf returns the *frame.Frame, *frame.Series, *frame.Index, *reconstruct.Sparse or value of
// package xr that src is or represents. The values inside it are still objects. It returns nil if
// src is none of them.
func (a *assigner) tableOf(src any) (any, error) {
	var v any
	var err error
	switch src := src.(type) {
	case *frame.Frame, *frame.Series, *frame.Index, *reconstruct.Sparse,
		*xr.Variable, *xr.DataArray, *xr.Dataset, *xr.DataTree:
		return src, nil
	case *pickle.Object:
		var ok bool
		if v, ok, err = a.plain.Pandas.Convert(src); !ok && err == nil {
			v, err = a.sparseOf(src)
		}
	case *ndarray.Array:
		v, _, err = a.plain.Pandas.Convert(src)
	}
	if err != nil {
		return nil, fmt.Errorf("unpkl: %w", err)
	}
	switch v.(type) {
	case *frame.Frame, *frame.Series, *frame.Index, *reconstruct.Sparse,
		*xr.Variable, *xr.DataArray, *xr.Dataset, *xr.DataTree:
		return v, nil
	}
	return nil, nil
}

// sparseOf returns the matrix that o represents, or an untyped nil.
func (a *assigner) sparseOf(o *pickle.Object) (any, error) {
	s, ok, err := a.plain.Pandas.Sparse(o)
	if !ok {
		return nil, err
	}
	return s, nil
}

// libraryOf returns the value of another library that src is or represents, or nil.
func (a *assigner) libraryOf(src any) (any, error) {
	if v, ok := src.(reconstruct.LibraryValue); ok {
		return v, nil
	}
	v, _, err := a.plain.Pandas.Library(src)
	if err != nil {
		return nil, fmt.Errorf("unpkl: %w", err)
	}
	return v, nil
}

// tablePlan returns the plan of a pointer to a table type. The values in the table are plain unless
// WithObjects is given.
func tablePlan(t reflect.Type) assignFunc {
	return func(a *assigner, src any, dst reflect.Value) error {
		if src == nil {
			dst.SetZero()
			return nil
		}
		v, err := a.tableOf(src)
		if err == nil && v == nil {
			v, err = a.libraryOf(src)
		}
		if err == nil && v != nil && !a.plain.Objects {
			v, err = a.plain.Convert(v, a.depth)
		}
		switch {
		case err != nil:
			return err
		case v == nil || reflect.TypeOf(v) != t:
			return a.mismatch(src, t, nil)
		}
		dst.Set(reflect.ValueOf(v))
		return nil
	}
}

// tableToSlice decodes a Series or Index into a slice of its elements, a Frame into a slice of its
// rows, and a Sparse as a dense array.
func (a *assigner) tableToSlice(table, src any, dst reflect.Value, elem *plan) error {
	switch v := table.(type) {
	case *frame.Series:
		return a.seriesToSlice(v, src, dst, elem)
	case *frame.Index:
		if v.Values != nil {
			return a.seriesToSlice(v.Values, src, dst, elem)
		}
		return a.cellsToSlice(v.Len(), v.At, src, dst, elem)
	case *frame.Frame:
		return a.rowsToSlice(v, src, dst, elem)
	case *reconstruct.Sparse:
		dense, err := v.ToDense(int(min(a.budget, math.MaxInt)))
		if errors.Is(err, pickle.ErrLimit) {
			return fmt.Errorf("unpkl: %w", err)
		}
		if err != nil {
			return a.mismatch(src, dst.Type(), err)
		}
		return a.arrayToSlice(dense, src, dst, elem)
	case *xr.Variable, *xr.DataArray:
		if elements, ok := pyvalue.ArrayOf(v); ok {
			return a.arrayToSlice(elements, src, dst, elem)
		}
	}
	return a.mismatch(src, dst.Type(), nil)
}

// seriesToSlice decodes an array of numbers as arrays are decoded elsewhere. In all other series, a
// missing element becomes nil or NaN; it is a mismatch if the element type has neither.
func (a *assigner) seriesToSlice(s *frame.Series, src any, dst reflect.Value, elem *plan) error {
	t := dst.Type()
	if s.Kind == frame.Opaque {
		return a.mismatch(src, t, opaqueError(s))
	}
	if s.Kind == frame.Numpy && s.Valid == nil && !s.Values.HasObject() {
		return a.arrayToSlice(s.Values, src, dst, elem)
	}
	if !canMiss(t.Elem()) {
		for i := range s.Len() {
			if s.IsNull(i) {
				return a.mismatch(src, t, fmt.Errorf("[%d]: %w", i, errMissing))
			}
		}
	}
	return a.cellsToSlice(s.Len(), func(i int) any { return cell(s, i) }, src, dst, elem)
}

func opaqueError(s *frame.Series) error {
	return fmt.Errorf("an extension array of the class %s, which is not read", s.DType)
}

func (a *assigner) cellsToSlice(n int, at func(int) any, src any, dst reflect.Value,
	elem *plan) error {
	if int64(n) > a.budget {
		return pyvalue.LimitError("Expansion", a.expansion, a.expansion-a.budget+int64(n))
	}
	dst.Set(reflect.MakeSlice(dst.Type(), n, n))
	a.remember(src, dst)
	if err := a.enter(); err != nil {
		return err
	}
	defer a.leave()
	a.path = append(a.path, pathElem{})
	last := len(a.path) - 1
	for i := range n {
		a.path[last].index = i
		if err := elem.assign(a, at(i), dst.Index(i)); err != nil {
			return err
		}
	}
	a.path = a.path[:last]
	return nil
}

// isNone reports whether src is None or one of pandas' markers of a missing value.
func isNone(src any) bool {
	switch src.(type) {
	case nil, pyvalue.Missing:
		return true
	case *pickle.Object, pickle.Global:
		c, _, _ := reconstruct.ReadPandasScalar(src)
		_, null := c.(reconstruct.PandasNull)
		return null
	}
	return false
}

// cell returns element i as an object. A time is a Timestamp in the zone of its column.
func cell(s *frame.Series, i int) any {
	if s.IsNull(i) {
		return pyvalue.Missing{}
	}
	if t, ok := reconstruct.TimestampAt(s, i); ok {
		return t
	}
	return s.At(i)
}

func canMiss(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map, reflect.Float32,
		reflect.Float64:
		return true
	}
	return false
}

// rowsToSlice decodes the rows of a frame into structs, or pointers to structs, by the names of the
// columns, and into elements of any other type as dicts.
func (a *assigner) rowsToSlice(f *frame.Frame, src any, dst reflect.Value, elem *plan) error {
	t := dst.Type()
	n := f.Rows()
	if int64(n) > a.budget {
		return pyvalue.LimitError("Expansion", a.expansion, a.expansion-a.budget+int64(n))
	}
	row := t.Elem()
	if row.Kind() == reflect.Pointer {
		row = row.Elem()
	}
	byName := row.Kind() == reflect.Struct && !pyvalue.IsLeafStruct(row) &&
		!reflect.PointerTo(row).Implements(pyvalue.UnmarshalerType)
	if !byName {
		return a.cellsToSlice(n, func(i int) any { return rowDict(f, i) }, src, dst, elem)
	}
	dst.Set(reflect.MakeSlice(t, n, n))
	a.remember(src, dst)
	if err := a.enter(); err != nil {
		return err
	}
	defer a.leave()
	rows := dst
	if t.Elem() != row {
		rows = reflect.MakeSlice(reflect.SliceOf(row), n, n)
		for i := range n {
			dst.Index(i).Set(rows.Index(i).Addr())
		}
	}
	return a.columnsToFields(f, src, row, rows)
}

// columnsToFields decodes the columns of a frame into the fields of the same names in rows, a slice
// of structs of type row. A column with exactly the name of a field is preferred to one that has
// that name only without regard to case.
func (a *assigner) columnsToFields(f *frame.Frame, src any, row reflect.Type,
	rows reflect.Value) error {
	s := &structPlanner{typ: row, fields: pyvalue.FieldsOf(row)}
	columns := make([]*frame.Series, len(s.fields.List))
	exact := make([]bool, len(columns))
	for _, c := range f.Columns {
		name, ok := c.Name.(string)
		if !ok {
			s.unknown(a, pyvalue.Describe(c.Name))
			continue
		}
		switch i, same, ok := s.fields.Find(name); {
		case !ok:
			s.unknown(a, name)
		case same || !exact[i]:
			columns[i], exact[i] = c, same
		}
	}
	given := make([]bool, len(columns))
	for i, c := range columns {
		if c == nil {
			continue
		}
		given[i] = true
		if err := a.columnToField(c, src, &s.fields.List[i], rows); err != nil {
			return err
		}
	}
	if a.noMissing {
		s.checkMissing(a, given)
	}
	return nil
}

func (a *assigner) columnToField(s *frame.Series, src any, f *fields.Field,
	rows reflect.Value) error {
	p := planOf(f.Type)
	a.path = append(a.path, pathElem{}, pathElem{name: f.Name, named: true})
	last := len(a.path) - 2
	if s.Kind == frame.Opaque {
		err := a.mismatch(src, f.Type, opaqueError(s))
		a.path = a.path[:last]
		return err
	}
	for i := range rows.Len() {
		a.path[last].index = i
		if err := p.assign(a, cell(s, i), fieldAt(rows.Index(i), f.Index)); err != nil {
			return err
		}
	}
	a.path = a.path[:last]
	return nil
}

// rowDict returns row i as a dict, as DataFrame.to_dict('records') does.
func rowDict(f *frame.Frame, i int) *types.Dict {
	d := make(types.Dict, 0, len(f.Columns))
	for _, c := range f.Columns {
		d = append(d, types.DictEntry{Key: c.Name, Value: cell(c, i)})
	}
	return &d
}

// tableEntries returns the columns of a frame by name, the elements of a series by label, or the
// variables of a dataset by name. It returns nil for other tables.
func (a *assigner) tableEntries(table any) (types.Dict, error) {
	switch v := table.(type) {
	case *frame.Frame:
		d := make(types.Dict, len(v.Columns))
		for i, c := range v.Columns {
			d[i] = types.DictEntry{Key: c.Name, Value: c}
		}
		return d, nil
	case *frame.Series:
		if v.Index == nil {
			return nil, nil
		}
		if v.Kind == frame.Opaque {
			return nil, opaqueError(v)
		}
		if int64(v.Len()) > a.budget {
			return nil, pyvalue.LimitError("Expansion", a.expansion,
				a.expansion-a.budget+int64(v.Len()))
		}
		d := make(types.Dict, v.Len())
		for i := range d {
			d[i] = types.DictEntry{Key: label(v.Index, i), Value: cell(v, i)}
		}
		return d, nil
	case *xr.Dataset:
		d := make(types.Dict, len(v.Vars))
		for i, x := range v.Vars {
			d[i] = types.DictEntry{Key: x.Name, Value: x.Variable}
		}
		return d, nil
	}
	return nil, nil
}

// tableToMap decodes the columns of a frame into a map by name, and the elements of a series by
// label.
func (a *assigner) tableToMap(table, src any, dst reflect.Value, key, elem *plan) error {
	entries, err := a.tableEntries(table)
	if errors.Is(err, pickle.ErrLimit) {
		return err
	}
	if err != nil || entries == nil {
		return a.mismatch(src, dst.Type(), err)
	}
	return a.assignMap(src, entries, dst, key, elem)
}

// label returns the label i as a dict key.
func label(x *frame.Index, i int) any {
	if x.IsMulti() {
		parts := types.Tuple(x.At(i).([]any))
		return &parts
	}
	if x.Values != nil {
		if t, ok := reconstruct.TimestampAt(x.Values, i); ok {
			return t
		}
	}
	return x.At(i)
}
