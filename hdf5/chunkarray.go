package hdf5

import "math/bits"

// grid numbers the chunks of a dataset for the indexes that are arrays: in the order of
// their coordinates in the largest shape that the dataset may have, the unlimited
// dimension first.
type grid struct {
	order []int    // dimensions, slowest first
	scale []uint64 // chunks between neighbours, by dimension
	total uint64   // chunks in all dimensions but the unlimited one
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

// index returns the number of a chunk.
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

// elements is the entries of an array index: an address each, with filters the stored
// size and the mask.
type elements struct {
	d        *Dataset
	size     int
	filtered bool
}

// newElements checks the size of the entries that the array's header says.
func newElements(d *Dataset, client uint8, size int, off int64) (elements, error) {
	e := elements{d, size, client == 1}
	rest := size - d.f.sb.sizeOffset
	if e.filtered {
		rest -= 4
	}
	if client > 1 || !e.filtered && rest != 0 || e.filtered && (rest < 1 || rest > 8) {
		return e, malformed(off, "an array of chunks with entries of %d bytes", size)
	}
	return e, nil
}

// ref returns entry i of a run of entries.
func (e elements) ref(b []byte, i uint64) chunkRef {
	c := e.d.f.over(b[i*uint64(e.size):(i+1)*uint64(e.size)], -1)
	r := chunkRef{addr: c.addr(), size: uint64(e.d.chunkSize)}
	if e.filtered {
		r.size = c.uint(e.size - e.d.f.sb.sizeOffset - 4)
		r.mask = c.u32()
	}
	return r
}

// bit returns bit i of a bitmap, the highest of each byte first.
func bit(b []byte, i uint64) bool { return b[i/8]&(0x80>>(i%8)) != 0 }

// fixedArray is the index of a dataset that cannot grow.
//
// Reference: HDF5 File Format Specification, VII.C ("Fixed Array Index").
type fixedArray struct {
	elements
	off      int64
	n        uint64
	perPage  uint64 // 0 where there are no pages
	bitmap   []byte
	data     uint64 // address of the entries or of the first page
	all      []byte // the entries where there are no pages
	page     []byte // the page read last
	pageAt   uint64
	pageRead bool
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
	a.n = c.length()
	block := c.addr()
	c.checksum(0)
	if c.err != nil {
		return nil, c.err
	}
	if a.elements, err = newElements(d, client, size, c.off); err != nil {
		return nil, err
	}
	if block == undefined {
		a.n = 0
		return a, nil
	}
	return a, a.readBlock(block, pageBits, client)
}

// readBlock reads the data block: entries, or a bitmap of the pages that are there.
func (a *fixedArray) readBlock(addr uint64, pageBits int, client uint8) error {
	f := a.d.f
	if a.n > uint64(f.src.size)/uint64(a.size) || pageBits > 62 {
		return malformed(a.off, "a fixed array of %d entries in a file of %d bytes", a.n,
			f.src.size)
	}
	head := uint64(4 + 1 + 1 + f.sb.sizeOffset)
	body := a.n * uint64(a.size)
	if per := uint64(1) << pageBits; a.n > per {
		a.perPage = per
		pages := (a.n + per - 1) / per
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
		a.all = data
	} else {
		a.bitmap, a.data = data, addr+head+body+4
	}
	return c.err
}

// ref returns the entry of a chunk.
func (a *fixedArray) ref(i uint64) (chunkRef, error) {
	if i >= a.n {
		return chunkRef{addr: undefined}, nil
	}
	if a.perPage == 0 {
		return a.elements.ref(a.all, i), nil
	}
	page := i / a.perPage
	if !bit(a.bitmap, page) {
		return chunkRef{addr: undefined}, nil
	}
	if !a.pageRead || a.pageAt != page {
		n := min(a.perPage, a.n-page*a.perPage) * uint64(a.size)
		c, err := a.d.f.cursor(a.data+page*(a.perPage*uint64(a.size)+4), n+4)
		if err != nil {
			return chunkRef{}, err
		}
		a.page, a.pageAt, a.pageRead = c.take(int(n)), page, true
		if c.checksum(0); c.err != nil {
			return chunkRef{}, c.err
		}
	}
	return a.elements.ref(a.page, i%a.perPage), nil
}

func (d *Dataset) eachFixedArray(axes []axis, visit chunkVisit) error {
	a, err := d.fixedArray()
	if err != nil {
		return err
	}
	g, err := newGrid(d, -1)
	if err != nil {
		return err
	}
	if a.n == 0 {
		return nil
	}
	if g.total > a.n {
		return malformed(a.off, "a fixed array of %d entries for %d chunks", a.n, g.total)
	}
	return eachTouched(axes, func(coord []uint64) error {
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
