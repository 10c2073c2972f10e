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
// What is written, and so what Python gets, is the table in the package documentation
// read from right to left: plain values and objects alike. Go values besides:
//
//   - every int and float type as int and float; nil as None
//   - a pointer as what it points to; pointers, maps and slices that occur again are the same
//     Python object again, so cycles are written as cycles
//   - a struct as a dict, with the rules of [Unmarshal] and encoding/json for its fields: the tag
//     `pickle:"name,omitempty"` renames and leaves out
//   - a map as a dict, in sorted key order, but a map[T]struct{} as a set; an array of type [n]any
//     as a tuple
//   - a slice or array of numbers or bools as a one-dimensional NumPy array, [][]float64 and deeper
//     ones as an array of as many dimensions if their lengths allow, else as a list of arrays;
//     with `pickle:",list"` or [WithLists] as lists. []byte is bytes
//   - time.Time as an aware datetime with its offset from UTC, time.Duration as a
//     timedelta, both cut off to microseconds
//   - *time.Location as a datetime.timezone, or by its name as a zoneinfo.ZoneInfo; time.Local is
//     an error
//   - an encoding.TextMarshaler that is none of these as a str
//   - a [pickle.Reducer] as it says itself, and what [WithReduce] knows
//
// Nil slices and maps are empty ones. Equal values give equal bytes.
//
// A value that cannot be written, such as a channel, is an error that names the path to
// it, a [*pickle.EncodeError]. NumPy's names are those that the widest range of versions loads
// without a warning, see [WithNumPy].
func Marshal(v any, opts ...Option) ([]byte, error) {
	p, err := picklerOf(nil, opts)
	if err != nil {
		return nil, err
	}
	return p.Dumps(v)
}

// An Encoder writes pickles to a stream, one after another, as several calls of
// Python's pickle.dump do; Python reads them with as many calls of pickle.load, a
// [Decoder] with as many of Decode. It is not safe for concurrent use. The zero value has the
// default options and no writer: until [Encoder.Reset] gives it one, Encode is an error.
type Encoder struct {
	p   pickle.Pickler
	c   encodeConfig
	err error // of the options
	set bool  // p writes to a writer
}

// NewEncoder returns an Encoder that writes to w. It does not buffer: each Encode
// ends with what it has written.
func NewEncoder(w io.Writer, opts ...Option) *Encoder {
	c := config{side: writingSide}
	c.apply(opts)
	e := &Encoder{c: c.encode, err: c.misuse()}
	e.Reset(w)
	return e
}

// Reset makes the Encoder write to w from now on, with the options that it has.
func (e *Encoder) Reset(w io.Writer) { e.p, e.set = e.c.pickler(w), w != nil }

var errNoWriter = errors.New("unpkl: an Encoder without a writer")

// Encode writes v as one complete pickle, see [Marshal]. Nothing is written unless v can be
// written as a whole. The memory of large arrays goes to the writer as it is, without a
// copy, but for Go slices with the build tag purego.
func (e *Encoder) Encode(v any) error {
	if e.err != nil {
		return e.err
	}
	if !e.set {
		return errNoWriter
	}
	return e.p.Dump(v)
}

// WriteFile writes v as a pickle to the named file, see [Marshal]. The name's ending chooses a
// compression that [LoadFile] undoes, as pandas and joblib do: .gz, .z, .xz, .lzma, .zst or .lz4,
// or an archive with the pickle as its only member: .zip, .tar, .tar.gz, .tar.xz; other names get
// none. Of names that end in .bz2 the error is of the kind [ErrUnsupported]: there is no encoder
// for bzip2 in Go that is both established and maintained.
//
// A name that ends in .joblib, before the ending of a compression, means [WithJoblib].
//
// The file is complete or is not there: v is written to a temporary file beside it, which
// then takes its place, and its permissions if there was a file before.
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

// writeTo writes v to f with the compression that path asks for.
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

// isJoblibName reports whether path ends in .joblib but for the ending of a compression.
func isJoblibName(path string) bool {
	if compress.FormatOf(path) != compress.Plain {
		path = strings.TrimSuffix(path, filepath.Ext(path))
	}
	return strings.EqualFold(filepath.Ext(path), ".joblib")
}
