package hdf5

import (
	"math"
	"math/bits"
	"strconv"
)

// Region is a selection of elements of a dataset, as region references and virtual datasets have
// it: everything, nothing, blocks, or points.
type Region struct {
	// All says that every element is selected.
	All bool
	// Start, Stride, Count and Block describe regular blocks, with one entry for each dimension:
	// Count blocks of Block elements, with Stride elements from the first element of a block to
	// that of the next. A Count or Block of -1 is unlimited.
	Start, Stride, Count, Block []int64
	// Boxes are irregular blocks: the first and the last element of each, inclusive.
	Boxes [][2][]int64
	// Points are single elements.
	Points [][]int64
}

// maxRegionParts bounds the blocks and points of a selection. Their number is also bounded by the
// bytes that each takes in the file.
const maxRegionParts = 1 << 24

// parseRegion parses a selection.
//
// Reference: HDF5 File Format Specification, VII.B ("Dataspace Encoding", "Selections").
func parseRegion(c *cursor) (*Region, error) {
	r := &Region{}
	pos := c.pos()
	switch kind := c.u32(); kind {
	case 0:
		c.skip(4 + 4 + 4)
	case 3:
		r.All = true
		c.skip(4 + 4 + 4)
	case 1:
		r.parsePoints(c)
	case 2:
		r.parseHyperslab(c)
	default:
		c.fail(unsupported(pos, "a selection of the type %d", kind))
	}
	return r, c.err
}

func (r *Region) parsePoints(c *cursor) {
	width := 4
	if v := c.u32(); v == 1 {
		c.skip(8)
	} else if v == 2 {
		width = c.width()
	} else {
		c.fail(unsupported(c.off, "version %d of a selection of points", v))
	}
	rank, n := c.rank(), c.uint(width)
	if c.err != nil {
		return
	}
	if n > maxRegionParts || n > uint64(c.left()/(width*rank)) {
		c.fail(malformed(c.off, "a selection of %d points in %d bytes", n, c.left()))
		return
	}
	for range n {
		r.Points = append(r.Points, c.coords(rank, width))
	}
}

// width reads the number of bytes of each number in a selection.
func (c *cursor) width() int {
	pos := c.pos()
	n := int(c.u8())
	if c.err == nil && n != 2 && n != 4 && n != 8 {
		c.fail(malformed(pos, "a selection of numbers of %d bytes", n))
		return 8
	}
	return n
}

func (c *cursor) rank() int {
	pos := c.pos()
	n := c.count()
	if c.err == nil && (n < 1 || n > maxRank) {
		c.fail(malformed(pos, "a selection of %d dimensions", n))
	}
	return n
}

// coords reads one number for each dimension; a number with all bits set is -1.
func (c *cursor) coords(rank, width int) []int64 {
	x := make([]int64, rank)
	for i := range x {
		n := c.uint(width)
		switch {
		case n == math.MaxUint64>>(64-8*width):
			x[i] = -1
		case n > math.MaxInt64:
			c.fail(malformed(c.pos(), "a coordinate of %d", n))
		default:
			x[i] = int64(n)
		}
	}
	return x
}

func (r *Region) parseHyperslab(c *cursor) {
	v := c.u32()
	width, regular := 4, false
	switch v {
	case 1:
		c.skip(8)
	case 2:
		regular = c.u8()&1 != 0
		c.skip(4)
		width = 8
	case 3:
		regular = c.u8()&1 != 0
		width = c.width()
	default:
		c.fail(unsupported(c.off, "version %d of a selection of blocks", v))
	}
	rank := c.rank()
	if c.err != nil {
		return
	}
	if regular {
		slab := make([][4]int64, rank)
		for i := range slab {
			copy(slab[i][:], c.coords(4, width))
			r.Start = append(r.Start, slab[i][0])
			r.Stride = append(r.Stride, slab[i][1])
			r.Count = append(r.Count, slab[i][2])
			r.Block = append(r.Block, slab[i][3])
		}
		r.checkSlab(c)
		return
	}
	n := c.uint(width)
	if c.err == nil && (n > maxRegionParts || n > uint64(c.left()/(2*width*rank))) {
		c.fail(malformed(c.off, "a selection of %d blocks in %d bytes", n, c.left()))
	}
	if c.err != nil {
		return
	}
	for range n {
		box := [2][]int64{c.coords(rank, width), c.coords(rank, width)}
		for i := range rank {
			if box[0][i] < 0 || box[1][i] < box[0][i] || box[1][i] == math.MaxInt64 {
				c.fail(malformed(c.off, "a block from %v to %v", box[0], box[1]))
				return
			}
		}
		r.Boxes = append(r.Boxes, box)
	}
}

// checkSlab refuses regular blocks that overlap or overflow.
func (r *Region) checkSlab(c *cursor) {
	for i := range r.Start {
		start, stride, count, block := r.Start[i], r.Stride[i], r.Count[i], r.Block[i]
		bad := start < 0 || count < -1 || block < -1 || count == -1 && block == -1
		if count != 0 && block != 0 {
			bad = bad || stride < 1 || count != 1 && block > stride
		}
		if count > 1 {
			hi, lo := bits.Mul64(uint64(count-1), uint64(stride))
			bad = bad || hi != 0 || lo > math.MaxInt64/2
		}
		if bad || start > math.MaxInt64/4 || block > math.MaxInt64/4 {
			c.fail(malformed(c.off, "a selection that makes no sense"))
			return
		}
	}
}

// dereference returns the object to which a reference points.
func (f *File) dereference(r Reference) (Object, error) {
	if r.IsNull() {
		return nil, errorf(ErrNotFound, "a null reference")
	}
	return f.object(r.addr, "#"+strconv.FormatUint(r.addr, 10))
}
