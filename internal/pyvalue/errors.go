package pyvalue

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/pickle"
)

// The kinds of error that plain values and Go values can fail with; the root package describes
// them.
var (
	ErrCycle = errors.New("a container contains itself")
	ErrKey   = errors.New("dict key has no Go map key")
)

// Error is an error of turning objects into plain values: it has a
// kind but, the pickle being read by then, no opcode.
type Error struct {
	kind error
	text string
}

func (e *Error) Error() string { return "unpkl: " + e.text }
func (e *Error) Unwrap() error { return e.kind }

// Errorf returns an error of a kind.
func Errorf(kind error, format string, args ...any) error {
	return &Error{kind, fmt.Sprintf(format, args...)}
}

// KeyError returns an error of a dict key.
func KeyError(format string, args ...any) error {
	return Errorf(ErrKey, format, args...)
}

// LimitError returns a *pickle.LimitError with this package's prefix.
func LimitError(name string, limit, want int64) error {
	return fmt.Errorf("unpkl: %w", &pickle.LimitError{Limit: name, Max: limit, Want: want})
}
