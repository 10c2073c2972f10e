package unpkl

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/pickle"
)

// Marshal returns v as a pickle, of protocol 4 unless [WithProtocol] says otherwise.
//
// The table in the package documentation, read from right to left, says which Python object is
// written for a plain value or an object. For other Go values:
//
//   - every int and float type is written as int or float, nil as None
//   - a pointer is written as what it points to. A pointer, map or slice that occurs again is the
//     same Python object again, so cycles are written as cycles
//   - a struct is written as a dict, with the rules of [Unmarshal] and encoding/json for its
//     fields: the tag `pickle:"name,omitempty"` renames a field and leaves out its zero value
//   - a map is written as a dict in sorted key order, but a map[T]struct{} as a set; an array of
//     type [n]any is written as a tuple
//   - a slice or array of numbers or bools is written as a one-dimensional NumPy array. [][]float64
//     and deeper slices become one array of as many dimensions if their lengths allow it, and
//     otherwise a list of arrays. With `pickle:",list"` or [WithLists] they all become lists.
//     []byte is written as bytes
//   - time.Time is written as an aware datetime with its offset from UTC, and time.Duration as a
//     timedelta; both are truncated to microseconds
//   - *time.Location is written as a datetime.timezone, or by its name as a zoneinfo.ZoneInfo;
//     time.Local is an error
//   - any other encoding.TextMarshaler is written as a str
//   - a [pickle.Reducer] is written as it says itself, and a type that [WithReduce] knows as its
//     hook says
//
// Nil slices and maps are written as empty ones. Equal values give equal bytes.
//
// A value that cannot be written, such as a channel, is a [*pickle.EncodeError] with the path to
// it. By default NumPy's classes have the names that the most NumPy versions load without a
// warning, see [WithNumPy].
func Marshal(v any, opts ...Option) ([]byte, error) {
	p, err := picklerOf(nil, opts)
	if err != nil {
		return nil, err
	}
	return p.Dumps(v)
}

// An Encoder writes pickles to a stream, one after another, as several calls of Python's
// pickle.dump do. Python reads them with as many calls of pickle.load, a [Decoder] with as many of
// Decode. An Encoder is not safe for concurrent use. The zero value has the default options and no
// writer: Encode is an error until [Encoder.Reset] gives it one.
type Encoder struct {
	p   pickle.Pickler
	c   encodeConfig
	err error // an option that is not for writing
	set bool  // whether p has a writer
}

// NewEncoder returns an Encoder that writes to w. The Encoder does not buffer across calls: at the
// end of Encode, w has got the whole pickle.
func NewEncoder(w io.Writer, opts ...Option) *Encoder {
	c := config{side: writingSide}
	c.apply(opts)
	e := &Encoder{c: c.encode, err: c.misuse()}
	e.Reset(w)
	return e
}

// Reset makes the Encoder write to w from now on, with the options that it already has.
func (e *Encoder) Reset(w io.Writer) { e.p, e.set = e.c.pickler(w), w != nil }

var errNoWriter = errors.New("unpkl: an Encoder without a writer")

// Encode writes v as one complete pickle, see [Marshal]. If some part of v cannot be written,
// nothing is written. The memory of large arrays is passed to the writer without a copy, except
// that Go slices are copied with the build tag purego.
func (e *Encoder) Encode(v any) error {
	if e.err != nil {
		return e.err
	}
	if !e.set {
		return errNoWriter
	}
	return e.p.Dump(v)
}

// WriteFile writes v as a pickle to the file at path, see [Marshal]. The ending of the name chooses
// a compression, as in pandas and joblib, which [LoadFile] recognises: .gz, .z, .xz, .lzma, .zst or
// .lz4, or an archive with the pickle as its only member: .zip, .tar, .tar.gz, .tar.xz. Other names
// mean no compression. A name that ends in .bz2 is an error of the kind [ErrUnsupported], because
// there is no established and maintained encoder for bzip2 in Go.
//
// A name that ends in .joblib, before the ending of a compression, implies [WithJoblib].
//
// The file is replaced as a whole or not at all: v is written to a temporary file in the same
// folder, which is then renamed. If there was a file before, the new one gets its permissions.
func WriteFile(path string, v any, opts ...Option) error {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(dir, "."+base+".*")
	if err != nil {
		return err
	}
	err = writeTo(f, path, v, opts)
	if err == nil {
		err = f.Chmod(mode)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// writeTo writes v to f, with the compression and options that the name path implies.
func writeTo(f *os.File, path string, v any, opts []Option) error {
	z, err := compress.Create(f, path)
	if err != nil {
		return err
	}
	if isJoblibName(path) {
		opts = append([]Option{WithJoblib()}, opts...)
	}
	err = NewEncoder(z, opts...).Encode(v)
	if e := z.Close(); err == nil {
		err = e
	}
	return err
}

// isJoblibName reports whether path ends in .joblib, before the ending of a compression if it has
// one.
func isJoblibName(path string) bool {
	if compress.FormatOf(path) != compress.Plain {
		path = strings.TrimSuffix(path, filepath.Ext(path))
	}
	return strings.EqualFold(filepath.Ext(path), ".joblib")
}
