package hdf5

import (
	"slices"

	"github.com/unpkl/unpkl/internal/filter"
)

// chunkWriter stores the chunks of a dataset. Several chunks are filtered at once, in a ring of
// slots, and are written to the file in the order of their coordinates.
type chunkWriter struct {
	w          *Writer
	chunk      []int // shape of a chunk
	element    int   // size of an element in bytes
	size       int   // size of a chunk in bytes
	filters    []filter.Filter
	fill       []byte // the fill value, nil for zeros
	tree       treeWriter
	lastOrigin []int // origin of the chunk that was written last; nil before the first
	slots      []chunkSlot
	// oldest is the index of the slot that is written next, inFlight the number of slots in use.
	oldest, inFlight int
}

// chunkSlot holds a chunk while it is filtered. origin is the index of the chunk's first element.
type chunkSlot struct {
	origin []int
	data   []byte // memory for the elements of a chunk
	out    []byte // memory for the output of the filters
	// stored, mask and err are the result, which is valid after a receive from done.
	stored []byte
	mask   uint32
	err    error
	done   chan struct{}
}

func newChunkWriter(w *Writer, chunk []int, element int, filters []filter.Filter) *chunkWriter {
	c := &chunkWriter{w: w, chunk: chunk, element: element, size: element, filters: filters}
	for _, n := range chunk {
		c.size *= n
	}
	for i := range filters {
		if filters[i].ID == filter.LZF {
			filters[i].Params[2] = uint32(c.size)
		}
	}
	c.slots = w.takeSlots(filters != nil)
	c.tree = treeWriter{
		out: &w.out, kind: treeChunks, keySize: 8 + 8*(len(chunk)+1), maxChildren: 2 * w.k.chunk,
	}
	return c
}

// takeSlots returns slots for a dataset, with the memory of a complete dataset if there is one.
func (w *Writer) takeSlots(filtered bool) []chunkSlot {
	n := 1
	if filtered {
		n = 2 * w.workers
	}
	if slots := w.slots; len(slots) >= n {
		w.slots = nil
		return slots[:n]
	}
	slots := make([]chunkSlot, n)
	for i := range slots {
		slots[i].done = make(chan struct{}, 1)
	}
	return slots
}

// writeBand stores the chunks of n rows, from row on, which is a multiple of the rows of a chunk.
// data has the elements of the rows, and rest is the shape of a row. If lent is true, the caller
// must not change data before drain; else it may as soon as writeBand returns.
func (c *chunkWriter) writeBand(row, n int, rest []int, data []byte, lent bool) error {
	shape := append([]int{n}, rest...)
	whole := n == c.chunk[0] && slices.Equal(rest, c.chunk[1:])
	origin := make([]int, len(shape))
	for {
		slot, err := c.freeSlot()
		if err != nil {
			return err
		}
		slot.origin = append(slot.origin[:0], origin...)
		slot.origin[0] += row
		c.start(slot, c.source(slot, data, slices.Clone(origin), shape, whole && lent, lent))
		if !nextChunk(origin, shape, c.chunk) {
			return nil
		}
	}
}

// nextChunk advances origin to the next chunk of a band in C order. It returns false after the
// last.
func nextChunk(origin, shape, chunk []int) bool {
	for axis := len(origin) - 1; axis >= 0; axis-- {
		if origin[axis] += chunk[axis]; origin[axis] < shape[axis] {
			return true
		}
		origin[axis] = 0
	}
	return false
}

// source returns a function that returns the elements of a chunk. They are the band itself
// (direct), a copy that is made by the function if the band is lent, or a copy that is made now.
func (c *chunkWriter) source(
	slot *chunkSlot, data []byte, origin, shape []int, direct, lent bool,
) func() []byte {
	if direct {
		return func() []byte { return data }
	}
	copied := func() []byte {
		if cap(slot.data) < c.size {
			slot.data = make([]byte, c.size)
		}
		slot.data = slot.data[:c.size]
		if c.isPartial(origin, shape) {
			c.setFill(slot.data)
		}
		gather(slot.data, data, origin, shape, c.chunk, c.element)
		return slot.data
	}
	if lent {
		return copied
	}
	now := copied()
	return func() []byte { return now }
}

// start begins to filter a chunk, on a goroutine of its own if there are filters.
func (c *chunkWriter) start(slot *chunkSlot, source func() []byte) {
	c.inFlight++
	if c.filters == nil {
		slot.stored, slot.mask, slot.err = source(), 0, nil
		slot.done <- struct{}{}
		return
	}
	go func() {
		// out keeps the memory for the next chunk, even if a filter has allocated new memory.
		slot.stored, slot.mask, slot.err = filter.Encode(slot.out, c.filters, source())
		if slot.mask != 1<<len(c.filters)-1 {
			slot.out = slot.stored
		}
		slot.done <- struct{}{}
	}()
}

// freeSlot returns an unused slot. If there is none, it waits for the oldest chunk and writes it.
func (c *chunkWriter) freeSlot() (*chunkSlot, error) {
	if c.inFlight == len(c.slots) {
		if err := c.writeOldest(); err != nil {
			return nil, err
		}
	}
	return &c.slots[(c.oldest+c.inFlight)%len(c.slots)], nil
}

// drain waits for all chunks in flight and writes them.
func (c *chunkWriter) drain() error {
	var first error
	for c.inFlight > 0 {
		if err := c.writeOldest(); first == nil {
			first = err
		}
	}
	return first
}

// writeOldest waits for the oldest chunk and writes it.
func (c *chunkWriter) writeOldest() error {
	slot := &c.slots[c.oldest]
	<-slot.done
	c.oldest = (c.oldest + 1) % len(c.slots)
	c.inFlight--
	if slot.err != nil {
		return slot.err
	}
	if uint64(len(slot.stored)) > MaxChunk {
		return errorf(ErrUnsupported, "a chunk of %d bytes behind its filters", len(slot.stored))
	}
	addr := c.w.out.add(slot.stored)
	c.lastOrigin = append(c.lastOrigin[:0], slot.origin...)
	c.tree.add(c.key(slot.origin, 0, len(slot.stored), slot.mask), addr)
	return c.w.out.err
}

// key returns the B-tree key of the chunk at origin, with steps 0. With steps 1 it returns the key
// of the end behind that chunk.
//
// Reference: HDF5 File Format Specification, III.A.1, "Data chunk".
func (c *chunkWriter) key(origin []int, steps, size int, mask uint32) []byte {
	b := wire.AppendUint32(nil, uint32(size))
	b = wire.AppendUint32(b, mask)
	for i, n := range origin {
		b = wire.AppendUint64(b, uint64(n)+uint64(steps)*uint64(c.chunk[i]))
	}
	return wire.AppendUint64(b, uint64(steps)*uint64(c.element))
}

// finish writes the rest of the B-tree and returns its address. It leaves the slots to the next
// dataset.
func (c *chunkWriter) finish() (uint64, error) {
	if err := c.drain(); err != nil {
		return 0, err
	}
	c.w.slots, c.slots = c.slots[:cap(c.slots)], nil
	if c.lastOrigin == nil {
		return undefined, nil
	}
	return c.tree.finish(c.key(c.lastOrigin, 1, 0, 0)), nil
}

// isPartial reports whether a chunk extends beyond the band.
func (c *chunkWriter) isPartial(origin, shape []int) bool {
	for i, n := range c.chunk {
		if origin[i]+n > shape[i] {
			return true
		}
	}
	return false
}

// setFill fills dst with the fill value, which elements show if the dataset grows over them.
func (c *chunkWriter) setFill(dst []byte) {
	if len(c.fill) == 0 {
		clear(dst)
		return
	}
	fillWith(dst, c.fill)
}

// gather copies the part of a band that is in the chunk at origin into dst.
func gather(dst, band []byte, origin, shape, chunk []int, element int) {
	n := len(shape)
	count := make([]int, n) // number of the chunk's elements inside the band
	for i := range n {
		count[i] = min(chunk[i], shape[i]-origin[i])
	}
	// Axes that the chunk covers completely join the run of the axis before them.
	last := n - 1
	run := element
	for last > 0 && chunk[last] == shape[last] {
		run *= chunk[last]
		last--
	}
	length := count[last] * run
	index := make([]int, last)
	for {
		from, to := 0, 0
		for i := range last {
			from = from*shape[i] + origin[i] + index[i]
			to = to*chunk[i] + index[i]
		}
		from = (from*shape[last] + origin[last]) * run
		to *= chunk[last] * run
		copy(dst[to:to+length], band[from:from+length])
		axis := last - 1
		for ; axis >= 0; axis-- {
			if index[axis]++; index[axis] < count[axis] {
				break
			}
			index[axis] = 0
		}
		if axis < 0 {
			return
		}
	}
}
