// Package jsonval converts objects, as package pickle creates them, to the JSON of unpkl to-json,
// and back. docs/objects.md says what each kind of value looks like.
//
// An Encoder does not recurse on the data: it has a stack of the containers around the current
// value. Each value is converted one level at a time (expand): to a leaf, or to members, each of
// which is created when it is written. Each family of types, such as NumPy's or the standard
// library's, has a file of its own and a function in the list of families.
package jsonval

import (
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// Arrays says how arrays are written.
type Arrays int

// The forms of an array.
const (
	ArraysShape  Arrays = iota // dtype, shape, order and nbytes; the elements are not read
	ArraysValues               // the same, and "data": nested lists
	ArraysBase64               // the same, and "base64": the elements' bytes in C order
	ArraysNone                 // null
)

// Options are the options of an [Encoder]. The zero value is the default of to-json, except for
// Indent.
type Options struct {
	Arrays Arrays
	// Stats adds the minimum, maximum, mean and number of NaNs to each array of numbers.
	Stats bool
	// Indent is the number of spaces per level. 0 puts a document on one line.
	Indent int
	// Refs writes every container that was written before as a $ref to its first place. Without it,
	// only a container inside itself is written so.
	Refs bool
	// RefsAt is a size of a document in bytes. If Refs is false and a document reaches that size
	// mainly by containers that occur several times, Encode returns ErrUnfolds. 0 means never.
	RefsAt int64
	// MeasureAt is a size of a document in bytes. When a document reaches it, its total size is
	// estimated, once, and compared with RefsAt and the limit of the output. So a caller that holds
	// back the first MeasureAt bytes can pass on everything after them without a risk. 0 means that
	// a document is measured later, when it is large itself.
	MeasureAt int64
	// Lossless writes every value so that Decode returns an equal one: it adds special forms for
	// types that JSON does not distinguish, and implies Refs and ArraysBase64.
	Lossless bool
	// Once, if not nil, reports whether a list, tuple, dict, set or object occurs only once in the
	// document, so that the Encoder need not remember it. It is not called with Lossless, which
	// writes containers that are only part of the representation of an array.
	Once func(container any) bool
	// Limits has the limits Depth, IntDigits and OutputBytes. The last one is for all documents of
	// the Encoder together.
	Limits pickle.Limits
}

// An Encoder writes JSON documents, each followed by a newline.
type Encoder struct {
	out     io.Writer
	o       Options
	limits  pickle.Limits
	buf     []byte
	flushed int64

	pandas   reconstruct.Pandas // the library values of the document
	doc      any                // the value of the document
	docStart int64              // flushed when the document began
	measured bool               // whether checkSize has compared its size with the limit
	compared bool               // whether checkSize has compared its size with that under Refs
	stack    []frame
	inside   map[any]int    // index in stack of each container that is open, by identity
	places   map[any]*place // with Refs: places of all containers so far, by identity
}

// flushAt is the size from which the buffer is written out, and the size of the pieces in which
// long strings are written, in bytes.
const flushAt = 64 << 10

// frame is a container that is being written.
type frame struct {
	members
	next    int  // index of the next member
	n       int  // number of members
	object  bool // whether it is a JSON object
	oneLine bool
	id      any    // identity; nil for parts of a special form
	key     string // of the current member
	place   *place // with Refs
}

// NewEncoder returns an Encoder that writes to out.
func NewEncoder(out io.Writer, o Options) *Encoder {
	if o.Lossless {
		o.Refs, o.Arrays = true, ArraysBase64
	}
	return &Encoder{out: out, o: o, limits: o.Limits.WithDefaults()}
}

// Encode writes v as one document and flushes it. After an error, which may be a
// *pickle.LimitError, part of the document may have been written.
func (e *Encoder) Encode(v any) error {
	e.stack, e.inside, e.places = e.stack[:0], make(map[any]int), nil
	e.pandas = reconstruct.Pandas{}
	e.doc, e.docStart, e.measured, e.compared = v, e.flushed, e.o.Refs, false
	if e.o.Refs {
		e.places = make(map[any]*place)
	}
	if err := e.document(v); err != nil {
		return err
	}
	e.buf = append(e.buf, '\n')
	return e.flush()
}

// document writes v with everything in it.
func (e *Encoder) document(v any) error {
	if err := e.begin(v); err != nil {
		return err
	}
	for len(e.stack) > 0 {
		f := &e.stack[len(e.stack)-1]
		if f.next == f.n {
			e.end()
			continue
		}
		key, v, err := f.at(f.next)
		if err != nil {
			return err
		}
		if f.next > 0 {
			e.buf = append(e.buf, ',')
		}
		e.space(f, len(e.stack), f.next > 0)
		f.next++
		if f.object {
			f.key = key
			if err := e.string(key); err != nil {
				return err
			}
			e.buf = append(e.buf, ':')
			if e.o.Indent > 0 {
				e.buf = append(e.buf, ' ')
			}
		}
		if err := e.begin(v); err != nil {
			return err
		}
	}
	return nil
}

// space writes the white space before a member of f, or before the end of f: a newline and
// indentation, or a space between members that are on one line.
func (e *Encoder) space(f *frame, level int, between bool) {
	switch {
	case e.o.Indent == 0:
	case !f.oneLine:
		e.buf = append(e.buf, '\n')
		for range level * e.o.Indent {
			e.buf = append(e.buf, ' ')
		}
	case between:
		e.buf = append(e.buf, ' ')
	}
}

// begin writes v if it is a leaf, or else the beginning of a container.
func (e *Encoder) begin(v any) error {
	if len(e.buf) >= flushAt {
		if err := e.flush(); err != nil {
			return err
		}
	}
	if e.o.Lossless {
		switch x := v.(type) {
		case float64:
			v = floatForm(x)
		case string:
			v = textForm(x)
		}
	}
	if done, err := e.scalar(v); done || err != nil {
		return err
	}
	id := e.identity(v)
	if id != nil {
		if ref, ok := e.reference(id); ok {
			v, id = ref, nil
		}
	}
	v, err := e.expand(v)
	if err != nil {
		return err
	}
	if s, ok := v.(streamed); ok {
		return s.stream(e)
	}
	if m, ok := v.(members); ok {
		return e.push(m, id)
	}
	return e.leaf(v)
}

// push writes the beginning of a container with the members m, and pushes its frame.
func (e *Encoder) push(m members, id any) error {
	if len(e.stack) >= e.limits.Depth {
		return &pickle.LimitError{Limit: "Depth", Max: int64(e.limits.Depth),
			Want: int64(len(e.stack)) + 1}
	}
	f := frame{members: m, n: m.len(), object: m.isObject(), id: id}
	if one, ok := m.(oneLine); ok {
		f.members, f.oneLine = one.members, true
	}
	if n := len(e.stack); n > 0 && e.stack[n-1].oneLine {
		f.oneLine = true
	}
	e.enter(&f)
	if f.object {
		e.buf = append(e.buf, '{')
	} else {
		e.buf = append(e.buf, '[')
	}
	e.stack = append(e.stack, f)
	return nil
}

// end writes the end of the innermost container and pops its frame.
func (e *Encoder) end() {
	f := &e.stack[len(e.stack)-1]
	if f.n > 0 {
		e.space(f, len(e.stack)-1, false)
	}
	if f.object {
		e.buf = append(e.buf, '}')
	} else {
		e.buf = append(e.buf, ']')
	}
	if f.id != nil {
		delete(e.inside, f.id)
	}
	*f = frame{}
	e.stack = e.stack[:len(e.stack)-1]
}

// scalar writes v if it is one of the most frequent kinds of leaves.
func (e *Encoder) scalar(v any) (done bool, err error) {
	switch v := v.(type) {
	case nil:
		e.buf = append(e.buf, "null"...)
	case bool:
		e.buf = strconv.AppendBool(e.buf, v)
	case int:
		e.buf = strconv.AppendInt(e.buf, int64(v), 10)
	case float64:
		e.buf = appendFloat(e.buf, v)
	case string:
		if len(v) > flushAt {
			return false, nil
		}
		e.buf, done = appendString(e.buf, v)
		return done, nil
	case *big.Int:
		e.buf, err = appendBig(e.buf, v, e.limits.IntDigits)
	default:
		return e.goNumber(v), nil
	}
	return true, err
}

// goNumber writes v if it is of one of Go's types of numbers, as elements of arrays are.
func (e *Encoder) goNumber(v any) bool {
	switch v := v.(type) {
	case float32:
		e.buf = appendFloat32(e.buf, v)
	case int8:
		e.buf = strconv.AppendInt(e.buf, int64(v), 10)
	case int16:
		e.buf = strconv.AppendInt(e.buf, int64(v), 10)
	case int32:
		e.buf = strconv.AppendInt(e.buf, int64(v), 10)
	case int64:
		e.buf = strconv.AppendInt(e.buf, v, 10)
	case uint8:
		e.buf = strconv.AppendUint(e.buf, uint64(v), 10)
	case uint16:
		e.buf = strconv.AppendUint(e.buf, uint64(v), 10)
	case uint32:
		e.buf = strconv.AppendUint(e.buf, uint64(v), 10)
	case uint64:
		e.buf = strconv.AppendUint(e.buf, v, 10)
	default:
		return false
	}
	return true
}

// leaf writes a leaf that expand returned.
func (e *Encoder) leaf(v any) error {
	if done, err := e.scalar(v); done || err != nil {
		return err
	}
	switch v := v.(type) {
	case string:
		return e.string(v)
	case number:
		e.buf = append(e.buf, v...)
		return nil
	case base64Bytes:
		return e.base64(v)
	}
	return pickle.Unsupported("no JSON for a %T", v)
}

// streamed is a leaf that writes itself: either it should not be in memory as a whole, or it is a
// row of numbers, which are also members.
type streamed interface {
	stream(e *Encoder) error
	// minSize returns a lower bound of the size in JSON, in bytes.
	minSize() int64
}

// string writes a string, in pieces if it is long. The caller has checked that it is text.
func (e *Encoder) string(s string) error {
	if len(s) <= flushAt {
		var ok bool
		if e.buf, ok = appendString(e.buf, s); !ok {
			return fmt.Errorf("string is not text: %.40q", s)
		}
		return nil
	}
	e.buf = append(e.buf, '"')
	for len(s) > 0 {
		cut := min(len(s), flushAt)
		for cut < len(s) && !utf8.RuneStart(s[cut]) {
			cut--
		}
		var ok bool
		from := len(e.buf)
		if e.buf, ok = appendString(e.buf, s[:cut]); !ok {
			return fmt.Errorf("string is not text: %.40q", s)
		}
		// Remove the quotes of the piece.
		e.buf = append(e.buf[:from], e.buf[from+1:len(e.buf)-1]...)
		s = s[cut:]
		if err := e.flush(); err != nil {
			return err
		}
	}
	e.buf = append(e.buf, '"')
	return nil
}

// base64 writes data as a string of base64.
func (e *Encoder) base64(data []byte) error {
	const piece = flushAt / 4 * 3
	e.buf = append(e.buf, '"')
	for len(data) > 0 {
		n := min(len(data), piece)
		e.buf = base64.StdEncoding.AppendEncode(e.buf, data[:n])
		data = data[n:]
		if len(e.buf) >= flushAt {
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	e.buf = append(e.buf, '"')
	return nil
}

// flush checks the size of the output and writes out the buffer.
func (e *Encoder) flush() error {
	total := e.flushed + int64(len(e.buf))
	if total > e.limits.OutputBytes {
		return &pickle.LimitError{Limit: "OutputBytes", Max: e.limits.OutputBytes, Want: total}
	}
	e.flushed = total
	if err := e.checkSize(total); err != nil {
		return err
	}
	_, err := e.out.Write(e.buf)
	if cap(e.buf) > 16*flushAt {
		e.buf = nil
	}
	e.buf = e.buf[:0]
	return err
}
