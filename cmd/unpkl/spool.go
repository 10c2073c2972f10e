package main

import (
	"io"
	"os"

	"github.com/unpkl/unpkl/pickle"
)

// spool holds output back until it is complete: up to spoolMemory bytes in memory, more in a
// temporary file.
type spool struct {
	max  int64 // the greatest size in bytes; 0 is no limit
	size int64
	mem  []byte
	file *os.File
}

// spoolMemory is the greatest number of bytes that a spool keeps in memory.
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
	// Where the system can remove an open file, nothing remains of it however this process ends.
	// Elsewhere close removes it.
	os.Remove(f.Name())
	_, err = f.Write(s.mem)
	s.mem = nil
	return err
}

// copyTo writes everything that was held back.
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
