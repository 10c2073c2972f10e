package convert

import (
	"errors"
	"fmt"
	"strings"

	"github.com/unpkl/unpkl/internal/errkind"
)

// The kinds of errors, for errors.Is. The first four are the same values as in package unpkl.
var (
	// ErrTruncated: the file ends early. It matches io.ErrUnexpectedEOF too.
	ErrTruncated = errkind.ErrTruncated
	// ErrMalformed: the file is not of the format, or contradicts itself.
	ErrMalformed = errkind.ErrMalformed
	// ErrLimit: a limit was exceeded.
	ErrLimit = errkind.ErrLimit
	// ErrUnsupported: the file or value is valid, but this package does not read or write it.
	ErrUnsupported = errkind.ErrUnsupported
	// ErrFormat: no format belongs to the ending, or no format has the given name.
	ErrFormat = errors.New("unknown format")
	// ErrHold: the format cannot hold a value; the error is a *[HoldError].
	ErrHold = errors.New("cannot hold")
)

// HoldError says that a format cannot hold a value.
type HoldError struct {
	// Format is the name of the format.
	Format string
	// Path is the JSON pointer (RFC 6901) of the value in the document; "" is the whole document.
	Path string
	// What describes the value, or the part of it that would be lost: "a dict in a dict".
	What string
	// Could has the names of the formats that can hold such a value.
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
		fmt.Fprintf(&b, "; %s can", joinWords(e.Could))
	}
	return b.String()
}

// Is reports whether target is ErrHold.
func (e *HoldError) Is(target error) bool { return target == ErrHold }

// joinWords returns the words as an English list: "a, b and c".
func joinWords(words []string) string {
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

// isHoldError reports whether a format cannot hold a value.
func isHoldError(err error) bool { return errors.Is(err, ErrHold) }

func isUnsupported(err error) bool { return errors.Is(err, ErrUnsupported) }
