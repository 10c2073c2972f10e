package table

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"

	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/jsonval"
)

// Style says how WriteText lays out a table.
type Style struct {
	// Width is the width of the terminal in character cells. Columns that do not fit follow in
	// further blocks below. 0 means any width.
	Width int
	// Color asks for ANSI styles.
	Color bool
}

// The greatest width of a column in character cells, and the greatest number of columns that
// WriteText shows.
const (
	maxCellWidth = 48
	maxColumns   = 200
)

// WriteText writes the given rows as aligned columns: the names, the types, then the elements. Each
// row begins with its label or number.
func (t *Table) WriteText(w io.Writer, rows []int, s Style) error {
	columns := min(len(t.Columns), maxColumns)
	labels := t.labelColumns(rows)
	text := make([]textColumn, columns)
	for i := range text {
		text[i] = t.textColumn(i, rows)
	}
	p := printer{w: w, s: s}
	for from := 0; from < columns || from == 0; {
		to := p.fitting(labels, text[from:])
		if from > 0 {
			p.line("")
		}
		p.block(labels, text[from:from+to], len(rows))
		from += max(to, 1)
	}
	if more := len(t.Columns) - columns; more > 0 {
		p.line(fmt.Sprintf("... %s more columns", humanize.Comma(int64(more))))
	}
	return p.err
}

// textColumn is a column formatted as text. cells and null have an entry for each row that is
// shown.
type textColumn struct {
	head  []string // the name and the type
	cells []string
	null  []bool
	right bool // aligned to the right
	width int  // in character cells
}

func (c *textColumn) measure() {
	for _, s := range append(c.head[:len(c.head):len(c.head)], c.cells...) {
		c.width = max(c.width, ansi.StringWidth(s))
	}
}

// shown escapes and cuts off a text for a cell.
func shown(s string) string { return ansi.Truncate(describe.Printable(s), maxCellWidth, "…") }

func (t *Table) textColumn(i int, rows []int) textColumn {
	c := textColumn{head: []string{shown(t.Columns[i].Name), shown(t.Columns[i].Type)},
		right: t.Columns[i].Number}
	for _, row := range rows {
		cell := t.Cell(row, i)
		c.cells = append(c.cells, shown(cell.Text))
		c.null = append(c.null, cell.Null)
	}
	c.measure()
	return c
}

// labelColumns returns the columns of labels or row numbers, which stand before the others.
func (t *Table) labelColumns(rows []int) []textColumn {
	if len(t.Labels) == 0 {
		c := textColumn{head: []string{"", ""}, right: true}
		for _, row := range rows {
			if t.Index != nil {
				row = t.Index[row]
			}
			c.cells, c.null = append(c.cells, strconv.Itoa(row)), append(c.null, true)
		}
		c.measure()
		return []textColumn{c}
	}
	all := make([]textColumn, len(t.Labels))
	for k, name := range t.Labels {
		c := textColumn{head: []string{shown(name), ""}}
		for _, row := range rows {
			c.cells = append(c.cells, shown(t.Label(row, k).Text))
			c.null = append(c.null, true)
		}
		c.measure()
		all[k] = c
	}
	return all
}

// printer writes blocks of columns. It keeps the first error and writes nothing after it.
type printer struct {
	w   io.Writer
	s   Style
	err error
}

func (p *printer) line(text string) {
	if p.err != nil {
		return
	}
	_, p.err = io.WriteString(p.w, strings.TrimRight(text, " ")+"\n")
}

// fitting returns how many of the columns fit beside the labels. It is at least 1, so that a column
// wider than the terminal is shown too, unless there are no columns.
func (p *printer) fitting(labels, columns []textColumn) int {
	if p.s.Width == 0 {
		return len(columns)
	}
	width := 2 * (len(labels) - 1)
	for _, c := range labels {
		width += c.width
	}
	for i, c := range columns {
		if width += 2 + c.width; width > p.s.Width {
			return max(i, min(1, len(columns)))
		}
	}
	return len(columns)
}

// block writes the labels and some columns side by side.
func (p *printer) block(labels, columns []textColumn, rows int) {
	all := slices.Concat(labels, columns)
	named, typed := false, false
	for _, c := range all {
		named, typed = named || c.head[0] != "", typed || c.head[1] != ""
	}
	if named {
		p.line(p.row(all, func(c *textColumn) (string, ansi.Style) {
			return c.head[0], p.style(ansi.NewStyle().Bold())
		}))
	}
	if typed {
		p.line(p.row(all, func(c *textColumn) (string, ansi.Style) {
			return c.head[1], p.style(ansi.NewStyle().Faint())
		}))
	}
	for i := range rows {
		p.line(p.row(all, func(c *textColumn) (string, ansi.Style) {
			if c.null[i] {
				return c.cells[i], p.style(ansi.NewStyle().Faint())
			}
			return c.cells[i], nil
		}))
	}
}

func (p *printer) style(s ansi.Style) ansi.Style {
	if !p.s.Color {
		return nil
	}
	return s
}

func (p *printer) row(columns []textColumn, cell func(c *textColumn) (string, ansi.Style)) string {
	var b strings.Builder
	for i := range columns {
		c := &columns[i]
		if i > 0 {
			b.WriteString("  ")
		}
		text, style := cell(c)
		fill := strings.Repeat(" ", max(0, c.width-ansi.StringWidth(text)))
		if len(style) > 0 {
			text = style.Styled(text)
		}
		if c.right {
			b.WriteString(fill + text)
		} else {
			b.WriteString(text + fill)
		}
	}
	return b.String()
}

// Names returns the names of all columns, with that of the labels first if there are any.
func (t *Table) Names() []string {
	names := slices.Clone(t.Labels)
	for i, c := range t.Columns {
		if c.Name == "" && t.Single {
			c.Name = "value"
		} else if c.Name == "" {
			c.Name = fmt.Sprint(i)
		}
		names = append(names, c.Name)
	}
	return names
}

// WriteCSV writes the names of the columns and the given rows as CSV with comma as separator. A
// missing element is an empty field.
func (t *Table) WriteCSV(w io.Writer, rows func(yield func(int) bool), comma rune) error {
	out := csv.NewWriter(w)
	out.Comma = comma
	if err := out.Write(t.Names()); err != nil {
		return err
	}
	record := make([]string, 0, len(t.Labels)+len(t.Columns))
	for row := range rows {
		record = record[:0]
		for k := range t.Labels {
			text := ""
			if cell := t.Label(row, k); !cell.Null {
				text = cell.Text
			}
			record = append(record, text)
		}
		for i := range t.Columns {
			text := ""
			if cell := t.Cell(row, i); !cell.Null {
				text = cell.Text
			}
			record = append(record, text)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// WriteJSON calls encode, which writes a value as a line of JSON, with each of the given rows. A
// row is an object by the names of the columns, a list if IsList is set, or the value alone if
// Single is set and there are no labels.
func (t *Table) WriteJSON(rows func(yield func(int) bool), encode func(v any) error) error {
	names := t.Names()
	for k, name := range t.Labels { // as reset_index calls them
		switch {
		case name != "":
		case len(t.Labels) == 1:
			names[k] = "index"
		default:
			names[k] = "level_" + strconv.Itoa(k)
		}
	}
	for row := range rows {
		if err := encode(t.rowValue(row, names)); err != nil {
			return err
		}
	}
	return nil
}

// rowValue returns a row in a form that package jsonval can encode.
func (t *Table) rowValue(row int, names []string) any {
	values := make([]any, 0, len(names))
	for k := range t.Labels {
		values = append(values, t.Label(row, k).Value)
	}
	for i := range t.Columns {
		values = append(values, t.Cell(row, i).Value)
	}
	switch {
	case t.Single && len(t.Labels) == 0:
		return values[0]
	case t.IsList:
		return values
	}
	return jsonval.Object(names, values)
}
