package convert

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/delimited"
	"github.com/unpkl/unpkl/ndarray"
)

var nan = delimited.NaN

var csvFormat = &Format{
	Name: "csv", Endings: []string{".csv"},
	About: "rows of fields with commas, as savetxt and to_csv write them",
	Holds: KindArray | KindFrame, Compressed: true,
	read:      func(in *input) (any, error) { return in.text.read(in, ',') },
	write:     func(out *output, v any) error { return out.text.write(out, v, ',') },
	openTable: func(in *input) (*tableReader, error) { return in.text.openTable(in, ',') },
	writeTable: func(out *output, t *tableReader) error {
		return out.text.streamTable(out, t, ',')
	},
	asText: true,
}

var tsvFormat = &Format{
	Name: "tsv", Endings: []string{".tsv", ".tab"}, About: "rows of fields with tabs",
	Holds: KindArray | KindFrame, Compressed: true,
	read:      func(in *input) (any, error) { return in.text.read(in, '\t') },
	write:     func(out *output, v any) error { return out.text.write(out, v, '\t') },
	openTable: func(in *input) (*tableReader, error) { return in.text.openTable(in, '\t') },
	writeTable: func(out *output, t *tableReader) error {
		return out.text.streamTable(out, t, '\t')
	},
	asText: true,
}

var textFormat = &Format{
	Name: "text", Endings: []string{".txt", ".dat", ".asc"},
	About: "rows of numbers with blanks, as numpy.savetxt writes them",
	Holds: KindArray, Compressed: true,
	read:  func(in *input) (any, error) { return in.text.read(in, 0) },
	write: func(out *output, v any) error { return out.text.write(out, v, ' ') },
}

// Text holds the options for reading and writing CSV, TSV and text. The zero value does what
// numpy.savetxt and loadtxt do for arrays, and pandas' to_csv and read_csv for tables.
type Text struct {
	// Delimiter is the byte between fields; "" is that of the format: a comma or a tab, or in .txt
	// files a run of blanks when reading and a space when writing.
	Delimiter string
	// Comment begins a comment, which extends to the end of the line. The default is "#" in .txt
	// files and in other files that begin with it. "none" means that there are no comments.
	Comment string
	// SkipRows is the number of lines to skip at the beginning.
	SkipRows int
	// Columns are the indices of the columns to read, from 0; nil is all. Negative ones count from
	// the end.
	Columns []int
	// DType is the dtype of the array to read, as in loadtxt; a structured dtype has one field per
	// column. nil: the types are inferred.
	DType *ndarray.DType
	// Names says whether the first line has the names of the columns. With Auto it does if one of
	// its fields is neither a number nor missing.
	Names Choice
	// Index is the name of the column with the labels of the rows; "" is a first column without a
	// name.
	Index string
	// Format is savetxt's fmt for numbers, such as "%.18e", or one format for each column with the
	// delimiter between them. "" is the shortest text that reads back exactly.
	Format string
	// Header and Footer are written before and after an array, each of their lines after "# ".
	Header, Footer string
	// Null is written for a missing value of a table; read_csv recognises "" and "NaN".
	Null string
	// Categories makes columns of text categorical when they are read.
	Categories bool
	// Dates are the names of columns to read as times, as parse_dates of read_csv.
	Dates []string
}

// Choice is a yes or no that may be left to the file.
type Choice uint8

// The choices.
const (
	Auto Choice = iota
	Yes
	No
)

// dialect returns the syntax of a text in the format whose default delimiter is usual, or 0 for
// runs of blanks.
func (t *Text) dialect(text []byte, usual byte) (delimited.Dialect, error) {
	d := delimited.Dialect{Delimiter: usual, Comment: t.Comment, Quotes: usual != 0}
	var err error
	if d.Delimiter, err = t.delimiter(usual); err != nil {
		return d, err
	}
	d.Quotes = d.Quotes || t.Delimiter != ""
	switch {
	case t.Comment == "none":
		d.Comment = ""
	case t.Comment == "" && (usual == 0 || bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"),
		[]byte("#"))):
		d.Comment = "#"
	}
	return d, nil
}

// read reads a text file as an array or a table.
func (t *Text) read(in *input, usual byte) (any, error) {
	text, err := in.bytes()
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	line := 1
	for ; line <= t.SkipRows && len(text) > 0; line++ {
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			text = text[i+1:]
		} else {
			text = nil
		}
	}
	d, err := t.dialect(text, usual)
	if err != nil {
		return nil, err
	}
	v, err := t.parse(text, d, line)
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	return v, nil
}

// parse parses the rows of a text whose first line has the number line.
func (t *Text) parse(text []byte, d delimited.Dialect, line int) (any, error) {
	first, rest, lines, err := delimited.First(text, d)
	if err != nil {
		return nil, err
	}
	if len(first) == 0 {
		return ndarray.Zeros(ndarray.DTypeOf[float64](), 0) // as loadtxt has it
	}
	if len(first) > maxColumns {
		return nil, fmt.Errorf("%w: %d columns, at most %d are read", ErrLimit, len(first),
			maxColumns)
	}
	var names []string
	if t.Names == Yes || t.Names == Auto && t.DType == nil && !allNumbers(first) {
		names, text, line = first, rest, line+lines
		d.Short = true
	}
	if t.DType != nil {
		rows, err := delimited.Split(text, d, len(first), line)
		if err != nil {
			return nil, err
		}
		return t.typedArray(rows)
	}
	rows, columns, err := delimited.Read(text, d, len(first), line, names == nil)
	if err != nil {
		return nil, err
	}
	if names == nil {
		if a, err := t.matrix(rows, columns); a != nil || err != nil {
			return a, err
		}
		columns = rows.Infer(false)
	}
	return t.frame(rows, columns, names)
}

// maxColumns bounds the number of columns of a text, each of which takes more than 1,000 bytes.
const maxColumns = 1 << 20

// allNumbers reports whether all fields are numbers or missing.
func allNumbers(fields []string) bool {
	for _, f := range fields {
		_, isBool := delimited.ParseBool([]byte(f))
		_, ok := delimited.ParseComplex([]byte(f))
		if !ok && !isBool && (f == "" || !delimited.IsMissing([]byte(f))) {
			return false
		}
	}
	return true
}

// columnsToRead returns the indices of the columns to read, of n columns.
func (t *Text) columnsToRead(n int) ([]int, error) {
	if t.Columns == nil {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	out := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		if c < 0 {
			c += n
		}
		if c < 0 || c >= n {
			return nil, fmt.Errorf("column %d of %d", t.Columns[i], n)
		}
		out[i] = c
	}
	return out, nil
}

// matrix returns columns of numbers as an array, as loadtxt does: one column gives one dimension.
// It returns nil if a column is of another type.
func (t *Text) matrix(rows *delimited.Table, columns []delimited.Column) (any, error) {
	use, err := t.columnsToRead(len(columns))
	if err != nil {
		return nil, err
	}
	widest := delimited.Int
	bools := 0
	for _, c := range use {
		if columns[c].Type == delimited.Bool {
			bools++
			continue
		}
		if columns[c].Type > delimited.Complex {
			return nil, nil
		}

		if widest == delimited.Int && columns[c].Type == delimited.Uint ||
			columns[c].Type > delimited.Uint {
			widest = max(widest, columns[c].Type)
		}
	}
	switch {
	case bools == len(use):
		return interleave(rows.Rows(), use, func(c int) []bool { return columns[c].Bools })
	case bools > 0:
		return nil, nil
	}
	switch widest {
	case delimited.Int:
		return interleave(rows.Rows(), use, func(c int) []int64 { return columns[c].Ints })
	case delimited.Uint:
		return interleave(rows.Rows(), use, func(c int) []uint64 { return uints(&columns[c]) })
	case delimited.Float:
		return interleave(rows.Rows(), use, func(c int) []float64 { return floats(&columns[c]) })
	}
	return interleave(rows.Rows(), use, func(c int) []complex128 {
		if columns[c].Complex != nil {
			return columns[c].Complex
		}
		return mapped(floats(&columns[c]), func(x float64) complex128 { return complex(x, 0) })
	})
}

// mapped returns a slice of f of each element.
func mapped[T, U any](in []T, f func(T) U) []U {
	out := make([]U, len(in))
	for i, x := range in {
		out[i] = f(x)
	}
	return out
}

func uints(c *delimited.Column) []uint64 {
	if c.Uints != nil {
		return c.Uints
	}
	return mapped(c.Ints, func(n int64) uint64 { return uint64(n) })
}

func floats(c *delimited.Column) []float64 {
	switch {
	case c.Floats != nil:
		return c.Floats
	case c.Uints != nil:
		return mapped(c.Uints, func(n uint64) float64 { return float64(n) })
	}
	return mapped(c.Ints, func(n int64) float64 { return float64(n) })
}

// interleave returns columns as an array in C order.
func interleave[T ndarray.Element](rows int, use []int, column func(c int) []T) (any, error) {
	if len(use) == 1 {
		return ndarray.FromSlice(column(use[0]), rows)
	}
	out := make([]T, rows*len(use))
	for k, c := range use {
		for i, x := range column(c) {
			out[i*len(use)+k] = x
		}
	}
	return ndarray.FromSlice(out, rows, len(use))
}

// frame returns the columns as a table; names is nil if the text has none.
func (t *Text) frame(rows *delimited.Table, columns []delimited.Column, names []string) (any,
	error) {
	use, err := t.columnsToRead(len(columns))
	if err != nil {
		return nil, err
	}
	var series []*frame.Series
	var index *frame.Index
	unique := uniqueNames(names)
	for _, c := range use {
		var name any = c
		if names != nil {
			name = unique[c]
		}
		s, err := t.column(rows, &columns[c], c, name)
		if err != nil {
			return nil, err
		}
		if names != nil && index == nil && (t.Index != "" && names[c] == t.Index ||
			t.Index == "" && c == 0 && names[c] == "" && len(names) > 1) {
			if s.Name = any(names[c]); names[c] == "" {
				s.Name = nil
			}
			index = indexOf(s)
			continue
		}
		series = append(series, s)
	}
	if index == nil && len(series) == 0 {
		index = frame.NewRangeIndex(rows.Rows())
	}
	return frameWithIndex(series, index)
}

// frameWithIndex returns a table of the columns with the index, or with labels 0, 1, 2... if the
// index is nil.
func frameWithIndex(series []*frame.Series, index *frame.Index) (*frame.Frame, error) {
	f, err := frame.New(series...)
	if err == nil && index != nil {
		f.Index = index
	}
	return f, err
}

// indexOf returns a column as an index, which is a range if the labels are 0, 1, 2...
func indexOf(s *frame.Series) *frame.Index {
	x := frame.NewIndex(s)
	x.Names = []any{s.Name}
	if s.Kind != frame.Numpy || s.Name != nil || s.Values.DType().Kind() != ndarray.KindInt {
		return x
	}
	ints, err := ndarray.Values[int64](s.Values)
	for i, n := range ints {
		if n != int64(i) {
			return x
		}
	}
	if err != nil {
		return x
	}
	return frame.NewRangeIndex(s.Len())
}

// uniqueNames appends a number to names that occur again, as pandas does: "a", "a.1".
func uniqueNames(names []string) []string {
	out := slices.Clone(names)
	met := map[string]bool{}
	for i, name := range out {
		if name == "" {
			name = "Unnamed: " + strconv.Itoa(i)
		}
		own := name
		for n := 1; met[own]; n++ {
			own = name + "." + strconv.Itoa(n)
		}
		met[own] = true
		out[i] = own
	}
	return out
}

// column returns one column of a table, as dates or categories if the options say so.
func (t *Text) column(rows *delimited.Table, c *delimited.Column, col int, name any) (*frame.Series,
	error) {
	s, err := t.inferred(rows, c, col)
	if err != nil {
		return nil, err
	}
	s.Name = name
	if text, ok := name.(string); ok && slices.Contains(t.Dates, text) {
		return datesOf(s)
	}
	if s.Kind == frame.Text && t.Categories {
		return categoriesOf(s)
	}
	return s, nil
}

// inferred returns a column with the type that the parser inferred.
func (t *Text) inferred(rows *delimited.Table, c *delimited.Column, col int) (*frame.Series,
	error) {
	if rows.Rows() == 0 {
		return objectColumn(nil, []any{}), nil // as in pandas
	}
	switch c.Type {
	case delimited.Int:
		return frame.NewSeries("", c.Ints)
	case delimited.Uint:
		return frame.NewSeries("", c.Uints)
	case delimited.Bool:
		if c.Missing == nil {
			return frame.NewSeries("", c.Bools)
		}
		items := make([]any, rows.Rows())
		for i := range items {
			if items[i] = any(c.Bools[i]); c.Missing[i] {
				items[i] = nan
			}
		}
		return objectColumn(nil, items), nil
	case delimited.Big:
		items := make([]any, rows.Rows())
		for i := range items {
			f, _ := rows.Field(i, col)
			if c.Missing != nil && c.Missing[i] {
				items[i] = nan
				continue
			}
			n, ok := new(big.Int).SetString(string(bytes.TrimSpace(f)), 10)
			if !ok {
				return nil, malformed("row %d: %q is no int", i, f)
			}
			items[i] = n
		}
		return objectColumn(nil, items), nil
	case delimited.Complex:
		return frame.NewSeries("", c.Complex)
	case delimited.Text:
		data, offsets := rows.Texts(col, c.Missing)
		text := &frame.Strings{Data: data, Offsets64: offsets}
		if c.Missing != nil {
			text.Validity = bitmap(c.Missing)
		}
		s := &frame.Series{Kind: frame.Text, DType: "str", Text: text}
		return s, s.Validate()
	}
	return frame.NewSeries("", c.Floats)
}

// bitmap returns the validity bitmap of Arrow: a bit is set if the element is not missing.
func bitmap(missing []bool) []byte {
	out := make([]byte, (len(missing)+7)/8)
	for i, gap := range missing {
		if !gap {
			out[i/8] |= 1 << (i % 8)
		}
	}
	return out
}

// categoriesOf returns a column of text as a categorical column.
func categoriesOf(s *frame.Series) (*frame.Series, error) {
	values := make([]string, s.Len())
	for i := range values {
		values[i] = s.Text.At(i)
	}
	known := slices.Clone(values)
	if s.Text.Validity != nil {
		known = known[:0]
		for i, v := range values {
			if !s.IsNull(i) {
				known = append(known, v)
			}
		}
	}
	slices.Sort(known)
	out, err := frame.NewCategorical("", values, slices.Compact(known)...)
	if err != nil {
		return nil, err
	}
	out.Name = s.Name
	if s.Text.Validity != nil {
		codes, err := ndarray.Values[int64](out.Values)
		if err != nil {
			return nil, err
		}
		for i := range codes {
			if s.IsNull(i) {
				codes[i] = -1
			}
		}
		out.Values, err = ndarray.FromSlice(codes, len(codes))
		return out, err
	}
	return out, nil
}

// typedArray returns the rows as an array of the dtype in the options, as loadtxt does.
func (t *Text) typedArray(rows *delimited.Table) (any, error) {
	use, err := t.columnsToRead(rows.Cols())
	if err != nil {
		return nil, err
	}
	fields := t.DType.Fields()
	dt := t.DType
	if dt.Kind() == ndarray.KindFloat && dt.ItemSize() == 8 && dt.IsNative() {
		return t.floatMatrix(rows, use)
	}
	shape := []int{rows.Rows(), len(use)}
	if len(use) == 1 || fields != nil {
		shape = shape[:1]
	}
	if fields != nil && len(fields) != len(use) {
		return nil, malformed("%d columns for the %d fields of %s", len(use), len(fields), dt)
	}
	out, err := ndarray.Zeros(dt, shape...)
	if err != nil {
		return nil, err
	}
	for k, c := range use {
		part, err := t.targetColumn(out, fields, k, len(use))
		if err != nil {
			return nil, err
		}
		for i := range rows.Rows() {
			f, _ := rows.Field(i, c)
			v, err := fieldValue(part.DType(), f)
			if err == nil {
				err = part.SetAt(v, i)
			}
			if err != nil {
				return nil, malformed("row %d, column %d: %q is no %s", i, c, f, part.DType())
			}
		}
	}
	return out, nil
}

// targetColumn returns the part of the array out that column k of n columns fills.
func (t *Text) targetColumn(out *ndarray.Array, fields []ndarray.Field,
	k, n int) (*ndarray.Array, error) {
	switch {
	case fields != nil:
		return out.Field(fields[k].Name)
	case n == 1:
		return out, nil
	}
	return out.T().Index(k)
}

func (t *Text) floatMatrix(rows *delimited.Table, use []int) (any, error) {
	columns, err := rows.Floats(use)
	if err != nil {
		return nil, err
	}
	return interleave(rows.Rows(), use, func(c int) []float64 { return columns[c] })
}

// fieldValue parses a field as an element of the dtype.
func fieldValue(dt *ndarray.DType, f []byte) (any, error) {
	switch dt.Kind() {
	case ndarray.KindStr, ndarray.KindString, ndarray.KindObject:
		return string(f), nil
	case ndarray.KindBytes:
		return slices.Clone(f), nil
	case ndarray.KindComplex:
		if c, ok := delimited.ParseComplex(f); ok {
			return c, nil
		}
	case ndarray.KindBool:
		if n, err := strconv.ParseInt(string(bytes.TrimSpace(f)), 10, 64); err == nil {
			return n != 0, nil
		}
		if b, ok := delimited.ParseBool(f); ok {
			return b, nil
		}
	case ndarray.KindInt, ndarray.KindUint:
		if n, err := strconv.ParseInt(string(bytes.TrimSpace(f)), 10, 64); err == nil {
			return n, nil
		}
		n, err := strconv.ParseUint(string(bytes.TrimSpace(f)), 10, 64)
		return n, err
	case ndarray.KindFloat:
		if x, ok := delimited.ParseFloat(f); ok {
			return x, nil
		}
	case ndarray.KindDatetime:
		return parseDatetime(dt.Unit(), string(bytes.TrimSpace(f)))
	}
	return nil, malformed("not of dtype %s", dt)
}
