package hdf5

import (
	"errors"
	"iter"

	"github.com/unpkl/unpkl/internal/bulk"
	"github.com/unpkl/unpkl/ndarray"
)

// Read returns the whole dataset. An array of contiguous data in a mapped file, or in a file of
// [NewBytes], aliases the file's memory, and nothing is read before it is used. Any other array is
// in memory of its own. Several goroutines decode the chunks.
//
// The array is in C order, with the dtype and byte order of the file. A text of variable length is
// a string in an array of objects, a sequence an *ndarray.Array, and a reference a [Reference] or
// [RegionReference].
func (d *Dataset) Read() (*ndarray.Array, error) {
	return d.Slice(nil, nil, nil)
}

// Slice returns count elements from start, in steps of step, in each dimension: h5py's d[start :
// start+count*step : step]. A nil start is the first element, a nil step is 1, and a nil count is
// all that fit. The slices have one entry for each dimension of the dataset, without those of an
// array datatype.
//
// Only the chunks with selected elements are read and decoded. For contiguous data in a mapped file
// the result is a view, as that of [Dataset.Read]. A selection that extends beyond the dataset is
// an error of the kind ErrSelection.
func (d *Dataset) Slice(start, count, step []int) (*ndarray.Array, error) {
	if err := d.f.enter(); err != nil {
		return nil, err
	}
	defer d.f.leave()
	if d.space.null {
		if start != nil || count != nil || step != nil {
			return nil, &Error{Path: d.path, Offset: -1, Kind: ErrSelection,
				Text: "a selection of a dataset without elements"}
		}
		a, err := d.plan.array(d.f, []int{0}, nil)
		return a, withPath(err, d.path)
	}
	s, err := newSelection(d.space.dims, start, count, step)
	if err != nil {
		return nil, withPath(err, d.path)
	}
	a, err := d.slice(s)
	return a, withPath(err, d.path)
}

func (d *Dataset) slice(s selection) (*ndarray.Array, error) {
	if a, err := d.view(s); a != nil || err != nil {
		return a, err
	}
	shape, err := s.shape()
	if err != nil {
		return nil, err
	}
	h := d.f.heapReader()
	raw, err := d.raw(&readState{heap: h}, s)
	if err != nil {
		return nil, err
	}
	return d.plan.arrayWith(h, shape, raw)
}

// readState is the state of one read, which includes the reads of the sources of a virtual dataset.
type readState struct {
	heap         *heapReader // its budget bounds everything that is allocated
	depth        int         // nesting of virtual datasets
	virtualParts int         // number of sources that were visited
}

// raw returns the selected elements in the file's form, in memory of their own.
func (d *Dataset) raw(r *readState, s selection) ([]byte, error) {
	n, ok := s.bytes(d.typ.Size)
	if !ok {
		return nil, errorf(ErrLimit, "%d elements of %d bytes", s.size(), d.typ.Size)
	}
	if err := r.heap.spend(n); err != nil {
		return nil, err
	}
	if n == 0 {
		return []byte{}, nil
	}
	read, err := d.reader(r, s)
	if err != nil {
		return nil, err
	}
	dst := make([]byte, n)
	defer bulk.LargePages(dst)()
	return dst, read(dst)
}

// reader locates the selected elements, and returns a function that reads them to dst.
func (d *Dataset) reader(r *readState, s selection) (read func(dst []byte) error, err error) {
	switch l := d.layout; {
	case l.class == layoutCompact:
		return d.compactReader(s)
	case l.class == layoutChunked:
		return d.chunkReader(s)
	case l.class == layoutVirtual:
		return func(dst []byte) error { return d.readVirtual(r, dst, s) }, nil
	case len(d.external) > 0:
		return func(dst []byte) error { return d.readExternal(dst, s) }, nil
	}
	return d.contiguousReader(s)
}

// nbytes returns the size of the whole dataset in bytes, in the file's form.
func (d *Dataset) nbytes() (uint64, error) {
	n, ok := selectAll(d.space.dims).bytes(d.typ.Size)
	if !ok {
		return 0, errorf(ErrLimit, "a dataset of %v elements of %d bytes", d.space.dims, d.typ.Size)
	}
	return n, nil
}

// Chunk is a part of a dataset.
type Chunk struct {
	// Start is the index of the first element.
	Start []int
	// Array has the elements. At the end of a dimension a chunk may have fewer.
	Array *ndarray.Array
}

// Chunks iterates over the dataset in parts, of which one at a time is in memory. The parts are the
// stored chunks in the order of the index, or for a dataset without chunks runs of a few MiB.
// Chunks that are not stored, whose elements have the fill value, are not yielded. The first error
// ends the iteration.
func (d *Dataset) Chunks() iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		err := d.eachPart(func(s selection) error {
			c, err := d.readPart(s)
			if err != nil {
				return err
			}
			if !yield(c, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(Chunk{}, withPath(err, d.path))
		}
	}
}

// errStop ends an iteration without an error.
var errStop = errors.New("stop")

func (d *Dataset) readPart(s selection) (Chunk, error) {
	if err := d.f.enter(); err != nil {
		return Chunk{}, err
	}
	defer d.f.leave()
	a, err := d.slice(s)
	if err != nil {
		return Chunk{}, err
	}
	return Chunk{clamp(s.start), a}, nil
}

// partBytes is about the size of the parts that [Dataset.Chunks] yields for a dataset without
// chunks.
const partBytes = 4 << 20

// eachPart calls visit with the selections of Chunks. It does not hold the lock of the file during
// the calls.
func (d *Dataset) eachPart(visit func(selection) error) error {
	if d.space == nil {
		return d.f.enter() // an error
	}
	whole := selectAll(d.space.dims)
	if d.space.null || whole.size() == 0 {
		return nil
	}
	if d.layout.class == layoutChunked {
		coords, err := d.storedChunks(whole)
		if err != nil {
			return err
		}
		for rank := len(whole.count); len(coords) > 0; coords = coords[rank:] {
			if err := visit(d.selectionAt(coords[:rank], d.layout.chunk)); err != nil {
				return err
			}
		}
		return nil
	}
	shape := runShape(d.space.dims, uint64(d.typ.Size), partBytes)
	if len(shape) == 0 {
		return visit(whole)
	}
	return eachSelectedChunk(whole.axes(shape), func(coord []uint64) error {
		return visit(d.selectionAt(coord, shape))
	})
}

// selectionAt returns the part of the dataset in a block of the given shape, at block coordinates
// coord.
func (d *Dataset) selectionAt(coord, shape []uint64) selection {
	s := selectAll(d.space.dims)
	s.count = make([]uint64, len(coord))
	for i, x := range coord {
		s.start[i] = x * shape[i]
		s.count[i] = min(shape[i], d.space.dims[i]-s.start[i])
	}
	return s
}

// storedChunks returns the coordinates of all stored chunks in one slice.
func (d *Dataset) storedChunks(whole selection) ([]uint64, error) {
	if err := d.f.enter(); err != nil {
		return nil, err
	}
	defer d.f.leave()
	var coords []uint64
	err := d.eachChunk(whole.axes(d.layout.chunk), func(coord []uint64, c chunkRef) error {
		if c.addr != undefined {
			coords = append(coords, coord...)
		}
		return nil
	})
	return coords, err
}

// runShape returns the shape of contiguous blocks of about so many bytes.
func runShape(dims []uint64, elem, bytes uint64) []uint64 {
	shape := make([]uint64, len(dims))
	left := max(bytes/elem, 1)
	for i := len(dims) - 1; i >= 0; i-- {
		shape[i] = max(min(dims[i], left), 1)
		left = max(left/max(dims[i], 1), 1)
		if shape[i] < dims[i] {
			left = 1
		}
	}
	return shape
}
