package ndarray

import (
	"strings"
	"unicode/utf8"
)

// The parameters of printing, which are NumPy's default print options.
const (
	printThreshold = 1000 // number of elements above which an array is summarised
	printEdge      = 3    // number of elements that a summary shows at each end of an axis
	printWidth     = 75   // characters in a line
	printPrecision = 8    // digits after the decimal point
	// printLimit bounds the number of values that are shown: even in a summary, many short axes or
	// parts of a dtype multiply.
	printLimit = 1 << 20
	// printDepth bounds the depth of arrays inside object arrays, which may contain themselves.
	printDepth = 4
)

// String returns str(array), as NumPy 2 formats it with its default options: rows in brackets, at
// most 8 digits after the point, and "..." in the middle of arrays of more than 1,000 elements. A
// 0-d array is formatted as its element. In object arrays, None, numbers, strings, bytes and arrays
// are formatted as in Python; other elements as the name of their Go type. Arrays inside object
// arrays are shown four levels deep. An array of more than a million values, or one whose memory is
// gone, is shown by its shape and dtype alone.
//
// Reference: numpy/_core/arrayprint.py, array2string.
func (a *Array) String() string { return a.text(printDepth) }

func (a *Array) text(depth int) string {
	if a.alive() != nil || a.tooLarge() {
		return "<array of shape " + shapeText(a.Shape()) + ", dtype " + a.DType().brief() + ">"
	}
	if a.NDim() == 0 {
		return scalarText(a.DType(), a.atPos(a.pos), depth)
	}
	return a.layOutText(" ", "", 0, depth)
}

// Repr returns repr(array) of a numpy.ndarray, as NumPy 2 formats it.
func (a *Array) Repr() string { return a.repr(printDepth) }

func (a *Array) repr(depth int) string {
	if a.alive() != nil || a.tooLarge() {
		return a.text(depth)
	}
	const prefix = "array("
	list := a.layOutText(", ", prefix, 1, depth)
	var extras []string
	if size := a.Size(); size == 0 && !sameShape(a.Shape(), []int{0}) || size > printThreshold {
		extras = append(extras, "shape="+shapeText(a.Shape()))
	}
	if !a.DType().implied() || a.Size() == 0 {
		extras = append(extras, "dtype="+a.DType().shortRepr())
	}
	if extras == nil {
		return prefix + list + ")"
	}
	s, extra := prefix+list+",", strings.Join(extras, ", ")+")"
	last := utf8.RuneCountInString(s[strings.LastIndexByte(s, '\n')+1:])
	if last+len(extra)+1 > printWidth {
		return s + "\n" + strings.Repeat(" ", len(prefix)) + extra
	}
	return s + " " + extra
}

// implied reports whether repr leaves out the dtype because NumPy would infer it.
func (d *DType) implied() bool {
	if d.isStruct() || !d.IsNative() {
		return false
	}
	return d.kind == KindBool || (d.kind == KindInt || d.kind == KindFloat) && d.itemsize == 8 ||
		d.kind == KindComplex && d.itemsize == 16
}

// shortRepr formats the dtype as in repr(array).
func (d *DType) shortRepr() string {
	switch {
	case d.kind == KindString:
		return d.String()
	case d.isStruct():
		return d.String()
	case d.kind == KindBytes || d.kind == KindStr || d.kind == KindVoid || !d.IsNative():
		return "'" + d.Str() + "'"
	case d.kind == KindDatetime || d.kind == KindTimedelta:
		return "'" + d.Name() + "'"
	}
	return d.Name()
}

// shown returns how many positions of an axis are shown.
func shown(n int, summary bool) int {
	if summary && n > 2*printEdge {
		return 2 * printEdge
	}
	return n
}

func (a *Array) tooLarge() bool {
	n, summary := a.DType().leaves(), a.Size() > printThreshold
	for _, d := range a.Shape() {
		if n *= shown(d, summary); n > printLimit {
			return true
		}
	}
	return n > printLimit
}

// leaves returns the number of values in an element, or some number above printLimit.
func (d *DType) leaves() int {
	n := 1
	if base, shape := d.Subarray(); base != nil {
		n = base.leaves()
		for _, m := range shape {
			n = min(n*min(m, printLimit+1), printLimit+1)
		}
		return n
	}
	for _, f := range d.Fields() {
		n = min(n+f.DType.leaves(), printLimit+1)
	}
	return n
}

// layOutText is NumPy's array2string.
func (a *Array) layOutText(separator, prefix string, suffix, depth int) string {
	if a.Size() == 0 {
		return "[]"
	}
	p := printer{a: a, separator: separator, summary: a.Size() > printThreshold}
	var values []any
	p.corners(0, a.pos, func(pos int) { values = append(values, a.atPos(pos)) })
	p.format = formatterOf(a.DType(), values, a.NDim() == 0, depth)
	return p.axis(0, a.pos, strings.Repeat(" ", len(prefix)+1), printWidth-suffix)
}

// printer is the state of one call of layOutText.
type printer struct {
	a         *Array
	separator string
	summary   bool
	format    formatter
}

// corners calls f with the positions of the elements that are shown. It recurses once for each
// dimension.
func (p *printer) corners(axis, pos int, f func(pos int)) {
	if axis == p.a.NDim() {
		f(pos)
		return
	}
	n, step := p.a.Shape()[axis], p.a.Strides()[axis]
	k := shown(n, p.summary)
	for i := range k {
		if k < n && i >= printEdge {
			i += n - k
		}
		p.corners(axis+1, pos+i*step, f)
	}
}

// axis formats everything below one position of the outer axes, as NumPy's _formatArray does.
func (p *printer) axis(axis, pos int, indent string, width int) string {
	left := p.a.NDim() - axis
	if left == 0 {
		return p.format(p.a.atPos(pos))
	}
	n, step := p.a.Shape()[axis], p.a.Strides()[axis]
	k := shown(n, p.summary)
	if left == 1 {
		return p.row(pos, n, k, step, indent, width)
	}
	lineSep := strings.TrimRight(p.separator, " ") + strings.Repeat("\n", left-1)
	var s strings.Builder
	s.WriteByte('[')
	for i := range k {
		if i > 0 {
			s.WriteString(lineSep)
			s.WriteString(indent)
		}
		if k < n && i == printEdge {
			s.WriteString("..." + lineSep + indent)
		}
		if k < n && i >= printEdge {
			i += n - k
		}
		s.WriteString(p.axis(axis+1, pos+i*step, indent+" ", width-1))
	}
	s.WriteByte(']')
	return s.String()
}

// row formats the last axis, in lines of at most width characters.
func (p *printer) row(pos, n, k, step int, indent string, width int) string {
	w := wrapper{indent: indent, line: indent, column: len(indent),
		width: width - max(len(strings.TrimRight(p.separator, " ")), 1)}
	for i := range k {
		if k < n && i == printEdge {
			w.add("...")
			w.raw(p.separator)
		}
		if k < n && i >= printEdge {
			i += n - k
		}
		w.add(p.format(p.a.atPos(pos + i*step)))
		if i < n-1 {
			w.raw(p.separator)
		}
	}
	w.done.WriteString(w.line)
	return "[" + w.done.String()[len(indent):] + "]"
}

// wrapper breaks words into lines.
type wrapper struct {
	indent string
	done   strings.Builder
	line   string
	column int // characters in line
	width  int
}

func (w *wrapper) raw(s string) {
	w.line += s
	w.column += utf8.RuneCountInString(s)
}

func (w *wrapper) newLine(start string) {
	w.done.WriteString(strings.TrimRight(w.line, " "))
	w.done.WriteByte('\n')
	w.line, w.column = start, utf8.RuneCountInString(start)
}

// add appends a word, on a new line if it does not fit and a new line has more room. A word of
// several lines is indented as a block.
func (w *wrapper) add(word string) {
	lines := strings.Split(word, "\n")
	widest := 0
	for _, l := range lines {
		widest = max(widest, utf8.RuneCountInString(l))
	}
	if w.column+widest > w.width && w.column > len(w.indent) {
		w.newLine(w.indent)
	}
	block := strings.Repeat(" ", w.column)
	w.raw(lines[0])
	for _, l := range lines[1:] {
		w.newLine(block)
		w.raw(l)
	}
	if len(lines) > 1 {
		w.raw(strings.Repeat(" ", widest-utf8.RuneCountInString(lines[len(lines)-1])))
	}
}
