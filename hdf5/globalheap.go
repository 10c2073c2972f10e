package hdf5

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// heapReader reads objects of global heaps, which hold what has no fixed size: text,
// sequences, regions. It keeps the collections that it has parsed, and is for one read
// by one goroutine.
//
// Reference: HDF5 File Format Specification, III.E ("Global Heap").
type heapReader struct {
	f           *File
	collections map[uint64]*collection
	lastAddr    uint64 // of the collection used last
	last        *collection
	held        uint64 // bytes of the collections kept
	parsed      uint64 // bytes of the collections parsed, each as often as it was
	budget      int64  // bytes that may still be returned or allocated
}

// maxParsed bounds how often the whole file may be parsed as global heaps in one read.
// Collections do not overlap, and few are parsed more than once.
const maxParsed = 64

// spend takes bytes that are returned, or memory that is allocated, off the budget.
func (h *heapReader) spend(n uint64) error {
	if n > uint64(max(h.budget, 0)) {
		return errorf(ErrLimit, "more than the %d bytes that one read may return", h.f.opts.bytes)
	}
	h.budget -= int64(n)
	return nil
}

// collection is a run of objects in the order of their index.
type collection struct {
	data    []byte
	off     int64
	objects []heapObject
}

// heapObject is where an object lies in its collection.
type heapObject struct {
	from, to int
	index    uint16
}

// keepCollections bounds what a heapReader keeps of a file that is not mapped, in bytes.
const keepCollections = 32 << 20

func (f *File) heapReader() *heapReader {
	return &heapReader{f: f, collections: map[uint64]*collection{}, budget: f.opts.bytes}
}

// object returns the bytes of an object, which alias the file.
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
		return nil, located(err, "", c.off)
	}
	return c.data[o.from:o.to:o.to], nil
}

// collection returns the collection at an address, which is mostly the same as before.
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
		if h.held += uint64(len(c.data)); h.held > keepCollections {
			clear(h.collections)
			h.held = uint64(len(c.data))
		}
		h.collections[addr] = c
	}
	h.last, h.lastAddr = c, addr
	return c, nil
}

// find returns an object. Where none was ever deleted they are numbered from 1.
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

// collection reads a collection.
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

// parse finds the objects, of which the first begins at i.
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
