package hdf5

import "bytes"

// localHeap holds the names of a symbol table, or those of external files.
//
// Reference: HDF5 File Format Specification, III.D ("Local Heaps").
type localHeap struct {
	data []byte
	off  int64
}

func (f *File) localHeap(addr uint64) (*localHeap, error) {
	c, err := f.cursor(addr, uint64(8+2*f.sb.sizeLength+f.sb.sizeOffset))
	if err != nil {
		return nil, err
	}
	c.signature("HEAP")
	c.version("local heap", 0)
	c.skip(3)
	size := c.length()
	c.length()
	data := c.addr()
	if c.err != nil {
		return nil, c.err
	}
	b, err := f.src.bytes(data, size)
	return &localHeap{b, f.src.offset(data)}, err
}

// name returns the bytes of the name at an offset of the heap.
func (h *localHeap) name(at uint64) ([]byte, error) {
	if at >= uint64(len(h.data)) {
		return nil, malformed(h.off, "a name at %d of a local heap of %d bytes", at, len(h.data))
	}
	n := bytes.IndexByte(h.data[at:], 0)
	if n < 0 {
		return nil, malformed(h.off, "a name without an end in a local heap")
	}
	return h.data[at : at+uint64(n)], nil
}

func (h *localHeap) text(at uint64) (string, error) {
	b, err := h.name(at)
	return string(b), err
}
