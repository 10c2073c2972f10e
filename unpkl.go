package unpkl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"reflect"
	"sync"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/input"
	// Registers the JSON that MarshalJSON of arrays, frames and objects writes.
	_ "github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/internal/plain"
	"github.com/unpkl/unpkl/internal/unmarshal"
	"github.com/unpkl/unpkl/pickle"
)

// Load reads one pickle from r and returns its plain value, or with [WithObjects] its object. The
// caller owns the result, which shares no memory with r.
//
// Load recognises compressed input by its first bytes. From a [bufio.Reader], a [bytes.Buffer] or
// an io.Seeker such as an *os.File, it takes no byte after the pickle; from other readers it may
// read ahead, so use a [Decoder] to read several pickles in a row.
//
// Errors in the input are a *[DecodeError] of one of the kinds [ErrTruncated], [ErrMalformed],
// [ErrLimit], [ErrUnsupported], [ErrUnknownGlobal]; r's own errors are passed on. The conversion to
// plain values can fail with [ErrCycle], [ErrKey] and [ErrLimit].
//
// Reference: Python's pickle.load.
func Load(r io.Reader, opts ...Option) (any, error) {
	var v any
	if err := NewDecoder(r, opts...).only(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// LoadBytes is [Load] for a pickle in memory. The result does not alias data, unless
// [WithSharedInput] allows it. Bytes after the pickle are ignored, as Python's pickle.loads does.
func LoadBytes(data []byte, opts ...Option) (any, error) {
	var v any
	err := Unmarshal(data, &v, opts...)
	return v, err
}

// LoadFile is [Load] for the file at path. It reads the elements of a big array straight into the
// memory of that array, so that they are copied once, and keeps nothing else of the file in memory.
// A file of up to 64 MiB without big arrays is read as a whole first. [Open] does not read arrays
// at all. LoadFile also reads the array files beside a pickle of an old joblib, see [WithSidecars].
func LoadFile(path string, opts ...Option) (any, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := newConfig(opts)
	c.inFolderOf(path)
	var v any
	if err := newDecoder(f, c).only(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// Unmarshal reads the pickle in data and stores it in the value that v points to, as encoding/json
// does. It reads the whole pickle before it stores anything. A Go value accepts these Python
// values:
//
//   - any: the plain value, see the table in the package documentation
//   - bool, ints, floats, complex, string: their Python kind, NumPy scalars and 0-d arrays
//     included. A number that the type cannot hold exactly is an error; only floats are rounded, to
//     float32. A string accepts the bytes of a bytes object unchanged, and the text of a Decimal,
//     Fraction, UUID, path, date, time or ipaddress. A member of an enum, or an instance of a
//     subclass of int or str, counts as the one value that it is built from.
//   - structs: dicts, attributes of objects and elements of structured arrays, by name: the field's
//     own name or that of its tag, pickle:"name". An exact match is preferred to one that ignores
//     case. Tuples, and objects that consist of a tuple alone, as namedtuples do, fill the fields
//     by position. See [Unmarshaler] for types that decode themselves.
//   - slices and arrays: lists, tuples, namedtuples, sets, deques, ranges, array.array, the
//     dimensions of an array; []byte: bytes. A numeric array becomes a slice of its own element
//     type without an extra copy; for another element type, the conversion of every element must be
//     exact
//   - maps: dicts, with keys of any type that holds them; map[T]struct{} and map[T]bool: sets
//   - pointers: None sets nil, any other value goes into a new variable or the one pointed to
//   - *[ndarray.Array] and the other types of objects: exactly those
//   - a pandas.Series or Index fills a slice with its elements, or a map from label to element. A
//     DataFrame fills a slice of structs (or maps), one for each row, or a struct or map with a
//     slice for each column, by name. A missing element is nil or NaN; where the Go type has
//     neither, it is an error in a slice, and leaves the field of a row unchanged. A scipy.sparse
//     matrix fills a [][]T with every element, zeros included
//   - *frame.Frame, *frame.Series, *frame.Index, *reconstruct.Sparse: exactly those
//   - time.Time: datetime, pandas.Timestamp in its zone, date, datetime64, text in RFC 3339;
//     time.Duration: timedelta, timedelta64; big.Int, big.Rat; encoding.TextUnmarshaler: every
//     value that has a text
//
// Unmarshal reuses the memory of v as encoding/json does. A slice with enough capacity keeps its
// memory, and its elements are zeroed first; a map that is not nil keeps its entries and gets the
// new ones; a pointer that is not nil is followed. So reading the next array into the same struct
// allocates nothing for its elements. If v refers to the same memory twice, only the first
// reference reuses it.
//
// None leaves a Go value that cannot be nil unchanged. A container that the pickle refers to twice
// is one pointer, map or slice in Go as well, where the Go types are the same.
//
// A value that does not fit is an *[UnmarshalTypeError] with the path to it; Unmarshal decodes the
// rest and returns the first such error. Other errors are those of [Load]. The result does not
// alias data, unless [WithSharedInput] allows it.
func Unmarshal(data []byte, v any, opts ...Option) error {
	if err := checkTarget(v); err != nil {
		return err
	}
	head := data[:min(len(data), compress.HeadSize)]
	if compress.Detect(head) != compress.Plain || bytes.HasPrefix(head, []byte(magic.NPY)) ||
		input.IsTorch(head) {
		return NewDecoder(bytes.NewReader(data), opts...).only(v)
	}
	u := unpicklers.Get().(*pickle.Unpickler)
	bridge.SetInput(u, data)
	c := &noOptions
	if len(opts) > 0 {
		c = newConfig(opts)
		if err := c.misuse(); err != nil {
			return err
		}
		u.SharedInput = c.sharedInput
		c.setUp(u)
	}
	p, err := bridge.Read(u)
	switch {
	case err != nil:
		err = noInput(input.NotPickle(head, err))
	case c.noTrailing && u.InputOffset() < int64(len(data)):
		err = trailing(u.InputOffset())
		p.Release()
	default:
		err = c.decodeInto(p, v)
	}
	if len(opts) > 0 {
		*u = pickle.Unpickler{}
		noOptions.setUp(u)
	}
	bridge.SetInput(u, nil)
	unpicklers.Put(u)
	return err
}

// unpicklers keeps Unpicklers that have no options, for reuse by later calls of Unmarshal.
var unpicklers = sync.Pool{New: func() any {
	u := new(pickle.Unpickler)
	noOptions.setUp(u)
	return u
}}

// trailing returns the error of an input that continues at offset, after its pickle.
func trailing(offset int64) error {
	return fmt.Errorf("unpkl: %w (at byte %d)", ErrTrailing, offset)
}

// decodeInto stores the value of the pickle p in what v points to. It releases p.
func (c *config) decodeInto(p bridge.Pickle, v any) error {
	defer p.Release()
	if part, ok := v.(*lookup.Part); ok {
		return part.FindInTape(p)
	}
	to := &noAssignOptions
	if c != &noOptions {
		own := c.assignOptions()
		to = &own
	}
	p.Tape().ExpectValues()
	return unmarshal.Cells(p, v, to)
}

// noInput replaces io.EOF, the error of an input without a pickle, by errEmpty.
func noInput(err error) error {
	if err == io.EOF {
		return errEmpty
	}
	return err
}

// errEmpty is the error of an empty input. It is of the kinds ErrNotPickle and ErrTruncated.
var errEmpty = fmt.Errorf("unpkl: %w", errkind.ErrEmpty)

// checkTarget returns an error unless v is a non-nil pointer. It is called before any input is
// read.
func checkTarget(v any) error {
	if rv := reflect.ValueOf(v); rv.Kind() != reflect.Pointer || rv.IsNil() {
		return &InvalidUnmarshalError{reflect.TypeOf(v)}
	}
	return nil
}

// Unmarshaler is implemented by types that decode a Python value themselves. UnmarshalPickle gets
// the value as an object, not as a plain value (see the table in the package documentation). It may
// keep the object, but must not change anything that the object refers to.
type Unmarshaler interface {
	UnmarshalPickle(v any) error
}

// BigInt is a key of a plain map that stands for an int that does not fit Go's int: its decimal
// digits, with a sign if negative. A *big.Int would compare by its address as a key. Everywhere
// else such an int is a *big.Int.
type BigInt string

// noAssignOptions are the assignOptions of noOptions. They must not be changed.
var noAssignOptions = noOptions.assignOptions()

// assignOptions returns the options for storing objects in Go values.
func (c *config) assignOptions() unmarshal.Options {
	return unmarshal.Options{
		Plain: plain.Options{
			Limits:      c.limits,
			Objects:     c.objects,
			AllowCycles: c.allowCycles,
			Owner:       c.owner,
			Hooked:      len(c.findClass) > 0 || c.persistentLoad != nil || c.extension != nil,
			Workers:     c.workers,
			BigInt:      func(digits string) any { return BigInt(digits) },
		},
		NoUnknown: c.noUnknown,
		NoMissing: c.requireFields,
		Field: func(path, name string, t reflect.Type, missing bool) error {
			return &FieldError{Path: path, Name: name, Type: t, Missing: missing}
		},
		Mismatch: func(path, value string, t reflect.Type, cause error) error {
			return &UnmarshalTypeError{Path: path, Value: value, Type: t, Err: cause}
		},
	}
}

// inputOptions returns the options for reading the formats around a pickle.
func (c *config) inputOptions() *input.Options {
	return &input.Options{Limits: c.limits, SetUp: c.setUp, Owner: c.owner}
}

// setUp sets the fields of u to what the options say.
func (c *config) setUp(u *pickle.Unpickler) {
	u.FindClass = c.resolve(c.resolver())
	u.PersistentLoad = c.persistentLoad
	u.GetExtension = c.extension
	u.Limits = c.limits
	if c.compressed != nil {
		bridge.SetTally(u, c.compressed, nil)
	}
	u.Strict = c.strict
	if c.strict {
		u.Allow = c.allowed
	}
	u.Encoding = c.encoding
	if c.buffers != nil {
		u.NextBuffer = c.nextBuffer()
		u.MakeReadOnly = makeReadOnly
	}
}

var errNoBuffer = errors.New("more out-of-band buffers than WithBuffers gave")

// nextBuffer returns a function that returns the buffers of WithBuffers in turn, each as a
// bytearray, which is the object of a writable buffer.
func (c *config) nextBuffer() func() (any, error) {
	remaining := c.buffers
	return func() (any, error) {
		if len(remaining) == 0 {
			return nil, fmt.Errorf("%w: %w", pickle.ErrUnsupported, errNoBuffer)
		}
		b := types.ByteArray(remaining[0])
		remaining = remaining[1:]
		return &b, nil
	}
}

// makeReadOnly returns the bytearray of a buffer as bytes, which share its memory.
func makeReadOnly(v any) (any, error) {
	if b, ok := v.(*types.ByteArray); ok {
		return []byte(*b), nil
	}
	return v, nil
}

// PickleReduce implements [pickle.Reducer]: a BigInt is written as an int.
func (b BigInt) PickleReduce(int) (any, error) {
	n, ok := new(big.Int).SetString(string(b), 10)
	if !ok {
		return nil, fmt.Errorf("unpkl: a BigInt that is no number: %q", string(b))
	}
	return n, nil
}
