package table

import (
	"bufio"
	"strings"

	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/ndarray"
)

// WriteRows writes the elements of a table with tabs between them and a line for each row, without
// labels. The first line has the names of the columns, if they have names.
func (t *Table) WriteRows(w *bufio.Writer) error {
	if !t.Single && !t.IsList {
		for i, c := range t.Columns {
			if i > 0 {
				w.WriteByte('\t')
			}
			w.WriteString(describe.Printable(c.Name))
		}
		w.WriteByte('\n')
	}
	for row := range t.Rows {
		for i := range t.Columns {
			if i > 0 {
				w.WriteByte('\t')
			}
			w.WriteString(describe.Printable(t.Cell(row, i).Text))
		}
		if err := w.WriteByte('\n'); err != nil {
			return err
		}
	}
	return nil
}

// WriteArray is WriteRows for an array without fields, without making a Table of it. Each item
// along the first axis is a line.
func WriteArray(w *bufio.Writer, a *ndarray.Array) error {
	if a.Size() == 0 {
		return nil
	}
	width := a.Size() / a.Shape()[0]
	column := 0
	for v := range a.Elements() {
		text := ""
		if s, ok := v.(string); ok {
			text = describe.Printable(s)
		} else if text = describe.Text(v); strings.ContainsAny(text, "\t\n") {
			text = describe.Printable(text)
		}
		w.WriteString(text)
		end := byte('\t')
		if column++; column == width {
			column, end = 0, '\n'
		}
		if err := w.WriteByte(end); err != nil {
			return err
		}
	}
	return nil
}
