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

// NOTE. A text that is read in parts is read twice: once for the types of the columns, which a part
// alone does not tell, and once for the elements.

// Tests change these sizes, which are in bytes.
var (
	// textPartBytes is the size of a part of a text.
	textPartBytes = 16 << 20
	// maxRowBytes is the size of the longest row of a text that is read in parts.
	maxRowBytes = 256 << 20
	// maxWholeSize is the size up to which a text is read whole.
	maxWholeSize int64 = 64 << 20
)

// rowsReader reads a text in parts that end with a row.
type rowsReader struct {
	*inputReader
	dialect   delimited.Dialect
	partBytes int    // size of a part
	carry     []byte // bytes of the next part that were read already
	partLine  int    // line number of the part that was read last
	nextLine  int    // line number of the next part
	atEnd     bool
}

// read returns the next part, which is valid until the next call, and io.EOF after the last part.
func (r *rowsReader) read() ([]byte, error) {
	text := r.carry
	for size := r.partBytes; !r.atEnd; size *= 2 {
		if size > maxRowBytes {
			return nil, fmt.Errorf("convert: %w: line %d: a row of more than %d bytes", ErrLimit,
				r.nextLine, maxRowBytes)
		}
		begun := len(text)
		text = append(text, make([]byte, max(size-begun, 0))...)
		n, err := io.ReadFull(r, text[begun:])
		text = text[:begun+n]
		switch err {
		case io.EOF, io.ErrUnexpectedEOF:
			r.atEnd = true
		case nil:
		default:
			return nil, err
		}
		if cut := r.dialect.Rows(text); cut > 0 && !r.atEnd {
			r.carry = bytes.Clone(text[cut:])
			text = text[:cut]
			break
		}
	}
	if r.atEnd {
		r.carry = nil
	}
	if len(text) == 0 {
		return nil, io.EOF
	}
	r.partLine, r.nextLine = r.nextLine, r.nextLine+bytes.Count(text, []byte{'\n'})
	return text, nil
}

// openRows opens a text, and returns its first part, without the lines to skip.
func (t *Text) openRows(in *input, usual byte) (*rowsReader, []byte, error) {
	file, err := in.open()
	if err != nil {
		return nil, nil, err
	}
	r := &rowsReader{inputReader: file, partBytes: textPartBytes, nextLine: 1}
	head, err := r.read() // parts end with lines, as the dialect is not known yet
	if err != nil && err != io.EOF {
		file.Close()
		return nil, nil, err
	}
	r.nextLine = 1
	text := append(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), r.carry...)
	for ; r.nextLine <= t.SkipRows && len(text) > 0; r.nextLine++ {
		_, text, _ = bytes.Cut(text, []byte{'\n'})
	}
	if r.dialect, err = t.dialect(text, usual); err != nil {
		file.Close()
		return nil, nil, err
	}
	r.carry = text
	text, err = r.read()
	if err != nil && err != io.EOF {
		file.Close()
		return nil, nil, err
	}
	return r, text, nil
}

// textTable is a text that is read as a table in parts.
type textTable struct {
	text         *Text
	in           *input
	usual        byte // the delimiter of the format
	names        []string
	types        delimited.Types
	rows         int
	hasIndex     bool // the first column has labels, other than 0, 1, 2...
	defaultIndex bool // the first column has the labels 0, 1, 2...

	r       *rowsReader
	pending []byte // the next part, if it was read already
}

// openTable opens a long text that names its columns. It returns nil if the text has to be read
// whole.
func (t *Text) openTable(in *input, usual byte) (*tableReader, error) {
	info, err := os.Stat(in.path)
	if err != nil {
		return nil, err
	}
	_, compressed := formatOfPath(in.path)
	if t.DType != nil || t.Columns != nil || t.Categories || t.Dates != nil || t.Names == No ||
		info.Size() <= maxWholeSize && !compressed {
		return nil, nil
	}
	table := &textTable{text: t, in: in, usual: usual}
	ok, err := table.scan()
	if !ok || err != nil {
		return nil, err
	}
	if err := table.begin(); err != nil {
		return nil, err
	}
	rows := table.rows
	if table.hasIndex {
		rows = -1
	}
	return partsReader(table.read, table.r.Close, rows)
}

// partsReader returns a reader of the parts that read returns until io.EOF; all have the schema of
// the first. The labels of the rows are 0, 1, 2... up to rows, or with rows -1 those of a column.
// On an error it calls end.
func partsReader(read func() (arrow.RecordBatch, error), end func() error, rows int) (*tableReader,
	error) {
	first, err := read()
	if err != nil {
		end()
		return nil, err
	}
	schema := first.Schema()
	if rows >= 0 {
		if schema, err = withDefaultRange(schema, rows); err != nil {
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
			return withSchema(schema, part.Columns(), part.NumRows()), nil
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

// scan reads the text for the names and types of the columns; ok is false if the text has to be
// read whole.
func (t *textTable) scan() (ok bool, err error) {
	if err := t.begin(); err != nil {
		return false, err
	}
	defer t.r.Close()
	if t.names == nil {
		return false, nil
	}
	t.defaultIndex = t.hasLabels()
	for {
		rows, columns, err := t.nextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, err
		}
		t.types.Add(columns)
		if t.defaultIndex = t.defaultIndex && t.continuesRange(&columns[0]); rows != nil {
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
	t.hasIndex = t.hasLabels() && !t.defaultIndex
	return true, nil
}

// hasLabels reports whether the first column has the labels of the rows, by the rule of Text.frame.
// A text with a column that Text.Index names is read whole.
func (t *textTable) hasLabels() bool {
	return t.text.Index == "" && len(t.names) > 1 && t.names[0] == ""
}

// continuesRange reports whether the labels of a part continue 0, 1, 2...
func (t *textTable) continuesRange(c *delimited.Column) bool {
	for i, n := range c.Ints {
		if n != int64(t.rows+i) {
			return false
		}
	}
	return c.Type == delimited.Int
}

// begin opens the text and reads the names of the columns.
func (t *textTable) begin() (err error) {
	if t.r, t.pending, err = t.text.openRows(t.in, t.usual); err != nil {
		return err
	}
	first, rest, lines, err := delimited.First(t.pending, t.r.dialect)
	if err != nil || len(first) > maxColumns || t.text.Index != "" {
		t.r.Close()
		if err == nil {
			t.names = nil // reading the text whole reports the error
		}
		return err
	}
	if len(first) > 0 && (t.text.Names == Yes || !allNumbers(first)) {
		t.names, t.pending = first, rest
		t.r.partLine += lines
		t.r.dialect.Short = true
	}
	return nil
}

// nextPart parses the rows of the next part.
func (t *textTable) nextPart() (*delimited.Table, []delimited.Column, error) {
	text := t.pending
	if t.pending = nil; text == nil {
		var err error
		if text, err = t.r.read(); err != nil {
			return nil, nil, err
		}
	}
	rows, columns, err := delimited.Read(text, t.r.dialect, len(t.names), t.r.partLine, false)
	if err != nil {
		return nil, nil, fmt.Errorf("convert: %w", err)
	}
	return rows, columns, nil
}

// read returns the next part as a batch.
func (t *textTable) read() (arrow.RecordBatch, error) {
	rows, columns, err := t.nextPart()
	if err != nil {
		return nil, err
	}
	var series []*frame.Series
	var index *frame.Index
	unique := uniqueNames(t.names)
	for c := range columns {
		if c == 0 && t.defaultIndex {
			continue
		}
		typ, _ := t.types.Type(c)
		column := rows.As(c, columns[c], typ)
		s, err := t.text.column(rows, &column, c, unique[c])
		if err != nil {
			return nil, err
		}
		if c == 0 && t.hasIndex {
			s.Name = nil
			index = frame.NewIndex(s)
			index.Names = []any{nil}
			continue
		}
		series = append(series, s)
	}
	f, err := frameWithIndex(series, index)
	if err != nil {
		return nil, err
	}
	b, err := arrowframe.FromFrame(memory.DefaultAllocator, f)
	if err != nil {
		return nil, malformed("the table: %v", err)
	}
	return b, nil
}
