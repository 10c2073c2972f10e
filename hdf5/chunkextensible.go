package hdf5

import "math/bits"

// extensibleArray is the index of a dataset with one unlimited dimension: the first entries
// in the index block, then blocks of entries that double in size, those of later ones
// below super blocks.
//
// Reference: HDF5 File Format Specification, VII.D ("Extensible Array Index").
type extensibleArray struct {
	elements
	off       int64
	maxBits   int
	first     uint64 // entries in the index block
	minBlock  uint64 // entries in the smallest data block
	minPtrs   uint64 // pointers in the smallest super block
	pageSize  uint64 // entries in a page of a data block
	n         uint64 // entries that are set, and those before them
	supers    []superInfo
	blockOff  int // bytes of a block's offset
	client    uint8
	entries   []byte   // of the index block
	blocks    []uint64 // data blocks that the index block leads to
	superAddr []uint64

	super struct { // read last
		at     int
		read   bool
		bitmap []byte
		blocks []uint64
	}
	data struct { // read last: entries of a block or of one page of it
		addr, page uint64
		read       bool
		entries    []byte
	}
}

// superInfo is what is known of a level of data blocks from the header.
type superInfo struct {
	blocks     uint64 // data blocks
	size       uint64 // entries in each
	start      uint64 // first entry, counted behind the index block
	startBlock uint64
}

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
	a.first, a.minBlock, a.minPtrs = uint64(c.u8()), uint64(c.u8()), uint64(c.u8())
	pageBits := int(c.u8())
	c.skip(4 * f.sb.sizeLength)
	a.n = c.length()
	c.length()
	index := c.addr()
	c.checksum(0)
	if c.err != nil {
		return nil, c.err
	}
	if a.elements, err = newElements(d, a.client, size, c.off); err != nil {
		return nil, err
	}
	power := func(n uint64) bool { return n != 0 && n&(n-1) == 0 }
	if !power(a.minBlock) || !power(a.minPtrs) || a.maxBits < 1 || a.maxBits > 64 ||
		pageBits > 62 ||
		bits.Len64(a.minBlock)-1 > a.maxBits {
		return nil, malformed(a.off, "an extensible array whose blocks make no sense")
	}
	a.pageSize = 1 << pageBits
	a.blockOff = (a.maxBits + 7) / 8
	a.plan()
	if index == undefined {
		a.n = 0
		return a, nil
	}
	return a, a.readIndex(index)
}

// plan lists the levels of data blocks.
func (a *extensibleArray) plan() {
	levels := 1 + a.maxBits - (bits.Len64(a.minBlock) - 1)
	var start, block uint64
	for u := range levels {
		s := superInfo{blocks: 1 << (u / 2), start: start, startBlock: block}
		s.size = a.minBlock << ((u + 1) / 2)
		hi, n := bits.Mul64(s.blocks, s.size)
		a.supers = append(a.supers, s)
		start += n
		block += s.blocks
		if hi != 0 || start > 1<<62 || s.size > 1<<62 {
			break // no file is that long
		}
	}
}

// direct returns how many levels have their data blocks in the index block.
func (a *extensibleArray) direct() int { return 2 * (bits.Len64(a.minPtrs) - 1) }

func (a *extensibleArray) readIndex(addr uint64) error {
	f := a.d.f
	o := uint64(f.sb.sizeOffset)
	blocks := 2 * (a.minPtrs - 1)
	supers := uint64(max(1+a.maxBits-(bits.Len64(a.minBlock)-1)-a.direct(), 0))
	c, err := f.cursor(addr, 4+1+1+o+a.first*uint64(a.size)+(blocks+supers)*o+4)
	if err != nil {
		return err
	}
	c.signature("EAIB")
	c.version("index block of an extensible array", 0)
	a.own(c)
	a.entries = c.take(int(a.first) * a.size)
	for range blocks {
		a.blocks = append(a.blocks, c.addr())
	}
	for range supers {
		a.superAddr = append(a.superAddr, c.addr())
	}
	c.checksum(0)
	return c.err
}

// own checks that a block is of this array.
func (a *extensibleArray) own(c *cursor) {
	client, header := c.u8(), c.addr()
	if c.err == nil && (client != a.client || header != a.d.layout.addr) {
		c.fail(malformed(c.off, "a block of another extensible array"))
	}
}

// place returns the level, the data block in it and the place in that of an entry behind
// the index block's.
func (a *extensibleArray) place(i uint64) (level int, block, in uint64, ok bool) {
	level = bits.Len64(i/a.minBlock+1) - 1
	if level >= len(a.supers) {
		return 0, 0, 0, false
	}
	s := a.supers[level]
	in = i - s.start
	return level, in / s.size, in % s.size, in/s.size < s.blocks
}

// ref returns the entry of a chunk. Where it is not there, absent is how many entries from it
// on, itself included, are known not to be.
func (a *extensibleArray) ref(i uint64) (c chunkRef, absent uint64, err error) {
	none := chunkRef{addr: undefined}
	if i >= a.n {
		return none, undefined, nil
	}
	if i < a.first {
		return a.elements.ref(a.entries, i), 1, nil
	}
	level, block, in, ok := a.place(i - a.first)
	if !ok {
		return none, undefined, nil
	}
	s := a.supers[level]
	addr := uint64(undefined)
	var bitmap []byte
	if level < a.direct() {
		if n := s.startBlock + block; n < uint64(len(a.blocks)) {
			addr = a.blocks[n]
		}
	} else {
		if n := level - a.direct(); n >= len(a.superAddr) || a.superAddr[n] == undefined {
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
func (a *extensibleArray) readSuper(n int, s superInfo) error {
	if a.super.read && a.super.at == n {
		return nil
	}
	f := a.d.f
	o := uint64(f.sb.sizeOffset)
	bitmap := uint64(0)
	if s.size > a.pageSize {
		bitmap = s.blocks * ((s.size/a.pageSize + 7) / 8)
	}
	if s.blocks > uint64(f.src.size) || bitmap > uint64(f.src.size) {
		return at(f.src.offset(a.superAddr[n]), ErrTruncated, "%d blocks in a file of %d bytes",
			s.blocks, f.src.size)
	}
	head := 4 + 1 + 1 + o + uint64(a.blockOff)
	c, err := f.cursor(a.superAddr[n], head+bitmap+s.blocks*o+4)
	if err != nil {
		return err
	}
	c.signature("EASB")
	c.version("super block of an extensible array", 0)
	a.own(c)
	c.skip(a.blockOff)
	a.super.bitmap = c.take(int(bitmap))
	a.super.blocks = a.super.blocks[:0]
	for range s.blocks {
		a.super.blocks = append(a.super.blocks, c.addr())
	}
	c.checksum(0)
	a.super.at, a.super.read = n, c.err == nil
	return c.err
}

// entry returns an entry of a data block, which has pages if it is large.
func (a *extensibleArray) entry(addr uint64, s superInfo, block, in uint64, bitmap []byte) (
	chunkRef, uint64, error,
) {
	head := uint64(4+1+1) + uint64(a.d.f.sb.sizeOffset) + uint64(a.blockOff)
	if s.size <= a.pageSize {
		err := a.readData(addr, undefined, head, s.size)
		if err != nil {
			return chunkRef{}, 0, err
		}
		return a.elements.ref(a.data.entries, in), 1, nil
	}
	page := in / a.pageSize
	if n := block*(s.size/a.pageSize) + page; n/8 >= uint64(len(bitmap)) || !bit(bitmap, n) {
		return chunkRef{addr: undefined}, a.pageSize - in%a.pageSize, nil
	}
	at := addr + head + 4 + page*(a.pageSize*uint64(a.size)+4)
	if err := a.readData(at, page, 0, a.pageSize); err != nil {
		return chunkRef{}, 0, err
	}
	return a.elements.ref(a.data.entries, in%a.pageSize), 1, nil
}

// readData reads the entries of a data block with a head, or of a page, which has none.
func (a *extensibleArray) readData(addr, page, head, n uint64) error {
	if a.data.read && a.data.addr == addr && a.data.page == page {
		return nil
	}
	f := a.d.f
	a.data.read = false
	if n > uint64(f.src.size)/uint64(a.size) {
		return at(f.src.offset(addr), ErrTruncated, "%d entries in a file of %d bytes", n,
			f.src.size)
	}
	c, err := f.cursor(addr, head+n*uint64(a.size)+4)
	if err != nil {
		return err
	}
	if head > 0 {
		c.signature("EADB")
		c.version("data block of an extensible array", 0)
		a.own(c)
		c.skip(a.blockOff)
	}
	a.data.entries = c.take(int(n) * a.size)
	if c.checksum(0); c.err != nil {
		return c.err
	}
	a.data.addr, a.data.page, a.data.read = addr, page, true
	return nil
}

func (d *Dataset) eachExtensibleArray(axes []axis, visit chunkVisit) error {
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
		first[i], last[i] = axes[i].at(0), axes[i].at(axes[i].n-1)
	}
	lo, ok := g.index(first)
	hi, ok2 := g.index(last)
	if !ok || !ok2 {
		return malformed(a.off, "a chunk outside its index")
	}
	// Of more chunks than the file has bytes, only those that are stored can be looked at.
	if n := volume(axes); n < (hi-lo)/4 && n <= uint64(d.f.src.size) {
		return a.eachOf(axes, g, visit)
	}
	return a.eachBetween(lo, hi, axes, g, visit)
}

// eachOf looks at the entry of every chunk of the axes.
func (a *extensibleArray) eachOf(axes []axis, g grid, visit chunkVisit) error {
	return eachTouched(axes, func(coord []uint64) error {
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

// eachBetween looks at all entries from lo to hi that are stored, in the order of the
// entries, in which chunks are not in that of their coordinates.
func (a *extensibleArray) eachBetween(lo, hi uint64, axes []axis, g grid, visit chunkVisit) error {
	coord := make([]uint64, len(axes))
	for i := lo; i <= hi && i < a.n; {
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
			inside = inside && axes[k].has(coord[k])
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
