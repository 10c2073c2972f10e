package errkind

import "errors"

// ErrNotPickle is the kind of an input that is something else than a pickle.
var ErrNotPickle = errors.New("not a pickle")

// ErrEmpty is the error of an input of no bytes where one pickle is wanted.
var ErrEmpty error = &NotPickleError{"the input is empty, there is no pickle in it", ErrTruncated}

// NotPickleError is the error of an input that is something else than a pickle. It is of two kinds:
// ErrNotPickle, and that of the error by which reading it as a pickle ended.
type NotPickleError struct {
	Msg string
	Err error
}

func (e *NotPickleError) Error() string { return e.Msg }

// Unwrap returns both kinds.
func (e *NotPickleError) Unwrap() []error { return []error{ErrNotPickle, e.Err} }
