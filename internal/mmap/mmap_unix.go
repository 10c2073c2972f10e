//go:build linux || darwin

package mmap

import (
	"math"
	"os"
	"syscall"
)

// Map maps the first size bytes of f copy-on-write. Nothing is reserved for copies that may never
// be made, so a file may be larger than memory and swap together.
func Map(f *os.File, size int64) ([]byte, error) {
	if size > math.MaxInt {
		return nil, syscall.EFBIG
	}
	return syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
}

// Unmap ends a mapping; nil is none.
func Unmap(data []byte) error {
	if data == nil {
		return nil
	}
	return syscall.Munmap(data)
}
