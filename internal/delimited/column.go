package delimited

import (
	"strconv"

	"github.com/unpkl/unpkl/internal/errkind"
)

// Type is the type of a column, as pandas infers it.
type Type uint8

// The types, each of which holds what the numbers before it do.
const (
	Empty Type = iota // nothing but missing values
	Int
	Uint
	Float
	Complex
	Bool
	Text
)

// Missing is what pandas takes for a missing value.
//
// Reference: pandas/_libs/parsers.pyx, STR_NA_VALUES.
var missing = map[string]bool{
	"": true, "#N/A": true, "#N/A N/A": true, "#NA": true, "-1.#IND": true, "-1.#QNAN": true,
	"-NaN": true, "-nan": true, "1.#IND": true, "1.#QNAN": true, "<NA>": true, "N/A": true, "NA": true,
	"NULL": true, "NaN": true, "None": true, "n/a": true, "nan": true, "null": true,
}

// IsMissing reports whether pandas takes the field for a missing value.
func IsMissing(field []byte) bool { return len(field) <= 8 && missing[string(field)] }

// Column is a column of one type. Exactly one of its slices is set, but for Text and Empty.
type Column struct {
	Type     Type
	Ints     []int64
	Uints    []uint64
	Floats   []float64
	Complex  []complex128
	Bools    []bool
	Missing  []bool // nil where nothing is missing
	anyGap   bool
	negative bool
}

// partType is what one block of a column is.
type partType struct {
	t        Type
	gap      bool // whether something is missing
	negative bool
}

// Infer returns the columns' types as pandas' read_csv does, and their numbers: ints where all fields are,
// floats where all are numbers or missing, bools, else text. With missing false no field is missing: an
// empty one is text.
func (t *Table) Infer(missing, complexNumbers bool) []Column {
	cols := make([]Column, t.cols)
	for c := range cols {
		cols[c].Ints = make([]int64, t.rows)
	}
	parts := make([]partType, len(t.blocks)*t.cols)
	parallel(len(parts), func(i int) {
		b, c := &t.blocks[i/t.cols], i%t.cols
		parts[i] = b.ints(t.cols, c, cols[c].Ints[b.first:b.first+b.rows], missing, complexNumbers)
	})
	parallel(t.cols, func(c int) {
		var whole partType
		for i := c; i < len(parts); i += t.cols {
			whole = join(whole, parts[i])
		}
		cols[c].anyGap, cols[c].negative = whole.gap, whole.negative
		cols[c].Type = whole.settled()
	})
	for c := range cols {
		t.finish(&cols[c], c, missing)
	}
	return cols
}

// settled is the type of a column: pandas has no missing ints and bools, and no place for ints of both
// signs that are beyond int64.
func (p partType) settled() Type {
	switch {
	case p.t == Int && p.gap:
		return Float
	case p.t == Uint && (p.negative || p.gap):
		return Text
	case p.t == Bool && p.gap:
		return Text
	}
	return p.t
}

// join is the type that holds what both do.
func join(a, b partType) partType {
	t := max(a.t, b.t)
	if lo := min(a.t, b.t); t == Bool && lo != Empty && lo != Bool {
		t = Text
	}
	return partType{t, a.gap || b.gap, a.negative || b.negative}
}

// finish converts a column to its type.
func (t *Table) finish(c *Column, col int, missing bool) {
	if c.Type != Int {
		c.Ints = nil
	}
	switch c.Type {
	case Uint:
		c.Uints = make([]uint64, t.rows)
		t.each(col, func(b *block, i, row int) {
			f, _ := b.field(i)
			c.Uints[row], _ = strconv.ParseUint(string(f), 10, 64)
		})
	case Empty, Float:
		c.Type, c.Floats = Float, make([]float64, t.rows)
		t.each(col, func(b *block, i, row int) {
			f, _ := b.field(i)
			x, ok := ParseFloat(f)
			if !ok {
				x = NaN
			}
			c.Floats[row] = x
		})
	case Complex:
		c.Complex = make([]complex128, t.rows)
		t.each(col, func(b *block, i, row int) {
			f, _ := b.field(i)
			c.Complex[row], _ = ParseComplex(f)
		})
	case Bool:
		c.Bools = make([]bool, t.rows)
		t.each(col, func(b *block, i, row int) {
			f, _ := b.field(i)
			c.Bools[row], _ = ParseBool(f)
		})
	case Text:
		if c.anyGap {
			c.Missing = make([]bool, t.rows)
			t.each(col, func(b *block, i, row int) {
				f, _ := b.field(i)
				c.Missing[row] = missing && IsMissing(f)
			})
		}
	}
}

// each calls do for each field of a column, on all cores.
func (t *Table) each(col int, do func(b *block, i, row int)) {
	parallel(len(t.blocks), func(k int) {
		b := &t.blocks[k]
		for r := range b.rows {
			do(b, r*t.cols+col, b.first+r)
		}
	})
}

// ints reads the fields of a column in a block as ints as long as they are, and tells what type holds
// all of them.
func (b *block) ints(cols, col int, out []int64, gaps, complexNumbers bool) partType {
	var p partType
	for r := range b.rows {
		f, _ := b.field(r*cols + col)
		if p.t <= Int {
			if n, ok := parseInt(f); ok {
				out[r], p.t = n, Int
				p.negative = p.negative || n < 0
				continue
			}
		}
		var one partType
		if one = typeOf(f, gaps, complexNumbers); one.t == Text {
			p = join(p, one)
			if !p.gap && gaps {
				p.gap = b.gapAfter(r, cols, col)
			}
			return p
		}
		p = join(p, one)
	}
	return p
}

// gapAfter reports whether something is missing behind row r.
func (b *block) gapAfter(r, cols, col int) bool {
	for ; r < b.rows; r++ {
		if f, _ := b.field(r*cols + col); IsMissing(f) {
			return true
		}
	}
	return false
}

// typeOf is the type of one field.
func typeOf(f []byte, gaps, complexNumbers bool) partType {
	if gaps && IsMissing(f) {
		return partType{t: Empty, gap: true}
	}
	if n, ok := parseInt(f); ok {
		return partType{t: Int, negative: n < 0}
	}
	if isDigits(f) {
		if _, err := strconv.ParseUint(string(f), 10, 64); err == nil {
			return partType{t: Uint}
		}
		return partType{t: Text}
	}
	if _, ok := ParseFloat(f); ok {
		return partType{t: Float}
	}
	if complexNumbers {
		if _, ok := ParseComplex(f); ok {
			return partType{t: Complex}
		}
	}
	if _, ok := ParseBool(f); ok {
		return partType{t: Bool}
	}
	return partType{t: Text}
}

// Floats returns the columns of the given numbers as floats; a field that is none is an error.
func (t *Table) Floats(cols []int) (map[int][]float64, error) {
	out := make(map[int][]float64, len(cols))
	for _, c := range cols {
		out[c] = make([]float64, t.rows)
	}
	errs := make([]error, len(t.blocks))
	parallel(len(t.blocks), func(k int) {
		b := &t.blocks[k]
		for _, c := range cols {
			column := out[c][b.first:]
			for r := range b.rows {
				f, _ := b.field(r*t.cols + c)
				x, ok := ParseFloat(f)
				if !ok {
					errs[k] = errkind.New(errkind.ErrMalformed, "row %d, column %d: %.40q is no number", b.first+r, c, f)
					return
				}
				column[r] = x
			}
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
