// Package delimited reads and writes text of rows and columns: CSV, TSV, and what numpy.savetxt
// writes. It knows numbers, bools and text, no tables; several goroutines split and convert large
// inputs.
package delimited

import (
	"bytes"
	"runtime"
	"sync"

	"github.com/unpkl/unpkl/internal/errkind"
)

// Dialect says how fields stand in the text.
type Dialect struct {
	// Delimiter stands between fields; 0 is any run of blanks, with none at the ends of a row.
	Delimiter byte
	// Comment begins what is passed over to the end of the line; "" is nothing.
	Comment string
	// Quotes says that fields may stand in double quotes, in which quotes are doubled.
	Quotes bool
	// Short says that a row may have fewer fields than the first: the others are empty.
	Short bool
}

// span is where a field is in the text of its block. Its length has the bit quoted where the field
// stood in quotes; doubled where two quotes in it stand for one.
type span struct{ at, n uint32 }

const (
	quoted  = 1 << 31
	doubled = 1 << 30
	maxSpan = doubled - 1
)

// block is consecutive rows.
type block struct {
	text []byte
	// spans are of rows times columns; of rows times width where only some columns have them, and
	// slots says which of the width, -1 for none.
	spans []span
	slots []int
	width int
	first int // number of its first row
	rows  int
	lines int // up to the end, for errors
	err   error
}

// Table is the fields of a text. It aliases the text.
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

// blockSize is how much text one goroutine splits at a time, in bytes.
const blockSize = 4 << 20

// Split splits a text into rows of cols fields each; 0 takes the number of fields of the first row.
// Lines without anything, and of nothing but a comment, are no rows. Line is the number of the
// first line, for errors.
func Split(text []byte, d Dialect, cols, line int) (*Table, error) {
	t := &Table{dialect: d, cols: cols}
	pieces := d.pieces(text)
	if cols == 0 {
		first := block{}
		s := splitter{d: d, b: &first, one: true}
		for _, p := range pieces {
			s.b.text = p
			if s.run(); len(first.spans) > 0 || first.err != nil {
				break
			}
		}
		if first.err != nil {
			return nil, at(first.err, line+first.lines)
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
			return nil, at(b.err, line+b.lines)
		}
		b.first, b.rows, b.width = t.rows, len(b.spans)/t.cols, t.cols
		t.rows += b.rows
		line += b.lines
	}
	return t, nil
}

// pieces cuts a text at ends of lines that are not in quotes.
func (d Dialect) pieces(text []byte) [][]byte {
	var out [][]byte
	inside := false // whether the piece begins in quotes: never
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

// Rows returns how long the part of a text is that ends with its last whole row, in bytes.
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

func at(err error, line int) error {
	return errkind.New(errkind.ErrMalformed, "line %d: %v", line, err)
}

// First returns the fields of the first row, and the text and the number of lines behind it.
func First(text []byte, d Dialect) (fields []string, rest []byte, lines int, err error) {
	b := block{text: text}
	s := splitter{d: d, b: &b, one: true}
	end := s.run()
	if b.err != nil {
		return nil, nil, 0, at(b.err, b.lines)
	}
	for i := range b.spans {
		f, _ := b.field(0, i)
		fields = append(fields, string(f))
	}
	return fields, text[end:], b.lines, nil
}
