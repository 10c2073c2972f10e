package convert

import (
	"bufio"
	"io"
	"strconv"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/delimited"
	"github.com/unpkl/unpkl/internal/texts"
)

func appendRepr(b []byte, x float64, bits int) []byte { return delimited.AppendRepr(b, x, bits) }

// orientJSON writes a table in one of pandas' orients.
//
// Reference: pandas.DataFrame.to_json.
func (d *document) orientJSON(w io.Writer, f *frame.Frame) error {
	p := &plainWriter{document: d, w: bufio.NewWriterSize(w, 1<<16)}
	var err error
	names := f.ColumnNames()
	label := func(i int) string { return texts.Sprint(f.Index.At(i)) }
	cell := func(row, col int) error {
		return p.element(f.Columns[col], row, child("", names[col]))
	}
	object := func(n int, key func(i int) string, value func(i int) error) error {
		p.w.WriteByte('{')
		for i := range n {
			if i > 0 {
				p.w.WriteByte(',')
			}
			p.text(key(i))
			p.w.WriteByte(':')
			if err := value(i); err != nil {
				return err
			}
		}
		return p.w.WriteByte('}')
	}
	row := func(i int) error {
		return p.sequence(len(f.Columns), func(c int) error { return cell(i, c) })
	}
	switch d.json.Form {
	case FormRecords:
		err = p.sequence(f.Rows(), func(i int) error { return p.record(f, i, "") })
	case FormValues:
		err = p.sequence(f.Rows(), row)
	case FormIndex:
		err = object(f.Rows(), label, func(i int) error {
			return object(len(names), func(c int) string {
				return names[c]
			}, func(c int) error { return cell(i, c) })
		})
	case FormColumns:
		err = object(len(names), func(c int) string { return names[c] }, func(c int) error {
			return object(f.Rows(), label, func(i int) error { return cell(i, c) })
		})
	default:
		err = p.split(f, row)
	}
	if err != nil {
		return err
	}
	p.w.WriteByte('\n')
	return p.w.Flush()
}

// split writes a table in the form FormSplit.
func (p *plainWriter) split(f *frame.Frame, row func(i int) error) error {
	p.w.WriteString(`{"columns":`)
	if err := p.sequence(len(f.Columns), func(c int) error {
		return p.value(f.Columns[c].Name, "", 1)
	}); err != nil {
		return err
	}
	p.w.WriteString(`,"index":`)
	if err := p.sequence(f.Rows(), func(i int) error {
		return p.value(f.Index.At(i), "", 1)
	}); err != nil {
		return err
	}
	p.w.WriteString(`,"data":`)
	if err := p.sequence(f.Rows(), row); err != nil {
		return err
	}
	return p.w.WriteByte('}')
}

// recordLines writes each row of a table as a line.
func (d *document) recordLines(w io.Writer, f *frame.Frame) error {
	p := &plainWriter{document: d, w: bufio.NewWriterSize(w, 1<<16)}
	for i := range f.Rows() {
		if err := p.record(f, i, ""); err != nil {
			return err
		}
		p.w.WriteByte('\n')
	}
	return p.w.Flush()
}

// orient returns the table that a document in one of pandas' orients represents.
func (in *input) orient(v any) (any, error) {
	d := in.document(formatNamed("json"))
	v, err := d.normalize(v, "")
	if err != nil {
		return nil, err
	}
	top, isDict := v.(dict)
	wrong := malformed("the document is no table of that form")
	switch in.json.Form {
	case FormRecords:
		return d.table(v, "")
	case FormValues:
		return in.rowsTable(d, v, nil, nil)
	case FormSplit:
		parts := map[string]any{}
		for _, e := range top {
			parts[e.name] = e.value
		}
		columns, ok1, _ := d.listItems(parts["columns"])
		index, ok2, _ := d.listItems(parts["index"])
		if !isDict || !ok1 || parts["index"] != nil && !ok2 {
			return nil, wrong
		}
		return in.rowsTable(d, parts["data"], columns, index)
	}
	if !isDict {
		return nil, wrong
	}
	return in.nestedTable(d, top)
}

// rowsTable returns rows of elements as a table.
func (in *input) rowsTable(d *document, v any, names, labels []any) (any, error) {
	rows, ok, _ := d.listItems(v)
	if !ok {
		return nil, malformed("the document is no table of that form")
	}
	var columns [][]any
	for i, r := range rows {
		cells, ok, _ := d.listItems(r)
		if !ok || columns != nil && len(cells) != len(columns) {
			return nil, malformed("row %d is no list of %d elements", i, len(columns))
		}
		if columns == nil {
			columns = make([][]any, len(cells))
		}
		for c, cell := range cells {
			columns[c] = append(columns[c], cell)
		}
	}
	if columns == nil {
		columns = make([][]any, len(names))
	}
	if names != nil && len(names) != len(columns) || labels != nil && len(labels) != len(rows) {
		return nil, malformed("%d names and %d labels for %d columns and %d rows", len(names),
			len(labels), len(columns), len(rows))
	}
	series := make([]*frame.Series, len(columns))
	for c, items := range columns {
		var name any = c
		if names != nil {
			name = names[c]
		}
		series[c] = columnOf(name, items)
	}
	f, err := frame.New(series...)
	if err == nil && labels != nil {
		f.Index = indexOf(columnOf(nil, labels))
	}
	return f, err
}

// nestedTable returns a dict of dicts as a table: columns by their labels, or rows by their
// columns.
func (in *input) nestedTable(d *document, top dict) (any, error) {
	columnsFirst := in.json.Form == FormColumns
	var rows, names []any
	places := map[string]int{}
	var cells [][]any
	for k, e := range top {
		v, err := d.normalize(e.value, child("", e.name))
		inner, ok := v.(dict)
		if err != nil || !ok {
			return nil, malformed("%q is no object", e.name)
		}
		names = append(names, labelOf(e.name))
		for _, m := range inner {
			at, ok := places[m.name]
			if !ok {
				at = len(rows)
				places[m.name] = at
				rows = append(rows, labelOf(m.name))
				cells = append(cells, make([]any, len(top)))
				if len(cells)*len(top) > maxTableCells {
					return nil, malformed("objects without common names")
				}
			}
			cells[at][k] = m.value
		}
	}
	if !columnsFirst {
		cells = transposed(cells, len(top))
		rows, names = names, rows
		for i := range names {
			names[i] = texts.Sprint(names[i])
		}
	} else {
		for i := range names {
			names[i] = texts.Sprint(names[i])
		}
	}
	list := make([]any, len(cells))
	for i := range cells {
		list[i] = objectList(cells[i])
	}
	return in.rowsTable(d, objectList(list), names, rows)
}

// transposed returns the transpose of rows of n cells each.
func transposed(cells [][]any, n int) [][]any {
	out := make([][]any, n)
	for i := range out {
		out[i] = make([]any, len(cells))
		for k := range cells {
			out[i][k] = cells[k][i]
		}
	}
	return out
}

// labelOf returns the label that a JSON key represents: an int if the key is one, as JSON has no
// numbers as keys.
func labelOf(key string) any {
	if n, err := strconv.Atoi(key); err == nil && strconv.Itoa(n) == key {
		return n
	}
	return key
}
