package unpkl

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/pickle"
)

// The kinds of error that plain values and Go values can fail with; the root package describes them.
var (
	errCycle = errors.New("a container contains itself")
	errKey   = errors.New("dict key has no Go map key")
)

// conversionError is an error of turning objects into plain values: it has a
// kind but, the pickle being read by then, no opcode.
type conversionError struct {
	kind error
	text string
}

func (e *conversionError) Error() string { return "unpkl: " + e.text }
func (e *conversionError) Unwrap() error { return e.kind }

// errorOf returns an error of a kind.
func errorOf(kind error, format string, args ...any) error {
	return &conversionError{kind, fmt.Sprintf(format, args...)}
}

// keyError returns an error of a dict key.
func keyError(format string, args ...any) error {
	return errorOf(errKey, format, args...)
}

// limitError returns a *pickle.LimitError with this package's prefix.
func limitError(name string, limit, want int64) error {
	return fmt.Errorf("unpkl: %w", &pickle.LimitError{Limit: name, Max: limit, Want: want})
}
