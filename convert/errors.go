package convert

import (
	"errors"
	"fmt"
	"strings"

	"github.com/unpkl/unpkl/internal/errkind"
)

// The kinds of error that a service tells apart with errors.Is; the first four are the same values
// as package unpkl's.
var (
	// ErrTruncated: the file ends inside something. It matches io.ErrUnexpectedEOF too.
	ErrTruncated = errkind.ErrTruncated
	// ErrMalformed: the file is not of the format, or says something impossible.
	ErrMalformed = errkind.ErrMalformed
	// ErrLimit: one of the limits was passed.
	ErrLimit = errkind.ErrLimit
	// ErrUnsupported: valid, but not read or written.
	ErrUnsupported = errkind.ErrUnsupported
	// ErrFormat: no format is told by the name, or the one that is asked for does not exist.
	ErrFormat = errors.New("unknown format")
	// ErrHold: the format cannot hold a value; the error is a *[HoldError].
	ErrHold = errors.New("cannot hold")
)

// HoldError says that a format cannot hold a value.
type HoldError struct {
	// Format is the format's name.
	Format string
	// Path is where the value is in the document, a JSON pointer (RFC 6901); "" is the whole.
	Path string
	// What says what the value is, or what of it would be lost: "a dict in a dict".
	What string
	// Could are the names of the formats that hold such a value.
	Could []string
}

// Error names the value, the place and the formats that could hold it.
func (e *HoldError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "convert: %s cannot hold %s", e.Format, e.What)
	if e.Path != "" {
		fmt.Fprintf(&b, " at %s", e.Path)
	}
	if len(e.Could) > 0 {
		fmt.Fprintf(&b, "; %s can", and(e.Could))
	}
	return b.String()
}

// Is reports that the error is of the kind ErrHold.
func (e *HoldError) Is(target error) bool { return target == ErrHold }

// and returns the words as an English list.
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func malformed(format string, args ...any) error {
	return errkind.New(errkind.ErrMalformed, "convert: "+format, args...)
}

func unsupported(format string, args ...any) error {
	return errkind.New(errkind.ErrUnsupported, "convert: "+format, args...)
}

// isHold reports whether an error is that a value cannot be held.
func isHold(err error) bool { return errors.Is(err, ErrHold) }

func isUnsupported(err error) bool { return errors.Is(err, ErrUnsupported) }
