package filter

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/internal/errkind"
)

// errNoGain is what a filter's encoder returns where its output would be no shorter.
var errNoGain = errors.New("the filter does not make the chunk shorter")

// The errors of this package have the kinds of package errkind and no prefix of a package, as the
// reader puts the object and the file offset in front of them.
func malformed(format string, args ...any) error {
	return errkind.New(errkind.ErrMalformed, format, args...)
}

func truncated(format string, args ...any) error {
	return errkind.New(errkind.ErrTruncated, format, args...)
}

func unsupported(format string, args ...any) error {
	return errkind.New(errkind.ErrUnsupported, format, args...)
}

// describe is the filter's number and its name: this package's, or what the file says.
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

// named puts the filter in front of what went wrong in it.
func named(f *Filter, err error) error {
	return fmt.Errorf("%s: %w", describe(f), err)
}
