package convert

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/ndarray"
)

// table returns a document as a table, as pandas.DataFrame does. The document may be a frame, a
// series, a structured array, a matrix, a dict of columns of one length, or a list of records.
func (d *document) table(v any, path string) (*frame.Frame, error) {
	v, err := d.normalize(d.xarrayTable(v), path)
	if err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case *frame.Frame:
		for _, s := range x.Columns {
			if err := d.expansion.texts(s.Items); err != nil {
				return nil, err
			}
		}
		return x, nil
	case *frame.Series:
		f, err := frame.New(x)
		if err == nil && x.Index != nil {
			f.Index = x.Index
		}
		return f, err
	case *frame.Index:
		if x.Values == nil {
			break
		}
		s := *x.Values
		s.Name = x.Name()
		return frame.New(&s)
	case *ndarray.Array:
		return d.arrayTable(x, path)
	case dict:
		return d.dictTable(x, path)
	case list:
		records, ok, err := d.records(x, path)
		if err != nil {
			return nil, err
		}
		if ok {
			return d.recordTable(records, path)
		}
		a, ok, err := d.listArray(x)
		if err != nil {
			return nil, err
		}
		if ok {
			return d.arrayTable(a, path)
		}
	}
	return nil, d.refuse(path, describe(v)+" that is no table", kindFor(v))
}

// arrayTable returns the fields of a structured array, or the columns of a matrix, as a table.
func (d *document) arrayTable(a *ndarray.Array, path string) (*frame.Frame, error) {
	var columns []*frame.Series
	add := func(name any, a *ndarray.Array) error {
		s, err := columnOfArray(name, a)
		if err != nil {
			return d.refuse(path, describe(a), KindArray)
		}
		columns = append(columns, s)
		return nil
	}
	switch {
	case a.NDim() == 1 && a.DType().Names() != nil:
		for _, name := range a.DType().Names() {
			field, err := a.Field(name)
			if err != nil {
				return nil, err
			}
			if err := add(name, field); err != nil {
				return nil, err
			}
		}
	case a.NDim() == 1:
		if err := add(0, a); err != nil {
			return nil, err
		}
	case a.NDim() == 2:
		for i := range a.Shape()[1] {
			column, err := a.T().Index(i)
			if err != nil {
				return nil, err
			}
			if err := add(i, column); err != nil {
				return nil, err
			}
		}
	default:
		return nil, d.refuse(path, describe(a)+" that is no table", KindArray)
	}
	return frame.New(columns...)
}

// columnOfArray returns an array of one dimension as a column.
func columnOfArray(name any, a *ndarray.Array) (*frame.Series, error) {
	if a.NDim() != 1 {
		return nil, fmt.Errorf("%d dimensions", a.NDim())
	}
	s := &frame.Series{Name: name, Values: a, DType: a.DType().Name()}
	switch a.DType().Kind() {
	case ndarray.KindDatetime:
		s.Kind = frame.Datetime
	case ndarray.KindTimedelta:
		s.Kind = frame.Timedelta
	case ndarray.KindVoid:
		return nil, fmt.Errorf("dtype %s", a.DType())
	case ndarray.KindStr, ndarray.KindString:
		texts := make([]string, 0, a.Size())
		for v := range a.Elements() {
			text, ok := v.(string)
			if !ok {
				return objectColumn(name, slices.Collect(a.Elements())), nil
			}
			texts = append(texts, text)
		}
		return textColumn(name, texts)
	case ndarray.KindBytes, ndarray.KindObject:
		return columnOf(name, slices.Collect(a.Elements())), nil
	}
	return s, s.Validate()
}

func textColumn(name any, texts []string) (*frame.Series, error) {
	s, err := frame.NewSeries("", texts)
	if err == nil {
		s.Name = name
	}
	return s, err
}

func objectColumn(name any, items []any) *frame.Series {
	return &frame.Series{Name: name, Kind: frame.Object, DType: "object", Items: items}
}

// dictTable returns the items of a dict as columns, which must have the same length.
func (d *document) dictTable(items dict, path string) (*frame.Frame, error) {
	columns := make([]*frame.Series, 0, len(items))
	for _, e := range items {
		at := child(path, e.name)
		v, err := d.normalize(e.value, at)
		if err != nil {
			return nil, err
		}
		var s *frame.Series
		switch x := v.(type) {
		case *ndarray.Array:
			s, err = columnOfArray(e.name, x)
		case *frame.Series:
			own := *x
			own.Name, s = e.name, &own
		case list:
			s, err = d.column(e.name, slices.Clone(x))
		default:
			err = d.refuse(at, describe(v)+" in the place of a column", kindFor(v)|KindDict)
		}
		if err != nil {
			if isHoldError(err) || errors.Is(err, errkind.ErrLimit) {
				return nil, err
			}
			return nil, d.refuse(at, describe(v)+" in the place of a column", kindFor(v)|KindDict)
		}
		if len(columns) > 0 && s.Len() != columns[0].Len() {
			what := fmt.Sprintf("columns of %d and %d elements", columns[0].Len(), s.Len())
			return nil, d.refuse(at, what, KindDict)
		}
		columns = append(columns, s)
	}
	return frame.New(columns...)
}

// records returns the members of a list as dicts; ok is false if one is not a dict.
func (d *document) records(items list, path string) (out []dict, ok bool, err error) {
	out = make([]dict, 0, len(items))
	for i, item := range items {
		v, err := d.normalize(item, child(path, strconv.Itoa(i)))
		if errors.Is(err, errkind.ErrLimit) {
			return nil, false, err
		}
		record, ok := v.(dict)
		if err != nil || !ok {
			return nil, false, nil
		}
		out = append(out, record)
	}
	return out, len(out) > 0, nil
}

// recordTable returns records as a table. The columns are in the order in which their names first
// occur; a value that a record does not have is missing.
func (d *document) recordTable(records []dict, path string) (*frame.Frame, error) {
	var names []string
	places := map[string]int{}
	var columns [][]any
	for i, r := range records {
		for _, e := range r {
			at, ok := places[e.name]
			if !ok {
				at = len(names)
				places[e.name] = at
				names = append(names, e.name)
				columns = append(columns, make([]any, len(records)))
			}
			columns[at][i] = e.value
		}
		if len(columns)*len(records) > maxTableCells {
			return nil, d.refuse(path, "records of too many different names", KindList)
		}
	}
	series := make([]*frame.Series, len(names))
	for i, name := range names {
		var err error
		if series[i], err = d.column(name, columns[i]); err != nil {
			return nil, err
		}
	}
	return frame.New(series...)
}

// column is columnOf for a part of the document.
func (d *document) column(name any, items []any) (*frame.Series, error) {
	if err := d.expansion.texts(items); err != nil {
		return nil, err
	}
	return columnOf(name, items), nil
}

// maxTableCells bounds the number of cells of a table, as records without common names need many
// more cells than they have values.
const maxTableCells = 1 << 28

// columnOf returns values as a column of the dtype that pandas gives them: numbers (a missing one
// is NaN), bools, text, or else objects. The column takes ownership of the slice.
func columnOf(name any, items []any) *frame.Series {
	kind, missing := noneElement, false
	for i, v := range items {
		s, ok := elementOf(v)
		if !ok {
			return objectColumn(name, items)
		}
		if items[i] = s; s == nil {
			missing = true
			continue
		}
		kind = widen(kind, kindOfElement(s))
	}
	if kind == intElement && missing {
		kind = floatElement
	}
	switch {
	case kind == textElement:
		return textsWithGaps(name, items)
	case kind == floatElement:
		return floatColumn(name, items)
	case missing || kind == mixedElement || kind == bytesElement || kind == noneElement:
		return objectColumn(name, items)
	}
	a, ok := arrayOfItems(items, []int{len(items)})
	if !ok {
		return objectColumn(name, items)
	}
	return &frame.Series{Name: name, Values: a, DType: a.DType().Name()}
}

// textsWithGaps returns a column of text; items that are not strings are missing.
func textsWithGaps(name any, items []any) *frame.Series {
	texts := make([]*string, len(items))
	for i, v := range items {
		if s, ok := v.(string); ok {
			texts[i] = &s
		}
	}
	s, err := frame.NewSeries("", texts)
	if err != nil {
		return objectColumn(name, items)
	}
	s.Name = name
	return s
}

// floatColumn returns a column of floats; nil items are missing.
func floatColumn(name any, items []any) *frame.Series {
	data := make([]float64, len(items))
	for i, v := range items {
		x, ok := floatOf(v)
		if !ok && v != nil {
			return objectColumn(name, items)
		}
		if data[i] = x; v == nil {
			data[i] = nan
		}
	}
	s, err := frame.NewSeries("", data)
	if err != nil {
		return objectColumn(name, items)
	}
	s.Name = name
	return s
}
