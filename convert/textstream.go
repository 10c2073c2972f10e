package convert

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
	"github.com/unpkl/unpkl/internal/delimited"
)

// NOTE. A text is read as a table twice where it is read in parts: once for the types of the
// columns, of which a part does not tell those of the whole, and once for their elements.

// Tests change these.
var (
	// partSize is how much text one part of a table is read from, in bytes.
	partSize = 16 << 20
	// maxRow is the longest row of a text that is read in parts, in bytes.
	maxRow = 256 << 20
	// wholeSize is the size in bytes up to which a text is read as a whole.
	wholeSize int64 = 64 << 20
)

// rowsReader reads a text in parts that end with a row.
type rowsReader struct {
	*inputReader
	dialect delimited.Dialect
	part    int    // how much is read at a time, in bytes
	rest    []byte // what was read of the next part
	line    int    // of the part that was read last
	next    int
	end     bool
}

// read returns the next part, which is valid until the next call; io.EOF behind the last.
func (r *rowsReader) read() ([]byte, error) {
	text := r.rest
	for size := r.part; !r.end; size *= 2 {
		if size > maxRow {
			return nil, fmt.Errorf("convert: %w: line %d: a row of more than %d bytes", ErrLimit,
				r.next, maxRow)
		}
		begun := len(text)
		text = append(text, make([]byte, max(size-begun, 0))...)
		n, err := io.ReadFull(r, text[begun:])
		text = text[:begun+n]
		switch err {
		case io.EOF, io.ErrUnexpectedEOF:
			r.end = true
		case nil:
		default:
			return nil, err
		}
		if cut := r.dialect.Rows(text); cut > 0 && !r.end {
			r.rest = bytes.Clone(text[cut:])
			text = text[:cut]
			break
		}
	}
	if r.end {
		r.rest = nil
	}
	if len(text) == 0 {
		return nil, io.EOF
	}
	r.line, r.next = r.next, r.next+bytes.Count(text, []byte{'\n'})
	return text, nil
}

// openRows opens a text, and returns its first part without what stands before the rows.
func (t *Text) openRows(in *input, usual byte) (*rowsReader, []byte, error) {
	file, err := in.open()
	if err != nil {
		return nil, nil, err
	}
	r := &rowsReader{inputReader: file, part: partSize, next: 1}
	head, err := r.read() // lines, as there is no dialect yet
	if err != nil && err != io.EOF {
		file.Close()
		return nil, nil, err
	}
	r.next = 1
	text := append(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), r.rest...)
	for ; r.next <= t.SkipRows && len(text) > 0; r.next++ {
		_, text, _ = bytes.Cut(text, []byte{'\n'})
	}
	if r.dialect, err = t.dialect(text, usual); err != nil {
		file.Close()
		return nil, nil, err
	}
	r.rest = text
	text, err = r.read()
	if err != nil && err != io.EOF {
		file.Close()
		return nil, nil, err
	}
	return r, text, nil
}

// textTable is a text that is read as a table in parts.
type textTable struct {
	text   *Text
	in     *input
	usual  byte
	names  []string
	types  delimited.Types
	rows   int
	labels bool // the first column has labels, and they are not 0, 1, 2...
	plain  bool // it has, and they are

	r       *rowsReader
	pending []byte // the part that is next
}

// openTable opens a long text with names of its columns; nil is one that has to be read whole.
func (t *Text) openTable(in *input, usual byte) (*tableReader, error) {
	info, err := os.Stat(in.path)
	if err != nil {
		return nil, err
	}
	_, compressed := formatOfPath(in.path)
	if t.DType != nil || t.Columns != nil || t.Categories || t.Dates != nil || t.Names == No ||
		info.Size() <= wholeSize && !compressed {
		return nil, nil
	}
	table := &textTable{text: t, in: in, usual: usual}
	ok, err := table.look()
	if !ok || err != nil {
		return nil, err
	}
	if err := table.begin(); err != nil {
		return nil, err
	}
	rows := table.rows
	if table.labels {
		rows = -1
	}
	return partsReader(table.read, table.r.Close, rows)
}

// partsReader is a table that read gives a part at a time, all with the schema of the first, up to
// io.EOF. Its rows have the labels 0, 1, 2... up to rows, or with -1 those of a column.
func partsReader(read func() (arrow.RecordBatch, error), end func() error, rows int) (*tableReader,
	error) {
	first, err := read()
	if err != nil {
		end()
		return nil, err
	}
	schema := first.Schema()
	if rows >= 0 {
		if schema, err = withRange(schema, rows); err != nil {
			end()
			return nil, err
		}
	}
	return &tableReader{
		schema: schema, close: end,
		read: func() (arrow.RecordBatch, error) {
			part := first
			if first = nil; part == nil {
				var err error
				if part, err = read(); err != nil {
					return nil, err
				}
			}
			defer part.Release()
			if !sameTypes(schema, part.Schema()) {
				return nil, malformed("the file changed while it was read")
			}
			return retyped(schema, part.Columns(), part.NumRows()), nil
		},
	}, nil
}

func sameTypes(a, b *arrow.Schema) bool {
	if a.NumFields() != b.NumFields() {
		return false
	}
	for i, f := range a.Fields() {
		if !arrow.TypeEqual(f.Type, b.Field(i).Type) {
			return false
		}
	}
	return true
}

// look reads the text for the names and types of the columns; ok is false where it has to be read
// whole.
func (t *textTable) look() (ok bool, err error) {
	if err := t.begin(); err != nil {
		return false, err
	}
	defer t.r.Close()
	if t.names == nil {
		return false, nil
	}
	t.plain = t.hasLabels()
	for {
		rows, columns, err := t.part()
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, err
		}
		t.types.Add(columns)
		if t.plain = t.plain && t.follow(&columns[0]); rows != nil {
			t.rows += rows.Rows()
		}
	}
	if t.rows == 0 {
		return false, nil
	}
	for c := range t.names {
		typ, missing := t.types.Type(c)
		switch {
		case typ == delimited.Bool && missing, typ == delimited.Uint, typ == delimited.Big,
			typ == delimited.Complex:
			return false, nil
		}
	}
	t.labels = t.hasLabels() && !t.plain
	return true, nil
}

// hasLabels reports whether the first column has the labels of the rows, as Text.frame has it. A
// column that Text.Index names is another matter.
func (t *textTable) hasLabels() bool {
	return t.text.Index == "" && len(t.names) > 1 && t.names[0] == ""
}

// follow reports whether labels go on as 0, 1, 2...
func (t *textTable) follow(c *delimited.Column) bool {
	for i, n := range c.Ints {
		if n != int64(t.rows+i) {
			return false
		}
	}
	return c.Type == delimited.Int
}

// begin opens the text and reads the names.
func (t *textTable) begin() (err error) {
	if t.r, t.pending, err = t.text.openRows(t.in, t.usual); err != nil {
		return err
	}
	first, rest, lines, err := delimited.First(t.pending, t.r.dialect)
	if err != nil || len(first) > maxColumns || t.text.Index != "" {
		t.r.Close()
		if err == nil {
			t.names = nil // reading the whole says what is wrong
		}
		return err
	}
	if len(first) > 0 && (t.text.Names == Yes || !allNumbers(first)) {
		t.names, t.pending = first, rest
		t.r.line += lines
		t.r.dialect.Short = true
	}
	return nil
}

// part reads the rows of the next part.
func (t *textTable) part() (*delimited.Table, []delimited.Column, error) {
	text := t.pending
	if t.pending = nil; text == nil {
		var err error
		if text, err = t.r.read(); err != nil {
			return nil, nil, err
		}
	}
	rows, columns, err := delimited.Read(text, t.r.dialect, len(t.names), t.r.line, false)
	if err != nil {
		return nil, nil, fmt.Errorf("convert: %w", err)
	}
	return rows, columns, nil
}

// read reads the next part as a batch.
func (t *textTable) read() (arrow.RecordBatch, error) {
	rows, columns, err := t.part()
	if err != nil {
		return nil, err
	}
	var series []*frame.Series
	var index *frame.Index
	unique := uniqueNames(t.names)
	for c := range columns {
		if c == 0 && t.plain {
			continue
		}
		typ, _ := t.types.Type(c)
		column := rows.As(c, columns[c], typ)
		s, err := t.text.column(rows, &column, c, unique[c])
		if err != nil {
			return nil, err
		}
		if c == 0 && t.labels {
			s.Name = nil
			index = frame.NewIndex(s)
			index.Names = []any{nil}
			continue
		}
		series = append(series, s)
	}
	f, err := labelled(series, index)
	if err != nil {
		return nil, err
	}
	b, err := arrowframe.FromFrame(memory.DefaultAllocator, f)
	if err != nil {
		return nil, malformed("the table: %v", err)
	}
	return b, nil
}
