package ndarray

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/internal/errkind"
)

// The kinds of errors. Every error of this package is an [*Error] of exactly one of them, which
// errors.Is tests.
var (
	// ErrShape: a shape that does not match the number of bytes or elements, a negative or
	// overflowing dimension, too many dimensions.
	ErrShape = errors.New("bad shape")
	// ErrDType: a dtype that contradicts itself, a text that is not a dtype, or a dtype for which
	// the operation is not defined.
	ErrDType = errors.New("bad dtype")
	// ErrNotContiguous: the elements are not adjacent in memory in the required order.
	ErrNotContiguous = errors.New("not contiguous")
	// ErrBounds: an index, an axis or a field name that does not exist.
	ErrBounds = errors.New("out of bounds")
	// ErrValue: a value that its destination cannot hold, or that its dtype does not allow, such as
	// a code point above U+10FFFF.
	ErrValue = errors.New("bad value")
	// ErrReadOnly: a write to an array that is not writeable.
	ErrReadOnly = errors.New("read-only")
	// ErrState: a state for an array or dtype that is not pending, or for a dtype that contains
	// itself. For package pickle such input is malformed.
	ErrState = errkind.New(errkind.ErrMalformed, "bad state")
	// ErrLimit: data that is nested deeper, or has more branches, than this package follows.
	ErrLimit = errkind.New(errkind.ErrLimit, "limit exceeded")
	// ErrClosed: the owner has taken back the memory of the array, see [Array.SetOwner].
	ErrClosed = errors.New("closed")
)

// Error is the error of every operation of this package.
type Error struct {
	// Kind is one of the variables above, such as ErrShape.
	Kind error
	// Text says what is wrong, without the prefix of the package. It may change between versions.
	Text string
}

// Error returns "ndarray: what is wrong".
func (e *Error) Error() string { return "ndarray: " + e.Text }

// Detail returns the text of Error without the prefix of the package.
func (e *Error) Detail() string { return e.Text }

// Unwrap returns Kind.
func (e *Error) Unwrap() error { return e.Kind }

func errorf(kind error, format string, args ...any) error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...)}
}
