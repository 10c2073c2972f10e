package main

import (
	"io"
	"os"

	"github.com/unpkl/unpkl/pickle"
)

// spool holds output back until all of it is known to be good: in memory up to
// spoolMemory bytes, then in a temporary file.
type spool struct {
	max  int64 // more than so many bytes are an error; 0 is no limit
	size int64
	mem  []byte
	file *os.File
}

const spoolMemory = 2 << 20

func (s *spool) Write(p []byte) (int, error) {
	if s.size += int64(len(p)); s.max > 0 && s.size > s.max {
		return 0, &pickle.LimitError{Limit: "OutputBytes", Max: s.max, Want: s.size}
	}
	if s.file == nil {
		if len(s.mem)+len(p) <= spoolMemory {
			s.mem = append(s.mem, p...)
			return len(p), nil
		}
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	return s.file.Write(p)
}

func (s *spool) spill() error {
	f, err := os.CreateTemp("", "unpkl-*.json")
	if err != nil {
		return err
	}
	s.file = f
	// Where an open file can lose its name, nothing remains of it however this
	// process ends; elsewhere close removes it.
	os.Remove(f.Name())
	_, err = f.Write(s.mem)
	s.mem = nil
	return err
}

// copyTo writes all that was held back.
func (s *spool) copyTo(w io.Writer) error {
	if s.file == nil {
		_, err := w.Write(s.mem)
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, s.file)
	return err
}

// close removes the temporary file, if there is one.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}
