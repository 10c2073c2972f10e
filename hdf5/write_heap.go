package hdf5

// A global heap collection has a header of 16 bytes, followed by objects. An object has a header of
// 16 bytes too, and is padded to a multiple of 8. Free space at the end is an object with the index
// 0.
//
// Reference: HDF5 File Format Specification, III.E.
const (
	heapHeader      = 16
	heapSmallest    = 4096
	heapLargest     = 64 << 10
	heapMaxObjects  = 1<<16 - 1
	heapAlign       = 8
	heapVersion     = 1
	heapObjectCount = 1 // number of references to an object
)

// heapWriter writes texts to collections. The space of a collection is reserved when it is begun.
// Each collection is larger than the one before, since a file with many texts is likely to get
// more.
type heapWriter struct {
	out  *outFile
	addr uint64 // of the collection
	buf  []byte // the collection up to its last object
	size int    // of the whole collection in bytes; 0 before the first is begun
	last uint16 // index of the last object
}

// addText stores a text, and appends the reference to it: its length, the address of the
// collection, and the index of the object. An empty text is stored as an object too, because a null
// reference is a null pointer in C, which PyTables does not expect.
func (h *heapWriter) addText(b []byte, text string) []byte {
	h.ensureRoom(len(text))
	h.addObject(text)
	return h.appendReference(b, len(text))
}

// appendReference appends a reference to the last object, as a sequence of n elements.
func (h *heapWriter) appendReference(b []byte, n int) []byte {
	b = wire.AppendUint32(b, uint32(n))
	b = wire.AppendUint64(b, h.addr)
	return wire.AppendUint32(b, uint32(h.last))
}

// addObject adds an object to the collection.
func (h *heapWriter) addObject(data string) {
	h.last++
	h.buf = wire.AppendUint16(h.buf, h.last)
	h.buf = wire.AppendUint16(h.buf, heapObjectCount)
	h.buf = appendZeros(h.buf, 4)
	h.buf = wire.AppendUint64(h.buf, uint64(len(data)))
	h.buf = append(h.buf, data...)
	h.buf = padTo8(h.buf, 0)
}

// ensureRoom begins a new collection unless an object of n bytes fits the current one.
func (h *heapWriter) ensureRoom(n int) {
	need := heapHeader + (n+heapAlign-1)/heapAlign*heapAlign
	if h.size > 0 && len(h.buf)+need <= h.size && h.last < heapMaxObjects {
		return
	}
	size := min(max(heapSmallest, 2*h.size), heapLargest)
	h.finish()
	h.size = max(size, heapHeader+need)
	h.addr = h.out.reserve(h.size)
	h.last = 0
	h.buf = append(h.buf[:0], "GCOL"...)
	h.buf = append(h.buf, heapVersion, 0, 0, 0)
	h.buf = wire.AppendUint64(h.buf, uint64(h.size))
}

// finish writes the collection, with its free space as object 0 if the header of that object fits.
func (h *heapWriter) finish() {
	if h.size == 0 {
		return
	}
	if left := h.size - len(h.buf); left >= heapHeader {
		h.buf = appendZeros(h.buf, 8)
		h.buf = wire.AppendUint64(h.buf, uint64(left))
	}
	h.out.set(h.addr, h.buf)
	h.size = 0
}
