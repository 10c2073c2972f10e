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
	// what MarshalJSON of arrays, frames and objects calls
	_ "github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/internal/plain"
	"github.com/unpkl/unpkl/internal/unmarshal"
	"github.com/unpkl/unpkl/pickle"
)

// Load reads one pickle from r and returns its plain value, or with [WithObjects] its
// object. What it returns belongs to the caller and shares no memory with r.
//
// Compressed input is recognised by its first bytes. From a [bufio.Reader], a
// [bytes.Buffer] or an io.Seeker such as an *os.File, no byte behind the pickle is
// taken; from other readers more may have been read, and a [Decoder] is the way to
// several pickles in a row.
//
// Errors of the input are a *[DecodeError] of one of the kinds [ErrTruncated],
// [ErrMalformed], [ErrLimit], [ErrUnsupported], [ErrUnknownGlobal]; r's own errors are
// passed on. Making plain values can fail with [ErrCycle], [ErrKey] and [ErrLimit].
//
// Reference: Python's pickle.load.
func Load(r io.Reader, opts ...Option) (any, error) {
	var v any
	if err := NewDecoder(r, opts...).only(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// LoadBytes is [Load] for a pickle in memory. What it returns does not alias data,
// unless [WithSharedInput] allows it. Bytes behind the pickle are ignored, as in Python's
// pickle.loads.
func LoadBytes(data []byte, opts ...Option) (any, error) {
	var v any
	err := Unmarshal(data, &v, opts...)
	return v, err
}

// LoadFile is [Load] for the file at path. Big arrays are read straight into memory of their own,
// so that they are copied once, and nothing else of the file stays in memory. A pickle of up to 64
// MiB without any is read as a whole first. [Open] does not read arrays at all. The files of arrays
// beside a pickle of an old joblib are read too, see [WithSidecars].
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

// Unmarshal reads the pickle in data into what v points to, in the way of encoding/json.
// The pickle is read as a whole first; what Go value takes what is this:
//
//   - any: the plain value, see the table above
//   - bool, ints, floats, complex, string: their Python kind, NumPy scalars and 0-d arrays
//     included. A number that the type cannot hold exactly is an error; only floats are
//     rounded, to float32. A string takes bytes as they are, and the text of a Decimal,
//     Fraction, UUID, path, date, time or ipaddress. The member of an enum and an instance of a subclass
//     of int or str, which are made of one value, as that value.
//   - structs: dicts, attributes of objects, elements of structured arrays, by name: that
//     of the field or of its tag, pickle:"name", as written or else without case. Tuples, and objects that
//     are nothing but one, as namedtuples are, by position. See [Unmarshaler] for types
//     that do it in their own way.
//   - slices and arrays: lists, tuples, namedtuples, sets, deques, ranges, array.array,
//     array dimensions; []byte: bytes.
//     A numeric array becomes a slice of the same type without a copy of its own; into
//     another type every value must survive.
//   - maps: dicts, with keys of any type that the keys fit; map[T]struct{} and
//     map[T]bool: sets
//   - pointers: None is nil, everything else goes into a new value or the one pointed to
//   - *[ndarray.Array] and the other types of objects: exactly those
//   - a pandas.Series or Index: a slice of its elements, or a map from label to element; a
//     DataFrame: a slice of structs (or maps) with an element a row, or a struct or map with
//     a slice for each column, by name. What is missing is nil or NaN; where the Go type
//     has neither, an error in a slice, and in a field of a row nothing. A scipy.sparse
//     matrix: [][]T, laid out in full
//   - *frame.Frame, *frame.Series, *frame.Index, *reconstruct.Sparse: just those
//   - time.Time: datetime, pandas.Timestamp in its zone, date, datetime64, text as RFC 3339;
//     time.Duration: timedelta,
//     timedelta64; big.Int, big.Rat; encoding.TextUnmarshaler: everything that has a text
//
// Memory that v has is used again, as encoding/json does: a slice whose capacity is enough keeps
// its memory, with elements that are zeroed first; a map that is not nil gets the new entries
// beside those it has; a pointer that is not nil is followed. So reading the next array into the
// same struct allocates nothing for its elements. Memory that v holds twice is used for one of the
// two only.
//
// None leaves what cannot be nil as it is. A container that the pickle refers to twice is
// one pointer, map or slice in Go as well, where the types are the same.
//
// A value that does not fit is an *[UnmarshalTypeError] with the path to it; the rest is
// decoded all the same, and the first such error returned. Other errors are those
// of [Load]. What v holds then does not alias data, unless [WithSharedInput] allows it.
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

// unpicklers keeps Unpicklers without options from one call of Unmarshal to the next.
var unpicklers = sync.Pool{New: func() any {
	u := new(pickle.Unpickler)
	noOptions.setUp(u)
	return u
}}

// trailing is the error of an input that goes on behind its pickle.
func trailing(offset int64) error {
	return fmt.Errorf("unpkl: %w (at byte %d)", ErrTrailing, offset)
}

// decodeInto puts the value of a pickle, which it releases, into what v points to.
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

// noInput turns the io.EOF of an input without a pickle into an error that says so.
func noInput(err error) error {
	if err == io.EOF {
		return errEmpty
	}
	return err
}

// errEmpty is the error of an input of no bytes, of the kinds ErrNotPickle and ErrTruncated.
var errEmpty = fmt.Errorf("unpkl: %w", errkind.ErrEmpty)

// checkTarget returns the error of a target that nothing can be put into, before
// any input is read.
func checkTarget(v any) error {
	if rv := reflect.ValueOf(v); rv.Kind() != reflect.Pointer || rv.IsNil() {
		return &InvalidUnmarshalError{reflect.TypeOf(v)}
	}
	return nil
}

// Unmarshaler is implemented by types that take a Python value in their own way.
// UnmarshalPickle gets the value as an object (see the table in the package
// documentation), not as a plain value; it must not change what it points to, and
// may keep it.
type Unmarshaler interface {
	UnmarshalPickle(v any) error
}

// BigInt is an int that does not fit Go's int, as a key of a plain map: its decimal
// digits, with a sign if negative. A *big.Int as key would compare by its address.
// Everywhere else such an int is a *big.Int.
type BigInt string

// noAssignOptions are those of a load without options; nothing writes to them.
var noAssignOptions = noOptions.assignOptions()

// unmarshal.Options are the options for putting objects into Go values.
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

// input.Options are the options for what is read around pickles.
func (c *config) inputOptions() *input.Options {
	return &input.Options{Limits: c.limits, SetUp: c.setUp, Owner: c.owner}
}

// setUp gives an unpickler the options.
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

// nextBuffer hands out the buffers in turn, each as the bytearray that a writable buffer
// is.
func (c *config) nextBuffer() func() (any, error) {
	rest := c.buffers
	return func() (any, error) {
		if len(rest) == 0 {
			return nil, fmt.Errorf("%w: %w", pickle.ErrUnsupported, errNoBuffer)
		}
		b := types.ByteArray(rest[0])
		rest = rest[1:]
		return &b, nil
	}
}

// makeReadOnly turns the bytearray of a buffer into bytes of the same memory.
func makeReadOnly(v any) (any, error) {
	if b, ok := v.(*types.ByteArray); ok {
		return []byte(*b), nil
	}
	return v, nil
}

// PickleReduce implements [pickle.Reducer]: the int that the digits are.
func (b BigInt) PickleReduce(int) (any, error) {
	n, ok := new(big.Int).SetString(string(b), 10)
	if !ok {
		return nil, fmt.Errorf("unpkl: a BigInt that is no number: %q", string(b))
	}
	return n, nil
}
