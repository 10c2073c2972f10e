package delimited

import (
	"cmp"
	"math"

	"github.com/unpkl/unpkl/internal/errkind"
)

// Type is the type of a column, as pandas infers it.
type Type uint8

// The types. A number type holds the values of the number types before it, apart from Big.
const (
	Empty Type = iota // all values are missing
	Int
	Uint
	Float
	Complex
	Big // ints that fit neither int64 nor uint64
	Bool
	Text
)

// missing are the fields that pandas takes for missing values.
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

// Column is a column of one type. The slice of elements of its type is set; Big and Text have none.
type Column struct {
	Type    Type
	Ints    []int64
	Uints   []uint64
	Floats  []float64
	Complex []complex128
	Bools   []bool
	Missing []bool // for Big, Bool and Text; nil if no value is missing

	info typeInfo // of the fields, before pandas' rules for a whole column
}

// Types collects the types of the columns of a text that is read in parts.
type Types []typeInfo

// Add adds the columns of the next part.
func (t *Types) Add(columns []Column) {
	if *t == nil {
		*t = make(Types, len(columns))
	}
	for c := range columns {
		(*t)[c] = merge((*t)[c], columns[c].info)
	}
}

// Type returns the type of a column, and whether values are missing in it.
func (t Types) Type(c int) (typ Type, missing bool) {
	typ = t[c].finalType(false)
	return typ, t[c].hasMissing(typ)
}

// As returns column c of a table as a type that holds all its fields: Int, Float, Bool or Text.
// column is the column that Read returned.
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
	t.convertColumn(&out, c, nil, typ == Text)
	return out
}

// typeInfo describes the fields of a block of a column, from which the type of the column follows.
type typeInfo struct {
	t        Type
	missing  bool // a value is missing
	negative bool // a field has a minus
	large    bool // a field is a uint64 that does not fit int64
	fraction bool // a field is a number but no int; t Float implies it
	// first is the failure of the first field that is neither missing nor an int64. unsigned is
	// that of the first field without a minus that is neither missing nor a uint64.
	first, unsigned intFailure
	// floats says that the numbers of the block are stored as the bits of floats, not as ints;
	// unread that not all of them are stored.
	floats, unread bool
}

// intFailure says why a field is no int of a type.
type intFailure uint8

const (
	isInt intFailure = iota // it is one
	tooLarge
	noInt
)

// noteField records a field that is neither missing nor an int64, and fails in the given way.
func (p *typeInfo) noteField(f []byte, how intFailure) {
	minus := hasMinus(f)
	p.negative = p.negative || minus
	p.first = cmp.Or(p.first, how)
	if p.unsigned == isInt && !minus {
		if _, ok := parseUint(f); !ok {
			p.unsigned = how
		} else {
			p.large = true
		}
	}
}

// Infer returns the columns with the types that pandas' read_csv infers: ints if all fields are
// ints, floats if all are numbers or missing, bools, or else text. With matrix no field counts as
// missing, so that an empty field is text; there are complex numbers; and ints that do not fit 64
// bits are floats.
func (t *Table) Infer(matrix bool) []Column {
	cols := make([]Column, t.cols)
	t.splitAll()
	for c := range cols {
		cols[c].Ints = make([]int64, t.rows)
	}
	parts := make([]typeInfo, len(t.blocks)*t.cols)
	parallel(len(parts), func(i int) {
		b, c := &t.blocks[i/t.cols], i%t.cols
		r := columnReader{out: cols[c].Ints[b.firstRow : b.firstRow+b.rows], matrix: matrix}
		r.block(b, c)
		parts[i] = r.typeInfo
	})
	for c := range cols {
		var whole typeInfo
		own := make([]typeInfo, 0, len(t.blocks))
		for i := c; i < len(parts); i += t.cols {
			whole = merge(whole, parts[i])
			own = append(own, parts[i])
		}
		cols[c].Type, cols[c].info = whole.finalType(matrix), whole
		t.convertColumn(&cols[c], c, own, whole.hasMissing(cols[c].Type))
	}
	return cols
}

// finalType returns the type of a column. pandas has no missing ints, and no dtype for ints of both
// signs beyond int64. If ints are too large, the type depends on the order of the fields.
//
// Reference: pandas/_libs/parsers.pyx, _convert_tokens, _convert_with_dtype, _try_uint64.
func (p typeInfo) finalType(matrix bool) Type {
	switch {
	case p.t == Empty, p.t == Int && p.missing, matrix && p.t == Uint && p.negative:
		return Float
	case matrix || p.t != Uint && p.t != Float && p.t != Big:
		return p.t
	case !p.overflows():
		return Float
	case p.unsigned == isInt && p.large && (p.negative || p.missing):
		return Text
	case p.unsigned == isInt && !p.negative:
		return Uint
	case p.fraction:
		return Text
	}
	return Big
}

// overflows reports whether pandas does not try floats, because an int that is too large precedes
// the first field that is no int.
func (p typeInfo) overflows() bool { return p.first == tooLarge && p.unsigned != noInt }

// hasMissing reports whether values are missing in a column of the given type. If the column is
// text because ints are too large, pandas keeps missing values as text too.
func (p typeInfo) hasMissing(t Type) bool { return p.missing && !(t == Text && p.overflows()) }

// merge returns the typeInfo of two blocks, of which a comes first.
func merge(a, b typeInfo) typeInfo {
	t := max(a.t, b.t)
	if lo := min(a.t, b.t); t == Bool && lo != Empty && lo != Bool {
		t = Text
	}
	return typeInfo{
		t: t, missing: a.missing || b.missing, negative: a.negative || b.negative,
		large:    a.large || b.large,
		fraction: a.fraction || b.fraction || a.t == Float || b.t == Float,
		first:    cmp.Or(a.first, b.first), unsigned: cmp.Or(a.unsigned, b.unsigned),
	}
}

// convertColumn converts a column to its type. parts describe its blocks.
func (t *Table) convertColumn(c *Column, col int, parts []typeInfo, gaps bool) {
	ints := c.Ints
	if c.Type != Int {
		c.Ints = nil
	}
	switch c.Type {
	case Uint:
		c.Uints = make([]uint64, t.rows)
		t.eachField(col, func(row int, f []byte) {
			c.Uints[row], _ = parseUint(f)
		})
	case Float:
		c.Floats = make([]float64, t.rows)
		parallel(len(t.blocks), func(k int) {
			b := &t.blocks[k]
			end := b.firstRow + b.rows
			b.floats(c.Floats[b.firstRow:end], ints[b.firstRow:end], parts[k], col)
		})
	case Complex:
		c.Complex = make([]complex128, t.rows)
		t.eachField(col, func(row int, f []byte) { c.Complex[row], _ = ParseComplex(f) })
	case Bool:
		c.Bools = make([]bool, t.rows)
		t.eachField(col, func(row int, f []byte) { c.Bools[row], _ = ParseBool(f) })
	}
	if gaps && c.Type >= Big {
		c.Missing = make([]bool, t.rows)
		t.eachField(col, func(row int, f []byte) { c.Missing[row] = IsMissing(f) })
	}
}

// floats sets out to the numbers of a column, which a columnReader left in ints.
func (b *block) floats(out []float64, ints []int64, p typeInfo, col int) {
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

// splitAll splits all blocks.
func (t *Table) splitAll() {
	parallel(len(t.blocks), func(k int) {
		for c := range t.cols {
			t.split(&t.blocks[k], c)
		}
	})
}

// eachField calls do for each field of a column, on all cores.
func (t *Table) eachField(col int, do func(row int, f []byte)) {
	parallel(len(t.blocks), func(k int) {
		b := &t.blocks[k]
		t.split(b, col)
		for r := range b.rows {
			f, _ := b.field(r, col)
			do(b.firstRow+r, f)
		}
	})
}

// columnReader reads a column of a block: as ints as long as all fields are ints, then as floats,
// whose bits replace the ints.
type columnReader struct {
	typeInfo
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
		if c.typeInfo = merge(c.typeInfo, c.typeOf(f)); c.t == Text && !c.overflows() {
			c.missing = c.missing || !c.matrix && b.gapAfter(r, col)
			return
		}
		c.unread = true
	}
}

// number reads a field as a float, or as a missing value among numbers. It returns false for other
// fields.
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
		x, c.missing = NaN, true
	case !ok:
		return false
	case c.first == noInt:
		c.t = Float
	case !isDigits(f):
		c.noteField(f, noInt)
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

// gapAfter reports whether a value is missing in row r or after it.
func (b *block) gapAfter(r, col int) bool {
	for ; r < b.rows; r++ {
		if f, _ := b.field(r, col); IsMissing(f) {
			return true
		}
	}
	return false
}

// typeOf returns the typeInfo of one field.
func (c *columnReader) typeOf(f []byte) typeInfo {
	if !c.matrix && IsMissing(f) {
		return typeInfo{t: Empty, missing: true}
	}
	if n, ok := parseInt(f); ok {
		return typeInfo{t: Int, negative: n <= 0 && hasMinus(f)}
	}
	var p typeInfo
	if isDigits(f) {
		p.noteField(f, tooLarge)
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
	p.noteField(f, noInt)
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

// Floats returns the given columns as floats. A field that is no number is an error.
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
			column := out[c][b.firstRow:]
			for r := range b.rows {
				f, _ := b.field(r, c)
				x, ok := ParseFloat(f)
				if !ok {
					errs[k] = errkind.New(errkind.ErrMalformed,
						"row %d, column %d: %.40q is no number", b.firstRow+r, c, f)
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
