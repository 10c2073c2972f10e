package ndarray

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/internal/errkind"
)

// The kinds of error that callers tell apart. Every error of this package is an
// [*Error] that matches exactly one of them with errors.Is.
var (
	// ErrShape: a shape or a number of bytes or elements that does not fit, a
	// negative or overflowing dimension, too many dimensions.
	ErrShape = errors.New("bad shape")
	// ErrDType: a dtype that lies about itself, that text does not describe, or
	// that does not suit what was asked for.
	ErrDType = errors.New("bad dtype")
	// ErrNotContiguous: the elements are not side by side in the order asked for.
	ErrNotContiguous = errors.New("not contiguous")
	// ErrBounds: an index, an axis or a field name that is not there.
	ErrBounds = errors.New("out of bounds")
	// ErrValue: a value that its destination cannot hold, or that its dtype does
	// not allow, such as a code point past U+10FFFF.
	ErrValue = errors.New("bad value")
	// ErrReadOnly: a write to an array that is not writeable.
	ErrReadOnly = errors.New("read-only")
	// ErrState: a state for something that is already built, or that contains
	// itself: to package pickle malformed input.
	ErrState = errkind.New(errkind.ErrMalformed, "bad state")
	// ErrLimit: nested or branching deeper than this package follows.
	ErrLimit = errkind.New(errkind.ErrLimit, "limit exceeded")
	// ErrClosed: the memory of the array was given back; see [Array.SetOwner].
	ErrClosed = errors.New("closed")
)

// Error is the error of every operation of this package.
type Error struct {
	// Kind is one of the sentinels, such as ErrShape.
	Kind error
	// Text says what is wrong, without the package's prefix. It may change
	// between versions.
	Text string
}

// Error returns "ndarray: what is wrong".
func (e *Error) Error() string { return "ndarray: " + e.Text }

// Detail returns the text of Error without the package's prefix.
func (e *Error) Detail() string { return e.Text }

// Unwrap returns Kind.
func (e *Error) Unwrap() error { return e.Kind }

func errorf(kind error, format string, args ...any) error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...)}
}
