//go:build !linux && !darwin

package ndarray

import (
	"errors"
	"os"
)

func mapFile(*os.File, int64, int, MapMode) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmapFile([]byte) error { return nil }

func flushFile(f *os.File, _ []byte) error { return f.Sync() }
