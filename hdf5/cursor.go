package hdf5

import (
	"bytes"
	"encoding/binary"
	"math"
)

// undefined is the address that means "none": in a file all its bits are set.
const undefined = math.MaxUint64

// cursor reads the fields of one structure. After an error, which it keeps, all fields that are
// read are zero. So a parser checks the error once at its end, and before it loops or allocates.
//
// Reference: HDF5 File Format Specification, I ("Introduction"): integers are
// little-endian; addresses and lengths have the sizes of the superblock.
type cursor struct {
	b          []byte
	i          int   // index of the next byte in b
	off        int64 // offset of b[0] in the file
	sizeOffset int   // bytes of an address
	sizeLength int   // bytes of a length
	err        error // the first error
}

// pos returns the offset in the file of the next byte.
func (c *cursor) pos() int64 { return c.off + int64(c.i) }

// left returns the number of bytes that are left.
func (c *cursor) left() int { return len(c.b) - c.i }

// fail records an error, unless there is one already.
func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.i = len(c.b)
}

// take returns the next n bytes, which alias the structure.
func (c *cursor) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n < 0 || n > c.left() {
		c.fail(malformed(c.pos(), "a field of %d bytes where the structure has %d left", n,
			c.left()))
		return nil
	}
	b := c.b[c.i : c.i+n : c.i+n]
	c.i += n
	return b
}

func (c *cursor) skip(n int) { c.take(n) }

// align skips to the next multiple of n bytes from a start within the structure.
func (c *cursor) align(start, n int) {
	if r := (c.i - start) % n; r != 0 {
		c.skip(n - r)
	}
}

// uint reads an integer of n bytes, 1 to 8.
func (c *cursor) uint(n int) uint64 {
	b := c.take(n)
	var x uint64
	for i := len(b) - 1; i >= 0; i-- {
		x = x<<8 | uint64(b[i])
	}
	return x
}

func (c *cursor) u8() uint8 {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if b := c.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// count reads a 32-bit number that fits an int on every machine.
func (c *cursor) count() int {
	pos := c.pos()
	x := c.u32()
	if x > math.MaxInt32 {
		c.fail(malformed(pos, "a count of %d", x))
		return 0
	}
	return int(x)
}

func (c *cursor) u64() uint64 {
	if b := c.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// addr reads an address, which is relative to the superblock.
func (c *cursor) addr() uint64 {
	x := c.uint(c.sizeOffset)
	if c.err != nil {
		return undefined
	}
	if x == undefined>>(64-8*c.sizeOffset) {
		return undefined
	}
	return x
}

// length reads a length.
func (c *cursor) length() uint64 { return c.uint(c.sizeLength) }

// text reads a text up to a NUL, and skips the NUL. It fails if there is no NUL.
func (c *cursor) text() string {
	if c.err != nil {
		return ""
	}
	n := bytes.IndexByte(c.b[c.i:], 0)
	if n < 0 {
		c.fail(malformed(c.pos(), "a text without an end"))
		return ""
	}
	s := string(c.b[c.i : c.i+n])
	c.i += n + 1
	return s
}

// signature checks the four bytes at the beginning of a structure.
func (c *cursor) signature(want string) {
	pos := c.pos()
	if got := c.take(4); c.err == nil && string(got) != want {
		c.fail(malformed(pos, "%q where the signature %s is due", got, want))
	}
}

// version reads a version number, and fails unless it is one of those given.
func (c *cursor) version(what string, known ...uint8) uint8 {
	pos := c.pos()
	v := c.u8()
	if c.err == nil && bytes.IndexByte(known, v) < 0 {
		c.fail(unsupported(pos, "version %d of the %s", v, what))
	}
	return v
}

// checksum reads a checksum, and compares it with that of the bytes from start to here.
func (c *cursor) checksum(start int) {
	pos := c.pos()
	end := c.i
	want := c.u32()
	if c.err == nil && checksum(c.b[start:end]) != want {
		c.fail(malformed(pos, "the checksum of %d bytes is wrong", end-start))
	}
}
