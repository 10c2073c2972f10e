//go:build linux || darwin

package ndarray

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// mapFile maps size bytes of a file from offset on, which must be a multiple of 64 KiB.
func mapFile(f *os.File, offset int64, size int, mode MapMode) ([]byte, error) {
	protection, flags := syscall.PROT_READ, syscall.MAP_SHARED
	switch mode {
	case MapReadWrite:
		protection |= syscall.PROT_WRITE
	case MapCopy:
		protection, flags = protection|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_NORESERVE
	}
	return syscall.Mmap(int(f.Fd()), offset, size, protection, flags)
}

func unmapFile(data []byte) error {
	if data == nil {
		return nil
	}
	return syscall.Munmap(data)
}

// flushFile waits until the changes of the mapping are on the disk.
func flushFile(_ *os.File, data []byte) error { return unix.Msync(data, unix.MS_SYNC) }
