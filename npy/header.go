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

// Magic is what every .npy file begins with.
const Magic = magic.NPY

// Header is what stands before the data of an array.
//
// Reference: numpy/lib/format.py (numpy/lib/_format_impl.py since 2.3).
type Header struct {
	// Major and Minor are the version of the format: 1.0, 2.0 or 3.0.
	Major, Minor byte
	// DType is the dtype of the elements. If it has objects the data is a pickle.
	DType *ndarray.DType
	// Shape is the number of elements along each axis.
	Shape []int
	// Order is OrderF if the data is in Fortran order, else OrderC.
	Order ndarray.Order
	// Len is the length of the header in bytes: where the data begins.
	Len int
}

// NBytes returns how many bytes of data follow a header whose dtype has no objects.
func (h *Header) NBytes() int {
	if h.DType == nil {
		return 0
	}
	n := h.DType.ItemSize()
	for _, d := range h.Shape {
		n *= d // readHeader has checked the product
	}
	return n
}

// readHeader reads up to the data. io.EOF says that there is nothing, not even a first byte.
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

// parse reads the dictionary of the header.
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

// set reads the value of one key.
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

// check refuses shapes that overflow or pass a limit, before anything is allocated
// for them. As in NumPy, a dimension of 0 does not excuse others that overflow.
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

// maxEmptyElements bounds arrays of dtypes of no bytes, such as <U0, whose size nothing
// in the file warrants.
const maxEmptyElements = 1 << 24

// fromLatin1 makes UTF-8 of latin-1.
func fromLatin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

// parser reads the Python literal that a header is: only the forms that NumPy has
// written there. Nothing is evaluated.
type parser struct {
	s string
	i int
}

func (p *parser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n\f", p.s[p.i]) >= 0 {
		p.i++
	}
}

// skip passes over c, if it is next.
func (p *parser) skip(c byte) bool {
	p.space()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// dict reads a dictionary to the end of the text and calls value where the value of a
// key begins.
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

// literal returns the text of a literal: to the comma, colon or bracket that ends it,
// but for those in strings and in brackets of its own.
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

// str passes over a string that begins with the quote here.
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

// word reads letters.
func (p *parser) word() string {
	p.space()
	start := p.i
	for p.i < len(p.s) && (p.s[p.i]|0x20 >= 'a' && p.s[p.i]|0x20 <= 'z') {
		p.i++
	}
	return p.s[start:p.i]
}

// ints reads a tuple of ints, which Python 2 may have written with an L behind each.
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
