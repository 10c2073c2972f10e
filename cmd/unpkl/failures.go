package main

import (
	"bufio"
	"errors"
	"io"
	"os"

	"github.com/unpkl/unpkl/internal/batch"
)

// failures writes what fails to the file of --errors, or as lines to standard error.
type failures struct {
	s       *streams
	n       int64
	path    string
	file    *os.File
	w       *bufio.Writer
	untrack func()
}

// newFailures begins a file of errors under another name, which takes the name in close.
func newFailures(s *streams, path string) (*failures, error) {
	out := &failures{s: s, path: path}
	if path == "" {
		return out, nil
	}
	file, done, err := keepTrack(func() (*os.File, error) { return os.Create(partName(path)) })
	if err != nil {
		return nil, &fileError{path, err}
	}
	out.file, out.w, out.untrack = file, bufio.NewWriter(file), done
	return out, nil
}

// partName is the name of a file while it is written.
func partName(path string) string { return path + ".part" }

// add notes a failure. Those of a run that is killed are in the file's other name.
func (f *failures) add(failure *batch.Failure) error {
	f.n++
	if f.w == nil {
		_, err := io.WriteString(f.s.err, "unpkl: "+printable(failure.Path+": "+failure.Text)+"\n")
		return err
	}
	return errors.Join(batch.WriteFailure(f.w, failure), f.w.Flush())
}

// close gives the file its name.
func (f *failures) close() error {
	if f.file == nil {
		return nil
	}
	err := errors.Join(f.w.Flush(), f.file.Close())
	if err == nil {
		err = os.Rename(f.file.Name(), f.path)
	}
	f.untrack()
	if err != nil {
		return &fileError{f.path, err}
	}
	return nil
}

// status is the error of a run in which n files failed, all of which were told.
func (f *failures) status() error {
	if f.n > 0 {
		return errSilent(statusFailed)
	}
	return nil
}
