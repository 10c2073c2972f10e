package reconstruct

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// ArgumentError reports arguments or a state that package ndarray refuses: a shape, dtype or number
// of bytes that is inconsistent. It matches [pickle.ErrMalformed] (or [pickle.ErrLimit]) and the
// kind of the ndarray error, such as ndarray.ErrShape.
type ArgumentError struct {
	// Global is the class or function, as the pickle spells it.
	Global string
	// Err is the underlying error of package ndarray.
	Err error
}

// Error returns the name of the global, a colon and the text of Err.
func (e *ArgumentError) Error() string {
	var detail *ndarray.Error
	if errors.As(e.Err, &detail) {
		return e.Global + ": " + detail.Text
	}
	return e.Global + ": " + fmt.Sprint(e.Err)
}

// Unwrap returns an error kind of package pickle, and Err.
func (e *ArgumentError) Unwrap() []error {
	kind := pickle.ErrMalformed
	if errors.Is(e.Err, ndarray.ErrLimit) {
		kind = pickle.ErrLimit
	}
	if e.Err == nil {
		return []error{kind}
	}
	return []error{kind, e.Err}
}

// refused wraps an error of package ndarray in an ArgumentError; it returns nil for nil.
func refused(global string, err error) error {
	if err == nil {
		return nil
	}
	return &ArgumentError{Global: global, Err: err}
}

// tooMany returns the error for an array that exceeds a limit.
func tooMany(limit string, limitValue, want int) error {
	return fmt.Errorf("numpy array: %w", &pickle.LimitError{Limit: limit, Max: int64(limitValue),
		Want: int64(want)})
}
