// Package delimited reads and writes text in rows and columns: CSV, TSV, and the text of
// numpy.savetxt. It handles numbers, bools and text, not tables. Several goroutines split and
// convert a large text.
package delimited

import (
	"bytes"
	"runtime"
	"sync"

	"github.com/unpkl/unpkl/internal/errkind"
)

// Dialect describes the syntax of a text.
type Dialect struct {
	// Delimiter separates fields. With 0, any run of blanks does, and blanks at the ends of a row
	// are ignored.
	Delimiter byte
	// Comment begins a comment, which extends to the end of the line; "" means no comments.
	Comment string
	// Quotes says that a field may be in double quotes; a quote inside it is doubled.
	Quotes bool
	// Short says that a row may have fewer fields than the first row: the others are empty.
	Short bool
}

// span is the place of a field in the text of its block. The bit quoted of n says that the field is
// in quotes, and the bit doubled that it has doubled quotes inside.
type span struct{ at, n uint32 }

const (
	quoted  = 1 << 31
	doubled = 1 << 30
	maxSpan = doubled - 1
)

// block is a run of consecutive rows.
type block struct {
	text []byte
	// spans has width fields for each row. If slots is nil, width is the number of columns; else
	// only some columns have spans, and slots has the position of each column in a row, or -1.
	spans    []span
	slots    []int
	width    int
	firstRow int // number of the first row
	rows     int
	lines    int // number of lines read, for errors
	err      error
}

// Table holds the fields of a text. It aliases the text.
type Table struct {
	dialect Dialect
	blocks  []block
	rows    int
	cols    int
}

// Rows returns the number of rows.
func (t *Table) Rows() int { return t.rows }

// Cols returns the number of columns.
func (t *Table) Cols() int { return t.cols }

// blockSize is the size of the text that one goroutine splits at a time, in bytes.
const blockSize = 4 << 20

// Split splits a text into rows of cols fields each; with 0, the number of fields is that of the
// first row. Empty lines, and lines with only a comment, are not rows. line is the number of the
// first line, for errors.
func Split(text []byte, d Dialect, cols, line int) (*Table, error) {
	t := &Table{dialect: d, cols: cols}
	pieces := d.pieces(text)
	if cols == 0 {
		first := block{}
		s := splitter{d: d, b: &first, firstOnly: true}
		for _, p := range pieces {
			s.b.text = p
			if s.run(); len(first.spans) > 0 || first.err != nil {
				break
			}
		}
		if first.err != nil {
			return nil, atLine(first.err, line+first.lines)
		}
		if t.cols = len(first.spans); t.cols == 0 {
			return t, nil
		}
	}
	t.blocks = make([]block, len(pieces))
	parallel(len(pieces), func(i int) {
		t.blocks[i].text = pieces[i]
		s := splitter{d: d, b: &t.blocks[i], cols: t.cols}
		s.run()
	})
	for i := range t.blocks {
		b := &t.blocks[i]
		if b.err != nil {
			return nil, atLine(b.err, line+b.lines)
		}
		b.firstRow, b.rows, b.width = t.rows, len(b.spans)/t.cols, t.cols
		t.rows += b.rows
		line += b.lines
	}
	return t, nil
}

// pieces cuts a text at ends of lines that are not inside quotes.
func (d Dialect) pieces(text []byte) [][]byte {
	var out [][]byte
	inside := false // whether the cut is inside quotes
	for len(text) > blockSize {
		cut := blockSize
		if d.Quotes {
			inside = bytes.Count(text[:cut], []byte{'"'})%2 == 1
		}
		for inside || text[cut-1] != '\n' {
			if cut == len(text) {
				break
			}
			next := bytes.IndexAny(text[cut:], "\n\"")
			if next < 0 {
				cut = len(text)
				break
			}
			if cut += next + 1; d.Quotes && text[cut-1] == '"' {
				inside = !inside
			}
		}
		out = append(out, text[:cut])
		text = text[cut:]
	}
	if len(text) > 0 {
		out = append(out, text)
	}
	return out
}

// Rows returns the length, in bytes, of the part of a text that ends with its last complete row.
func (d Dialect) Rows(text []byte) int {
	end := bytes.LastIndexByte(text, '\n') + 1
	if !d.Quotes {
		return end
	}
	inside := bytes.Count(text[:end], []byte{'"'})%2 == 1
	for inside && end > 0 {
		at := bytes.LastIndexByte(text[:end-1], '\n') + 1
		inside = bytes.Count(text[at:end], []byte{'"'})%2 == 0
		end = at
	}
	return end
}

// parallel calls do with 0 to n-1 on all cores.
func parallel(n int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers < 2 {
		for i := range n {
			do(i)
		}
		return
	}
	var wait sync.WaitGroup
	next := make(chan int)
	for range workers {
		wait.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
}

func atLine(err error, line int) error {
	return errkind.New(errkind.ErrMalformed, "line %d: %v", line, err)
}

// First returns the fields of the first row, the text after it, and the number of lines that it
// takes.
func First(text []byte, d Dialect) (fields []string, rest []byte, lines int, err error) {
	b := block{text: text}
	s := splitter{d: d, b: &b, firstOnly: true}
	end := s.run()
	if b.err != nil {
		return nil, nil, 0, atLine(b.err, b.lines)
	}
	for i := range b.spans {
		f, _ := b.field(0, i)
		fields = append(fields, string(f))
	}
	return fields, text[end:], b.lines, nil
}
