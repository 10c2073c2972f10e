package hdf5

// A global heap collection has a header of 16 bytes and objects with headers of 16 bytes, padded to
// multiples of 8; what is left over is the object 0.
//
// Reference: HDF5 File Format Specification, III.E.
const (
	heapHeader      = 16
	heapSmallest    = 4096
	heapLargest     = 64 << 10
	heapMaxObjects  = 1<<16 - 1
	heapAlign       = 8
	heapVersion     = 1
	heapObjectCount = 1 // references to an object
)

// heapWriter fills collections with texts. A place in the file is taken for a collection when it is
// begun; each is larger than the one before, since who has written many texts will write more.
type heapWriter struct {
	out  *outFile
	addr uint64
	buf  []byte // the collection up to its last object
	size int    // of the whole collection, 0 where none was begun
	last uint16 // the number of its last object
}

// put stores the text and appends where it is: its length, the collection and the object's
// number there. A text without bytes is an object too: for C a place that is none is a null
// pointer, which PyTables does not expect.
func (h *heapWriter) put(b []byte, text string) []byte {
	h.room(len(text))
	h.object(text)
	return h.place(b, len(text))
}

// place appends the place of the last object, as a sequence of n elements.
func (h *heapWriter) place(b []byte, n int) []byte {
	b = wire.AppendUint32(b, uint32(n))
	b = wire.AppendUint64(b, h.addr)
	return wire.AppendUint32(b, uint32(h.last))
}

func (h *heapWriter) object(data string) {
	h.last++
	h.buf = wire.AppendUint16(h.buf, h.last)
	h.buf = wire.AppendUint16(h.buf, heapObjectCount)
	h.buf = appendZeros(h.buf, 4)
	h.buf = wire.AppendUint64(h.buf, uint64(len(data)))
	h.buf = append(h.buf, data...)
	h.buf = padTo8(h.buf, 0)
}

// room begins a new collection where n bytes do not go into this one.
func (h *heapWriter) room(n int) {
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

// finish writes the collection. What is left over is the object 0, if its header goes there.
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
