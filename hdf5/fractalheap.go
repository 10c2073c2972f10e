package hdf5

import (
	"math/bits"

	"github.com/unpkl/unpkl/internal/filter"
)

// fractalHeap stores the dense links and attributes of an object, or shared messages.
//
// Reference: HDF5 File Format Specification, III.G ("Fractal Heap").
type fractalHeap struct {
	f            *File
	off          int64 // of the header in the file
	idLength     int   // bytes of an object's ID
	filters      []filter.Filter
	checksums    bool   // direct blocks have checksums
	hugeTree     uint64 // address of the B-tree of huge objects
	tableWidth   uint64 // number of blocks in a row of the table
	startBlock   uint64 // size of the blocks in the first two rows, in bytes
	maxDirect    uint64 // size of the largest direct block, in bytes
	maxBits      int    // of an offset in the heap
	root         uint64 // address of the root block
	rows         int    // rows of the root if it is an indirect block, or 0
	rootFiltered uint64 // stored size of a root that is a filtered direct block
	rootMask     uint32
	offsetBytes  int                    // bytes of an offset in the heap
	lengthBytes  int                    // bytes of an object's length
	directRows   int                    // number of rows with direct blocks
	directs      map[uint64]directBlock // cache of direct blocks, by address
	indirects    map[uint64][]byte      // cache of indirect blocks, by address
	keptBytes    uint64                 // memory of the caches, without parts of a mapping
}

// maxKeptBlocks bounds the cached blocks of a heap, in bytes, if the file is not mapped. A cache is
// needed because links and attributes are found in the order of their hashes, which visits the
// blocks in random order.
const maxKeptBlocks = 64 << 20

// makeRoom accounts for a block of n bytes, and empties the caches if they become too large.
func (h *fractalHeap) makeRoom(n uint64, inMapping bool) {
	if inMapping {
		n = 64 // the entry of the map
	}
	if h.keptBytes += n; h.keptBytes > maxKeptBlocks || h.directs == nil {
		h.directs, h.indirects = map[uint64]directBlock{}, map[uint64][]byte{}
		h.keptBytes = n
	}
}

// directBlock is a block of objects.
type directBlock struct {
	data  []byte // without filters
	start uint64 // offset of the block in the heap
	off   int64  // offset of the block in the file
}

// fractalHeap reads the header of the heap at an address.
func (f *File) fractalHeap(addr uint64) (*fractalHeap, error) {
	if addr == undefined {
		return nil, errorf(ErrMalformed, "a fractal heap without an address")
	}
	b, err := f.src.upTo(addr, uint64(1<<16))
	if err != nil {
		return nil, err
	}
	c := f.cursorOver(b, f.src.offset(addr))
	h := &fractalHeap{f: f, off: c.off}
	c.signature("FRHP")
	c.version("fractal heap", 0)
	h.idLength = int(c.u16())
	filtered := int(c.u16())
	h.checksums = c.u8()&2 != 0
	maxManaged := uint64(c.u32())
	c.length()
	h.hugeTree = c.addr()
	c.length()
	c.addr()
	c.skip(8 * f.sb.sizeLength)
	h.tableWidth = uint64(c.u16())
	h.startBlock, h.maxDirect = c.length(), c.length()
	h.maxBits = int(c.u16())
	c.skip(2)
	h.root = c.addr()
	h.rows = int(c.u16())
	if filtered > 0 {
		h.rootFiltered, h.rootMask = c.length(), c.u32()
		pos := c.pos()
		raw := c.take(filtered)
		if c.err == nil {
			h.filters, err = parseFilters(f.cursorOver(raw, pos))
		}
	}
	c.checksum(0)
	if c.err != nil {
		return nil, c.err
	}
	if err != nil {
		return nil, err
	}
	return h, h.check(maxManaged)
}

// check checks the numbers that describe the table of blocks, and derives the other ones.
func (h *fractalHeap) check(maxManaged uint64) error {
	power := func(n uint64) bool { return n != 0 && n&(n-1) == 0 }
	if !power(h.tableWidth) || !power(h.startBlock) || !power(h.maxDirect) ||
		h.maxDirect < h.startBlock ||
		h.maxBits > 64 || h.maxBits < 8 || h.maxDirect > 1<<32 || h.idLength < 3 ||
		h.rows > 2*64 {
		return malformed(h.off, "a fractal heap whose table of blocks makes no sense")
	}
	h.offsetBytes = (h.maxBits + 7) / 8
	h.lengthBytes = min(encodedSize(h.maxDirect), encodedSize(maxManaged))
	h.directRows = bits.Len64(h.maxDirect) - bits.Len64(h.startBlock) + 2
	return nil
}

// encodedSize returns the number of bytes of a number that is at most limit.
func encodedSize(limit uint64) int { return max(bits.Len64(limit)-1, 0)/8 + 1 }

// rowSize returns the size of the blocks in a row, in bytes.
func (h *fractalHeap) rowSize(row int) uint64 {
	if row < 2 {
		return h.startBlock
	}
	if shift := row - 1; shift < bits.LeadingZeros64(h.startBlock) {
		return h.startBlock << shift
	}
	return 1 << 63
}

// object returns the bytes of the object with an ID, and their offset in the file. If the object
// was filtered, the offset is that of the heap.
func (h *fractalHeap) object(id []byte) ([]byte, int64, error) {
	if len(id) < 3 {
		return nil, 0, malformed(h.off, "an ID of %d bytes in a fractal heap", len(id))
	}
	if id[0]>>6 != 0 {
		return nil, 0, unsupported(h.off, "version %d of an ID in a fractal heap", id[0]>>6)
	}
	switch id[0] >> 4 & 3 {
	case 0:
		c := &cursor{b: id, i: 1, off: h.off}
		offset, length := c.uint(h.offsetBytes), c.uint(h.lengthBytes)
		if c.err != nil {
			return nil, 0, c.err
		}
		return h.managed(offset, length)
	case 1:
		return h.huge(id)
	case 2:
		n, data := int(id[0]&15)+1, id[1:]
		if h.idLength-1 > 16 {
			n, data = (int(id[0]&15)<<8|int(id[1]))+1, id[2:]
		}
		if n > len(data) {
			return nil, 0, malformed(h.off, "a tiny object of %d bytes in an ID of %d", n, len(id))
		}
		return data[:n], h.off, nil
	}
	return nil, 0, malformed(h.off, "an ID in a fractal heap of the type 3")
}

// managed returns an object in one of the direct blocks, which together form the address space of
// offset.
func (h *fractalHeap) managed(offset, length uint64) ([]byte, int64, error) {
	b, start, err := h.block(offset)
	if err != nil {
		return nil, 0, err
	}
	in := offset - start
	if n := uint64(len(b.data)); in > n || length > n-in {
		return nil, 0, malformed(h.off,
			"an object of %d bytes at %d that leaves its block of %d in a fractal heap",
			length, in, n)
	}
	off := h.off
	if len(h.filters) == 0 {
		off = b.off + int64(in)
	}
	return b.data[in : in+length : in+length], off, nil
}

// block returns the direct block at an offset of the heap, and the offset of its first byte.
func (h *fractalHeap) block(offset uint64) (directBlock, uint64, error) {
	if h.root == undefined {
		return directBlock{}, 0, malformed(h.off, "an object in an empty fractal heap")
	}
	if h.rows == 0 {
		b, err := h.direct(h.root, 0, h.startBlock, h.rootFiltered, h.rootMask)
		return b, 0, err
	}
	addr, rows, start := h.root, h.rows, uint64(0)
	// Each step goes to a block with fewer rows, so there are at most 64.
	for {
		row, col, in, ok := h.locate(offset-start, rows)
		if !ok {
			return directBlock{}, 0, malformed(h.off, "an object at %d outside the fractal heap",
				offset)
		}
		child, size, mask, err := h.child(addr, rows, start, row, col)
		if err != nil {
			return directBlock{}, 0, err
		}
		start = offset - in
		if row < h.directRows {
			b, err := h.direct(child, start, h.rowSize(row), size, mask)
			return b, start, err
		}
		below := bits.Len64(h.rowSize(row)) - bits.Len64(h.startBlock*h.tableWidth) + 1
		if below < 1 || below >= rows {
			return directBlock{}, 0, malformed(h.off,
				"a fractal heap whose table of blocks makes no sense")
		}
		addr, rows = child, below
	}
}

// locate returns the row and column, in an indirect block of so many rows, of the block that holds
// a position, and the position in that block.
func (h *fractalHeap) locate(pos uint64, rows int) (row, col int, in uint64, ok bool) {
	for row = range rows {
		size := h.rowSize(row)
		hi, whole := bits.Mul64(size, h.tableWidth)
		if hi != 0 || pos < whole {
			return row, int(pos / size), pos % size, pos/size < h.tableWidth
		}
		pos -= whole
	}
	return 0, 0, 0, false
}

// child returns the address of a block to which an indirect block points. For a filtered direct
// block it returns the stored size and the mask too.
func (h *fractalHeap) child(addr uint64, rows int, start uint64, row, col int) (
	child, size uint64, mask uint32, err error,
) {
	f := h.f
	direct := uint64(min(rows, h.directRows)) * h.tableWidth
	entry := uint64(f.sb.sizeOffset)
	if len(h.filters) > 0 {
		entry += uint64(f.sb.sizeLength) + 4
	}
	indirect := uint64(max(rows-h.directRows, 0)) * h.tableWidth
	head := uint64(4 + 1 + f.sb.sizeOffset + h.offsetBytes)
	b, err := h.indirect(addr, start, head+direct*entry+indirect*uint64(f.sb.sizeOffset)+4)
	if err != nil {
		return 0, 0, 0, err
	}
	c := f.cursorOver(b, f.src.offset(addr))
	c.skip(int(head))
	n := uint64(row)*h.tableWidth + uint64(col)
	if n < direct {
		c.skip(int(n * entry))
	} else {
		c.skip(int(direct*entry + (n-direct)*uint64(f.sb.sizeOffset)))
	}
	pos := c.pos()
	child = c.addr()
	if len(h.filters) > 0 && n < direct {
		size, mask = c.length(), c.u32()
	}
	if child == undefined && c.err == nil {
		return 0, 0, 0, malformed(pos, "an object in a block of a fractal heap that is not there")
	}
	return child, size, mask, c.err
}

// indirect returns an indirect block after checking its header and checksum.
func (h *fractalHeap) indirect(addr, start, size uint64) ([]byte, error) {
	if b := h.indirects[addr]; uint64(len(b)) == size {
		return b, nil
	}
	c, err := h.f.cursor(addr, size)
	if err != nil {
		return nil, err
	}
	c.signature("FHIB")
	c.version("indirect block of a fractal heap", 0)
	c.addr()
	if pos := c.pos(); c.uint(h.offsetBytes) != start && c.err == nil {
		return nil, malformed(pos, "an indirect block of a fractal heap in the wrong place")
	}
	c.i = max(c.i, len(c.b)-4)
	if c.checksum(0); c.err != nil {
		return nil, c.err
	}
	h.makeRoom(size, h.f.src.data != nil)
	h.indirects[addr] = c.b
	return c.b, nil
}

// direct returns a direct block without its filters.
func (h *fractalHeap) direct(addr, start, size, filtered uint64, mask uint32) (directBlock, error) {
	if b, ok := h.directs[addr]; ok && uint64(len(b.data)) == size && b.start == start {
		return b, nil
	}
	f := h.f
	stored := size
	if len(h.filters) > 0 {
		stored = filtered
	}
	b, err := f.src.bytes(addr, stored)
	if err != nil {
		return directBlock{}, err
	}
	off := f.src.offset(addr)
	if len(h.filters) > 0 {
		if b, err = filter.Decode(nil, h.filters, mask, b, int(size)); err != nil {
			return directBlock{}, withLocation(err, "", off)
		}
		if uint64(len(b)) != size {
			return directBlock{}, malformed(off, "a block of a fractal heap of %d bytes, not %d",
				len(b),
				size)
		}
	}
	c := f.cursorOver(b, off)
	c.signature("FHDB")
	c.version("direct block of a fractal heap", 0)
	c.addr()
	pos := c.pos()
	if got := c.uint(h.offsetBytes); got != start && c.err == nil {
		return directBlock{}, malformed(pos, "a direct block of a fractal heap in the wrong place")
	}
	if h.checksums {
		h.checkDirect(c, b)
	}
	if c.err != nil {
		return directBlock{}, c.err
	}
	h.makeRoom(size, f.src.data != nil && len(h.filters) == 0)
	block := directBlock{b, start, off}
	h.directs[addr] = block
	return block, nil
}

// checkDirect checks the checksum of a direct block, which is computed with zeros in its own place.
func (h *fractalHeap) checkDirect(c *cursor, b []byte) {
	pos, i := c.pos(), c.i
	want := c.u32()
	if c.err != nil {
		return
	}
	zeroed := append([]byte(nil), b...)
	clear(zeroed[i : i+4])
	if checksum(zeroed) != want {
		c.fail(malformed(pos, "the checksum of a block of a fractal heap is wrong"))
	}
}

// huge returns an object that is stored outside the heap's blocks. Its place is in the ID if the ID
// is long enough, else in a B-tree.
func (h *fractalHeap) huge(id []byte) ([]byte, int64, error) {
	f := h.f
	o, l := f.sb.sizeOffset, f.sb.sizeLength
	need := o + l
	if len(h.filters) > 0 {
		need += 4 + l
	}
	c := f.cursorOver(id, h.off)
	c.skip(1)
	if need > h.idLength-1 {
		key := c.uint(min(h.idLength-1, 8))
		if c.err != nil {
			return nil, 0, c.err
		}
		record, err := h.hugeRecord(key)
		if err != nil {
			return nil, 0, err
		}
		c = f.cursorOver(record, h.off)
	}
	addr, length := c.addr(), c.length()
	size, mask := length, uint32(0)
	if len(h.filters) > 0 {
		mask, size = c.u32(), c.length()
	}
	if c.err != nil {
		return nil, 0, c.err
	}
	b, err := f.src.bytes(addr, length)
	if err != nil || len(h.filters) == 0 {
		return b, f.src.offset(addr), err
	}
	off := f.src.offset(addr)
	if size > uint64(f.opts.chunkBytes) {
		return nil, 0, errorAt(off, ErrLimit, "an object of %d bytes in a fractal heap", size)
	}
	b, err = filter.Decode(nil, h.filters, mask, b, int(size))
	return b, off, withLocation(err, "", off)
}

// hugeRecord returns the record of a huge object by its number.
func (h *fractalHeap) hugeRecord(key uint64) ([]byte, error) {
	t, err := h.f.btree2(h.hugeTree)
	if err != nil {
		return nil, err
	}
	var found []byte
	err = t.search(func(record []byte) (int, error) {
		c := h.f.cursorOver(record, h.off)
		c.skip(max(len(record)-h.f.sb.sizeLength, 0))
		n := c.length()
		switch {
		case n < key:
			return -1, c.err
		case n > key:
			return 1, c.err
		}
		found = record
		return 0, c.err
	})
	if err == nil && found == nil {
		err = malformed(h.off, "the huge object %d of a fractal heap is not there", key)
	}
	return found, err
}
