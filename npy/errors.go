package npy

import (
	"errors"
	"io"

	"github.com/unpkl/unpkl/internal/errkind"
)

// The kinds of error that a service tells apart with errors.Is; they are the same
// values as package pickle's.
var (
	// ErrTruncated: the input ends inside an array. It matches
	// io.ErrUnexpectedEOF too.
	ErrTruncated = errkind.ErrTruncated
	// ErrMalformed: the input is no .npy or .npz file, or says something impossible.
	ErrMalformed = errkind.ErrMalformed
	// ErrLimit: one of the limits of Options was passed.
	ErrLimit = errkind.ErrLimit
	// ErrUnsupported: valid, but of a version or method that is not read, or an
	// array of objects without a hook for them.
	ErrUnsupported = errkind.ErrUnsupported
)

var (
	errMagic         = malformed("not an .npy file: it does not begin with %q", Magic)
	errHeaderEnd     = malformed("the header's dictionary does not end")
	errArchiveClosed = malformed("the archive is closed")
	errNoHook        = unsupported("an array of objects, and Options.Objects is not set")
)

func malformed(format string, args ...any) error {
	return errkind.New(ErrMalformed, "npy: "+format, args...)
}

func unsupported(format string, args ...any) error {
	return errkind.New(ErrUnsupported, "npy: "+format, args...)
}

func truncated(format string, args ...any) error {
	return errkind.New(ErrTruncated, "npy: "+format, args...)
}

func limitError(format string, args ...any) error {
	return errkind.New(ErrLimit, "npy: "+format, args...)
}

// wrap makes an error of ndarray, which was about the input, one of this package.
func wrap(err error) error {
	var detail interface{ Detail() string }
	if errors.As(err, &detail) {
		return malformed("%s", detail.Detail())
	}
	return malformed("%v", err)
}

// readError is err of a reader that ended, or failed, inside what.
func readError(err error, what string) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errkind.New(ErrTruncated, "npy: the input ends inside the %s", what)
	}
	return err
}
