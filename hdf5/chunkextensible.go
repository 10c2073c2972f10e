package hdf5

import "math/bits"

// extensibleArray is the index of a dataset with one unlimited dimension. The first entries are in
// the index block. The others are in data blocks whose sizes double from time to time; the index
// block points to the first data blocks, and to super blocks that point to the later ones.
//
// Reference: HDF5 File Format Specification, VII.D ("Extensible Array Index").
type extensibleArray struct {
	indexEntries
	off              int64  // of the header in the file
	maxBits          int    // of the number of an entry
	firstCount       uint64 // number of entries in the index block
	minBlockEntries  uint64 // number of entries in the smallest data block
	minSuperPointers uint64 // number of pointers in the smallest super block
	pageEntries      uint64 // number of entries in a page of a data block
	count            uint64 // number of entries up to the last that is set
	levels           []blockLevel
	offsetBytes      int // bytes of the offset in the header of a block
	client           uint8
	entries          []byte   // of the index block
	blocks           []uint64 // addresses of data blocks in the index block
	superAddrs       []uint64 // addresses of super blocks

	super struct { // the super block that was read last
		at     int
		read   bool
		bitmap []byte
		blocks []uint64
	}
	data struct { // the data block, or page of a data block, that was read last
		addr, page uint64
		read       bool
		entries    []byte
	}
}

// blockLevel describes the data blocks of one super block, which follow from the header.
type blockLevel struct {
	blocks     uint64 // number of data blocks
	size       uint64 // number of entries in each
	start      uint64 // number of the first entry, without those in the index block
	startBlock uint64 // number of the first data block
}

// extensibleArray reads the header and the index block.

func (d *Dataset) extensibleArray() (*extensibleArray, error) {
	f := d.f
	o, l := uint64(f.sb.sizeOffset), uint64(f.sb.sizeLength)
	c, err := f.cursor(d.layout.addr, 4+8+6*l+o+4)
	if err != nil {
		return nil, err
	}
	c.signature("EAHD")
	c.version("extensible array", 0)
	a := &extensibleArray{off: c.off, client: c.u8()}
	size := int(c.u8())
	a.maxBits = int(c.u8())
	a.firstCount = uint64(c.u8())
	a.minBlockEntries, a.minSuperPointers = uint64(c.u8()), uint64(c.u8())
	pageBits := int(c.u8())
	c.skip(4 * f.sb.sizeLength)
	a.count = c.length()
	c.length()
	index := c.addr()
	c.checksum(0)
	if c.err != nil {
		return nil, c.err
	}
	if a.indexEntries, err = newIndexEntries(d, a.client, size, c.off); err != nil {
		return nil, err
	}
	power := func(n uint64) bool { return n != 0 && n&(n-1) == 0 }
	if !power(a.minBlockEntries) || !power(a.minSuperPointers) || a.maxBits < 1 || a.maxBits > 64 ||
		pageBits > 62 ||
		bits.Len64(a.minBlockEntries)-1 > a.maxBits {
		return nil, malformed(a.off, "an extensible array whose blocks make no sense")
	}
	a.pageEntries = 1 << pageBits
	a.offsetBytes = (a.maxBits + 7) / 8
	a.planLevels()
	if index == undefined {
		a.count = 0
		return a, nil
	}
	return a, a.readIndex(index)
}

// planLevels computes the levels of data blocks.
func (a *extensibleArray) planLevels() {
	levels := 1 + a.maxBits - (bits.Len64(a.minBlockEntries) - 1)
	var start, block uint64
	for u := range levels {
		s := blockLevel{blocks: 1 << (u / 2), start: start, startBlock: block}
		s.size = a.minBlockEntries << ((u + 1) / 2)
		hi, n := bits.Mul64(s.blocks, s.size)
		a.levels = append(a.levels, s)
		start += n
		block += s.blocks
		if hi != 0 || start > 1<<62 || s.size > 1<<62 {
			break // no file is that long
		}
	}
}

// directLevels returns the number of levels whose data blocks are in the index block.
func (a *extensibleArray) directLevels() int { return 2 * (bits.Len64(a.minSuperPointers) - 1) }

// readIndex reads the index block.
func (a *extensibleArray) readIndex(addr uint64) error {
	f := a.d.f
	o := uint64(f.sb.sizeOffset)
	blocks := 2 * (a.minSuperPointers - 1)
	supers := uint64(max(1+a.maxBits-(bits.Len64(a.minBlockEntries)-1)-a.directLevels(), 0))
	c, err := f.cursor(addr, 4+1+1+o+a.firstCount*uint64(a.size)+(blocks+supers)*o+4)
	if err != nil {
		return err
	}
	c.signature("EAIB")
	c.version("index block of an extensible array", 0)
	a.checkOwner(c)
	a.entries = c.take(int(a.firstCount) * a.size)
	for range blocks {
		a.blocks = append(a.blocks, c.addr())
	}
	for range supers {
		a.superAddrs = append(a.superAddrs, c.addr())
	}
	c.checksum(0)
	return c.err
}

// checkOwner checks that the header of a block names this array.
func (a *extensibleArray) checkOwner(c *cursor) {
	client, header := c.u8(), c.addr()
	if c.err == nil && (client != a.client || header != a.d.layout.addr) {
		c.fail(malformed(c.off, "a block of another extensible array"))
	}
}

// locate returns the level, the data block in it, and the index in that block, of an entry that is
// not in the index block. i does not count the entries in the index block.
func (a *extensibleArray) locate(i uint64) (level int, block, in uint64, ok bool) {
	level = bits.Len64(i/a.minBlockEntries+1) - 1
	if level >= len(a.levels) {
		return 0, 0, 0, false
	}
	s := a.levels[level]
	in = i - s.start
	return level, in / s.size, in % s.size, in/s.size < s.blocks
}

// ref returns the entry of a chunk. If the chunk is not stored, absent is a number of entries from
// it on, including itself, that are not stored either.
func (a *extensibleArray) ref(i uint64) (c chunkRef, absent uint64, err error) {
	none := chunkRef{addr: undefined}
	if i >= a.count {
		return none, undefined, nil
	}
	if i < a.firstCount {
		return a.indexEntries.ref(a.entries, i), 1, nil
	}
	level, block, in, ok := a.locate(i - a.firstCount)
	if !ok {
		return none, undefined, nil
	}
	s := a.levels[level]
	addr := uint64(undefined)
	var bitmap []byte
	if level < a.directLevels() {
		if n := s.startBlock + block; n < uint64(len(a.blocks)) {
			addr = a.blocks[n]
		}
	} else {
		if n := level - a.directLevels(); n >= len(a.superAddrs) || a.superAddrs[n] == undefined {
			return none, s.size*(s.blocks-block) - in, nil
		} else if err := a.readSuper(n, s); err != nil {
			return none, 0, err
		}
		addr, bitmap = a.super.blocks[block], a.super.bitmap
	}
	if addr == undefined {
		return none, s.size - in, nil
	}
	return a.entry(addr, s, block, in, bitmap)
}

// readSuper reads a super block.
func (a *extensibleArray) readSuper(n int, s blockLevel) error {
	if a.super.read && a.super.at == n {
		return nil
	}
	f := a.d.f
	o := uint64(f.sb.sizeOffset)
	bitmap := uint64(0)
	if s.size > a.pageEntries {
		bitmap = s.blocks * ((s.size/a.pageEntries + 7) / 8)
	}
	if s.blocks > uint64(f.src.size) || bitmap > uint64(f.src.size) {
		return errorAt(f.src.offset(a.superAddrs[n]), ErrTruncated, "%d blocks in a file of %d bytes",
			s.blocks, f.src.size)
	}
	head := 4 + 1 + 1 + o + uint64(a.offsetBytes)
	c, err := f.cursor(a.superAddrs[n], head+bitmap+s.blocks*o+4)
	if err != nil {
		return err
	}
	c.signature("EASB")
	c.version("super block of an extensible array", 0)
	a.checkOwner(c)
	c.skip(a.offsetBytes)
	a.super.bitmap = c.take(int(bitmap))
	a.super.blocks = a.super.blocks[:0]
	for range s.blocks {
		a.super.blocks = append(a.super.blocks, c.addr())
	}
	c.checksum(0)
	a.super.at, a.super.read = n, c.err == nil
	return c.err
}

// entry returns an entry of a data block; a large data block has pages.
func (a *extensibleArray) entry(addr uint64, s blockLevel, block, in uint64, bitmap []byte) (
	chunkRef, uint64, error,
) {
	head := uint64(4+1+1) + uint64(a.d.f.sb.sizeOffset) + uint64(a.offsetBytes)
	if s.size <= a.pageEntries {
		err := a.readData(addr, undefined, head, s.size)
		if err != nil {
			return chunkRef{}, 0, err
		}
		return a.indexEntries.ref(a.data.entries, in), 1, nil
	}
	page := in / a.pageEntries
	if n := block*(s.size/a.pageEntries) + page; n/8 >= uint64(len(bitmap)) || !bit(bitmap, n) {
		return chunkRef{addr: undefined}, a.pageEntries - in%a.pageEntries, nil
	}
	at := addr + head + 4 + page*(a.pageEntries*uint64(a.size)+4)
	if err := a.readData(at, page, 0, a.pageEntries); err != nil {
		return chunkRef{}, 0, err
	}
	return a.indexEntries.ref(a.data.entries, in%a.pageEntries), 1, nil
}

// readData reads the entries of a data block, or with head 0 those of a page, which has no header.
func (a *extensibleArray) readData(addr, page, head, n uint64) error {
	if a.data.read && a.data.addr == addr && a.data.page == page {
		return nil
	}
	f := a.d.f
	a.data.read = false
	if n > uint64(f.src.size)/uint64(a.size) {
		return errorAt(f.src.offset(addr), ErrTruncated, "%d entries in a file of %d bytes", n,
			f.src.size)
	}
	c, err := f.cursor(addr, head+n*uint64(a.size)+4)
	if err != nil {
		return err
	}
	if head > 0 {
		c.signature("EADB")
		c.version("data block of an extensible array", 0)
		a.checkOwner(c)
		c.skip(a.offsetBytes)
	}
	a.data.entries = c.take(int(n) * a.size)
	if c.checksum(0); c.err != nil {
		return c.err
	}
	a.data.addr, a.data.page, a.data.read = addr, page, true
	return nil
}

// eachExtensibleArray is eachChunk for an extensible array.
func (d *Dataset) eachExtensibleArray(axes []chunkAxis, visit chunkVisit) error {
	unlimited := -1
	for i, m := range d.space.max {
		if m == undefined {
			unlimited = i
		}
	}
	if unlimited < 0 {
		return malformed(d.layout.off, "an extensible array for a dataset that cannot grow")
	}
	a, err := d.extensibleArray()
	if err != nil {
		return err
	}
	g, err := newGrid(d, unlimited)
	if err != nil {
		return err
	}
	first, last := make([]uint64, len(axes)), make([]uint64, len(axes))
	for i := range axes {
		first[i], last[i] = axes[i].nth(0), axes[i].nth(axes[i].n-1)
	}
	lo, ok := g.index(first)
	hi, ok2 := g.index(last)
	if !ok || !ok2 {
		return malformed(a.off, "a chunk outside its index")
	}
	// If there are more chunks than the file has bytes, only the stored ones can be visited.
	if n := chunkCount(axes); n < (hi-lo)/4 && n <= uint64(d.f.src.size) {
		return a.eachByCoord(axes, g, visit)
	}
	return a.eachByEntry(lo, hi, axes, g, visit)
}

// eachByCoord visits the entries of the selected chunks one by one.
func (a *extensibleArray) eachByCoord(axes []chunkAxis, g grid, visit chunkVisit) error {
	return eachSelectedChunk(axes, func(coord []uint64) error {
		i, ok := g.index(coord)
		if !ok {
			return malformed(a.off, "a chunk outside its index")
		}
		c, _, err := a.ref(i)
		if err != nil || c.addr == undefined {
			return err
		}
		return visit(coord, c)
	})
}

// eachByEntry visits the stored entries from lo to hi and selects from them. The order of the
// entries is not the order of the coordinates.
func (a *extensibleArray) eachByEntry(lo, hi uint64, axes []chunkAxis, g grid,
	visit chunkVisit) error {
	coord := make([]uint64, len(axes))
	for i := lo; i <= hi && i < a.count; {
		c, absent, err := a.ref(i)
		if err != nil {
			return err
		}
		if c.addr == undefined {
			if absent > hi-i {
				return nil
			}
			i += max(absent, 1)
			continue
		}
		g.coord(i, coord)
		inside := true
		for k := range axes {
			inside = inside && axes[k].contains(coord[k])
		}
		if inside {
			if err := visit(coord, c); err != nil {
				return err
			}
		}
		i++
	}
	return nil
}
