// Package table shows pandas' tables, arrays and lists of records as rows and columns. A cell is
// computed only when it is asked for.
package table

import (
	"fmt"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/framehook"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/xr"
)

// Table is a value as rows and columns.
type Table struct {
	Columns []Column
	Rows    int
	// Index, if it is not nil, maps each row to the number that is shown before it in place of its
	// position. It matters only where there are no Labels.
	Index []int
	// Labels are the names of the labels, which may be empty. A MultiIndex has one for each level.
	// There are none if the rows have no labels.
	Labels []string
	// Label returns the part of the label of a row that belongs to a level, counted from 0.
	Label func(row, level int) Cell
	// Cell returns the element at a row and column, both counted from 0.
	Cell func(row, column int) Cell
	// Single says that the table is a sequence of values: its only column stands for the whole row.
	Single bool
	// IsList says that a row is a list: the names of the columns are only positions.
	IsList bool
}

// Column is the header of a column.
type Column struct {
	Name, Type string
	// Number says that the elements are numbers, which are aligned to the right.
	Number bool
}

// Cell is one element of a table.
type Cell struct {
	// Value is the element in a form that package jsonval can encode.
	Value any
	// Text is the element as text. It may contain control characters from the file.
	Text string
	// Null says that the element is missing.
	Null bool
}

// SampleSize is the number of items of a list that are inspected for the names and types of the
// columns.
const SampleSize = 1000

// Of returns the table of a value that lookup.Reader.Resolve returned. ok is false if the value has
// no rows.
func Of(v any) (t *Table, ok bool) { return OfPart(v, 0) }

// OfPart is Of for a list or dict that has n items in the file but may have been read in part: the
// first SampleSize items are there, and perhaps others. n may be 0 if all are there. Table.Rows
// counts the items that are there.
func OfPart(v any, n int) (t *Table, ok bool) {
	switch v := v.(type) {
	case *frame.Frame:
		return ofFrame(v), true
	case *frame.Series:
		return ofSeries(v)
	case *frame.Index:
		return ofIndex(v), true
	case *ndarray.Masked:
		return ofArray(v.Data, v.Mask)
	case *xr.Dataset:
		if f, err := v.Frame(); err == nil {
			return ofFrame(f), true
		}
		return nil, false
	case *xr.DataArray:
		if f, err := v.Frame(); err == nil && len(v.Coords) > 0 {
			return ofFrame(f), true
		}
	case *xr.Variable:
		if v.Series != nil {
			return ofSeries(v.Series)
		}
		if v.Index != nil && v.Level == "" {
			return ofIndex(v.Index), true
		}
	}
	if a, ok := pyvalue.ArrayOf(v); ok {
		return ofArray(a, nil)
	}
	if d, ok := pyvalue.EntriesOf(v); ok {
		return ofDict(d, max(n, len(d))), true
	}
	if items, ok := pyvalue.ItemsOf(v); ok {
		return ofItems(items), true
	}
	return nil, false
}

func ofFrame(f *frame.Frame) *Table {
	t := &Table{Rows: f.Rows(), Columns: make([]Column, len(f.Columns))}
	for i, c := range f.Columns {
		t.Columns[i] = Column{lookup.KeyToken(c.Name), c.DType, isNumber(c)}
	}
	t.Cell = func(row, column int) Cell { return seriesCell(f.Columns[column], row) }
	t.setLabels(f.Index)
	return t
}

// labels makes the index of a pandas table the labels of the rows, unless it only counts them.
func (t *Table) setLabels(x *frame.Index) {
	if x == nil || x.IsRange() && x.Start == 0 && x.Step == 1 {
		return
	}
	if !x.IsMulti() {
		t.Labels = []string{labelName(x.Name())}
		t.Label = func(row, _ int) Cell { return labelCell(x, row) }
		return
	}
	for _, name := range x.Names {
		t.Labels = append(t.Labels, labelName(name))
	}
	t.Label = func(row, k int) Cell {
		level, at := jsonval.LevelLabel(x, k, row)
		if at < 0 || at >= level.Len() {
			return Cell{Null: true, Text: "NaN"}
		}
		return labelCell(level, at)
	}
}

func labelName(name any) string {
	if name == nil {
		return ""
	}
	return lookup.KeyToken(name)
}

func ofSeries(s *frame.Series) (*Table, bool) {
	if s.Kind == frame.Opaque {
		return nil, false
	}
	name := ""
	if s.Name != nil {
		name = lookup.KeyToken(s.Name)
	}
	t := &Table{
		Rows: s.Len(), Single: true,
		Columns: []Column{{name, s.DType, isNumber(s)}},
		Cell:    func(row, _ int) Cell { return seriesCell(s, row) },
	}
	t.setLabels(s.Index)
	return t, true
}

func ofIndex(x *frame.Index) *Table {
	t := &Table{Rows: x.Len(), Single: true, Cell: func(row, _ int) Cell {
		return labelCell(x, row)
	}}
	c := Column{Type: x.Class, Number: x.IsRange()}
	if name := x.Name(); name != nil {
		c.Name = lookup.KeyToken(name)
	}
	if x.Values != nil {
		c.Type, c.Number = x.Values.DType, isNumber(x.Values)
	}
	t.Columns = []Column{c}
	return t
}

func seriesCell(s *frame.Series, row int) Cell {
	if s.Kind == frame.Opaque {
		return Cell{Text: "?"}
	}
	value := jsonval.Cell(s, row)
	if s.IsNull(row) {
		return Cell{Value: value, Null: true, Text: nullText(value)}
	}
	v := s.At(row)
	if text, ok := value.(string); ok {
		return Cell{Value: value, Text: text} // ISO 8601 of times
	}
	if s.Kind == frame.Timedelta {
		return Cell{Value: value, Text: framehook.TimedeltaText(v)}
	}
	return Cell{Value: value, Text: text(v)}
}

// nullText returns how pandas prints a missing element, whose value for jsonval is value.
func nullText(value any) string {
	switch v := value.(type) {
	case string:
		return v // NaT
	case float64, float32:
		return "NaN"
	}
	return "null"
}

func labelCell(x *frame.Index, row int) Cell {
	value := jsonval.Label(x, row)
	if s, ok := value.(string); ok {
		return Cell{Value: value, Text: s}
	}
	return Cell{Value: value, Text: text(x.At(row))}
}

func isNumber(s *frame.Series) bool {
	switch s.Kind {
	case frame.Timedelta:
		return true
	case frame.Numpy, frame.Masked, frame.Sparse:
		return isNumeric(s.Values.DType())
	}
	return false
}

func isNumeric(dt *ndarray.DType) bool {
	switch dt.Kind() {
	case ndarray.KindInt, ndarray.KindUint, ndarray.KindFloat, ndarray.KindComplex,
		ndarray.KindTimedelta:
		return true
	}
	return false
}

// ofItems returns a list as a table. Its items are records, rows or single values.
func ofItems(items []any) *Table {
	names, kind := recordNames(items)
	switch kind {
	case records:
		list := newRecordList(items, names)
		t := &Table{Rows: len(items), Columns: list.headers()}
		t.Cell = func(row, column int) Cell {
			v, ok := list.value(row, column)
			if !ok {
				return Cell{Null: true, Text: "null"}
			}
			return cellOf(v)
		}
		return t
	case rows:
		width := 0
		for _, item := range items[:min(len(items), SampleSize)] {
			list, _ := rowOf(item)
			width = max(width, len(list))
		}
		t := &Table{Rows: len(items), Columns: make([]Column, width), IsList: true}
		value := func(row, column int) (any, bool) {
			list, _ := rowOf(items[row])
			if column >= len(list) {
				return nil, false
			}
			return list[column], true
		}
		for i := range t.Columns {
			t.Columns[i] = columnOf(strconv.Itoa(i), len(items), func(row int) any {
				v, _ := value(row, i)
				return v
			})
		}
		t.Cell = func(row, column int) Cell {
			v, ok := value(row, column)
			if !ok {
				return Cell{Null: true, Text: "null"}
			}
			return cellOf(v)
		}
		return t
	}
	return &Table{
		Rows: len(items), Single: true,
		Columns: []Column{columnOf("", len(items), func(row int) any { return items[row] })},
		Cell:    func(row, _ int) Cell { return cellOf(items[row]) },
	}
}

// itemKind says what all the items of a list are.
type itemKind int

const (
	single  itemKind = iota
	records          // dicts or objects with names
	rows             // lists and tuples of single values
)

// recordNames returns the kind of the items of a list and, for records, the names in all of them in
// order of appearance. It inspects the first SampleSize items.
func recordNames(items []any) (names []string, kind itemKind) {
	seen := map[string]bool{}
	for i, item := range items[:min(len(items), SampleSize)] {
		d, ok := pyvalue.EntriesOf(Resolved(item))
		if !ok {
			if _, isRow := rowOf(item); isRow && (i == 0 || kind == rows) {
				kind = rows
				continue
			}
			return nil, single
		}
		if i > 0 && kind != records {
			return nil, single
		}
		kind = records
		for _, e := range d {
			if name := lookup.KeyToken(e.Key); !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names, kind
}

// rowOf returns the items of a list or tuple.
func rowOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case *types.List:
		return *v, true
	case *types.Tuple:
		return *v, true
	}
	return nil, false
}

// maxArrays is the greatest number of arrays in a dict that is shown as a table of columns.
const maxArrays = SampleSize

// ofDict returns a dict of n entries as a table. If the values are arrays of one length, and not
// too many, they are the columns; else the columns are the keys and the values.
func ofDict(d types.Dict, n int) *Table {
	if t, ok := ofColumns(d, n); ok {
		return t
	}
	return &Table{
		Rows: len(d), Columns: []Column{{Name: "key"}, {Name: "value"}},
		Cell: func(row, column int) Cell {
			if column == 0 {
				return cellOf(d[row].Key)
			}
			return cellOf(d[row].Value)
		},
	}
}

// ofColumns returns a dict as a table of columns. ok is false unless all its values are arrays of
// one dimension and the same length.
func ofColumns(d types.Dict, n int) (t *Table, ok bool) {
	if n > maxArrays {
		return nil, false
	}
	t = &Table{}
	var columns []*Table
	for i, e := range d {
		a, ok := e.Value.(*ndarray.Array)
		if !ok || a.NDim() != 1 || a.DType().Fields() != nil || i > 0 && a.Size() != t.Rows {
			return nil, false
		}
		c, ok := ofArray(a, nil)
		if !ok {
			return nil, false
		}
		t.Rows = a.Size()
		c.Columns[0].Name = lookup.KeyToken(e.Key)
		t.Columns = append(t.Columns, c.Columns[0])
		columns = append(columns, c)
	}
	t.Cell = func(row, column int) Cell { return columns[column].Cell(row, 0) }
	return t, len(columns) > 0
}

// columnOf returns the header of a column of n values, whose type it tells by the first SampleSize.
func columnOf(name string, n int, at func(row int) any) Column {
	var k columnKind
	for row := range min(n, SampleSize) {
		k.add(at(row))
	}
	return k.column(name)
}

// columnKind is what the values of a column have in common, so far.
type columnKind struct {
	name   string // of the type, empty before the first value, or "object" for several types
	mixed  bool   // the values have several types
	number bool   // they are numbers
}

// add adds a value. Missing values do not count.
func (k *columnKind) add(v any) {
	v = Resolved(v)
	if _, null := v.(reconstruct.PandasNull); null || v == nil || k.mixed {
		return
	}
	k.number = isNumberValue(v)
	switch name := typeName(v); {
	case k.name == "":
		k.name = name
	case k.name != name && (k.name == "int" && name == "float" ||
		k.name == "float" && name == "int"):
		k.name = "float"
	case k.name != name:
		*k = columnKind{name: "object", mixed: true}
	}
}

// column returns the header of the column.
func (k *columnKind) column(name string) Column { return Column{name, k.name, k.number} }

func typeName(v any) string {
	if s, ok := v.(*ndarray.Scalar); ok {
		return s.DType().String()
	}
	return describe.KindOf(v)
}

func isNumberValue(v any) bool {
	if s, ok := v.(*ndarray.Scalar); ok {
		return isNumeric(s.DType())
	}
	kind := pyvalue.Describe(v)
	return kind == "int" || kind == "float" || kind == "complex"
}

// Resolved returns what an object of pandas and the like is, and any other value as it is.
func Resolved(v any) any {
	switch v.(type) {
	case *pickle.Object, pickle.Named:
		var r lookup.Reader
		if c, err := r.Resolve(v); err == nil {
			return c
		}
	}
	return v
}

// cellOf returns a Python value as a cell.
func cellOf(v any) Cell {
	v = Resolved(v)
	switch v := v.(type) {
	case nil:
		return Cell{Null: true, Text: "None"}
	case reconstruct.PandasNull:
		return Cell{Null: true, Value: v, Text: v.String()}
	}
	return Cell{Value: v, Text: text(v)}
}

// text is Text.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case *frame.Frame:
		return fmt.Sprintf("DataFrame of %d rows, %d columns", v.Rows(), len(v.Columns))
	case *frame.Series:
		return fmt.Sprintf("Series of %d", v.Len())
	case *frame.Index:
		return fmt.Sprintf("%s of %d", v.Class, v.Len())
	case reconstruct.PandasTimedelta:
		return framehook.TimedeltaText(ndarray.Timedelta64{Value: v.Value,
			Unit: ndarray.DatetimeUnit{Base: v.Unit}})
	case *ndarray.Scalar:
		return v.String()
	case *ndarray.Array:
		return fmt.Sprintf("%s %v", v.DType(), v.Shape())
	}
	return describe.Text(v)
}

// Text is an object on one line: a str as it is, else as Python shows it. It may have control
// characters of the file.
func Text(v any) string { return text(v) }

// AllRows yields the number of every row.
func (t *Table) AllRows() func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for row := range t.Rows {
			if !yield(row) {
				return
			}
		}
	}
}
