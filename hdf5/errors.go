package hdf5

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/ndarray"
)

// The kinds of error that a service tells apart with errors.Is; the first four are the
// same values as packages pickle's and npy's.
var (
	// ErrTruncated: the file ends inside something that it says it holds. It matches
	// io.ErrUnexpectedEOF too.
	ErrTruncated = errkind.ErrTruncated
	// ErrMalformed: the file is no HDF5 file, a checksum is wrong, or the file says
	// something impossible.
	ErrMalformed = errkind.ErrMalformed
	// ErrLimit: one of the limits of Options was passed.
	ErrLimit = errkind.ErrLimit
	// ErrUnsupported: valid, but of a version, class or filter that is not read.
	ErrUnsupported = errkind.ErrUnsupported
	// ErrNotFound: no object, attribute or field has that name.
	ErrNotFound = errors.New("not found")
	// ErrSelection: a selection that does not lie in the dataset.
	ErrSelection = errors.New("bad selection")
	// ErrClosed: the file was closed. It matches ndarray.ErrClosed too.
	ErrClosed = ndarray.ErrClosed
)

// Error is the error of every operation of this package but for those of the operating
// system.
type Error struct {
	// Path is the object's, such as "/group/data"; "" where the file as a whole is
	// meant.
	Path string
	// Offset is where in the file the structure that is wrong begins, in bytes from the
	// file's first; -1 where no place is meant.
	Offset int64
	// Kind is one of the sentinels, such as ErrMalformed, or the error of a reader.
	Kind error
	// Text says what is wrong. It may change between versions.
	Text string
}

// Error returns "hdf5: path: what is wrong (at byte n)".
func (e *Error) Error() string {
	var s strings.Builder
	s.WriteString("hdf5: ")
	if e.Path != "" {
		s.WriteString(e.Path)
		s.WriteString(": ")
	}
	s.WriteString(e.Text)
	if e.Offset >= 0 {
		s.WriteString(" (at byte ")
		s.WriteString(strconv.FormatInt(e.Offset, 10))
		s.WriteByte(')')
	}
	return s.String()
}

// Unwrap returns Kind.
func (e *Error) Unwrap() error { return e.Kind }

// Detail returns the text without the package's prefix, the path and the offset.
func (e *Error) Detail() string { return e.Text }

// at returns an error about the structure at an offset.
func at(off int64, kind error, format string, args ...any) error {
	return &Error{Offset: off, Kind: kind, Text: errkind.New(kind, format, args...).Error()}
}

// errorf returns an error about no place in particular.
func errorf(kind error, format string, args ...any) error {
	return at(-1, kind, format, args...)
}

func malformed(off int64, format string, args ...any) error {
	return at(off, ErrMalformed, format, args...)
}

func unsupported(off int64, format string, args ...any) error {
	return at(off, ErrUnsupported, format, args...)
}

// inPath names the object in an error that does not name one, and gives errors of
// other packages, which were about the file, this package's type.
func inPath(err error, path string) error {
	return located(err, path, -1)
}

// located is inPath, with the offset for an error that has none.
func located(err error, path string, off int64) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		c := *e
		if c.Path == "" {
			c.Path = path
		}
		if c.Offset < 0 {
			c.Offset = off
		}
		return &c
	}
	kind := ErrMalformed
	for _, k := range []error{
		ErrLimit, ErrUnsupported, ErrTruncated, ErrClosed, ErrMalformed,
	} {
		if errors.Is(err, k) {
			kind = k
			break
		}
	}
	text := err.Error()
	var detail interface{ Detail() string }
	if errors.As(err, &detail) {
		text = detail.Detail()
	}
	return &Error{Path: path, Offset: off, Kind: kind, Text: text}
}

// readError is the error of a reader that ended, or failed, at an offset.
func readError(err error, off int64) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return at(off, ErrTruncated, "the input ends before its size")
	}
	return &Error{Offset: off, Kind: err, Text: err.Error()}
}
