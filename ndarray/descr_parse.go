package ndarray

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseDescr returns the dtype that the descr of an .npy header describes. The text is a Python
// literal, which is parsed and not evaluated. It is a string, a list of (name, descr) and (name,
// descr, shape) tuples, or a (descr, shape) tuple, nested. A name may be a (title, name) tuple.
// Fields named "" of a void dtype are padding. ParseDescr also accepts a dictionary of names,
// formats, offsets, titles, itemsize and aligned, as str(dtype) shows it. For anything else the
// error is of the kind ErrDType.
//
// Reference: numpy/lib/format.py, descr_to_dtype.
func ParseDescr(s string) (*DType, error) {
	p := literalParser{s: s}
	if !isText(s) {
		return nil, p.fail("a text that is not UTF-8")
	}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.i < len(s) {
		return nil, p.fail("text after the descr")
	}
	return descrDType(v, 0, false)
}

// The value of a literal is a string, int, bool, nil or one of these.
type (
	literalList  []any
	literalTuple []any
	literalDict  map[string]any
)

// literalParser parses a Python literal.
type literalParser struct {
	s string
	i int // offset of the next byte
}

// maxLiteralDepth is more than MaxDTypeDepth levels of fields and subarrays need.
const maxLiteralDepth = 4 * MaxDTypeDepth

func (p *literalParser) fail(what string) error {
	return errorf(ErrDType, "descr: %s at character %d", what, p.i)
}

func (p *literalParser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *literalParser) value(depth int) (any, error) {
	if depth > maxLiteralDepth {
		return nil, errorf(ErrLimit, "descr: nested more than %d levels", maxLiteralDepth)
	}
	p.space()
	if p.i == len(p.s) {
		return nil, p.fail("unexpected end")
	}
	switch c := p.s[p.i]; {
	case c == '\'' || c == '"':
		return p.str()
	case c == '[':
		items, _, err := p.items(']', depth)
		return literalList(items), err
	case c == '(':
		items, comma, err := p.items(')', depth)
		if err == nil && len(items) == 1 && !comma {
			return items[0], nil
		}
		return literalTuple(items), err
	case c == '{':
		return p.dict(depth)
	case c >= '0' && c <= '9':
		return p.number()
	}
	for _, w := range [...]struct {
		word  string
		value any
	}{{"True", true}, {"False", false}, {"None", nil}} {
		if strings.HasPrefix(p.s[p.i:], w.word) {
			p.i += len(w.word)
			return w.value, nil
		}
	}
	if strings.HasPrefix(p.s[p.i:], "u'") || strings.HasPrefix(p.s[p.i:], `u"`) {
		p.i++
		return p.str()
	}
	return nil, p.fail("neither a string nor a list nor a tuple")
}

// items parses the items of a list or tuple. comma says whether a comma follows the last item.
func (p *literalParser) items(end byte, depth int) (items []any, comma bool, err error) {
	p.i++
	for {
		p.space()
		if p.i < len(p.s) && p.s[p.i] == end {
			p.i++
			return items, comma, nil
		}
		if len(items) > 0 && !comma {
			return nil, false, p.fail("no comma between items")
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, false, err
		}
		items = append(items, v)
		p.space()
		if comma = p.i < len(p.s) && p.s[p.i] == ','; comma {
			p.i++
		}
	}
}

func (p *literalParser) dict(depth int) (any, error) {
	p.i++
	d, comma := literalDict{}, true
	for {
		p.space()
		if p.i < len(p.s) && p.s[p.i] == '}' {
			p.i++
			return d, nil
		}
		if !comma {
			return nil, p.fail("no comma between items")
		}
		k, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		key, ok := k.(string)
		if _, twice := d[key]; !ok || twice {
			return nil, p.fail("a key that is not a string or occurs twice")
		}
		if p.space(); p.i == len(p.s) || p.s[p.i] != ':' {
			return nil, p.fail("no colon after a key")
		}
		p.i++
		if d[key], err = p.value(depth + 1); err != nil {
			return nil, err
		}
		p.space()
		if comma = p.i < len(p.s) && p.s[p.i] == ','; comma {
			p.i++
		}
	}
}

func (p *literalParser) number() (any, error) {
	start := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	n, err := strconv.Atoi(p.s[start:p.i])
	if err != nil {
		p.i = start
		return nil, p.fail("a number that is too large")
	}
	if p.i < len(p.s) && p.s[p.i] == 'L' { // a long of Python 2
		p.i++
	}
	return n, nil
}

// str parses a quoted string with Python's escapes.
func (p *literalParser) str() (any, error) {
	quote := p.s[p.i]
	var b []byte
	for p.i++; p.i < len(p.s); {
		switch c := p.s[p.i]; c {
		case quote:
			p.i++
			return string(b), nil
		case '\n':
			return nil, p.fail("a line break inside a string")
		case '\\':
			var err error
			if b, err = p.escape(b); err != nil {
				return nil, err
			}
		default:
			b = append(b, c)
			p.i++
		}
	}
	return nil, p.fail("a string without an end")
}

func (p *literalParser) escape(b []byte) ([]byte, error) {
	if p.i+1 >= len(p.s) {
		return nil, p.fail("a string without an end")
	}
	c := p.s[p.i+1]
	if i := strings.IndexByte(`\'"abfnrtv`, c); i >= 0 {
		p.i += 2
		return append(b, "\\'\"\a\b\f\n\r\t\v"[i]), nil
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if digits == 0 || p.i+2+digits > len(p.s) {
		return nil, p.fail("an escape that is not known")
	}
	n, err := strconv.ParseUint(p.s[p.i+2:p.i+2+digits], 16, 32)
	if err != nil || n > utf8.MaxRune {
		return nil, p.fail("an escape that is not known")
	}
	p.i += 2 + digits
	if n >= 0xd800 && n < 0xe000 {
		return append(b, 0xe0|byte(n>>12), 0x80|byte(n>>6&0x3f), 0x80|byte(n&0x3f)), nil
	}
	return utf8.AppendRune(b, rune(n)), nil
}

// descrDType returns the dtype for a parsed descr. With align, fields of a list are aligned.
func descrDType(v any, depth int, align bool) (*DType, error) {
	if depth > MaxDTypeDepth {
		return nil, errorf(ErrLimit, "descr: nested more than %d levels", MaxDTypeDepth)
	}
	switch v := v.(type) {
	case string:
		return parseFormat(v)
	case literalTuple:
		if len(v) != 2 {
			return nil, errorf(ErrDType, "descr: a tuple of %d where (descr, shape) belongs",
				len(v))
		}
		base, err := descrDType(v[0], depth+1, align)
		if err != nil {
			return nil, err
		}
		return descrSubarray(base, v[1])
	case literalList:
		return descrStruct(v, depth, align)
	case literalDict:
		return descrDictDType(v, depth)
	}
	return nil, errorf(ErrDType, "descr: a %T where a string, list or tuple belongs", v)
}

func descrSubarray(base *DType, v any) (*DType, error) {
	dims, ok := v.(literalTuple)
	if n, isInt := v.(int); isInt {
		dims, ok = literalTuple{n}, true
	}
	shape := make([]int, len(dims))
	for i := range dims {
		if ok {
			shape[i], ok = dims[i].(int)
		}
	}
	if !ok {
		return nil, errorf(ErrDType, "descr: a shape that is not a tuple of ints")
	}
	return NewSubarray(base, shape...)
}

func descrStruct(list literalList, depth int, align bool) (*DType, error) {
	fields, end := []Field{}, 0
	for i, item := range list {
		t, ok := item.(literalTuple)
		if !ok || len(t) != 2 && len(t) != 3 {
			return nil,
				errorf(ErrDType,
					"descr: field %d is not a tuple of name, descr and possibly a shape", i)
		}
		f := Field{Offset: end}
		if f.Name, f.Title, ok = descrName(t[0]); !ok {
			return nil, errorf(ErrDType, "descr: field %d has no name", i)
		}
		var err error
		if f.DType, err = descrDType(t[1], depth+1, align); err != nil {
			return nil, err
		}
		if len(t) == 3 {
			if f.DType, err = descrSubarray(f.DType, t[2]); err != nil {
				return nil, err
			}
		}
		if end, ok = addInt(end, f.DType.itemsize); !ok {
			return nil, errorf(ErrDType, "descr: the itemsize overflows at field %q", f.Name)
		}
		if f.Name != "" || f.Title != nil || f.DType.kind != KindVoid || f.DType.isStruct() {
			fields = append(fields, f)
		}
	}
	if align {
		return NewStruct(fields, true)
	}
	return NewDType(DTypeSpec{Kind: KindVoid, ItemSize: end, Fields: fields})
}

// descrName splits a name, which may be a tuple of title and name.
func descrName(v any) (name string, title any, ok bool) {
	if t, isTuple := v.(literalTuple); isTuple {
		if len(t) != 2 {
			return "", nil, false
		}
		title, v = t[0], t[1]
	}
	name, ok = v.(string)
	return name, title, ok
}

// descrDictDType returns the dtype for the dictionary form.
func descrDictDType(d literalDict, depth int) (*DType, error) {
	names, ok1 := d["names"].(literalList)
	formats, ok2 := d["formats"].(literalList)
	offsets, ok3 := d["offsets"].(literalList)
	itemsize, ok4 := d["itemsize"].(int)
	titles, _ := d["titles"].(literalList)
	if !ok1 || !ok2 || !ok3 || !ok4 || len(formats) != len(names) || len(offsets) != len(names) ||
		titles != nil && len(titles) != len(names) {
		return nil,
			errorf(ErrDType,
				"descr: a dictionary without lists of names, formats and offsets, and an itemsize")
	}
	aligned, _ := d["aligned"].(bool)
	spec := DTypeSpec{Kind: KindVoid, ItemSize: itemsize, Aligned: aligned, Fields: []Field{},
		Alignment: 1}
	for i := range names {
		f := Field{}
		if f.Name, ok1 = names[i].(string); !ok1 {
			return nil, errorf(ErrDType, "descr: name %d is not a string", i)
		}
		if f.Offset, ok1 = offsets[i].(int); !ok1 {
			return nil, errorf(ErrDType, "descr: offset %d is not an int", i)
		}
		var err error
		if f.DType, err = descrDType(formats[i], depth+1, aligned); err != nil {
			return nil, err
		}
		if titles != nil {
			f.Title = titles[i]
		}
		if aligned {
			spec.Alignment = max(spec.Alignment, f.DType.align)
		}
		spec.Fields = append(spec.Fields, f)
	}
	return NewDType(spec)
}
