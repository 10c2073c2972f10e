package hdf5

import (
	"bytes"

	"github.com/unpkl/unpkl/internal/magic"
)

// Signature is the beginning of the superblock of every HDF5 file. The superblock is at the first
// byte of the file or, after a user block, at 512, 1024, 2048 and so on.
const Signature = magic.HDF5

// superblock has the parameters of the whole file.
//
// Reference: HDF5 File Format Specification, II.A ("Format Signature and Superblock").
type superblock struct {
	version                uint8
	sizeOffset, sizeLength int    // bytes of an address and of a length
	leafK                  int    // half the number of entries in a leaf of a symbol table
	root                   uint64 // address of the root group's object header
	extension              uint64 // address of the extension's object header
}

// maxUserBlock is the largest offset at which a superblock is searched.
const maxUserBlock = 1 << 32

// readSuperblock finds the superblock, and makes the addresses of the source relative to it.
func readSuperblock(s *source) (*superblock, error) {
	for off := int64(0); off <= maxUserBlock && off+8 <= s.size; off = max(2*off, 512) {
		b, err := s.bytes(uint64(off), 8)
		if err != nil {
			return nil, err
		}
		if string(b) == Signature {
			s.base = off
			return parseSuperblock(s)
		}
	}
	if s.size < 8 {
		if b, err := s.bytes(0, uint64(s.size)); err == nil && s.size > 0 &&
			bytes.HasPrefix([]byte(Signature), b) {
			return nil, errorAt(0, ErrTruncated, "the input ends inside the signature")
		}
	}
	return nil, errorAt(0, ErrMalformed, "not an HDF5 file: it has no signature %q", Signature)
}

func parseSuperblock(s *source) (*superblock, error) {
	b, err := s.upTo(0, 128)
	if err != nil {
		return nil, err
	}
	c := &cursor{b: b, i: 8, off: s.base}
	sb := &superblock{extension: undefined}
	sb.version = c.version("superblock", 0, 1, 2, 3)
	var eof uint64
	if sb.version < 2 {
		eof = sb.parseOld(c)
	} else {
		eof = sb.parseNew(c)
	}
	if c.err != nil {
		if len(b) < 128 {
			return nil, errorAt(s.base, ErrTruncated, "the input ends inside the superblock")
		}
		return nil, c.err
	}
	if eof > uint64(s.size) {
		return nil, errorAt(s.base, ErrTruncated,
			"a file of %d bytes, the superblock says %d", s.size, eof)
	}
	return sb, nil
}

// sizes reads the sizes of addresses and lengths.
func (sb *superblock) sizes(c *cursor) {
	pos := c.pos()
	sb.sizeOffset, sb.sizeLength = int(c.u8()), int(c.u8())
	for _, n := range []int{sb.sizeOffset, sb.sizeLength} {
		if c.err == nil && n != 2 && n != 4 && n != 8 {
			c.fail(unsupported(pos, "addresses or lengths of %d bytes", n))
		}
	}
	c.sizeOffset, c.sizeLength = sb.sizeOffset, sb.sizeLength
}

// parseOld reads versions 0 and 1 and returns the end of the file.
func (sb *superblock) parseOld(c *cursor) (eof uint64) {
	c.skip(4) // versions of the free space, the root group's entry; of shared headers
	sb.sizes(c)
	c.skip(1)
	sb.leafK = int(c.u16())
	c.skip(2 + 4) // K of the groups' inner nodes, which no reader needs; flags
	if sb.version == 1 {
		c.skip(4)
	}
	c.addr() // the base address, which is where the superblock was found
	c.addr()
	eof = c.addr()
	c.addr()
	c.addr() // the root group's name
	sb.root = c.addr()
	return eof
}

// parseNew reads versions 2 and 3 and returns the end of the file.
func (sb *superblock) parseNew(c *cursor) (eof uint64) {
	sb.sizes(c)
	c.skip(1)
	c.addr()
	sb.extension = c.addr()
	eof = c.addr()
	sb.root = c.addr()
	c.checksum(0)
	return eof
}
