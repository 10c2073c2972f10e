package delimited

import (
	"bytes"
)

// NOTE. Read infers the types of the columns from the first rows. Then it splits the other rows and
// parses their numbers in one pass, without recording the places of the fields. A block whose
// fields are not of these types, or whose text is irregular, is split and read as Infer does it.
// The result is the same.

// sampleSize is the size of the text from which the types are inferred, in bytes.
const sampleSize = 64 << 10

// Read is Split and Infer in one.
func Read(text []byte, d Dialect, cols, line int, matrix bool) (*Table, []Column, error) {
	if types := directTypes(text, d, cols, matrix); types != nil {
		r := typedRead{types: types, matrix: matrix, table: &Table{dialect: d, cols: cols}}
		if err := r.read(text, line); err != nil {
			return nil, nil, err
		}
		return r.table, r.columns(), nil
	}
	t, err := Split(text, d, cols, line)
	if err != nil {
		return nil, nil, err
	}
	return t, t.Infer(matrix), nil
}

// gappedInt is the type of a column whose first rows are ints or missing values: its floats are
// ints so far.
const gappedInt = Text + 1

// directTypes returns the types of the columns: Int, Float, gappedInt, Bool, Text or Empty. It
// returns nil if the text is short, if the first rows have other types, or if the dialect has a
// delimiter or comment that may be part of a number.
func directTypes(text []byte, d Dialect, cols int, matrix bool) []Type {
	if len(text) < 4*sampleSize || cols == 0 ||
		bytes.IndexByte([]byte("\x00,;\t| "), d.Delimiter) < 0 ||
		d.Comment != "" && (d.Comment[0] != '#' || !matrix) {
		return nil
	}
	cut := bytes.LastIndexByte(text[:sampleSize], '\n') + 1
	sample, err := Split(text[:cut], d, cols, 0)
	if err != nil || sample.rows == 0 {
		return nil
	}
	types := make([]Type, cols)
	for c, column := range sample.Infer(matrix) {
		switch types[c] = column.Type; column.Type {
		case Int:
		case Float:
			if column.info.t != Float {
				types[c] = gappedInt
			}
		case Empty, Bool, Text:
			if matrix || d.Delimiter == 0 {
				return nil
			}
		default:
			return nil
		}
	}
	return types
}

// typedRead is the state of a Read with known types.
type typedRead struct {
	types      []Type
	matrix     bool
	table      *Table
	out        []Column     // with room for as many elements as there are lines
	rowOffsets []int        // by block: the index in out of its first row
	parts      [][]typeInfo // by block and column
	ownNumbers [][][]int64  // by block and column: numbers that a columnReader read, or nil
}

// read reads all blocks.
func (r *typedRead) read(text []byte, line int) error {
	t := r.table
	pieces := t.dialect.pieces(text)
	t.blocks = make([]block, len(pieces))
	r.parts, r.ownNumbers = make([][]typeInfo, len(pieces)), make([][][]int64, len(pieces))
	r.rowOffsets = make([]int, len(pieces)+1)
	parallel(len(pieces), func(k int) {
		t.blocks[k].text = pieces[k]
		r.rowOffsets[k+1] = bytes.Count(pieces[k], []byte{'\n'})
	})
	for k := range pieces {
		r.rowOffsets[k+1] += r.rowOffsets[k]
	}
	rows := r.rowOffsets[len(pieces)] + 1
	r.out = make([]Column, t.cols)
	for c, typ := range r.types {
		switch typ {
		case Int:
			r.out[c].Ints = make([]int64, rows)
		case Float, gappedInt:
			r.out[c].Floats = make([]float64, rows)
		}
	}
	parallel(len(pieces), r.readBlock)
	for k := range t.blocks {
		b := &t.blocks[k]
		if b.err != nil {
			return atLine(b.err, line+r.rowOffsets[k]+b.lines)
		}
		b.firstRow = t.rows
		t.rows += b.rows
	}
	r.compact()
	return nil
}

// readBlock reads one block.
func (r *typedRead) readBlock(k int) {
	b := &r.table.blocks[k]
	rows := rowReader{typedRead: r, b: b, nextRow: r.rowOffsets[k], powers: powers()}
	if rows.run() {
		r.parts[k] = rows.parts
		r.ownNumbers[k] = make([][]int64, len(r.types))
		for c, typ := range r.types {
			switch typ {
			case Text:
				r.parts[k][c].missing = b.gapAfter(0, c)
			case Bool, Empty:
				r.inferColumn(k, c)
			}
		}
		return
	}
	*b = block{text: b.text, width: r.table.cols}
	s := splitter{d: r.table.dialect, b: b, cols: r.table.cols}
	s.run()
	if b.err != nil {
		return
	}
	b.rows = len(b.spans) / b.width
	r.parts[k], r.ownNumbers[k] = make([]typeInfo, b.width), make([][]int64, b.width)
	for c := range b.width {
		r.inferColumn(k, c)
	}
}

// inferColumn reads a column of a block whose fields have spans.
func (r *typedRead) inferColumn(k, c int) {
	b := &r.table.blocks[k]
	numbers := columnReader{out: make([]int64, b.rows), matrix: r.matrix}
	numbers.block(b, c)
	r.parts[k][c], r.ownNumbers[k][c] = numbers.typeInfo, numbers.out
}

// compact closes the gaps between the blocks in out, because there may be fewer rows than lines.
func (r *typedRead) compact() {
	for c := range r.out {
		for k := range r.table.blocks {
			b, from := &r.table.blocks[k], r.rowOffsets[k]
			if from == b.firstRow {
				continue
			}
			if out := r.out[c].Ints; out != nil {
				copy(out[b.firstRow:], out[from:from+b.rows])
			}
			if out := r.out[c].Floats; out != nil {
				copy(out[b.firstRow:], out[from:from+b.rows])
			}
		}
		if r.out[c].Ints != nil {
			r.out[c].Ints = r.out[c].Ints[:r.table.rows]
		}
		if r.out[c].Floats != nil {
			r.out[c].Floats = r.out[c].Floats[:r.table.rows]
		}
	}
}

// columns determines the final types, and converts the columns that were read as another type.
func (r *typedRead) columns() []Column {
	for c := range r.out {
		var whole typeInfo
		for k := range r.parts {
			whole = merge(whole, r.parts[k][c])
		}
		out := &r.out[c]
		out.Type, out.info = whole.finalType(r.matrix), whole
		if out.Type != Int && out.Type != Float {
			*out = Column{Type: out.Type, info: whole}
			r.table.convertColumn(out, c, nil, whole.hasMissing(out.Type))
			continue
		}
		r.fillNumbers(out, c)
	}
	return r.out
}

// fillNumbers adds the numbers of the blocks that were read by a columnReader to a column of ints
// or floats.
func (r *typedRead) fillNumbers(out *Column, c int) {
	ints := out.Ints
	switch {
	case out.Type == Float && out.Floats == nil:
		out.Floats, out.Ints = make([]float64, r.table.rows), nil
	case out.Type == Int && out.Ints == nil:
		out.Ints = make([]int64, r.table.rows)
	}
	parallel(len(r.table.blocks), func(k int) {
		b := &r.table.blocks[k]
		to := b.firstRow + b.rows
		switch {
		case r.ownNumbers[k][c] != nil && out.Type == Int:
			copy(out.Ints[b.firstRow:to], r.ownNumbers[k][c])
		case r.ownNumbers[k][c] != nil:
			b.floats(out.Floats[b.firstRow:to], r.ownNumbers[k][c], r.parts[k][c], c)
		case ints != nil && out.Type == Float:
			b.floats(out.Floats[b.firstRow:to], ints[b.firstRow:to], typeInfo{}, c)
		}
	})
}

// rowReader reads the rows of one block, given the types of the columns.
type rowReader struct {
	*typedRead
	b       *block
	nextRow int // index in out
	parts   []typeInfo
	powers  *powerTable
	split   splitter  // records the spans of text
	ends    [256]bool // the bytes that may follow a field
}

// run reads all rows. It returns false if the block has to be read in the other way.
func (r *rowReader) run() bool {
	b := r.b
	if uint64(len(b.text)) > 1<<32-1 {
		return false
	}
	r.parts = make([]typeInfo, len(r.types))
	b.slots = make([]int, len(r.types))
	for c, typ := range r.types {
		if b.slots[c] = -1; typ != Int && typ != Float && typ != gappedInt {
			b.slots[c] = b.width
			b.width++
		}
		switch r.parts[c].t = typ; typ {
		case Float: // as in the first rows
			r.parts[c].first = noInt
		case gappedInt:
			r.parts[c].t = Empty
		}
	}
	r.split = splitter{d: r.table.dialect, b: b, cols: len(r.types)}
	delimiter := r.table.dialect.Delimiter
	for c := range r.ends {
		c := byte(c)
		r.ends[c] = c == delimiter && c != 0 || c == '\n' || c == '\r' ||
			delimiter == 0 && isBlank(c)
	}
	if b.width > 0 {
		b.spans = make([]span, 0, (bytes.Count(b.text, []byte{'\n'})+1)*b.width)
	}
	blanks := r.table.dialect.Delimiter == 0
	for pos := 0; pos < len(b.text); {
		if blanks {
			pos = skipBlanks(b.text, pos)
		}
		if pos < len(b.text) && b.text[pos] == '\n' {
			pos++
			continue
		}
		if pos = r.row(pos); pos < 0 {
			return false
		}
		r.nextRow++
		b.rows++
	}
	return true
}

func skipBlanks(text []byte, pos int) int {
	for pos < len(text) && isBlank(text[pos]) {
		pos++
	}
	return pos
}

// row reads the row at pos and returns where the next row begins, or -1 if a field has another
// type.
func (r *rowReader) row(pos int) int {
	text, delimiter := r.b.text, r.table.dialect.Delimiter
	// A row of blanks is not a row.
	if pos < len(text) && isBlank(text[pos]) && text[pos] != delimiter {
		return -1
	}
	last := len(r.types) - 1
	for c, typ := range r.types {
		var end int
		switch typ {
		case Float, gappedInt:
			end = r.float(pos, c)
		case Int:
			end = r.int(pos, c)
		default:
			end = r.text(pos)
		}
		switch {
		case end < 0:
			return -1
		case c == last:
			return r.endOfLine(end)
		case end == len(text):
			return -1
		case delimiter == 0:
			if pos = skipBlanks(text, end); pos == end {
				return -1
			}
		case text[end] != delimiter:
			return -1
		default:
			pos = end + 1
		}
	}
	return -1
}

// endOfLine returns where the next line begins, or -1 if the line does not end at pos.
func (r *rowReader) endOfLine(pos int) int {
	text := r.b.text
	if r.table.dialect.Delimiter == 0 {
		pos = skipBlanks(text, pos)
	} else if pos < len(text) && text[pos] == '\r' {
		pos++
	}
	switch {
	case pos == len(text):
		return pos
	case text[pos] == '\n':
		return pos + 1
	}
	return -1
}

// float reads the number of column c at pos and returns where it ends, or -1 if it is no number.
func (r *rowReader) float(pos, c int) int {
	text := r.b.text
	x, end, ok := floatAt(text, pos, r.powers)
	if !ok || end < len(text) && !r.ends[text[end]] {
		for end = pos; end < len(text) && !r.ends[text[end]]; {
			end++
		}
		f := text[pos:end]
		if !r.matrix && IsMissing(f) {
			x, r.parts[c].missing, ok = NaN, true, false
		} else if x, ok = ParseFloat(f); !ok || isDigits(f) {
			return -1
		}
	}
	if p := &r.parts[c]; p.t != Float && ok {
		if f := text[pos:end]; !isDigits(f) {
			p.noteField(f, noInt)
			p.t = Float
		} else {
			p.t = Int
			p.negative = p.negative || hasMinus(f)
		}
	}
	r.out[c].Floats[r.nextRow] = x
	return end
}

// int reads the int of column c, which may have up to 18 digits.
func (r *rowReader) int(pos, c int) int {
	text := r.b.text
	i, negative := pos, false
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		negative = text[i] == '-'
		i++
	}
	m, end := digits(text, i, 0)
	if n := end - i; n == 0 || n > 18 || end < len(text) && !r.ends[text[end]] {
		return -1
	}
	n := int64(m)
	if negative {
		n = -n
		r.parts[c].negative = true
	}
	r.out[c].Ints[r.nextRow] = n
	return end
}

// text records a field of a column of text.
func (r *rowReader) text(pos int) int {
	text := r.b.text
	if r.table.dialect.Quotes && pos < len(text) && text[pos] == '"' {
		end, ok := r.split.quotedField(pos)
		if !ok {
			return -1
		}
		return end
	}
	end := pos
	for end < len(text) && text[end] != '\n' && text[end] != r.table.dialect.Delimiter {
		end++
	}
	stop := end
	if end > pos && (end == len(text) || text[end] == '\n') && text[end-1] == '\r' {
		stop = end - 1
	}
	r.split.add(pos, stop, 0)
	if r.b.err != nil {
		return -1
	}
	return end
}
