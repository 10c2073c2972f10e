package main

import (
	"io"
	"os"
)

// outputError is what went wrong with writing to standard output, rather than with a file.
type outputError struct{ err error }

func (e *outputError) Error() string { return "standard output: " + detail(e.err) }
func (e *outputError) Unwrap() error { return e.err }

// output is standard output: its errors say that they are its own.
type output struct {
	w io.Writer
	// terminal is where a pager shows what is written to w, or nil.
	terminal *os.File
}

func (o output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil {
		err = &outputError{err}
	}
	return n, err
}

// file returns what is written to in the end, if that is a file.
func (o output) file() (*os.File, bool) {
	if o.terminal != nil {
		return o.terminal, true
	}
	f, ok := o.w.(*os.File)
	return f, ok
}
