package pickle

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/internal/errkind"
)

// The kinds of error that a service tells apart. Every error of this package
// that comes from the input matches exactly one of them with errors.Is.
var (
	// ErrTruncated: the input ends inside a pickle. It matches
	// io.ErrUnexpectedEOF too.
	ErrTruncated = errkind.ErrTruncated
	// ErrMalformed: the input is not a pickle, or says something impossible.
	ErrMalformed = errkind.ErrMalformed
	// ErrLimit: one of the Limits was passed; errors.As with *LimitError tells which.
	ErrLimit = errkind.ErrLimit
	// ErrUnknownGlobal: in strict mode, a class or function that no hook knows.
	ErrUnknownGlobal = errors.New("unknown global")
	// ErrUnsupported: valid, but needs something that is not there, such as a
	// hook for persistent ids or extension codes, or a format that is not read.
	ErrUnsupported = errkind.ErrUnsupported
)

// DecodeError is the error of every failed load: what is wrong and where. The
// text may change between versions; the fields and the kinds do not.
type DecodeError struct {
	// Op is the opcode that could not be carried out.
	Op Opcode
	// Offset is the position of that opcode's first byte, in bytes from the
	// start of the (decompressed) input: the left column of pickletools.dis.
	Offset int64
	// Err says what is wrong; it wraps one of the kinds.
	Err error
}

// Error returns "pickle: what is wrong (OPCODE at byte N)".
func (e *DecodeError) Error() string { return "pickle: " + e.Detail() }

// Detail returns the text of Error without the package's prefix. A limit that was passed before the
// first opcode has none to name.
func (e *DecodeError) Detail() string {
	if e.Op == 0 && errors.Is(e.Err, ErrLimit) {
		return fmt.Sprintf("%v (at byte %d)", e.Err, e.Offset)
	}
	return fmt.Sprintf("%v (%s at byte %d)", e.Err, e.Op, e.Offset)
}

// Unwrap returns Err.
func (e *DecodeError) Unwrap() error { return e.Err }

// LimitError says which of the Limits was passed.
type LimitError struct {
	// Limit is the name of the field of Limits.
	Limit string
	// Max is the limit in force; Want is what the input asked for, as far as
	// known.
	Max, Want int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s limit exceeded: %d, at most %d allowed", e.Limit, e.Want, e.Max)
}

// Is reports that a LimitError is of the kind ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

func malformed(format string, args ...any) error {
	return errkind.New(ErrMalformed, format, args...)
}

// Malformed returns an error of the kind ErrMalformed with the given text. Hooks
// return it for arguments and states that lie; the Unpickler adds the opcode
// and its offset.
func Malformed(format string, args ...any) error { return malformed(format, args...) }

// Unsupported returns an error of the kind ErrUnsupported with the given text.
func Unsupported(format string, args ...any) error {
	return errkind.New(ErrUnsupported, format, args...)
}
