package hdf5

import "encoding/binary"

// heapReader reads objects of global heaps, which hold what has no fixed size: text,
// sequences, regions. It keeps the collections that it has parsed, and is for one read
// by one goroutine.
//
// Reference: HDF5 File Format Specification, III.E ("Global Heap").
type heapReader struct {
	f           *File
	collections map[uint64]*collection
	held        uint64 // bytes of the collections kept
	budget      int64  // bytes that may still be returned
}

// collection is a run of objects by their index.
type collection struct {
	data    []byte
	off     int64
	objects map[uint16]span
}

type span struct{ from, to int }

// keepCollections bounds what a heapReader keeps of a file that is not mapped, in bytes.
const keepCollections = 32 << 20

func (f *File) heapReader() *heapReader {
	return &heapReader{f: f, collections: map[uint64]*collection{}, budget: f.opts.bytes}
}

// object returns the bytes of an object, which alias the file.
func (h *heapReader) object(addr uint64, index uint32) ([]byte, error) {
	c := h.collections[addr]
	if c == nil {
		var err error
		if c, err = h.f.collection(addr); err != nil {
			return nil, err
		}
		if h.held += uint64(len(c.data)); h.held > keepCollections {
			clear(h.collections)
			h.held = uint64(len(c.data))
		}
		h.collections[addr] = c
	}
	o, ok := c.objects[uint16(index)]
	if !ok || index > 0xffff {
		return nil, malformed(c.off, "the object %d of a global heap is not there", index)
	}
	if h.budget -= int64(o.to - o.from); h.budget < 0 {
		return nil, at(c.off, ErrLimit, "more than the %d bytes that one read may return", h.f.opts.bytes)
	}
	return c.data[o.from:o.to:o.to], nil
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
	g := &collection{data: b, off: c.off, objects: map[uint16]span{}}
	return g, g.parse(int(head), f.sb.sizeLength)
}

// parse finds the objects, of which the first begins at i.
func (g *collection) parse(i, sizeLength int) error {
	b := g.data
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
		g.objects[index] = span{i, i + int(size)}
		if i += (int(size) + 7) &^ 7; i > len(b) || i < 0 {
			break
		}
	}
	return nil
}
