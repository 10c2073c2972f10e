package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/pickle"
)

// fileError is an error about a file. Its text begins with the name of the file.
type fileError struct {
	name string
	err  error
}

func (e *fileError) Error() string { return e.name + ": " + detail(e.err) + readers(e.name, e.err) }
func (e *fileError) Unwrap() error { return e.err }

// readers returns the end of the error for a file that is no pickle: which commands can read it, if
// any.
func readers(name string, err error) string {
	if !errors.Is(err, unpkl.ErrNotPickle) || !isFile(name) {
		return ""
	}
	if f, ok := magic.Of(firstBytes(name)); isForeign(name) || ok && f.Prefix == magic.NPY {
		return "; unpkl info, get and convert read it"
	}
	return ""
}

// fileErrors are the errors of several files, each of which is reported on a line.
type fileErrors []error

func (e fileErrors) Error() string   { return errors.Join(e...).Error() }
func (e fileErrors) Unwrap() []error { return e }

// detail returns the text of an error without the names of the package and the file, which precede
// it on the line.
func detail(err error) string {
	if errors.Is(err, unpkl.ErrNotPickle) {
		return strings.TrimPrefix(err.Error(), "unpkl: ")
	}
	var decode *pickle.DecodeError
	if errors.As(err, &decode) {
		return decode.Detail()
	}
	var limit *pickle.LimitError
	if errors.As(err, &limit) && limit.Limit == "OutputBytes" {
		return "the output is larger than " + humanize.IBytes(uint64(limit.Max)) +
			"; --max-output allows more"
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		if path.Op == "create" { // another file than the one that the line is about
			return path.Path + ": " + path.Err.Error()
		}
		return path.Err.Error()
	}
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return errno.Error()
	}
	text := err.Error()
	for _, prefix := range []string{"unpkl: ", "pickle: ", "convert: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}

// errorLine returns the line for standard error about an error.
func errorLine(err error) string {
	if own := (*outputError)(nil); errors.As(err, &own) {
		err = own // whichever file was being read
	}
	return "unpkl: " + printable(err.Error())
}

// printable is describe.Printable.
func printable(s string) string { return describe.Printable(s) }
