package delimited

import (
	"cmp"
	"math"

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
	Big // ints that are none of int64 or uint64
	Bool
	Text
)

// Missing is what pandas takes for a missing value.
//
// Reference: pandas/_libs/parsers.pyx, STR_NA_VALUES.
var missing = map[string]bool{
	"": true, "#N/A": true, "#N/A N/A": true, "#NA": true, "-1.#IND": true, "-1.#QNAN": true,
	"-NaN": true, "-nan": true, "1.#IND": true, "1.#QNAN": true, "<NA>": true, "N/A": true,
	"NA":   true,
	"NULL": true, "NaN": true, "None": true, "n/a": true, "nan": true, "null": true,
}

// IsMissing reports whether pandas takes the field for a missing value.
func IsMissing(field []byte) bool {
	if len(field) == 0 {
		return true
	}
	switch field[0] {
	case '#', '-', '1', '<', 'N', 'n':
		return len(field) <= 8 && missing[string(field)]
	}
	return false
}

// Column is a column of one type. Exactly one of the slices with elements is set, none for Big and
// Text.
type Column struct {
	Type    Type
	Ints    []int64
	Uints   []uint64
	Floats  []float64
	Complex []complex128
	Bools   []bool
	Missing []bool // of Big, Bool and Text; nil where nothing is missing

	whole part // what its fields are, before pandas' rules for a whole column
}

// Types are the types of the columns of a text of which one part after another is read.
type Types []part

// Add adds the columns of the next part.
func (t *Types) Add(columns []Column) {
	if *t == nil {
		*t = make(Types, len(columns))
	}
	for c := range columns {
		(*t)[c] = join((*t)[c], columns[c].whole)
	}
}

// Type returns the type of a column, and whether something is missing in it.
func (t Types) Type(c int) (typ Type, missing bool) {
	typ = t[c].settled(false)
	return typ, t[c].gaps(typ)
}

// As returns column c of a table as a type that holds its fields, one of Int, Float, Bool and Text,
// given the column that Read returned.
func (t *Table) As(c int, column Column, typ Type) Column {
	switch {
	case typ == column.Type && typ != Text:
		return column
	case typ == Float:
		column.Type, column.Floats = Float, make([]float64, t.rows)
		for i, n := range column.Ints {
			column.Floats[i] = float64(n)
		}
		column.Ints = nil
		return column
	}
	out := Column{Type: typ}
	t.finish(&out, c, nil, typ == Text)
	return out
}

// part is what one block of a column is.
type part struct {
	t        Type
	gap      bool // whether something is missing
	negative bool // whether a field has a minus
	large    bool // whether an int is one of uint64 that is none of int64
	fraction bool // whether a number is no int; that of a Float is
	// first is what comes first of all that is neither missing nor an int64, and unsigned what
	// comes first of all without a minus that is neither missing nor a uint64.
	first, unsigned outside
	// floats says that the block's numbers are the bits of floats rather than ints; unread, that
	// not all of them are in the column.
	floats, unread bool
}

// outside is how a field is none of a type of ints.
type outside uint8

const (
	nothing outside = iota // it is one
	tooLarge
	noInt
)

// note notes a field that is neither missing nor an int64.
func (p *part) note(f []byte, how outside) {
	minus := hasMinus(f)
	p.negative = p.negative || minus
	p.first = cmp.Or(p.first, how)
	if p.unsigned == nothing && !minus {
		if _, ok := parseUint(f); !ok {
			p.unsigned = how
		} else {
			p.large = true
		}
	}
}

// Infer returns the columns' types as pandas' read_csv does, and their numbers: ints where all
// fields are, floats where all are numbers or missing, bools, else text. For a matrix no field is
// missing, so that an empty one is text, complex numbers are numbers, and ints of any size are
// floats where they are no ints of 64 bits.
func (t *Table) Infer(matrix bool) []Column {
	cols := make([]Column, t.cols)
	t.splitAll()
	for c := range cols {
		cols[c].Ints = make([]int64, t.rows)
	}
	parts := make([]part, len(t.blocks)*t.cols)
	parallel(len(parts), func(i int) {
		b, c := &t.blocks[i/t.cols], i%t.cols
		r := columnReader{out: cols[c].Ints[b.first : b.first+b.rows], matrix: matrix}
		r.block(b, c)
		parts[i] = r.part
	})
	for c := range cols {
		var whole part
		own := make([]part, 0, len(t.blocks))
		for i := c; i < len(parts); i += t.cols {
			whole = join(whole, parts[i])
			own = append(own, parts[i])
		}
		cols[c].Type, cols[c].whole = whole.settled(matrix), whole
		t.finish(&cols[c], c, own, whole.gaps(cols[c].Type))
	}
	return cols
}

// settled is the type of a column: pandas has no missing ints, and no dtype for ints of both signs
// that are beyond int64. Where ints are too large, the order of the fields matters.
//
// Reference: pandas/_libs/parsers.pyx, _convert_tokens, _convert_with_dtype, _try_uint64.
func (p part) settled(matrix bool) Type {
	switch {
	case p.t == Empty, p.t == Int && p.gap, matrix && p.t == Uint && p.negative:
		return Float
	case matrix || p.t != Uint && p.t != Float && p.t != Big:
		return p.t
	case !p.overflows():
		return Float
	case p.unsigned == nothing && p.large && (p.negative || p.gap):
		return Text
	case p.unsigned == nothing && !p.negative:
		return Uint
	case p.fraction:
		return Text
	}
	return Big
}

// overflows reports whether pandas tries no floats, since an int that is too large comes before
// what is no int.
func (p part) overflows() bool { return p.first == tooLarge && p.unsigned != noInt }

// gaps reports whether something is missing in a column of the given type. Where ints are too large
// for a column that becomes text, pandas leaves what is missing as text too.
func (p part) gaps(t Type) bool { return p.gap && !(t == Text && p.overflows()) }

// join is the type that holds what both do, of which a comes first.
func join(a, b part) part {
	t := max(a.t, b.t)
	if lo := min(a.t, b.t); t == Bool && lo != Empty && lo != Bool {
		t = Text
	}
	return part{
		t: t, gap: a.gap || b.gap, negative: a.negative || b.negative, large: a.large || b.large,
		fraction: a.fraction || b.fraction || a.t == Float || b.t == Float,
		first:    cmp.Or(a.first, b.first), unsigned: cmp.Or(a.unsigned, b.unsigned),
	}
}

// finish converts a column to its type; parts are those of the blocks.
func (t *Table) finish(c *Column, col int, parts []part, gaps bool) {
	ints := c.Ints
	if c.Type != Int {
		c.Ints = nil
	}
	switch c.Type {
	case Uint:
		c.Uints = make([]uint64, t.rows)
		t.each(col, func(row int, f []byte) {
			c.Uints[row], _ = parseUint(f)
		})
	case Float:
		c.Floats = make([]float64, t.rows)
		parallel(len(t.blocks), func(k int) {
			b := &t.blocks[k]
			b.floats(c.Floats[b.first:b.first+b.rows], ints[b.first:b.first+b.rows], parts[k], col)
		})
	case Complex:
		c.Complex = make([]complex128, t.rows)
		t.each(col, func(row int, f []byte) { c.Complex[row], _ = ParseComplex(f) })
	case Bool:
		c.Bools = make([]bool, t.rows)
		t.each(col, func(row int, f []byte) { c.Bools[row], _ = ParseBool(f) })
	}
	if gaps && c.Type >= Big {
		c.Missing = make([]bool, t.rows)
		t.each(col, func(row int, f []byte) { c.Missing[row] = IsMissing(f) })
	}
}

// floats fills out with the numbers of a column that a columnReader left in ints.
func (b *block) floats(out []float64, ints []int64, p part, col int) {
	switch {
	case p.unread:
		for r := range out {
			f, _ := b.field(r, col)
			x, ok := ParseFloat(f)
			if !ok {
				x = NaN
			}
			out[r] = x
		}
	case p.floats:
		for r, n := range ints {
			out[r] = math.Float64frombits(uint64(n))
		}
	default:
		for r, n := range ints {
			out[r] = float64(n)
		}
	}
}

// splitAll finds all fields of all blocks.
func (t *Table) splitAll() {
	parallel(len(t.blocks), func(k int) {
		for c := range t.cols {
			t.split(&t.blocks[k], c)
		}
	})
}

// each calls do for each field of a column, on all cores.
func (t *Table) each(col int, do func(row int, f []byte)) {
	parallel(len(t.blocks), func(k int) {
		b := &t.blocks[k]
		t.split(b, col)
		for r := range b.rows {
			f, _ := b.field(r, col)
			do(b.first+r, f)
		}
	})
}

// columnReader reads a column of one block: as ints as long as they are, then as floats, whose bits
// take the place of the ints.
type columnReader struct {
	part
	out    []int64
	matrix bool
}

func (c *columnReader) block(b *block, col int) {
	for r := range b.rows {
		f, _ := b.field(r, col)
		if !c.floats && c.t <= Int {
			if n, ok := parseInt(f); ok {
				c.out[r], c.t = n, Int
				c.negative = c.negative || n <= 0 && hasMinus(f)
				continue
			}
		}
		if c.t == Bool {
			if _, ok := ParseBool(f); ok {
				continue
			}
		}
		if c.number(r, f) {
			continue
		}
		if c.part = join(c.part, c.typeOf(f)); c.t == Text && !c.overflows() {
			c.gap = c.gap || !c.matrix && b.gapAfter(r, col)
			return
		}
		c.unread = true
	}
}

// number reads a field as a float, or as a gap among numbers; false leaves it for typeOf.
func (c *columnReader) number(r int, f []byte) bool {
	if c.t > Float || c.unread {
		return false
	}
	x, ok := fastFloat(f)
	if !ok {
		x, ok = ParseFloat(f)
	}
	switch {
	case !ok && !c.matrix && IsMissing(f), ok && !c.matrix && x != x && IsMissing(f):
		x, c.gap = NaN, true
	case !ok:
		return false
	case c.first == noInt:
		c.t = Float
	case !isDigits(f):
		c.note(f, noInt)
		c.t = Float
	default:
		if _, ok := parseInt(f); !ok {
			return false
		}
		c.t = max(c.t, Int)
		c.negative = c.negative || hasMinus(f)
	}
	if !c.floats {
		c.floats = true
		for i, n := range c.out[:r] {
			c.out[i] = int64(math.Float64bits(float64(n)))
		}
	}
	c.out[r] = int64(math.Float64bits(x))
	return true
}

// gapAfter reports whether something is missing behind row r.
func (b *block) gapAfter(r, col int) bool {
	for ; r < b.rows; r++ {
		if f, _ := b.field(r, col); IsMissing(f) {
			return true
		}
	}
	return false
}

// typeOf is the type of one field.
func (c *columnReader) typeOf(f []byte) part {
	if !c.matrix && IsMissing(f) {
		return part{t: Empty, gap: true}
	}
	if n, ok := parseInt(f); ok {
		return part{t: Int, negative: n <= 0 && hasMinus(f)}
	}
	var p part
	if isDigits(f) {
		p.note(f, tooLarge)
		switch _, ok := parseUint(f); {
		case ok:
			p.t = Uint
		case c.matrix:
			p.t = Float
		default:
			p.t = Big
		}
		return p
	}
	p.note(f, noInt)
	p.t = c.kindOf(f)
	return p
}

// kindOf returns the type of a field that is neither missing nor an int.
func (c *columnReader) kindOf(f []byte) Type {
	if _, ok := ParseFloat(f); ok {
		return Float
	}
	if c.matrix {
		if _, ok := ParseComplex(f); ok {
			return Complex
		}
	}
	if _, ok := ParseBool(f); ok {
		return Bool
	}
	return Text
}

// Floats returns the columns of the given numbers as floats; a field that is none is an error.
func (t *Table) Floats(cols []int) (map[int][]float64, error) {
	out := make(map[int][]float64, len(cols))
	for _, c := range cols {
		out[c] = make([]float64, t.rows)
	}
	t.splitAll()
	errs := make([]error, len(t.blocks))
	parallel(len(t.blocks), func(k int) {
		b := &t.blocks[k]
		for _, c := range cols {
			column := out[c][b.first:]
			for r := range b.rows {
				f, _ := b.field(r, c)
				x, ok := ParseFloat(f)
				if !ok {
					errs[k] = errkind.New(errkind.ErrMalformed,
						"row %d, column %d: %.40q is no number", b.first+r, c, f)
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
