package hdf5

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/ndarray"
)

// The kinds of errors, for errors.Is. The first four are the same values as in packages pickle and
// npy.
var (
	// ErrTruncated: the file ends inside a structure. It matches io.ErrUnexpectedEOF too.
	ErrTruncated = errkind.ErrTruncated
	// ErrMalformed: the file is not an HDF5 file, a checksum is wrong, or the file contradicts
	// itself.
	ErrMalformed = errkind.ErrMalformed
	// ErrLimit: a limit of Options was exceeded.
	ErrLimit = errkind.ErrLimit
	// ErrUnsupported: valid, but of a version, class or filter that this package does not know.
	ErrUnsupported = errkind.ErrUnsupported
	// ErrNotFound: no object, attribute or field has that name.
	ErrNotFound = errors.New("not found")
	// ErrSelection: a selection extends beyond the dataset.
	ErrSelection = errors.New("bad selection")
	// ErrClosed: the file is closed. It matches ndarray.ErrClosed too.
	ErrClosed = ndarray.ErrClosed
)

// Error is the type of all errors of this package, apart from those of the operating system.
type Error struct {
	// Path is the path of the object, such as "/group/data"; "" for the file as a whole.
	Path string
	// Offset is the offset in the file of the structure that is wrong, in bytes; -1 if there is
	// none.
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

// errorAt returns an error about the structure at an offset.
func errorAt(off int64, kind error, format string, args ...any) error {
	return &Error{Offset: off, Kind: kind, Text: errkind.New(kind, format, args...).Error()}
}

// errorf returns an error without an offset.
func errorf(kind error, format string, args ...any) error {
	return errorAt(-1, kind, format, args...)
}

func malformed(off int64, format string, args ...any) error {
	return errorAt(off, ErrMalformed, format, args...)
}

func unsupported(off int64, format string, args ...any) error {
	return errorAt(off, ErrUnsupported, format, args...)
}

// withPath adds the path of an object to an error that has none. It gives errors of other packages,
// which are about the file, the type of this package.
func withPath(err error, path string) error {
	return withLocation(err, path, -1)
}

// withLocation is withPath, and adds the offset to an error that has none.
func withLocation(err error, path string, off int64) error {
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

// readError returns the error for a reader that ended, or failed, at an offset.
func readError(err error, off int64) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errorAt(off, ErrTruncated, "the input ends before its size")
	}
	return &Error{Offset: off, Kind: err, Text: err.Error()}
}
