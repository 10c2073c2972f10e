package npy

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/ndarray"
)

// Magic is the beginning of every .npy file.
const Magic = magic.NPY

// A Header is the part of an .npy file before the data of the array.
//
// Reference: numpy/lib/format.py (numpy/lib/_format_impl.py since 2.3).
type Header struct {
	// Major and Minor are the version of the format: 1.0, 2.0 or 3.0.
	Major, Minor byte
	// DType is the dtype of the elements. If it has objects, the data is a pickle.
	DType *ndarray.DType
	// Shape is the number of elements along each axis.
	Shape []int
	// Order is OrderF if the data is in Fortran order, and otherwise OrderC.
	Order ndarray.Order
	// Len is the length of the header in bytes, which is the offset of the data.
	Len int
}

// NBytes returns the size of the data in bytes. The dtype must not have objects.
func (h *Header) NBytes() int {
	if h.DType == nil {
		return 0
	}
	n := h.DType.ItemSize()
	for _, d := range h.Shape {
		n *= d // readHeader has checked the product.
	}
	return n
}

// readHeader reads up to the data. It returns io.EOF if r has not even one byte.
func readHeader(r io.Reader, o options) (*Header, error) {
	var fixed [len(Magic) + 2 + 4]byte
	head := fixed[:len(Magic)+2]
	if n, err := io.ReadFull(r, head); err != nil {
		if err == io.EOF {
			return nil, err
		}
		if !strings.HasPrefix(Magic, string(head[:min(n, len(Magic))])) {
			return nil, errMagic
		}
		return nil, readError(err, "header")
	}
	if string(head[:len(Magic)]) != Magic {
		return nil, errMagic
	}
	h := &Header{Major: head[len(Magic)], Minor: head[len(Magic)+1]}
	size := 2
	switch {
	case h.Minor != 0 || h.Major < 1 || h.Major > 3:
		return nil, unsupported("format version %d.%d", h.Major, h.Minor)
	case h.Major > 1:
		size = 4
	}
	if _, err := io.ReadFull(r, fixed[8:8+size]); err != nil {
		return nil, readError(err, "header")
	}
	n := int64(binary.LittleEndian.Uint32(fixed[8:])) // fixed is zero beyond 2 bytes
	if n > o.headerBytes {
		return nil, limitError("header of %d bytes, at most %d allowed", n, o.headerBytes)
	}
	text, err := readData(r, int(n), false, "header")
	if err != nil {
		return nil, err
	}
	h.Len = 8 + size + int(n)
	return h, h.parse(text, o)
}

// parse parses the dictionary of the header.
func (h *Header) parse(text []byte, o options) error {
	s := string(text)
	if h.Major == 3 {
		if !utf8.ValidString(s) {
			return malformed("the header is not UTF-8")
		}
	} else {
		s = fromLatin1(text)
	}
	seen := map[string]bool{}
	p := parser{s: s}
	err := p.dict(func(key string) error {
		if seen[key] {
			return malformed("the header has the key %q twice", key)
		}
		seen[key] = true
		return h.set(&p, key)
	})
	if err != nil {
		return err
	}
	if len(seen) != 3 {
		return malformed("the header lacks one of the keys descr, fortran_order and shape")
	}
	return h.check(o)
}

// set parses the value of one key.
func (h *Header) set(p *parser, key string) (err error) {
	switch key {
	case "descr":
		descr, err := p.literal()
		if err != nil {
			return err
		}
		h.DType, err = ndarray.ParseDescr(descr)
		if err != nil {
			return wrap(err)
		}
		return nil
	case "fortran_order":
		h.Order = ndarray.OrderC
		switch word := p.word(); word {
		case "True":
			h.Order = ndarray.OrderF
		case "False":
		default:
			return malformed("fortran_order is neither True nor False")
		}
		return nil
	case "shape":
		h.Shape, err = p.ints()
		return err
	}
	return malformed("the header has the key %q", key)
}

// check returns an error for a shape that overflows or exceeds a limit, before anything is
// allocated. As in NumPy, all dimensions that are not 0 must fit together even if another dimension
// is 0.
func (h *Header) check(o options) error {
	if len(h.Shape) > o.dims {
		return limitError("%d dimensions, at most %d allowed", len(h.Shape), o.dims)
	}
	itemsize := h.DType.ItemSize()
	total, size, empty := uint64(max(itemsize, 1)), int64(1), false
	for _, n := range h.Shape {
		if n == 0 {
			empty = true
			continue
		}
		hi, lo := bits.Mul64(total, uint64(n))
		if hi != 0 || lo > maxInt {
			return malformed("shape %v with itemsize %d overflows", h.Shape, itemsize)
		}
		total, size = lo, size*int64(n)
	}
	if !empty && size > o.elements {
		return limitError("%d elements, at most %d allowed", size, o.elements)
	}
	if !empty && itemsize == 0 && size > maxEmptyElements {
		return limitError("%d elements of no bytes, at most %d allowed", size, maxEmptyElements)
	}
	return nil
}

const maxInt = 1<<(bits.UintSize-1) - 1

// maxEmptyElements bounds the size of arrays of a dtype without bytes, such as <U0, which the
// length of the file does not bound.
const maxEmptyElements = 1 << 24

// fromLatin1 converts Latin-1 to UTF-8.
func fromLatin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

// parser parses the Python literal in a header, in the forms that NumPy writes. Nothing is
// evaluated.
type parser struct {
	s string
	i int // offset of the next byte
}

func (p *parser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n\f", p.s[p.i]) >= 0 {
		p.i++
	}
}

// skip skips c, and reports whether it was the next byte.
func (p *parser) skip(c byte) bool {
	p.space()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// dict parses a dictionary up to the end of the text. It calls value at the beginning of each
// value.
func (p *parser) dict(value func(key string) error) error {
	if !p.skip('{') {
		return malformed("the header is not a dictionary")
	}
	for !p.skip('}') {
		key, err := p.literal()
		if err != nil {
			return err
		}
		if n := len(key); n < 2 || key[0] != key[n-1] || key[0] != '\'' && key[0] != '"' {
			return malformed("a key of the header is not a string")
		}
		if !p.skip(':') {
			return malformed("a key of the header has no value")
		}
		if err := value(key[1 : len(key)-1]); err != nil {
			return err
		}
		if !p.skip(',') {
			if !p.skip('}') {
				return malformed("the header's dictionary does not end")
			}
			break
		}
	}
	if p.space(); p.i < len(p.s) {
		return malformed("text after the header's dictionary")
	}
	return nil
}

// literal returns the text of a literal, up to the comma, colon or bracket that ends it. Those
// inside strings and nested brackets do not count.
func (p *parser) literal() (string, error) {
	p.space()
	start, depth := p.i, 0
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '\'' || c == '"':
			if !p.str(c) {
				return "", errHeaderEnd
			}
			continue
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case depth > 0 && strings.IndexByte(")]}", c) >= 0:
			depth--
		case depth == 0 && strings.IndexByte(",:)]}", c) >= 0:
			return strings.TrimRight(p.s[start:p.i], " \t\r\n\f"), nil
		}
		p.i++
	}
	return "", errHeaderEnd
}

// str skips a string that begins with the given quote here.
func (p *parser) str(quote byte) bool {
	for p.i++; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '\\':
			p.i++
		case quote:
			p.i++
			return true
		}
	}
	return false
}

// word returns the letters that follow.
func (p *parser) word() string {
	p.space()
	start := p.i
	for p.i < len(p.s) && (p.s[p.i]|0x20 >= 'a' && p.s[p.i]|0x20 <= 'z') {
		p.i++
	}
	return p.s[start:p.i]
}

// ints parses a tuple of ints. Python 2 may have written an L after each.
func (p *parser) ints() ([]int, error) {
	if !p.skip('(') {
		return nil, malformed("the shape is not a tuple")
	}
	shape := []int{}
	comma := true
	for !p.skip(')') {
		if !comma {
			return nil, malformed("the shape is not a tuple of ints")
		}
		n, err := p.int()
		if err != nil {
			return nil, err
		}
		shape = append(shape, n)
		comma = p.skip(',')
	}
	if len(shape) == 1 && !comma {
		return nil, malformed("the shape is not a tuple")
	}
	return shape, nil
}

func (p *parser) int() (int, error) {
	p.space()
	start := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	digits := p.s[start:p.i]
	if p.i < len(p.s) && p.s[p.i] == 'L' {
		p.i++
	}
	n, err := strconv.Atoi(digits)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, malformed("a dimension of the shape overflows")
	case err != nil || len(digits) > 1 && digits[0] == '0':
		return 0, malformed("the shape is not a tuple of non-negative ints")
	}
	return n, nil
}
