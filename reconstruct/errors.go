package reconstruct

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// ArgumentError is the error for arguments and states that package ndarray refuses:
// a shape, dtype or number of bytes that lies. It matches [pickle.ErrMalformed]
// (or [pickle.ErrLimit]) and the kind of the ndarray error, such as
// ndarray.ErrShape.
type ArgumentError struct {
	// Global is the class or function, as read.
	Global string
	// Err is the error of package ndarray.
	Err error
}

// Error returns "global: what is wrong".
func (e *ArgumentError) Error() string {
	var detail *ndarray.Error
	if errors.As(e.Err, &detail) {
		return e.Global + ": " + detail.Text
	}
	return e.Global + ": " + fmt.Sprint(e.Err)
}

// Unwrap returns the kind of package pickle, and Err.
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

// refused turns an error of package ndarray into one of this package.
func refused(global string, err error) error {
	if err == nil {
		return nil
	}
	return &ArgumentError{Global: global, Err: err}
}

// tooMany is the error for a limit that an array passes.
func tooMany(limit string, limitValue, want int) error {
	return fmt.Errorf("numpy array: %w", &pickle.LimitError{Limit: limit, Max: int64(limitValue),
		Want: int64(want)})
}
