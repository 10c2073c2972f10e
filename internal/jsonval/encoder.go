// Package jsonval writes values at the object level, as a pickle.Unpickler
// yields them, as the JSON of unpkl to-json. The table in the README of the
// module says what becomes of each kind of value.
//
// Nothing recurses on data: an Encoder keeps the containers it is inside in a
// stack of its own. Each kind of value is turned into what it looks like in
// JSON, one level at a time (expand): either a leaf, or members that are made as
// they are written. A family of types (numpy's, the standard library's) is one
// file with one function in the list of families.
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
	ArraysShape  Arrays = iota // dtype, shape, order and nbytes; the data is not read
	ArraysValues               // and "data": nested lists
	ArraysBase64               // and "base64": the elements' bytes in C order
	ArraysNone                 // null
)

// Options of an [Encoder]. The zero value is the default of to-json but for
// Indent.
type Options struct {
	Arrays Arrays
	// Stats adds minimum, maximum, mean and the number of NaNs to each array of
	// numbers.
	Stats bool
	// Indent is the number of spaces per level; 0 puts a document on one line.
	Indent int
	// Refs writes every container that is met again as a $ref to the first place;
	// without it, only a container inside itself.
	Refs bool
	// RefsAt is the size of a document in bytes at which, without Refs, Encode ends with
	// ErrUnfolds if most of it is containers that are met again; 0 is none.
	RefsAt int64
	// MeasureAt is the size of a document in bytes at which it is measured once, for RefsAt and for
	// the limit of the output, instead of when it is as large: what is written until then can be
	// held back, and the rest be written as it comes. 0 is none.
	MeasureAt int64
	// Lossless writes every value so that Decode reads back an equal one: with forms for what
	// JSON does not tell apart, and Refs and ArraysBase64 besides.
	Lossless bool
	// Once, if it is not nil, reports of a list, tuple, dict, set or object of the document that it
	// is there once, so that nothing need be remembered of it. Lossless JSON does not ask: it has
	// containers that arrays are made of, which no document has by itself.
	Once func(container any) bool
	// Limits: Depth, IntDigits and OutputBytes are in force; OutputBytes counts
	// all documents of the Encoder.
	Limits pickle.Limits
}

// Encoder writes JSON documents, each followed by a newline.
type Encoder struct {
	out     io.Writer
	o       Options
	limits  pickle.Limits
	buf     []byte
	flushed int64

	pandas   reconstruct.Pandas // what the document's objects became
	doc      any                // the document being written
	docStart int64              // flushed when it began
	measured bool               // that its size was compared with the limit
	compared bool               // that its size was compared with that of each container once
	stack    []frame
	inside   map[any]int    // containers on the stack, by identity, and where
	met      map[any]*place // with Refs: all containers so far
}

// flushAt is the size at which the buffer goes out, and that of the pieces in
// which long strings pass through it.
const flushAt = 64 << 10

// frame is a container that is being written.
type frame struct {
	members
	next    int
	n       int
	object  bool
	oneLine bool
	id      any    // identity, nil for a form's own parts
	key     string // of the member being written
	place   *place
}

// NewEncoder returns an Encoder that writes to out.
func NewEncoder(out io.Writer, o Options) *Encoder {
	if o.Lossless {
		o.Refs, o.Arrays = true, ArraysBase64
	}
	return &Encoder{out: out, o: o, limits: o.Limits.WithDefaults()}
}

// Encode writes v as one document and passes it on to the writer. After an
// error, which may be a *pickle.LimitError, part of the document may have been
// written.
func (e *Encoder) Encode(v any) error {
	e.stack, e.inside, e.met = e.stack[:0], make(map[any]int), nil
	e.pandas = reconstruct.Pandas{}
	e.doc, e.docStart, e.measured, e.compared = v, e.flushed, e.o.Refs, false
	if e.o.Refs {
		e.met = make(map[any]*place)
	}
	if err := e.document(v); err != nil {
		return err
	}
	e.buf = append(e.buf, '\n')
	return e.flush()
}

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

// space writes what stands before a member, or before the end of f: a line's
// end and indent, or in a frame on one line a space between members.
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

// begin writes v if it is a leaf, else the start of a container.
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

// end writes the end of the innermost container and leaves it.
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

// scalar writes v if it is one of the kinds that most leaves are.
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

// goNumber writes v if it is one of Go's numbers, as arrays have them.
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

// streamed writes itself: what should not be in memory as a whole, and rows of
// numbers, which can be had one by one as members too.
type streamed interface {
	stream(e *Encoder) error
	// atLeast returns a lower bound of the length in JSON.
	atLeast() int64
}

// string writes text, which expand and dict have checked, in pieces.
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
		// The quotes of a piece are not those of the string.
		e.buf = append(e.buf[:from], e.buf[from+1:len(e.buf)-1]...)
		s = s[cut:]
		if err := e.flush(); err != nil {
			return err
		}
	}
	e.buf = append(e.buf, '"')
	return nil
}

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

// flush checks the size of the output and passes the buffer on.
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
