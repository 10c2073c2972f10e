package hdf5

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/unpkl/unpkl/internal/filter"
)

// chunkRef is the place of a stored chunk.
type chunkRef struct {
	addr, size uint64 // size is the number of bytes in the file
	mask       uint32 // a bit for each filter that was skipped
}

// chunkVisit is called with the coordinates of a chunk, counted in chunks. It must not keep coord.
type chunkVisit func(coord []uint64, c chunkRef) error

// eachChunk calls visit with every stored chunk that the axes select.
func (d *Dataset) eachChunk(axes []chunkAxis, visit chunkVisit) error {
	l := d.layout
	if l.addr == undefined {
		return nil
	}
	switch l.index {
	case indexBTree1:
		return d.eachBTree1(axes, visit)
	case indexSingle:
		return d.eachSingle(axes, visit)
	case indexImplicit:
		return d.eachImplicit(axes, visit)
	case indexFixedArray:
		return d.eachFixedArray(axes, visit)
	case indexExtensibleArray:
		return d.eachExtensibleArray(axes, visit)
	}
	return d.eachBTree2(axes, visit)
}

// eachSingle is eachChunk for a dataset of one chunk.
func (d *Dataset) eachSingle(axes []chunkAxis, visit chunkVisit) error {
	c := chunkRef{d.layout.addr, uint64(d.chunkSize), 0}
	if d.layout.singleSize > 0 {
		c.size, c.mask = d.layout.singleSize, d.layout.singleMask
	}
	coord := make([]uint64, len(axes))
	for i := range axes {
		if !axes[i].contains(0) {
			return nil
		}
	}
	return visit(coord, c)
}

// eachImplicit is eachChunk for chunks that are stored one after another, without an index.
func (d *Dataset) eachImplicit(axes []chunkAxis, visit chunkVisit) error {
	g, err := newGrid(d, -1)
	if err != nil {
		return err
	}
	size := uint64(d.chunkSize)
	if n := chunkCount(axes); n > uint64(d.f.src.size)/size {
		return errorAt(d.layout.off, ErrTruncated, "%d chunks of %d bytes in a file of %d", n, size,
			d.f.src.size)
	}
	return eachSelectedChunk(axes, func(coord []uint64) error {
		index, ok := g.index(coord)
		if !ok || index > (1<<62)/size {
			return malformed(d.layout.off, "a chunk outside the file")
		}
		return visit(coord, chunkRef{d.layout.addr + index*size, size, 0})
	})
}

// eachBTree1 is eachChunk for the only index before HDF5 1.10. A key is the stored size, the mask,
// the coordinates of the first element, and one coordinate more for the bytes of an element.
//
// Reference: HDF5 File Format Specification, III.A.1, "Chunked Raw Data Keys".
func (d *Dataset) eachBTree1(axes []chunkAxis, visit chunkVisit) error {
	rank := len(axes)
	at := func(key []byte, coord []uint64) {
		c := cursor{b: key, i: 8}
		for i := range coord {
			coord[i] = c.u64() / d.layout.chunk[i]
		}
	}
	t := d.f.btree1(1, 4+4+8*(rank+1))
	first, next := make([]uint64, rank), make([]uint64, rank)
	var last []uint64
	skip := func(before, after []byte) bool {
		at(before, first)
		if !nextSelectedChunk(axes, first) {
			return true
		}
		at(after, next)
		if lessCoord(first, next) {
			return false
		}
		// The last key is the place behind the last chunk: byte 0 of the next element.
		c := cursor{b: after, i: 8 + 8*rank}
		return c.u64() == 0 || lessCoord(next, first)
	}
	coord := make([]uint64, rank)
	return t.each(d.layout.addr, skip, func(addr uint64, key []byte, off int64) error {
		c := cursor{b: key}
		ref := chunkRef{addr: addr, size: uint64(c.u32()), mask: c.u32()}
		for i := range coord {
			at := c.u64()
			if coord[i] = at / d.layout.chunk[i]; at%d.layout.chunk[i] != 0 {
				return malformed(off, "a chunk at %d in dimension %d of chunks of %d", at, i,
					d.layout.chunk[i])
			}
			if !axes[i].contains(coord[i]) {
				return nil
			}
		}
		if last != nil && !lessCoord(last, coord) {
			return malformed(off, "the chunks of a B-tree are not in order")
		}
		last = append(last[:0], coord...)
		return visit(coord, ref)
	})
}

// eachBTree2 is eachChunk for datasets with several unlimited dimensions. A record is the address,
// for filtered chunks the stored size and the mask, and the coordinates in chunks.
func (d *Dataset) eachBTree2(axes []chunkAxis, visit chunkVisit) error {
	rank, f := len(axes), d.f
	t, err := f.btree2(d.layout.addr)
	if err != nil {
		return err
	}
	filtered := t.kind == 11
	sizeBytes := t.recordSize - f.sb.sizeOffset - 8*rank
	if filtered {
		sizeBytes -= 4
	}
	if t.kind != 10 && !filtered || !filtered && sizeBytes != 0 ||
		filtered && (sizeBytes < 1 || sizeBytes > 8) {
		return malformed(t.off, "a B-tree of the type %d with records of %d bytes for chunks",
			t.kind,
			t.recordSize)
	}
	at := func(record []byte, coord []uint64) {
		c := cursor{b: record, i: t.recordSize - 8*rank}
		for i := range coord {
			coord[i] = c.u64()
		}
	}
	first, next := make([]uint64, rank), make([]uint64, rank)
	skip := func(before, after []byte) bool {
		clear(first)
		if before != nil {
			at(before, first)
		}
		if !nextSelectedChunk(axes, first) {
			return true
		}
		if after == nil {
			return false
		}
		at(after, next)
		return !lessCoord(first, next)
	}
	coord := make([]uint64, rank)
	var last []uint64
	return t.each(skip, func(record []byte) error {
		at(record, coord)
		for i := range coord {
			if !axes[i].contains(coord[i]) {
				return nil
			}
		}
		if last != nil && !lessCoord(last, coord) {
			return malformed(t.off, "the chunks of a B-tree are not in order")
		}
		last = append(last[:0], coord...)
		c := f.cursorOver(record, t.off)
		ref := chunkRef{addr: c.addr(), size: uint64(d.chunkSize)}
		if filtered {
			ref.size, ref.mask = c.uint(sizeBytes), c.u32()
		}
		return visit(coord, ref)
	})
}

// chunkJob is a chunk to decode; origin has the coordinates of its first element.
type chunkJob struct {
	origin []uint64
	ref    chunkRef
}

// chunkReader finds the chunks of a selection, and returns a function that decodes them to dst. The
// elements of chunks that are not stored get the fill value.
func (d *Dataset) chunkReader(s selection) (func(dst []byte) error, error) {
	axes := s.axes(d.layout.chunk)
	rank := len(axes)
	var jobs []chunkJob
	var coords []uint64
	err := d.eachChunk(axes, func(coord []uint64, c chunkRef) error {
		if c.addr == undefined {
			return nil
		}
		if len(coords)+rank > cap(coords) {
			coords = make([]uint64, 0, max(64*rank, 1))
		}
		at := len(coords)
		for i, x := range coord {
			coords = append(coords, x*d.layout.chunk[i])
		}
		jobs = append(jobs, chunkJob{coords[at:len(coords):len(coords)], c})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func(dst []byte) error {
		if uint64(len(jobs)) < chunkCount(axes) {
			d.fillAll(dst)
		}
		return d.decodeChunks(jobs, dst, s)
	}, nil
}

// fillAll fills dst with the fill value. dst must be new memory, which is zero.
func (d *Dataset) fillAll(dst []byte) {
	if !isZero(d.fill) {
		fillWith(dst, d.fill)
	}
}

// serialBytes is the size of chunks below which decoding them with several goroutines does not pay.
const serialBytes = 128 << 10

// decodeChunks decodes the chunks by several goroutines. They write to different elements of dst.
func (d *Dataset) decodeChunks(jobs []chunkJob, dst []byte, s selection) error {
	workers := d.f.opts.workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, len(jobs))
	if workers <= 1 || len(jobs)*d.chunkSize < serialBytes {
		return d.decodeWorker(jobs, new(atomic.Int64), dst, s)
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	var once sync.Once
	var first error
	for range workers {
		wait.Go(func() {
			if err := d.decodeWorker(jobs, &next, dst, s); err != nil {
				once.Do(func() { first = err })
				next.Store(int64(len(jobs)))
			}
		})
	}
	wait.Wait()
	return first
}

// decodeWorker decodes chunks until none is left.
func (d *Dataset) decodeWorker(jobs []chunkJob, next *atomic.Int64, dst []byte, s selection) error {
	var scratch []byte
	for {
		i := next.Add(1) - 1
		if i >= int64(len(jobs)) {
			return nil
		}
		var err error
		if scratch, err = d.decodeChunk(jobs[i], dst, s, scratch); err != nil {
			return err
		}
	}
}

// decodeChunk decodes one chunk and copies its selected elements to dst. It returns scratch memory
// for the next chunk.
func (d *Dataset) decodeChunk(j chunkJob, dst []byte, s selection, scratch []byte) ([]byte, error) {
	t, ok := newTransfer(s, j.origin, d.layout.chunk, d.typ.Size)
	if !ok {
		return scratch, nil
	}
	if !d.isFiltered(j) {
		// Without filters only the selected elements are read.
		return scratch, d.copyPlain(j, &t, dst)
	}
	raw, err := d.f.src.bytes(j.ref.addr, j.ref.size)
	if err != nil {
		return scratch, err
	}
	into := scratch[:0]
	direct := t.oneRun && t.src == 0 && t.run == d.chunkSize
	if direct {
		into = dst[t.dst : t.dst : t.dst+t.run]
	} else if cap(scratch) < d.chunkSize {
		scratch = make([]byte, d.chunkSize)
		into = scratch[:0]
	}
	data, err := filter.Decode(into, d.filters, j.ref.mask, raw, d.chunkSize)
	if err != nil {
		return scratch, withLocation(err, "", d.f.src.offset(j.ref.addr))
	}
	if !direct || &data[0] != &dst[t.dst] {
		t.copy(dst, data)
	}
	return scratch, nil
}

// copyPlain copies the selected elements of a chunk that has no filters.
func (d *Dataset) copyPlain(j chunkJob, t *transfer, dst []byte) error {
	if j.ref.size < uint64(d.chunkSize) {
		return malformed(d.f.src.offset(j.ref.addr), "a chunk of %d bytes, not %d", j.ref.size,
			d.chunkSize)
	}
	if d.f.src.data == nil && t.oneRun {
		return d.f.src.readInto(dst[t.dst:t.dst+t.run], j.ref.addr+uint64(t.src))
	}
	raw, err := d.f.src.bytes(j.ref.addr, uint64(d.chunkSize))
	if err != nil {
		return err
	}
	t.copy(dst, raw)
	return nil
}

// isFiltered reports whether a chunk went through the filters. If the layout says so, chunks that
// extend beyond the dataset did not.
func (d *Dataset) isFiltered(j chunkJob) bool {
	if len(d.filters) == 0 {
		return false
	}
	if d.layout.unfilteredEdges {
		for i, at := range j.origin {
			if d.layout.chunk[i] > d.space.dims[i]-min(at, d.space.dims[i]) {
				return false
			}
		}
	}
	return true
}
