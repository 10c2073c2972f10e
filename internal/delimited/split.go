package delimited

import (
	"bytes"
	"fmt"
)

// splitter splits one block.
type splitter struct {
	d         Dialect
	b         *block
	cols      int  // number of fields in a row; 0: as many as in the first row
	firstOnly bool // stop after the first row
	rowStart  int  // index of the first span of the current row
}

// tooMany bounds the surplus fields of a row before splitting it is given up, because each takes
// memory.
const tooMany = 1 << 16

// run splits the block's text, and returns where it stopped. An error is left in the block, with
// its line.
func (s *splitter) run() (pos int) {
	text := s.b.text
	if s.cols > 0 {
		// There are at most as many rows as lines, but a few times the text is enough memory.
		s.b.spans = make([]span, 0, min((bytes.Count(text, []byte{'\n'})+1)*s.cols,
			len(text)+s.cols))
	}
	for pos < len(text) && s.b.err == nil {
		begin := len(s.b.spans)
		s.b.lines++
		s.rowStart = begin
		if s.d.Delimiter == 0 {
			pos = s.splitBlanks(pos)
		} else {
			pos = s.splitRow(pos)
		}
		if n := len(s.b.spans) - begin; n > 0 && s.b.err == nil {
			if s.firstOnly {
				return pos
			}
			s.checkWidth(n)
		}
	}
	return pos
}

// checkWidth checks the number of fields of the last row, and adds missing ones if the dialect
// allows that.
func (s *splitter) checkWidth(n int) {
	switch {
	case s.cols == 0 || n == s.cols:
	case n < s.cols && s.d.Short:
		for ; n < s.cols; n++ {
			s.b.spans = append(s.b.spans, span{})
		}
	default:
		s.b.err = fmt.Errorf("%d fields, want %d", n, s.cols)
	}
}

// add records the span of a field.
func (s *splitter) add(begin, end int, flags uint32) {
	if end-begin > maxSpan || uint64(len(s.b.text)) > 1<<32-1 {
		s.b.err = fmt.Errorf("a field of %d bytes", end-begin)
		return
	}
	if s.cols > 0 && len(s.b.spans)-s.rowStart > s.cols+tooMany {
		s.b.err = fmt.Errorf("more than %d fields, want %d", s.cols+tooMany, s.cols)
		return
	}
	s.b.spans = append(s.b.spans, span{uint32(begin), uint32(end-begin) | flags})
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// line returns the end of the line at pos without its comment, and where the next line begins.
func (s *splitter) line(pos int) (end, next int) {
	text := s.b.text
	if i := bytes.IndexByte(text[pos:], '\n'); i >= 0 {
		end, next = pos+i, pos+i+1
	} else {
		end, next = len(text), len(text)
	}
	if s.d.Comment != "" {
		if i := bytes.Index(text[pos:end], []byte(s.d.Comment)); i >= 0 {
			end = pos + i
		}
	}
	if end > pos && text[end-1] == '\r' {
		end--
	}
	return end, next
}

// splitBlanks splits a line at runs of blanks.
func (s *splitter) splitBlanks(pos int) (next int) {
	text := s.b.text
	end, next := s.line(pos)
	for pos < end && s.b.err == nil {
		for pos < end && isBlank(text[pos]) {
			pos++
		}
		begin := pos
		for pos < end && !isBlank(text[pos]) {
			pos++
		}
		if pos > begin {
			s.add(begin, pos, 0)
		}
	}
	return next
}

// splitRow splits the row at pos at the delimiter.
func (s *splitter) splitRow(pos int) (next int) {
	text, delimiter := s.b.text, s.d.Delimiter
	end, next := s.line(pos)
	if onlyBlank(text[pos:end], delimiter) {
		return next
	}
	for {
		if s.d.Quotes && pos < len(text) && text[pos] == '"' {
			var ok bool
			if pos, ok = s.quotedField(pos); !ok {
				return len(text)
			}
			if pos > end {
				// The field extends beyond the end of its line, or it contains what looked like a
				// comment.
				if pos > next {
					s.b.lines += bytes.Count(text[next-1:pos], []byte{'\n'})
				}
				end, next = s.line(pos)
			}
		} else {
			begin := pos
			if i := bytes.IndexByte(text[pos:end], delimiter); i >= 0 {
				pos += i
			} else {
				pos = end
			}
			s.add(begin, pos, 0)
		}
		if pos >= end || s.b.err != nil {
			return next
		}
		if text[pos] != delimiter {
			s.b.err = fmt.Errorf("%q behind the quotes of a field", text[pos])
			return next
		}
		if pos++; pos == end {
			s.add(pos, pos, 0)
			return next
		}
	}
}

// onlyBlank reports whether a line is not a row, because it has nothing but blanks.
func onlyBlank(line []byte, delimiter byte) bool {
	for _, c := range line {
		if c == delimiter || !isBlank(c) {
			return false
		}
	}
	return true
}

// quotedField records the field in quotes at pos, and returns where it ends.
func (s *splitter) quotedField(pos int) (end int, ok bool) {
	text := s.b.text
	flags := uint32(quoted)
	begin := pos + 1
	for pos = begin; ; {
		i := bytes.IndexByte(text[pos:], '"')
		if i < 0 {
			s.b.err = fmt.Errorf("quotes that do not end")
			return 0, false
		}
		pos += i + 1
		if pos == len(text) || text[pos] != '"' {
			break
		}
		flags |= doubled
		pos++
	}
	s.add(begin, pos-1, flags)
	return pos, s.b.err == nil
}

// Field returns a field without its quotes, and whether it was in quotes. It aliases the text
// unless it has doubled quotes.
func (t *Table) Field(row, col int) (field []byte, inQuotes bool) {
	i := 0
	for i < len(t.blocks)-1 && row >= t.blocks[i+1].firstRow {
		i++
	}
	b := &t.blocks[i]
	t.split(b, col)
	return b.field(row-b.firstRow, col)
}

// split splits a block that was read without spans for the given column.
func (t *Table) split(b *block, col int) {
	if b.slots == nil || b.slots[col] >= 0 {
		return
	}
	b.slots, b.width, b.lines, b.spans = nil, t.cols, 0, nil
	s := splitter{d: t.dialect, b: b, cols: t.cols}
	s.run()
}

// field returns a field of a row of the block; the column must have spans.
func (b *block) field(row, col int) ([]byte, bool) {
	if b.slots != nil {
		col = b.slots[col]
	}
	s := b.spans[row*b.width+col]
	f := b.text[s.at : s.at+s.n&maxSpan]
	if s.n&doubled != 0 {
		f = bytes.ReplaceAll(f, []byte(`""`), []byte(`"`))
	}
	return f, s.n&quoted != 0
}
