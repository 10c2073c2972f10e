// Package errkind holds the kinds of error that packages which do not import
// each other have in common, so that errors.Is gives one answer for all of them.
package errkind

import (
	"errors"
	"fmt"
	"io"
)

// The kinds; the packages that export them describe them.
var (
	ErrTruncated   = fmt.Errorf("truncated: %w", io.ErrUnexpectedEOF)
	ErrMalformed   = errors.New("malformed")
	ErrLimit       = errors.New("limit exceeded")
	ErrUnsupported = errors.New("unsupported")
)

// Error is a message of one of the kinds; the message alone is its text.
type Error struct {
	Kind error
	Msg  string
}

func (e *Error) Error() string { return e.Msg }

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

// New returns an error of the given kind with the given text.
func New(kind error, format string, args ...any) error {
	return &Error{kind, fmt.Sprintf(format, args...)}
}

// LimitError says that a limit was passed. Package pickle gives it to its callers as its own
// LimitError.
type LimitError struct {
	Limit string // the name of the field of pickle.Limits
	// Max is the limit in force and Want what the input asked for, in the limit's unit.
	Max, Want int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s limit exceeded: %d, at most %d allowed", e.Limit, e.Want, e.Max)
}

// Is reports that a LimitError is of the kind ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }
