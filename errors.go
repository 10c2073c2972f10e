package unpkl

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// The kinds of errors, for errors.Is. Those of the input are the variables of the same names in
// package pickle. A *[DecodeError] adds the opcode and the byte offset. The package documentation
// has a table of all kinds.
var (
	// ErrNotPickle: the input is in another format, which the error names, such as text, a PNG
	// image or a zip with several members; or it is empty. Such an error is also of the kind of
	// the error that reading the input as a pickle gave; for an empty input that is ErrTruncated.
	ErrNotPickle     = errkind.ErrNotPickle
	ErrTruncated     = pickle.ErrTruncated
	ErrMalformed     = pickle.ErrMalformed
	ErrLimit         = pickle.ErrLimit
	ErrUnknownGlobal = pickle.ErrUnknownGlobal
	ErrUnsupported   = pickle.ErrUnsupported

	// ErrType: a Python value does not fit the Go type of its target, see [UnmarshalTypeError].
	ErrType = errors.New("value of another type")
	// ErrUnknownField and ErrMissingField are the kinds of a [FieldError].
	ErrUnknownField = errors.New("unknown field")
	ErrMissingField = errors.New("missing field")
	// ErrTrailing: there are bytes after the pickle, and [WithNoTrailing] is given. Such an error
	// is also of the kind ErrMalformed.
	ErrTrailing = fmt.Errorf("%w: bytes behind the pickle", ErrMalformed)

	// ErrCycle: a container contains itself. Plain values can do so only with [WithAllowCycles],
	// and a target of Unmarshal only through a pointer, map or slice.
	ErrCycle = pyvalue.ErrCycle
	// ErrKey: a dict has a key that no Go map key can represent, or two keys that are distinct in
	// Python but equal in Go.
	ErrKey = pyvalue.ErrKey
	// ErrNotFound: a pointer leads nowhere; see [File.Lookup].
	ErrNotFound = lookup.ErrNotFound
	// ErrReadOnly: the part of a [Value] that a pointer leads to cannot be changed.
	ErrReadOnly = lookup.ErrReadOnly
	// ErrClosed: the [File] is closed.
	ErrClosed = ndarray.ErrClosed
	// ErrSkipClass is returned by a hook of [WithFindClass] for a class that it does not know, so
	// that the next hook is asked.
	ErrSkipClass = errors.New("class not known to this hook")
)

// DecodeError is package pickle's: what is wrong with the input, with the opcode and its byte
// offset.
type DecodeError = pickle.DecodeError

// LimitError is package pickle's: which of the [Limits] was exceeded.
type LimitError = pickle.LimitError

// InvalidUnmarshalError is the error of [Unmarshal], [Decoder.Decode] and [File.Decode] for a
// target that is not a non-nil pointer.
type InvalidUnmarshalError struct {
	// Type is the target's type; nil for a nil interface.
	Type reflect.Type
}

func (e *InvalidUnmarshalError) Error() string {
	switch {
	case e.Type == nil:
		return "unpkl: cannot unmarshal into nil"
	case e.Type.Kind() != reflect.Pointer:
		return fmt.Sprintf("unpkl: cannot unmarshal into %v, which is not a pointer", e.Type)
	}
	return fmt.Sprintf("unpkl: cannot unmarshal into a nil %v", e.Type)
}

// An UnmarshalTypeError says that a Python value does not fit the Go value in which it was to be
// stored. As with encoding/json, everything else is still decoded, and the first such error is
// returned.
type UnmarshalTypeError struct {
	// Path leads from the target to the place of the error: field names and map keys joined by
	// dots, indexes in brackets, as in regions[2].values. It is empty for the target itself.
	Path string
	// Value describes the Python value: its type, for an array with dtype and shape, as in "str" or
	// "ndarray of dtype float64, shape (2, 3)".
	Value string
	// Type is the Go type that the value does not fit.
	Type reflect.Type
	// Err gives the reason if the types alone do not show it; otherwise it is nil.
	Err error
}

func (e *UnmarshalTypeError) Error() string {
	text := fmt.Sprintf("unpkl: cannot put Python %s into Go %v", e.Value, e.Type)
	if e.Path != "" {
		text += " at " + e.Path
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (e *UnmarshalTypeError) Unwrap() error { return e.Err }

// Is reports that an UnmarshalTypeError is of the kind ErrType.
func (e *UnmarshalTypeError) Is(target error) bool { return target == ErrType }

// A FieldError says that a name in a pickle has no field in a struct, or a field has no value in
// the pickle: see [WithDisallowUnknownFields] and [WithRequireFields]. As with
// [UnmarshalTypeError], the rest is decoded, and the first error is returned.
type FieldError struct {
	// Path leads from the target to the struct, as in UnmarshalTypeError.
	Path string
	// Name is the name in the pickle that has no field, or the name of the field that has no value.
	Name string
	// Type is the type of the struct.
	Type reflect.Type
	// Missing is true if a field has no value, and false if a name has no field.
	Missing bool
}

func (e *FieldError) Error() string {
	at := ""
	if e.Path != "" {
		at = " at " + e.Path
	}
	if e.Missing {
		return fmt.Sprintf("unpkl: nothing for the field %q of Go %v%s", e.Name, e.Type, at)
	}
	return fmt.Sprintf("unpkl: no field of Go %v for %q%s", e.Type, e.Name, at)
}

// Unwrap returns ErrMissingField or ErrUnknownField.
func (e *FieldError) Unwrap() error {
	if e.Missing {
		return ErrMissingField
	}
	return ErrUnknownField
}
