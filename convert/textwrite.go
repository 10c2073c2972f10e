package convert

import (
	"fmt"
	"io"
	"strings"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/delimited"
	"github.com/unpkl/unpkl/ndarray"
)

// write writes an array as numpy.savetxt does, and any other value as a table, as to_csv does.
func (t *Text) write(out *output, v any, usual byte) error {
	delimiter, err := t.delimiter(usual)
	if err != nil {
		return err
	}
	d := out.document()
	v, err = d.normalize(d.xarrayTable(v), "")
	if err != nil {
		return err
	}
	if l, ok := v.(list); ok {
		if a, ok, err := d.listArray(l); err != nil {
			return err
		} else if ok {
			v = a
		}
	}
	if a, ok := v.(*ndarray.Array); ok {
		return t.writeArray(d, a, delimiter)
	}
	if scalar, ok := scalarArray(v); ok {
		return t.writeArray(d, scalar, delimiter)
	}
	f, err := d.table(v, "")
	if err != nil {
		return err
	}
	if delimiter == ' ' {
		return d.refuse("", "a table", KindFrame)
	}
	return t.writeTable(d, f, delimiter, t.Names != No)
}

// delimiter returns the byte between fields, which is usual unless the options say otherwise.
func (t *Text) delimiter(usual byte) (byte, error) {
	switch {
	case t.Delimiter == "":
		return usual, nil
	case len(t.Delimiter) != 1 || t.Delimiter == "\n" || t.Delimiter == `"`:
		return 0, fmt.Errorf("convert: %q is no delimiter", t.Delimiter)
	}
	return t.Delimiter[0], nil
}

// appendCell appends the text of element i of a column.
type appendCell func(b []byte, i int) []byte

// writeArray writes an array of at most two dimensions.
func (t *Text) writeArray(d *document, a *ndarray.Array, delimiter byte) error {
	a, err := d.plainArray(a, "")
	if err != nil {
		return err
	}
	if a.DType().Names() != nil && a.NDim() <= 1 {
		return t.writeStructured(d, a, delimiter)
	}
	rows, cols := a.Size(), 1
	switch {
	case a.NDim() == 2:
		rows, cols = a.Shape()[0], a.Shape()[1]
	case a.NDim() > 2:
		what := fmt.Sprintf("an array of %d dimensions", a.NDim())
		if err := d.loss("", what, KindArray|KindNamed); err != nil {
			return err
		}
		if rows = a.Shape()[0]; rows > 0 {
			cols = a.Size() / rows
		}
	}
	switch a.DType().Kind() {
	case ndarray.KindBool, ndarray.KindInt, ndarray.KindUint, ndarray.KindFloat,
		ndarray.KindComplex:
	default:
		if t.Names != No {
			// The first row would be read as the names of columns.
			if err := d.loss("", describe(a), KindArray|KindNamed); err != nil {
				return err
			}
		}
	}
	t.warnDType(d, a.DType())
	element, err := t.elements(a)
	savetxt := t.Format == "%.18e" && a.DType().Kind() == ndarray.KindFloat &&
		a.DType().ItemSize() <= 8
	if savetxt {
		element, err = cellsOf(a, delimited.AppendE18)
	}
	if err != nil {
		return d.refuse("", describe(a), KindArray|KindNamed)
	}
	row := func(b []byte, i int) []byte {
		for c := range cols {
			if c > 0 {
				b = append(b, delimiter)
			}
			b = element(b, i*cols+c)
		}
		return append(b, '\n')
	}
	if t.Format != "" && !savetxt {
		if row, err = t.formatted(a, cols, delimiter); err != nil {
			return err
		}
	}
	return t.rows(d.output, "", rows, cols, row)
}

// writeStructured writes a structured array of at most one dimension as a table of its fields.
func (t *Text) writeStructured(d *document, a *ndarray.Array, delimiter byte) (err error) {
	if a.NDim() == 0 {
		if a, err = a.Reshape(1); err != nil {
			return err
		}
	}
	f, err := d.arrayTable(a, "")
	if err != nil {
		return err
	}
	return t.writeTable(d, f, delimiter, t.Names == Yes || t.Names == Auto && delimiter != ' ')
}

// rows writes the header, the line first, the rows, and the footer.
func (t *Text) rows(out *output, first string, rows, cols int, row appendCell) error {
	return out.write(func(w io.Writer) error {
		if _, err := io.WriteString(w, commentLines(t.Header)+first); err != nil {
			return err
		}
		if err := delimited.Write(w, rows, cols*20+1, row); err != nil {
			return err
		}
		_, err := io.WriteString(w, commentLines(t.Footer))
		return err
	})
}

// commentLines returns a text with "# " before each line, as savetxt writes header and footer.
func commentLines(text string) string {
	if text == "" {
		return ""
	}
	return "# " + strings.ReplaceAll(text, "\n", "\n# ") + "\n"
}

// warnDType warns if reading the text gives another dtype.
func (t *Text) warnDType(d *document, dt *ndarray.DType) {
	switch dt.String() {
	case "float64", "int64", "bool", "complex128":
		return
	}
	d.warning(fmt.Sprintf("%s keeps no dtype: %s is text", d.format.Name, dt))
}

// elements returns a function that appends an element of an array, in C order, so that it reads
// back exactly.
func (t *Text) elements(a *ndarray.Array) (appendCell, error) {
	dt := a.DType()
	switch {
	case dt.Kind() == ndarray.KindFloat && dt.ItemSize() == 2:
		return cellsOf(a, func(b []byte, x ndarray.Float16) []byte {
			return append(b, x.String()...)
		})
	case dt.Kind() == ndarray.KindFloat && dt.ItemSize() == 4:
		return cellsOf(a, func(b []byte, x float32) []byte {
			return delimited.AppendRepr(b, float64(x), 32)
		})
	case dt.Kind() == ndarray.KindFloat && dt.ItemSize() <= 8:
		return cellsOf(a, func(b []byte, x float64) []byte {
			return delimited.AppendRepr(b, x, 64)
		})
	case dt.Kind() == ndarray.KindInt:
		return cellsOf(a, appendInt)
	case dt.Kind() == ndarray.KindUint:
		return cellsOf(a, appendUint)
	case dt.Kind() == ndarray.KindBool:
		return cellsOf(a, appendBool)
	case dt.Kind() == ndarray.KindComplex && dt.ItemSize() <= 16:
		return cellsOf(a, appendComplex)
	}
	texts := make([]string, 0, a.Size())
	for v := range a.Elements() {
		text, ok := cellText(v)
		if !ok {
			return nil, unsupported("an element of type %T", v)
		}
		texts = append(texts, text)
	}
	return func(b []byte, i int) []byte {
		return delimited.AppendField(b, []byte(texts[i]), ',')
	}, nil
}

// cellsOf returns a function that appends element i of an array with write.
func cellsOf[T ndarray.Element](a *ndarray.Array,
	write func(b []byte, x T) []byte) (appendCell, error) {
	data, err := ndarray.Slice[T](a)
	if err != nil || !a.IsCContiguous() {
		if data, err = ndarray.Values[T](a); err != nil {
			return nil, err
		}
	}
	return func(b []byte, i int) []byte { return write(b, data[i]) }, nil
}

// writeTable writes a table; header says whether the first line has the names of the columns.
func (t *Text) writeTable(d *document, f *frame.Frame, delimiter byte, header bool) error {
	rows, err := t.tableRows(d, f, delimiter)
	if err != nil {
		return err
	}
	first := ""
	if header {
		first = rows.header
	}
	return t.rows(d.output, first, f.Rows(), rows.columns, rows.row)
}

// tableRows has the functions that write a table as text.
type tableRows struct {
	header  string // the line with the names of the columns
	columns int
	row     appendCell
}

func (t *Text) tableRows(d *document, f *frame.Frame, delimiter byte) (*tableRows, error) {
	var columns []appendCell
	var names []string
	if !isDefaultIndex(f.Index) {
		labels, labelNames, err := t.labels(d, f.Index, delimiter)
		if err != nil {
			return nil, err
		}
		columns, names = labels, labelNames
	}
	for i, s := range f.Columns {
		name := f.ColumnNames()[i]
		if s.Name == nil && len(f.Columns) == 1 {
			name = "0" // as pandas calls the column of a series without a name
		}
		if _, ok := s.Name.([]any); ok {
			if err := d.loss(child("", name), "a column with a name of several levels",
				KindObject); err != nil {
				return nil, err
			}
		}
		c, err := t.tableColumn(d, s, child("", name), delimiter)
		if err != nil {
			return nil, err
		}
		columns, names = append(columns, c), append(names, name)
	}
	row := func(b []byte, i int) []byte {
		begin := len(b)
		for k, c := range columns {
			if k > 0 {
				b = append(b, delimiter)
			}
			b = c(b, i)
		}
		if len(b) == begin && len(columns) == 1 {
			b = append(b, `""`...) // an empty line would not be a row
		}
		return append(b, '\n')
	}
	var first []byte
	for i, name := range names {
		if i > 0 {
			first = append(first, delimiter)
		}
		first = delimited.AppendField(first, []byte(name), delimiter)
	}
	first = append(first, '\n')
	return &tableRows{string(first), len(columns), row}, nil
}

// labels returns the functions that append the labels of rows, and the names of the levels.
func (t *Text) labels(d *document, x *frame.Index, delimiter byte) ([]appendCell, []string, error) {
	name := func(n any) string {
		if text, ok := cellText(n); ok && n != nil {
			return text
		}
		return ""
	}
	if x.IsMulti() {
		if err := d.loss("", "an index of several levels", KindObject); err != nil {
			return nil, nil, err
		}
		var out []appendCell
		var names []string
		for k := range x.Levels {
			items := make([]any, x.Len())
			for i := range items {
				items[i] = x.Level(k, i)
			}
			c, err := t.tableColumn(d, columnOf(nil, items), "", delimiter)
			if err != nil {
				return nil, nil, err
			}
			out, names = append(out, c), append(names, name(x.Names[k]))
		}
		return out, names, nil
	}
	values := x.Values
	if x.IsRange() {
		ints := make([]int64, x.Len())
		for i := range ints {
			ints[i] = int64(x.At(i).(int))
		}
		values, _ = frame.NewSeries("", ints)
	}
	c, err := t.tableColumn(d, values, "", delimiter)
	return []appendCell{c}, []string{name(x.Name())}, err
}
