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

// The kinds of error that a service tells apart with errors.Is; those that come
// from the input are package pickle's, by the same names. A *[DecodeError] adds
// the opcode and the byte offset. The package documentation has a table of them.
var (
	// ErrNotPickle: the input is something else, which the error names: text, a PNG image, a zip of
	// several members, nothing at all. It is of the kind by which reading it ended too,
	// ErrTruncated for an empty input.
	ErrNotPickle     = errkind.ErrNotPickle
	ErrTruncated     = pickle.ErrTruncated
	ErrMalformed     = pickle.ErrMalformed
	ErrLimit         = pickle.ErrLimit
	ErrUnknownGlobal = pickle.ErrUnknownGlobal
	ErrUnsupported   = pickle.ErrUnsupported

	// ErrType: a Python value does not fit the Go value that it is to go into, see
	// [UnmarshalTypeError].
	ErrType = errors.New("value of another type")
	// ErrUnknownField and ErrMissingField are the kinds of a [FieldError].
	ErrUnknownField = errors.New("unknown field")
	ErrMissingField = errors.New("missing field")
	// ErrTrailing: the input goes on behind its pickle, and [WithNoTrailing] is given. It is of the
	// kind ErrMalformed too.
	ErrTrailing = fmt.Errorf("%w: bytes behind the pickle", ErrMalformed)

	// ErrCycle: a container contains itself, which plain values represent only
	// with [WithAllowCycles], and a Go value only where a pointer, map or slice
	// can hold itself.
	ErrCycle = pyvalue.ErrCycle
	// ErrKey: a dict has a key that no Go map key stands for, or two keys that
	// Python keeps apart and Go would not.
	ErrKey = pyvalue.ErrKey
	// ErrNotFound: a pointer leads nowhere; see [File.Lookup].
	ErrNotFound = lookup.ErrNotFound
	// ErrReadOnly: a [Value] has no part there that can be changed.
	ErrReadOnly = lookup.ErrReadOnly
	// ErrClosed: the [File] is closed.
	ErrClosed = ndarray.ErrClosed
	// ErrSkipClass is what a hook of [WithFindClass] returns for a class that it
	// does not know, so that the next hook is asked.
	ErrSkipClass = errors.New("class not known to this hook")
)

// DecodeError is package pickle's: what is wrong with the input, the opcode and
// its byte offset.
type DecodeError = pickle.DecodeError

// LimitError is package pickle's: which of the [Limits] was passed.
type LimitError = pickle.LimitError

// InvalidUnmarshalError is the error of [Unmarshal], [Decoder.Decode] and
// [File.Decode] for a target that is not a non-nil pointer.
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

// UnmarshalTypeError says that a Python value does not fit the Go value that it
// was to go into. As with encoding/json, everything else is still decoded, and
// the first such error is returned.
type UnmarshalTypeError struct {
	// Path leads from the target to the place: field names and map keys joined
	// by dots, indexes in brackets, as in regions[2].values. It is empty for the
	// target itself.
	Path string
	// Value names the Python type, for an array with its dtype and shape:
	// "str", "ndarray of dtype float64, shape (2, 3)".
	Value string
	// Type is the Go type that the value does not fit.
	Type reflect.Type
	// Err says why, where the types alone do not; else nil.
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

// FieldError says that what is in a pickle and the fields of a struct are not the same names: see
// [WithDisallowUnknownFields] and [WithRequireFields]. As with [UnmarshalTypeError], the
// rest is decoded, and the first error is returned.
type FieldError struct {
	// Path leads from the target to the struct, as in UnmarshalTypeError.
	Path string
	// Name is the name that no field has, or that of the field for which nothing is there.
	Name string
	// Type is the type of the struct.
	Type reflect.Type
	// Missing tells a missing field from an unknown one.
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
