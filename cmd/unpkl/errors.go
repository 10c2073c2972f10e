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

// fileError is what is wrong with a file, or with reading or writing it.
type fileError struct {
	name string
	err  error
}

func (e *fileError) Error() string { return e.name + ": " + detail(e.err) + readers(e.name, e.err) }
func (e *fileError) Unwrap() error { return e.err }

// readers says, in the error of a file that is no pickle, which commands read it.
func readers(name string, err error) string {
	if !errors.Is(err, unpkl.ErrNotPickle) || !isFile(name) {
		return ""
	}
	if f, ok := magic.Of(firstBytes(name)); isForeign(name) || ok && f.Prefix == magic.NPY {
		return "; unpkl info, get and convert read it"
	}
	return ""
}

// fileErrors are those of several files, each of which is told.
type fileErrors []error

func (e fileErrors) Error() string   { return errors.Join(e...).Error() }
func (e fileErrors) Unwrap() []error { return e }

// detail is the text of an error without the package and the file's name, which
// the line already has.
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
		if path.Op == "create" { // of another file than the line is about
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

// errorLine is the one line that goes to standard error.
func errorLine(err error) string {
	if own := (*outputError)(nil); errors.As(err, &own) {
		err = own // whatever was being read
	}
	return "unpkl: " + printable(err.Error())
}

// printable escapes what a terminal could act on, and what would end the line.
func printable(s string) string { return describe.Printable(s) }
