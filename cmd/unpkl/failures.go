package main

import (
	"bufio"
	"errors"
	"io"
	"os"

	"github.com/unpkl/unpkl/internal/batch"
)

// failures reports the files that fail: to the file of --errors, or as lines on standard error.
type failures struct {
	s       *streams
	n       int64 // the number of failures
	path    string
	file    *os.File
	w       *bufio.Writer
	untrack func() // takes file off the list of files that an interrupt removes
}

// newFailures returns failures that go to the file of --errors, or to standard error if path is
// empty. The file is written under another name until close.
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

// partName returns the name of a file while it is being written.
func partName(path string) string { return path + ".part" }

// add reports a failure. It writes the file at once, so that a run that is killed leaves its
// failures under the other name.
func (f *failures) add(failure *batch.Failure) error {
	f.n++
	if f.w == nil {
		_, err := io.WriteString(f.s.err, "unpkl: "+printable(failure.Path+": "+failure.Text)+"\n")
		return err
	}
	return errors.Join(batch.WriteFailure(f.w, failure), f.w.Flush())
}

// close gives the file its final name.
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

// status returns the error of a run: one without text if files failed, since all have been
// reported.
func (f *failures) status() error {
	if f.n > 0 {
		return errSilent(statusFailed)
	}
	return nil
}
