package pyvalue

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/pickle"
)

// The kinds of error that the conversion to plain values and Go values adds; see the root package.
var (
	ErrCycle = errors.New("a container contains itself")
	ErrKey   = errors.New("dict key has no Go map key")
)

// Error is an error of converting objects. It has a kind, but no opcode, because the pickle was
// read before.
type Error struct {
	kind error
	text string
}

func (e *Error) Error() string { return "unpkl: " + e.text }
func (e *Error) Unwrap() error { return e.kind }

// Errorf returns an Error of the given kind.
func Errorf(kind error, format string, args ...any) error {
	return &Error{kind, fmt.Sprintf(format, args...)}
}

// KeyError returns an Error of the kind ErrKey.
func KeyError(format string, args ...any) error {
	return Errorf(ErrKey, format, args...)
}

// LimitError returns a *pickle.LimitError with the prefix of the root package.
func LimitError(name string, limit, want int64) error {
	return fmt.Errorf("unpkl: %w", &pickle.LimitError{Limit: name, Max: limit, Want: want})
}
