package delimited

import (
	"bytes"
	"fmt"
)

// splitter splits one block.
type splitter struct {
	d    Dialect
	b    *block
	cols int  // fields of a row, 0 where the first row says it
	one  bool // stop behind the first row
	row0 int  // the first field of the row that is being split
}

// tooMany is how many fields more than it should have a row may have before it is given up, which
// costs memory for each.
const tooMany = 1 << 16

// run splits the block's text, and returns where it stopped; an error is left in the block, with
// its line.
func (s *splitter) run() (pos int) {
	text := s.b.text
	if s.cols > 0 {
		// As many rows as there are lines, but no more memory than a few times the text.
		s.b.spans = make([]span, 0, min((bytes.Count(text, []byte{'\n'})+1)*s.cols,
			len(text)+s.cols))
	}
	for pos < len(text) && s.b.err == nil {
		begin := len(s.b.spans)
		s.b.lines++
		s.row0 = begin
		if s.d.Delimiter == 0 {
			pos = s.blanks(pos)
		} else {
			pos = s.row(pos)
		}
		if n := len(s.b.spans) - begin; n > 0 && s.b.err == nil {
			if s.one {
				return pos
			}
			s.fit(n)
		}
	}
	return pos
}

// fit checks the number of fields of the last row, and gives it those that it may lack.
func (s *splitter) fit(n int) {
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

// add notes a field.
func (s *splitter) add(begin, end int, flags uint32) {
	if end-begin > maxSpan || uint64(len(s.b.text)) > 1<<32-1 {
		s.b.err = fmt.Errorf("a field of %d bytes", end-begin)
		return
	}
	if s.cols > 0 && len(s.b.spans)-s.row0 > s.cols+tooMany {
		s.b.err = fmt.Errorf("more than %d fields, want %d", s.cols+tooMany, s.cols)
		return
	}
	s.b.spans = append(s.b.spans, span{uint32(begin), uint32(end-begin) | flags})
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// line returns the end of the line at pos without its comment, and where the next begins.
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

// blanks splits a line at runs of blanks.
func (s *splitter) blanks(pos int) (next int) {
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

// row splits the row at pos at the delimiter.
func (s *splitter) row(pos int) (next int) {
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
				// The field went over the end of its line, or what seemed to begin a comment is in
				// it.
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

// onlyBlank reports whether a line is no row: there is nothing in it but blanks.
func onlyBlank(line []byte, delimiter byte) bool {
	for _, c := range line {
		if c == delimiter || !isBlank(c) {
			return false
		}
	}
	return true
}

// quotedField notes the field in quotes at pos and returns where it ends.
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

// Field returns a field without its quotes, and whether it stood in quotes. It aliases the text
// where it can.
func (t *Table) Field(row, col int) (field []byte, inQuotes bool) {
	i := 0
	for i < len(t.blocks)-1 && row >= t.blocks[i+1].first {
		i++
	}
	b := &t.blocks[i]
	t.split(b, col)
	return b.field(row-b.first, col)
}

// split finds the fields of a block that were read without it, if the column's are not known.
func (t *Table) split(b *block, col int) {
	if b.slots == nil || b.slots[col] >= 0 {
		return
	}
	b.slots, b.width, b.lines, b.spans = nil, t.cols, 0, nil
	s := splitter{d: t.dialect, b: b, cols: t.cols}
	s.run()
}

// field returns a field of a row of the block, of a column that has spans.
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
