package hdf5

// layoutClass is the way in which the data of a dataset is stored.
type layoutClass uint8

const (
	layoutCompact layoutClass = iota
	layoutContiguous
	layoutChunked
	layoutVirtual
)

// indexKind is the kind of index by which the chunks of a dataset are found.
type indexKind uint8

const (
	indexBTree1 indexKind = iota // the only index before layout version 4
	indexSingle
	indexImplicit
	indexFixedArray
	indexExtensibleArray
	indexBTree2
)

// layout says where the data of a dataset is stored.
type layout struct {
	class layoutClass
	off   int64  // of the message in the file
	addr  uint64 // of the data, of the index, or of the list of sources in the global heap
	size  uint64 // of contiguous data in bytes, or 0 if the message has no size
	data  []byte // of a compact dataset
	// chunk is the shape of the chunks; elem is the size of an element in the message.
	chunk           []uint64
	elem            uint64
	index           indexKind
	unfilteredEdges bool   // chunks that extend beyond the dataset are not filtered
	singleSize      uint64 // stored size of a single chunk that is filtered, or 0
	singleMask      uint32
	heapIndex       uint32 // of the list of sources, in the global heap
}

// parseLayout parses a data layout message.
//
// Reference: HDF5 File Format Specification, IV.A.2.i ("The Data Layout Message").
func parseLayout(c *cursor) (*layout, error) {
	l := &layout{off: c.off, addr: undefined}
	v := c.version("data layout", 1, 2, 3, 4, 5)
	if v < 3 {
		l.parseOld(c)
		return l, c.err
	}
	pos := c.pos()
	l.class = layoutClass(c.u8())
	switch {
	case l.class == layoutCompact:
		l.data = c.take(int(c.u16()))
	case l.class == layoutContiguous:
		l.addr, l.size = c.addr(), c.length()
	case l.class == layoutChunked && v == 3:
		n := int(c.u8())
		l.addr = c.addr()
		l.chunks(c, n, 4)
	case l.class == layoutChunked:
		l.parseIndex(c)
	case l.class == layoutVirtual && v > 3:
		l.addr, l.heapIndex = c.addr(), c.u32()
	default:
		c.fail(unsupported(pos, "data stored in the way %d", l.class))
	}
	return l, c.err
}

// parseOld parses versions 1 and 2.
func (l *layout) parseOld(c *cursor) {
	rank := int(c.u8())
	pos := c.pos()
	l.class = layoutClass(c.u8())
	c.skip(5)
	if l.class > layoutChunked {
		c.fail(unsupported(pos, "data stored in the way %d", l.class))
	}
	if l.class != layoutCompact {
		l.addr = c.addr()
	}
	if l.class == layoutChunked {
		l.chunks(c, rank, 4)
		return
	}
	c.skip(4 * rank)
	if l.class == layoutCompact {
		l.data = c.take(c.count())
	}
}

// chunks parses the shape of the chunks, which the size of an element follows.
func (l *layout) chunks(c *cursor, n, width int) {
	if c.err == nil && (n < 2 || n > maxRank+1 || width < 1 || width > 8) {
		c.fail(malformed(l.off, "chunks of %d dimensions", n-1))
		return
	}
	total := uint64(1)
	for range n {
		d := c.uint(width)
		if c.err != nil {
			return
		}
		if d == 0 || total > maxInt/d {
			c.fail(malformed(l.off, "chunks without elements, or too large"))
			return
		}
		total *= d
		l.chunk = append(l.chunk, d)
	}
	l.elem = l.chunk[n-1]
	l.chunk = l.chunk[:n-1]
}

// parseIndex parses the description of chunks in version 4.
func (l *layout) parseIndex(c *cursor) {
	flags := c.u8()
	l.unfilteredEdges = flags&1 != 0
	n, width := int(c.u8()), int(c.u8())
	l.chunks(c, n, width)
	pos := c.pos()
	l.index = indexKind(c.u8())
	switch l.index {
	case indexSingle:
		if flags&2 != 0 {
			l.singleSize, l.singleMask = c.length(), c.u32()
		}
	case indexImplicit:
	case indexFixedArray:
		c.skip(1)
	case indexExtensibleArray:
		c.skip(5)
	case indexBTree2:
		c.skip(4 + 1 + 1)
	default:
		c.fail(unsupported(pos, "an index of chunks of the type %d", l.index))
	}
	l.addr = c.addr()
}
