package delimited

import (
	"bytes"
)

// NOTE. Read knows the types of the columns from the first rows, and reads the numbers of all
// others in the pass that splits them, without noting where their fields are. A block that does not
// go by those types, by its dialect or by its numbers, is split and read as Infer does; what is
// read is the same.

// sampleSize is of how much text the types of the columns are taken, in bytes.
const sampleSize = 64 << 10

// Read is Split and Infer in one.
func Read(text []byte, d Dialect, cols, line int, matrix bool) (*Table, []Column, error) {
	if types := direct(text, d, cols, matrix); types != nil {
		r := reading{types: types, matrix: matrix, table: &Table{dialect: d, cols: cols}}
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

// gappedInt is the type of a column of which the first rows are ints or missing: it is one of
// floats that are ints so far.
const gappedInt = Text + 1

// direct returns the types of the columns, Int, Float, gappedInt, Bool, Text or Empty, nil where
// the text is short, or has other types, or a dialect whose numbers do not end where their digits
// do.
func direct(text []byte, d Dialect, cols int, matrix bool) []Type {
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
			if column.whole.t != Float {
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

// reading is a call of Read.
type reading struct {
	types  []Type
	matrix bool
	table  *Table
	out    []Column    // as many elements as there are lines
	room   []int       // where the rows of each block are in them
	parts  [][]part    // of each block and column
	own    [][][]int64 // numbers of blocks and columns that columnReaders read
}

// read reads all blocks.
func (r *reading) read(text []byte, line int) error {
	t := r.table
	pieces := t.dialect.pieces(text)
	t.blocks = make([]block, len(pieces))
	r.parts, r.own = make([][]part, len(pieces)), make([][][]int64, len(pieces))
	r.room = make([]int, len(pieces)+1)
	parallel(len(pieces), func(k int) {
		t.blocks[k].text = pieces[k]
		r.room[k+1] = bytes.Count(pieces[k], []byte{'\n'})
	})
	for k := range pieces {
		r.room[k+1] += r.room[k]
	}
	rows := r.room[len(pieces)] + 1
	r.out = make([]Column, t.cols)
	for c, typ := range r.types {
		switch typ {
		case Int:
			r.out[c].Ints = make([]int64, rows)
		case Float, gappedInt:
			r.out[c].Floats = make([]float64, rows)
		}
	}
	parallel(len(pieces), r.block)
	for k := range t.blocks {
		b := &t.blocks[k]
		if b.err != nil {
			return at(b.err, line+r.room[k]+b.lines)
		}
		b.first = t.rows
		t.rows += b.rows
	}
	r.close()
	return nil
}

// block reads one block.
func (r *reading) block(k int) {
	b := &r.table.blocks[k]
	rows := rowReader{reading: r, b: b, at: r.room[k], powers: powers()}
	if rows.run() {
		r.parts[k] = rows.parts
		r.own[k] = make([][]int64, len(r.types))
		for c, typ := range r.types {
			switch typ {
			case Text:
				r.parts[k][c].gap = b.gapAfter(0, c)
			case Bool, Empty:
				r.column(k, c)
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
	r.parts[k], r.own[k] = make([]part, b.width), make([][]int64, b.width)
	for c := range b.width {
		r.column(k, c)
	}
}

// column reads a column of a block whose fields are known.
func (r *reading) column(k, c int) {
	b := &r.table.blocks[k]
	numbers := columnReader{out: make([]int64, b.rows), matrix: r.matrix}
	numbers.block(b, c)
	r.parts[k][c], r.own[k][c] = numbers.part, numbers.out
}

// close moves the rows together where there are fewer than lines.
func (r *reading) close() {
	for c := range r.out {
		for k := range r.table.blocks {
			b, from := &r.table.blocks[k], r.room[k]
			if from == b.first {
				continue
			}
			if out := r.out[c].Ints; out != nil {
				copy(out[b.first:], out[from:from+b.rows])
			}
			if out := r.out[c].Floats; out != nil {
				copy(out[b.first:], out[from:from+b.rows])
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

// columns settles the types and converts what was read as another.
func (r *reading) columns() []Column {
	for c := range r.out {
		var whole part
		for k := range r.parts {
			whole = join(whole, r.parts[k][c])
		}
		out := &r.out[c]
		out.Type, out.whole = whole.settled(r.matrix), whole
		if out.Type != Int && out.Type != Float {
			*out = Column{Type: out.Type, whole: whole}
			r.table.finish(out, c, nil, whole.gaps(out.Type))
			continue
		}
		r.numbers(out, c)
	}
	return r.out
}

// numbers completes a column of ints or floats by the blocks that were read by themselves.
func (r *reading) numbers(out *Column, c int) {
	ints := out.Ints
	switch {
	case out.Type == Float && out.Floats == nil:
		out.Floats, out.Ints = make([]float64, r.table.rows), nil
	case out.Type == Int && out.Ints == nil:
		out.Ints = make([]int64, r.table.rows)
	}
	parallel(len(r.table.blocks), func(k int) {
		b := &r.table.blocks[k]
		to := b.first + b.rows
		switch {
		case r.own[k][c] != nil && out.Type == Int:
			copy(out.Ints[b.first:to], r.own[k][c])
		case r.own[k][c] != nil:
			b.floats(out.Floats[b.first:to], r.own[k][c], r.parts[k][c], c)
		case ints != nil && out.Type == Float:
			b.floats(out.Floats[b.first:to], ints[b.first:to], part{}, c)
		}
	})
}

// rowReader reads the rows of one block by the types of the columns.
type rowReader struct {
	*reading
	b      *block
	at     int // of the next row in the columns
	parts  []part
	powers *powerTable
	split  splitter  // for text
	ends   [256]bool // the bytes that a field may end before
}

// run reads all rows; false is that the block has to be read in the other way.
func (r *rowReader) run() bool {
	b := r.b
	if uint64(len(b.text)) > 1<<32-1 {
		return false
	}
	r.parts = make([]part, len(r.types))
	b.slots = make([]int, len(r.types))
	for c, typ := range r.types {
		if b.slots[c] = -1; typ != Int && typ != Float && typ != gappedInt {
			b.slots[c] = b.width
			b.width++
		}
		switch r.parts[c].t = typ; typ {
		case Float: // as the first rows are
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
		r.at++
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

// row reads the row at pos and returns where the next begins, -1 where it goes by other types.
func (r *rowReader) row(pos int) int {
	text, delimiter := r.b.text, r.table.dialect.Delimiter
	// A row of blanks is none.
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

// endOfLine returns where the next line begins if one ends at pos.
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

// float reads the number of column c at pos and returns where it ends, -1 for what is none.
func (r *rowReader) float(pos, c int) int {
	text := r.b.text
	x, end, ok := floatAt(text, pos, r.powers)
	if !ok || end < len(text) && !r.ends[text[end]] {
		for end = pos; end < len(text) && !r.ends[text[end]]; {
			end++
		}
		f := text[pos:end]
		if !r.matrix && IsMissing(f) {
			x, r.parts[c].gap, ok = NaN, true, false
		} else if x, ok = ParseFloat(f); !ok || isDigits(f) {
			return -1
		}
	}
	if p := &r.parts[c]; p.t != Float && ok {
		if f := text[pos:end]; !isDigits(f) {
			p.note(f, noInt)
			p.t = Float
		} else {
			p.t = Int
			p.negative = p.negative || hasMinus(f)
		}
	}
	r.out[c].Floats[r.at] = x
	return end
}

// int reads the int of column c, of up to 18 digits.
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
	r.out[c].Ints[r.at] = n
	return end
}

// text notes a field of a column of text.
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
