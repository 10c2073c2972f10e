package hdf5

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// heapReader reads objects of global heaps, which store elements without a fixed size: texts,
// sequences, regions. It caches the collections that it has parsed. It serves one read, by one
// goroutine.
//
// Reference: HDF5 File Format Specification, III.E ("Global Heap").
type heapReader struct {
	f           *File
	collections map[uint64]*collection // cache, by address
	lastAddr    uint64                 // address of last
	last        *collection            // the collection that was used last
	keptBytes   uint64                 // size of the cached collections
	parsed      uint64                 // bytes that were parsed, counted each time
	budget      int64                  // bytes that may still be returned or allocated
}

// maxParsed bounds the bytes of global heaps that one read parses, as a multiple of the file's
// size. Collections do not overlap, and few have to be parsed again.
const maxParsed = 64

// spend takes n bytes, which are returned or allocated, off the budget.
func (h *heapReader) spend(n uint64) error {
	if n > uint64(max(h.budget, 0)) {
		return errorf(ErrLimit, "more than the %d bytes that one read may return", h.f.opts.bytes)
	}
	h.budget -= int64(n)
	return nil
}

// collection holds objects in the order of their indices.
type collection struct {
	data    []byte
	off     int64 // in the file
	objects []heapObject
}

// heapObject is the place of an object in its collection: data[from:to].
type heapObject struct {
	from, to int
	index    uint16
}

// maxKeptCollections bounds the cache of a heapReader if the file is not mapped, in bytes.
const maxKeptCollections = 32 << 20

func (f *File) heapReader() *heapReader {
	return &heapReader{f: f, collections: map[uint64]*collection{}, budget: f.opts.bytes}
}

// object returns the bytes of an object, which may alias the file.
func (h *heapReader) object(addr uint64, index uint32) ([]byte, error) {
	c, err := h.collection(addr)
	if err != nil {
		return nil, err
	}
	o, ok := c.find(index)
	if !ok {
		return nil, malformed(c.off, "the object %d of a global heap is not there", index)
	}
	if err := h.spend(uint64(o.to - o.from)); err != nil {
		return nil, withLocation(err, "", c.off)
	}
	return c.data[o.from:o.to:o.to], nil
}

// collection returns the collection at an address, which most often is the last one.
func (h *heapReader) collection(addr uint64) (*collection, error) {
	if h.last != nil && h.lastAddr == addr {
		return h.last, nil
	}
	c := h.collections[addr]
	if c == nil {
		var err error
		if c, err = h.f.collection(addr); err != nil {
			return nil, err
		}
		if h.parsed += uint64(len(c.data)); h.parsed/maxParsed > uint64(h.f.src.size) {
			return nil, malformed(c.off, "global heaps that overlap")
		}
		if h.keptBytes += uint64(len(c.data)); h.keptBytes > maxKeptCollections {
			clear(h.collections)
			h.keptBytes = uint64(len(c.data))
		}
		h.collections[addr] = c
	}
	h.last, h.lastAddr = c, addr
	return c, nil
}

// find returns an object. If no object was ever deleted, they are numbered from 1 without gaps.
func (g *collection) find(index uint32) (heapObject, bool) {
	if i := uint64(index) - 1; i < uint64(len(g.objects)) && uint32(g.objects[i].index) == index {
		return g.objects[i], true
	}
	i, ok := slices.BinarySearchFunc(g.objects, index, func(o heapObject, index uint32) int {
		return cmp.Compare(uint32(o.index), index)
	})
	if !ok {
		return heapObject{}, false
	}
	return g.objects[i], true
}

// collection parses a collection.
func (f *File) collection(addr uint64) (*collection, error) {
	head := uint64(8 + f.sb.sizeLength)
	c, err := f.cursor(addr, head)
	if err != nil {
		return nil, err
	}
	c.signature("GCOL")
	c.version("global heap", 1)
	c.skip(3)
	size := c.length()
	if c.err != nil {
		return nil, c.err
	}
	if size < head {
		return nil, malformed(c.off, "a global heap of %d bytes", size)
	}
	b, err := f.src.bytes(addr, size)
	if err != nil {
		return nil, err
	}
	g := &collection{data: b, off: c.off}
	return g, g.parse(int(head), f.sb.sizeLength)
}

// parse finds the objects of a collection; the first begins at i.
func (g *collection) parse(i, sizeLength int) error {
	b, sorted := g.data, true
	for len(b)-i >= 8+sizeLength {
		index := binary.LittleEndian.Uint16(b[i:])
		if index == 0 {
			break // free space, to the end
		}
		size := (&cursor{b: b, i: i + 8}).uint(sizeLength)
		i += 8 + sizeLength
		if size > uint64(len(b)-i) {
			return malformed(g.off, "the object %d of a global heap leaves it", index)
		}
		sorted = sorted && (len(g.objects) == 0 || index > g.objects[len(g.objects)-1].index)
		g.objects = append(g.objects, heapObject{i, i + int(size), index})
		if i += (int(size) + 7) &^ 7; i > len(b) || i < 0 {
			break
		}
	}
	if !sorted {
		slices.SortStableFunc(g.objects, func(a, b heapObject) int {
			return cmp.Compare(a.index, b.index)
		})
	}
	return nil
}
