package main

import (
	"io"
	"os"
)

// outputError is an error of writing to standard output rather than to a file.
type outputError struct{ err error }

func (e *outputError) Error() string { return "standard output: " + detail(e.err) }
func (e *outputError) Unwrap() error { return e.err }

// output is standard output. It returns its errors as *outputError.
type output struct {
	w io.Writer
	// terminal is the terminal on which a pager shows what is written to w. It is nil without a
	// pager.
	terminal *os.File
}

func (o output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil {
		err = &outputError{err}
	}
	return n, err
}

// file returns the file or terminal where the output ends up.
func (o output) file() (*os.File, bool) {
	if o.terminal != nil {
		return o.terminal, true
	}
	f, ok := o.w.(*os.File)
	return f, ok
}
