package pickle

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/internal/errkind"
)

// The kinds of errors. Every error of this package that is caused by the input matches exactly one
// of them with errors.Is.
var (
	// ErrTruncated says that the input ends inside a pickle. It matches io.ErrUnexpectedEOF too.
	ErrTruncated = errkind.ErrTruncated
	// ErrMalformed says that the input is not a pickle, or one that no pickler could have written.
	ErrMalformed = errkind.ErrMalformed
	// ErrLimit says that one of the Limits was exceeded; errors.As with a *LimitError tells which.
	ErrLimit = errkind.ErrLimit
	// ErrUnknownGlobal says that strict mode found a class or function that no hook knows.
	ErrUnknownGlobal = errors.New("unknown global")
	// ErrUnsupported says that a valid pickle needs something that is missing, such as a hook for
	// persistent ids or extension codes, or uses a format that is not supported.
	ErrUnsupported = errkind.ErrUnsupported
)

// DecodeError is the error of a failed load. Its text may change between versions; its fields and
// the kinds of errors do not.
type DecodeError struct {
	// Op is the opcode that could not be carried out.
	Op Opcode
	// Offset is the offset in bytes of that opcode's first byte in the (decompressed) input. It is
	// in the left column of pickletools.dis.
	Offset int64
	// Err says what is wrong. It matches one of the kinds, unless it is an error of a hook or of
	// the reader.
	Err error
}

// Error returns "pickle: what is wrong (OPCODE at byte N)".
func (e *DecodeError) Error() string { return "pickle: " + e.Detail() }

// Detail returns the text of Error without the package's prefix. It names no opcode if a limit was
// exceeded before the first one.
func (e *DecodeError) Detail() string {
	if e.Op == 0 && errors.Is(e.Err, ErrLimit) {
		return fmt.Sprintf("%v (at byte %d)", e.Err, e.Offset)
	}
	return fmt.Sprintf("%v (%s at byte %d)", e.Err, e.Op, e.Offset)
}

// Unwrap returns Err.
func (e *DecodeError) Unwrap() error { return e.Err }

// LimitError says which of the Limits was exceeded.
type LimitError struct {
	// Limit is the name of the field of Limits.
	Limit string
	// Max is the limit. Want is what the input needs, as far as that is known.
	Max, Want int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s limit exceeded: %d, at most %d allowed", e.Limit, e.Want, e.Max)
}

// Is reports whether target is ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

func malformed(format string, args ...any) error {
	return errkind.New(ErrMalformed, format, args...)
}

// Malformed returns an error of the kind ErrMalformed with the given text. Hooks return it for
// invalid arguments and states. The Unpickler adds the opcode and its offset.
func Malformed(format string, args ...any) error { return malformed(format, args...) }

// Unsupported returns an error of the kind ErrUnsupported with the given text.
func Unsupported(format string, args ...any) error {
	return errkind.New(ErrUnsupported, format, args...)
}
