package hdf5

import (
	"io"
	"math"
)

// source gives access to the bytes of a file. Addresses are relative to the superblock, which
// follows the user block. Every address is checked here and nowhere else.
type source struct {
	data []byte      // the whole file, if it is mapped or in memory
	r    io.ReaderAt // used if data is nil
	size int64       // of the file in bytes
	base int64       // offset of the superblock
}

// offset returns the offset in the file of an address, which may be out of range.
func (s *source) offset(addr uint64) int64 {
	if addr > math.MaxInt64-uint64(s.base) {
		return math.MaxInt64
	}
	return int64(addr) + s.base
}

// check returns an error unless n bytes at an address are inside the file.
func (s *source) check(addr, n uint64) error {
	off := s.offset(addr)
	if off > s.size || n > uint64(s.size-off) || n > math.MaxInt {
		return errorAt(off, ErrTruncated, "%d bytes that reach outside the file of %d", n, s.size)
	}
	return nil
}

// bytes returns n bytes at an address. They must not be changed, since they may alias the mapping.
func (s *source) bytes(addr, n uint64) ([]byte, error) {
	if err := s.check(addr, n); err != nil {
		return nil, err
	}
	off := s.offset(addr)
	if s.data != nil {
		return s.data[off : off+int64(n) : off+int64(n)], nil
	}
	b := make([]byte, n)
	return b, s.readAt(b, off)
}

// readInto fills dst from an address.
func (s *source) readInto(dst []byte, addr uint64) error {
	if err := s.check(addr, uint64(len(dst))); err != nil {
		return err
	}
	off := s.offset(addr)
	if s.data != nil {
		copy(dst, s.data[off:])
		return nil
	}
	return s.readAt(dst, off)
}

func (s *source) readAt(b []byte, off int64) error {
	if len(b) == 0 {
		return nil
	}
	if n, err := s.r.ReadAt(b, off); n < len(b) {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return readError(err, off)
	}
	return nil
}

// upTo returns n bytes at an address, or fewer if the file ends before.
func (s *source) upTo(addr, n uint64) ([]byte, error) {
	if off := s.offset(addr); off < s.size {
		n = min(n, uint64(s.size-off))
	}
	return s.bytes(addr, n)
}
