package hdf5

import "math/bits"

// grid numbers the chunks of a dataset, for the indexes that are arrays: in C order of their
// coordinates in the largest shape that the dataset may have, with the unlimited dimension first.
type grid struct {
	order []int    // the dimensions, the slowest first
	scale []uint64 // by dimension: the difference of the numbers of neighbouring chunks
	total uint64   // number of chunks in all dimensions but the unlimited one
}

// newGrid returns the grid; unlimited is the unlimited dimension or -1.
func newGrid(d *Dataset, unlimited int) (grid, error) {
	rank := len(d.layout.chunk)
	g := grid{scale: make([]uint64, rank), total: 1}
	if unlimited >= 0 {
		g.order = append(g.order, unlimited)
	}
	for i := range rank {
		if i != unlimited {
			g.order = append(g.order, i)
		}
	}
	most := d.space.max
	if most == nil {
		most = d.space.dims
	}
	for k := rank - 1; k >= 0; k-- {
		i := g.order[k]
		g.scale[i] = g.total
		if i == unlimited {
			continue
		}
		n := most[i] / d.layout.chunk[i]
		if most[i]%d.layout.chunk[i] != 0 {
			n++
		}
		hi, lo := bits.Mul64(g.total, n)
		if hi != 0 || lo > 1<<62 || most[i] == undefined {
			return g, malformed(d.layout.off, "an index of more chunks than can be")
		}
		g.total = lo
	}
	return g, nil
}

// index returns the number of a chunk; ok is false if it overflows.
func (g grid) index(coord []uint64) (uint64, bool) {
	n := uint64(0)
	for i, x := range coord {
		hi, lo := bits.Mul64(x, g.scale[i])
		if n += lo; hi != 0 || n < lo {
			return 0, false
		}
	}
	return n, true
}

// coord sets the coordinates of the chunk with a number.
func (g grid) coord(index uint64, coord []uint64) {
	for _, i := range g.order {
		if g.scale[i] > 0 {
			coord[i] = index / g.scale[i]
			index %= g.scale[i]
		}
	}
}

// indexEntries describes the entries of an array index. An entry is an address, and for filtered
// chunks the stored size and the mask.
type indexEntries struct {
	d        *Dataset
	size     int // bytes of an entry
	filtered bool
}

// newIndexEntries checks the size of the entries in the header of an array.
func newIndexEntries(d *Dataset, client uint8, size int, off int64) (indexEntries, error) {
	e := indexEntries{d, size, client == 1}
	rest := size - d.f.sb.sizeOffset
	if e.filtered {
		rest -= 4
	}
	if client > 1 || !e.filtered && rest != 0 || e.filtered && (rest < 1 || rest > 8) {
		return e, malformed(off, "an array of chunks with entries of %d bytes", size)
	}
	return e, nil
}

// ref returns entry i of a slice of entries.
func (e indexEntries) ref(b []byte, i uint64) chunkRef {
	c := e.d.f.cursorOver(b[i*uint64(e.size):(i+1)*uint64(e.size)], -1)
	r := chunkRef{addr: c.addr(), size: uint64(e.d.chunkSize)}
	if e.filtered {
		r.size = c.uint(e.size - e.d.f.sb.sizeOffset - 4)
		r.mask = c.u32()
	}
	return r
}

// bit returns bit i of a bitmap whose bytes begin with the highest bit.
func bit(b []byte, i uint64) bool { return b[i/8]&(0x80>>(i%8)) != 0 }

// fixedArray is the index of a dataset that cannot grow.
//
// Reference: HDF5 File Format Specification, VII.C ("Fixed Array Index").
type fixedArray struct {
	indexEntries
	off           int64  // of the header in the file
	count         uint64 // number of entries
	perPage       uint64 // entries in a page, or 0 if there are no pages
	bitmap        []byte // of the pages that are stored
	data          uint64 // address of the entries or of the first page
	entries       []byte // the entries, if there are no pages
	lastPage      []byte // the page that was read last
	lastPageIndex uint64
	hasLastPage   bool
}

func (d *Dataset) fixedArray() (*fixedArray, error) {
	f := d.f
	o, l := uint64(f.sb.sizeOffset), uint64(f.sb.sizeLength)
	c, err := f.cursor(d.layout.addr, 4+1+1+1+1+l+o+4)
	if err != nil {
		return nil, err
	}
	c.signature("FAHD")
	c.version("fixed array", 0)
	a := &fixedArray{off: c.off}
	client, size, pageBits := c.u8(), int(c.u8()), int(c.u8())
	a.count = c.length()
	block := c.addr()
	c.checksum(0)
	if c.err != nil {
		return nil, c.err
	}
	if a.indexEntries, err = newIndexEntries(d, client, size, c.off); err != nil {
		return nil, err
	}
	if block == undefined {
		a.count = 0
		return a, nil
	}
	return a, a.readBlock(block, pageBits, client)
}

// readBlock reads the data block: the entries, or a bitmap of the pages that are stored.
func (a *fixedArray) readBlock(addr uint64, pageBits int, client uint8) error {
	f := a.d.f
	if a.count > uint64(f.src.size)/uint64(a.size) || pageBits > 62 {
		return malformed(a.off, "a fixed array of %d entries in a file of %d bytes", a.count,
			f.src.size)
	}
	head := uint64(4 + 1 + 1 + f.sb.sizeOffset)
	body := a.count * uint64(a.size)
	if per := uint64(1) << pageBits; a.count > per {
		a.perPage = per
		pages := (a.count + per - 1) / per
		body = (pages + 7) / 8
	}
	c, err := f.cursor(addr, head+body+4)
	if err != nil {
		return err
	}
	c.signature("FADB")
	c.version("block of a fixed array", 0)
	if got := c.u8(); c.err == nil && got != client {
		return malformed(c.off, "a block of a fixed array of another kind")
	}
	c.addr()
	data := c.take(int(body))
	c.checksum(0)
	if a.perPage == 0 {
		a.entries = data
	} else {
		a.bitmap, a.data = data, addr+head+body+4
	}
	return c.err
}

// ref returns the entry of a chunk; its address is undefined if the chunk is not stored.
func (a *fixedArray) ref(i uint64) (chunkRef, error) {
	if i >= a.count {
		return chunkRef{addr: undefined}, nil
	}
	if a.perPage == 0 {
		return a.indexEntries.ref(a.entries, i), nil
	}
	page := i / a.perPage
	if !bit(a.bitmap, page) {
		return chunkRef{addr: undefined}, nil
	}
	if !a.hasLastPage || a.lastPageIndex != page {
		n := min(a.perPage, a.count-page*a.perPage) * uint64(a.size)
		c, err := a.d.f.cursor(a.data+page*(a.perPage*uint64(a.size)+4), n+4)
		if err != nil {
			return chunkRef{}, err
		}
		a.lastPage, a.lastPageIndex, a.hasLastPage = c.take(int(n)), page, true
		if c.checksum(0); c.err != nil {
			return chunkRef{}, c.err
		}
	}
	return a.indexEntries.ref(a.lastPage, i%a.perPage), nil
}

// eachFixedArray is eachChunk for a fixed array.
func (d *Dataset) eachFixedArray(axes []chunkAxis, visit chunkVisit) error {
	a, err := d.fixedArray()
	if err != nil {
		return err
	}
	g, err := newGrid(d, -1)
	if err != nil {
		return err
	}
	if a.count == 0 {
		return nil
	}
	if g.total > a.count {
		return malformed(a.off, "a fixed array of %d entries for %d chunks", a.count, g.total)
	}
	return eachSelectedChunk(axes, func(coord []uint64) error {
		i, ok := g.index(coord)
		if !ok {
			return malformed(a.off, "a chunk outside its index")
		}
		c, err := a.ref(i)
		if err != nil || c.addr == undefined {
			return err
		}
		return visit(coord, c)
	})
}
