package pytables

import (
	"fmt"
	"slices"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// In the table format a row is a record of the index, of blocks of columns of one dtype, and of
// columns that can be searched. Pickled attributes describe the columns.
//
// Reference: pandas/io/pytables.py, Table, AppendableFrameTable.

// tableReader reads one table.
type tableReader struct {
	reader
	g           *hdf5.Group
	d           *hdf5.Dataset
	rows        *ndarray.Array // the rows that are read now
	info        any            // a dict of dicts, by the name of the field
	missingText string         // the text that stands for a missing value
	byLabel     map[string]*frame.Series
	order       []*frame.Series // the columns in the order of the fields
}

func (r reader) table(g *hdf5.Group) (*frame.Frame, error) {
	t, err := r.openTable(g)
	if err != nil {
		return nil, err
	}
	rows, err := Array(t.d)
	if err != nil {
		return nil, err
	}
	return t.frameOf(rows)
}

// openTable reads the description of a table.
func (r reader) openTable(g *hdf5.Group) (*tableReader, error) {
	d, err := g.Dataset("table")
	if err != nil {
		return nil, err
	}
	t := &tableReader{reader: r, g: g, d: d}
	if t.info, err = r.attr(g, "info"); err != nil {
		return nil, err
	}
	t.missingText, err = r.missingTextOf(g)
	return t, err
}

// frameOf returns rows of the table as a frame.
func (t *tableReader) frameOf(rows *ndarray.Array) (*frame.Frame, error) {
	if rows.NDim() != 1 || rows.DType().Names() == nil || rows.HasObject() {
		return nil, objectError(t.d, hdf5.ErrMalformed, "a table that has no records")
	}
	t.rows, t.byLabel, t.order = rows, map[string]*frame.Series{}, nil
	if err := t.columns(); err != nil {
		return nil, err
	}
	index, err := t.index()
	if err != nil {
		return nil, err
	}
	return t.frame(index)
}

// missingTextOf returns the text that stands for a missing value.
func (r reader) missingTextOf(g *hdf5.Group) (string, error) {
	v, err := r.attr(g, "nan_rep")
	if err != nil {
		return "", err
	}
	if s, ok := v.(string); ok && s != "" {
		return s, nil
	}
	return "nan", nil
}

// columns reads all fields except the index.
func (t *tableReader) columns() error {
	names, err := t.attr(t.g, "values_cols")
	if err != nil {
		return err
	}
	for _, v := range list(names) {
		name, ok := v.(string)
		if !ok {
			return objectError(t.g, hdf5.ErrMalformed, "the name of a field that is no text")
		}
		if err := t.field(name); err != nil {
			return err
		}
	}
	return nil
}

// field reads the columns in a field.
func (t *tableReader) field(name string) error {
	labels, err := t.attr(t.d, name+"_kind")
	if err != nil {
		return err
	}
	dtype, err := t.text(t.d, name+"_dtype")
	if err != nil {
		return err
	}
	meta, err := t.attr(t.d, name+"_meta")
	if err != nil {
		return err
	}
	a, err := t.rows.Field(name)
	if err != nil {
		return objectError(t.d, hdf5.ErrMalformed, "no field "+name)
	}
	columns := list(labels)
	if a.NDim() == 1 {
		if a, err = a.Reshape(a.Size(), 1); err != nil {
			return err
		}
	}
	if a.NDim() != 2 || a.Shape()[1] != len(columns) {
		return objectError(t.d, hdf5.ErrMalformed,
			fmt.Sprintf("the field %s of the shape %v for %d columns",
				name, a.Shape(), len(columns)))
	}
	c := column{kind: dtype, missingText: t.missingText, asStr: meta == "str",
		tz: textOf(lookup(lookup(t.info, name), "tz"))}
	if s, err := t.text(t.d, name+"_nan_rep"); err == nil && s != "" {
		c.missingText = s
	}
	for k, label := range columns {
		values, err := a.T().Index(k)
		if err != nil {
			return err
		}
		c.name = label
		s, err := t.series(name, values, c, meta)
		if err != nil {
			return err
		}
		t.byLabel[fmt.Sprintf("%T %v", label, label)] = s
		t.order = append(t.order, s)
	}
	return nil
}

func (t *tableReader) series(name string, a *ndarray.Array, c column, meta any) (*frame.Series,
	error) {
	if meta == "category" {
		return t.categorical(name, a, c)
	}
	return series(t.d, a, c)
}

// categorical returns a column of codes; the categories are in a table of their own.
func (t *tableReader) categorical(name string, codes *ndarray.Array, c column) (*frame.Series,
	error) {
	ordered, _ := integer(lookup(lookup(t.info, name), "ordered"))
	s := &frame.Series{Name: c.name, Kind: frame.Categorical, DType: "category",
		Ordered: ordered != 0}
	var err error
	if s.Values, err = codes.Copy(ndarray.OrderC); err != nil {
		return nil, err
	}
	g, err := t.g.Group("meta/" + name + "/meta")
	if err != nil {
		return nil, err
	}
	// The table of categories cannot have categories itself, so that the recursion ends here.
	if kind, err := t.text(g, "table_type"); err != nil || kind != "appendable_series" || t.g == g {
		return nil, objectError(g, hdf5.ErrMalformed, "categories that are no series")
	}
	if meta, err := (t.reader).categoryMeta(g); err != nil || meta == "category" {
		return nil, objectError(g, hdf5.ErrMalformed, "categories that are categories")
	}
	df, err := t.reader.table(g)
	if err != nil {
		return nil, err
	}
	if len(df.Columns) != 1 {
		return nil, objectError(g, hdf5.ErrMalformed, "categories of several columns")
	}
	s.Categories = index(df.Columns[0], nil)
	return s, nil
}

func (r reader) categoryMeta(g *hdf5.Group) (any, error) {
	d, err := g.Dataset("table")
	if err != nil {
		return nil, err
	}
	for _, f := range d.DType().Names() {
		if meta, err := r.attr(d, f+"_meta"); err != nil || meta == "category" {
			return meta, err
		}
	}
	return nil, nil
}

// index returns the labels of the rows: the field index, or several columns.
func (t *tableReader) index() (*frame.Index, error) {
	levels, err := t.attr(t.g, "levels")
	if err != nil {
		return nil, err
	}
	kind, err := t.text(t.d, "index_kind")
	if err != nil {
		return nil, err
	}
	if names := list(levels); len(names) > 0 {
		return t.multiIndex(names)
	}
	a, err := t.rows.Field("index")
	if err != nil {
		return nil, objectError(t.d, hdf5.ErrMalformed, "no field index")
	}
	info := lookup(t.info, "index")
	pickled, err := t.text(t.g, "info")
	if err != nil {
		return nil, err
	}
	c := column{
		kind: kind, asStr: kind == "string", missingText: "nan",
		tz: textOf(lookup(info, "tz")), freq: aliasIn(pickled),
	}
	meta, err := t.attr(t.d, "index_meta")
	if err != nil {
		return nil, err
	}
	s, err := t.series("index", a, c, meta)
	if err != nil {
		return nil, err
	}
	if kind == "integer" && c.freq != "" {
		s = period(s.Values, c.freq)
	}
	return index(s, lookup(info, "index_name")), nil
}

// multiIndex returns an index of several columns, and removes them from the columns. Names that
// pandas made up are dropped.
func (t *tableReader) multiIndex(names []any) (*frame.Index, error) {
	x := &frame.Index{Class: "MultiIndex"}
	kind, err := t.text(t.g, "table_type")
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		key := fmt.Sprintf("%T %v", name, name)
		s := t.byLabel[key]
		if s == nil {
			return nil, objectError(t.d, hdf5.ErrMalformed,
				fmt.Sprintf("no column for the level %v of the index", name))
		}
		t.order = slices.DeleteFunc(t.order, func(o *frame.Series) bool { return o == s })
		delete(t.byLabel, key)
		if name == fmt.Sprintf("level_%d", i) && kind == "appendable_multiframe" {
			name = nil
		}
		level, codes, err := factorize(s)
		if err != nil {
			return nil, err
		}
		x.Levels, x.Codes, x.Names = append(x.Levels, index(level, name)), append(x.Codes,
			codes), append(x.Names, name)
	}
	return x, nil
}

// factorize returns the distinct elements of a series, in the order of their first occurrence, and
// the code of each element.
func factorize(s *frame.Series) (*frame.Series, *ndarray.Array, error) {
	seen := map[any]int64{}
	var first []int
	codes := make([]int64, s.Len())
	for i := range codes {
		if s.IsNull(i) {
			codes[i] = -1
			continue
		}
		v := s.At(i)
		code, ok := seen[v]
		if !ok {
			code = int64(len(first))
			seen[v] = code
			first = append(first, i)
		}
		codes[i] = code
	}
	level, err := takeRows(s, first)
	if err != nil {
		return nil, nil, err
	}
	a, err := ndarray.FromSlice(codes)
	return level, a, err
}

// takeRows returns the elements of a series at the given positions.
func takeRows(s *frame.Series, at []int) (*frame.Series, error) {
	out := *s
	switch s.Kind {
	case frame.Text:
		list := make([]string, len(at))
		for k, i := range at {
			list[k] = s.Text.At(i)
		}
		t, err := frame.NewSeries("", list)
		if err != nil {
			return nil, err
		}
		out.Text = t.Text
		return &out, nil
	}
	if s.Values.HasObject() {
		list := make([]any, len(at))
		for k, i := range at {
			list[k] = s.Values.At(i)
		}
		var err error
		out.Values, err = ndarray.NewObjects(s.Values.DType(), []int{len(list)}, ndarray.OrderC,
			list)
		return &out, err
	}
	b, err := s.Values.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		return nil, err
	}
	n := s.Values.DType().ItemSize()
	data := make([]byte, 0, len(at)*n)
	for _, i := range at {
		data = append(data, b[i*n:(i+1)*n]...)
	}
	out.Values, err = ndarray.New(s.Values.DType(), []int{len(at)}, ndarray.OrderC, data)
	return &out, err
}

// frame returns the columns as a frame, in the order of the attribute non_index_axes.
func (t *tableReader) frame(rows *frame.Index) (*frame.Frame, error) {
	axes, err := t.attr(t.g, "non_index_axes")
	if err != nil {
		return nil, err
	}
	columns := t.order
	if l := list(axes); len(l) == 1 && len(list(l[0])) == 2 {
		var ordered []*frame.Series
		for _, label := range list(list(l[0])[1]) {
			if s := t.byLabel[fmt.Sprintf("%T %v", label, label)]; s != nil {
				ordered = append(ordered, s)
			}
		}
		if len(ordered) == len(columns) {
			columns = ordered
		}
	}
	if kind, err := t.text(t.g, "pandas_type"); err == nil && kind == "series_table" &&
		len(columns) == 1 {
		// pandas stores a series without a name as a column with the name "values".
		if columns[0].Name == "values" {
			columns[0].Name = nil
		}
	}
	name := lookup(lookup(t.info, 1), "names")
	df, err := newFrame(columns, nil, rows)
	if err != nil {
		return nil, err
	}
	if l := list(name); len(l) == 1 && df.Labels.Values != nil {
		df.Labels.Names = l
	}
	return df, nil
}
