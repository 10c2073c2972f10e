package filter

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/internal/errkind"
)

// errNoGain is returned by an encoder if its output would not be shorter than the input.
var errNoGain = errors.New("the filter does not make the chunk shorter")

// The errors of this package have the kinds of package errkind, but no prefix: the readers add the
// object and the offset in the file.
func malformed(format string, args ...any) error {
	return errkind.New(errkind.ErrMalformed, format, args...)
}

func truncated(format string, args ...any) error {
	return errkind.New(errkind.ErrTruncated, format, args...)
}

func unsupported(format string, args ...any) error {
	return errkind.New(errkind.ErrUnsupported, format, args...)
}

// describe returns the number and the name of a filter: this package's name, or that in the file.
func describe(f *Filter) string {
	name := f.Name
	if c := codecs[f.ID]; c != nil {
		name = c.name
	} else if other := otherNames[f.ID]; other != "" {
		name = other
	}
	if name == "" {
		return fmt.Sprintf("filter %d", f.ID)
	}
	return fmt.Sprintf("filter %d (%.64q)", f.ID, name)
}

func unknown(f *Filter) error {
	return unsupported("%s is not known here", describe(f))
}

// withFilter adds the filter to an error of its codec.
func withFilter(f *Filter, err error) error {
	return fmt.Errorf("%s: %w", describe(f), err)
}
