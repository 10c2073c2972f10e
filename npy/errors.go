package npy

import (
	"errors"
	"io"

	"github.com/unpkl/unpkl/internal/errkind"
)

// The kinds of errors, for errors.Is. They are the same values as in package pickle.
var (
	// ErrTruncated: the input ends inside an array. Such an error also matches io.ErrUnexpectedEOF.
	ErrTruncated = errkind.ErrTruncated
	// ErrMalformed: the input is not an .npy or .npz file, or contradicts the format.
	ErrMalformed = errkind.ErrMalformed
	// ErrLimit: the input exceeds one of the limits of Options.
	ErrLimit = errkind.ErrLimit
	// ErrUnsupported: the input is valid, but has a version or compression method that is not
	// supported, or an array of objects without a hook for them.
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

// wrap converts an error of ndarray about values from the input to one of this package.
func wrap(err error) error {
	var detail interface{ Detail() string }
	if errors.As(err, &detail) {
		return malformed("%s", detail.Detail())
	}
	return malformed("%v", err)
}

// readError returns err, with which a reader ended inside what, as an error of this package.
func readError(err error, what string) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errkind.New(ErrTruncated, "npy: the input ends inside the %s", what)
	}
	return err
}
