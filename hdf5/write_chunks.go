package hdf5

import (
	"slices"

	"github.com/unpkl/unpkl/internal/filter"
)

// chunkWriter stores the chunks of a dataset in the order of their places. Several go through
// their filters at once, in a ring of slots; they reach the file in order.
type chunkWriter struct {
	w       *Writer
	chunk   []int // in elements
	element int   // bytes of an element
	size    int   // bytes of a chunk
	filters []filter.Filter
	fill    []byte // of one element, nil for zeros
	tree    treeWriter
	last    []int // the place of the last chunk, in elements; nil before the first one
	slots   []chunkSlot
	// oldest is the slot whose chunk is written next, busy how many wait.
	oldest, busy int
}

// chunkSlot is a chunk on its way through the filters.
type chunkSlot struct {
	place []int
	data  []byte // memory for a chunk's elements
	out   []byte // memory for what the filters make of it
	// stored is the result, after done.
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
		out: &w.out, kind: treeChunks, keySize: 8 + 8*(len(chunk)+1), most: 2 * w.k.chunk,
	}
	return c
}

// takeSlots gives a dataset slots with the memory of one that is complete, if there is any.
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

// writeBand stores the chunks of n rows from a row on, which is a multiple of a chunk's rows. data
// has the rows' elements, rest is the shape of a row. With lent set data stays as it is until
// drain; without it the memory is the caller's again when writeBand returns.
func (c *chunkWriter) writeBand(row, n int, rest []int, data []byte, lent bool) error {
	shape := append([]int{n}, rest...)
	whole := n == c.chunk[0] && slices.Equal(rest, c.chunk[1:])
	place := make([]int, len(shape))
	for {
		slot, err := c.free()
		if err != nil {
			return err
		}
		slot.place = append(slot.place[:0], place...)
		slot.place[0] += row
		c.start(slot, c.source(slot, data, slices.Clone(place), shape, whole && lent, lent))
		if !next(place, shape, c.chunk) {
			return nil
		}
	}
}

// next moves a place to the next chunk in C order, and tells whether there is one.
func next(place, shape, chunk []int) bool {
	for axis := len(place) - 1; axis >= 0; axis-- {
		if place[axis] += chunk[axis]; place[axis] < shape[axis] {
			return true
		}
		place[axis] = 0
	}
	return false
}

// source returns what gives a chunk's elements: the band itself where it is the chunk, a copy
// that is made later where the band stays, else a copy that is made now.
func (c *chunkWriter) source(
	slot *chunkSlot, data []byte, place, shape []int, direct, lent bool,
) func() []byte {
	if direct {
		return func() []byte { return data }
	}
	copied := func() []byte {
		if cap(slot.data) < c.size {
			slot.data = make([]byte, c.size)
		}
		slot.data = slot.data[:c.size]
		if c.isPartial(place, shape) {
			c.setFill(slot.data)
		}
		gather(slot.data, data, place, shape, c.chunk, c.element)
		return slot.data
	}
	if lent {
		return copied
	}
	now := copied()
	return func() []byte { return now }
}

// start sends a chunk through the filters.
func (c *chunkWriter) start(slot *chunkSlot, source func() []byte) {
	c.busy++
	if c.filters == nil {
		slot.stored, slot.mask, slot.err = source(), 0, nil
		slot.done <- struct{}{}
		return
	}
	go func() {
		// The memory for the result is the slot's, also where a filter took new memory.
		slot.stored, slot.mask, slot.err = filter.Encode(slot.out, c.filters, source())
		if slot.mask != 1<<len(c.filters)-1 {
			slot.out = slot.stored
		}
		slot.done <- struct{}{}
	}()
}

// free returns a slot without a chunk, after the oldest chunk was written if there is none.
func (c *chunkWriter) free() (*chunkSlot, error) {
	if c.busy == len(c.slots) {
		if err := c.writeOldest(); err != nil {
			return nil, err
		}
	}
	return &c.slots[(c.oldest+c.busy)%len(c.slots)], nil
}

// drain writes all chunks that are on their way.
func (c *chunkWriter) drain() error {
	var first error
	for c.busy > 0 {
		if err := c.writeOldest(); first == nil {
			first = err
		}
	}
	return first
}

func (c *chunkWriter) writeOldest() error {
	slot := &c.slots[c.oldest]
	<-slot.done
	c.oldest = (c.oldest + 1) % len(c.slots)
	c.busy--
	if slot.err != nil {
		return slot.err
	}
	if uint64(len(slot.stored)) > MaxChunk {
		return errorf(ErrUnsupported, "a chunk of %d bytes behind its filters", len(slot.stored))
	}
	addr := c.w.out.add(slot.stored)
	c.last = append(c.last[:0], slot.place...)
	c.tree.add(c.key(slot.place, 0, len(slot.stored), slot.mask), addr)
	return c.w.out.err
}

// key is the B-tree's key of the chunk at a place, or, with the shape of a chunk added to it, of
// the end behind it.
//
// Reference: HDF5 File Format Specification, III.A.1, "Data chunk".
func (c *chunkWriter) key(place []int, steps, size int, mask uint32) []byte {
	b := wire.AppendUint32(nil, uint32(size))
	b = wire.AppendUint32(b, mask)
	for i, n := range place {
		b = wire.AppendUint64(b, uint64(n)+uint64(steps)*uint64(c.chunk[i]))
	}
	return wire.AppendUint64(b, uint64(steps)*uint64(c.element))
}

// finish writes the rest of the chunks' B-tree and returns its address. The memory for chunks is
// another dataset's from then on.
func (c *chunkWriter) finish() (uint64, error) {
	if err := c.drain(); err != nil {
		return 0, err
	}
	c.w.slots, c.slots = c.slots[:cap(c.slots)], nil
	if c.last == nil {
		return undefined, nil
	}
	return c.tree.finish(c.key(c.last, 1, 0, 0)), nil
}

// isPartial tells whether a chunk reaches over a band's edge.
func (c *chunkWriter) isPartial(place, shape []int) bool {
	for i, n := range c.chunk {
		if place[i]+n > shape[i] {
			return true
		}
	}
	return false
}

// setFill makes all elements what they are when the dataset grows over them.
func (c *chunkWriter) setFill(dst []byte) {
	if len(c.fill) == 0 {
		clear(dst)
		return
	}
	for n := copy(dst, c.fill); n < len(dst); {
		n += copy(dst[n:], dst[:n])
	}
}

// gather copies the chunk at a place of a band into dst, as far as it is in the band.
func gather(dst, band []byte, place, shape, chunk []int, element int) {
	n := len(shape)
	count := make([]int, n) // elements of the chunk that are in the band
	for i := range n {
		count[i] = min(chunk[i], shape[i]-place[i])
	}
	// Axes that are whole in the band and the chunk make one run with the axis before them.
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
			from = from*shape[i] + place[i] + index[i]
			to = to*chunk[i] + index[i]
		}
		from = (from*shape[last] + place[last]) * run
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
