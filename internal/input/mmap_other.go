//go:build !linux && !darwin

package input

import (
	"errors"
	"os"
)

// mapFile reports that files are read instead.
func mapFile(*os.File, int64) ([]byte, error) { return nil, errors.ErrUnsupported }

// Unmap ends a mapping; there are none.
func Unmap([]byte) error { return nil }
