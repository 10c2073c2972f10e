//go:build !linux && !darwin

package mmap

import (
	"errors"
	"os"
)

// Map reports that files are read instead.
func Map(*os.File, int64) ([]byte, error) { return nil, errors.ErrUnsupported }

// Unmap ends a mapping; there are none.
func Unmap([]byte) error { return nil }
