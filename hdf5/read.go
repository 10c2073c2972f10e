package hdf5

import (
	"errors"
	"iter"

	"github.com/unpkl/unpkl/internal/bulk"
	"github.com/unpkl/unpkl/ndarray"
)

// Read returns the whole dataset. An array of contiguous data in a mapped file, or one of
// [NewBytes], lies in the file's memory, where nothing is read before it is touched; every
// other one is in memory of its own. Chunks are decoded by several goroutines.
//
// An array is in C order, with the dtype and byte order of the file. Text of any length is
// string in an array of objects, a sequence of any length an *ndarray.Array, a reference a
// [Reference] or [RegionReference].
func (d *Dataset) Read() (*ndarray.Array, error) {
	return d.Slice(nil, nil, nil)
}

// Slice returns count elements from start in each dimension, step apart: h5py's
// d[start : start+count*step : step]. nil for start is the first elements, for step each, and
// for count as many as there are. They have one entry for each dimension of the dataset
// without those of an array datatype.
//
// Only the chunks that have such elements are read and decoded. Of contiguous data in a
// mapped file the result is a view, as of [Dataset.Read]. What does not lie in the dataset
// is an error of the kind ErrSelection.
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
		return a, inPath(err, d.path)
	}
	s, err := newSelection(d.space.dims, start, count, step)
	if err != nil {
		return nil, inPath(err, d.path)
	}
	a, err := d.slice(s)
	return a, inPath(err, d.path)
}

func (d *Dataset) slice(s selection) (*ndarray.Array, error) {
	if a, err := d.alias(s); a != nil || err != nil {
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

// readState is what one read has in common, with the virtual datasets below it.
type readState struct {
	heap  *heapReader // whose budget bounds everything that is allocated
	depth int         // of virtual datasets
	parts int         // of them that were looked at
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
	read, err := d.reading(r, s)
	if err != nil {
		return nil, err
	}
	dst := make([]byte, n)
	defer bulk.LargePages(dst)()
	return dst, read(dst)
}

// reading looks where the selected elements are, and returns what fills memory with them.
func (d *Dataset) reading(r *readState, s selection) (read func(dst []byte) error, err error) {
	switch l := d.layout; {
	case l.class == layoutCompact:
		return d.compact(s)
	case l.class == layoutChunked:
		return d.chunked(s)
	case l.class == layoutVirtual:
		return func(dst []byte) error { return d.readVirtual(r, dst, s) }, nil
	case len(d.external) > 0:
		return func(dst []byte) error { return d.readExternal(dst, s) }, nil
	}
	return d.contiguous(s)
}

// nbytes returns the size of the whole dataset.
func (d *Dataset) nbytes() (uint64, error) {
	n, ok := everything(d.space.dims).bytes(d.typ.Size)
	if !ok {
		return 0, errorf(ErrLimit, "a dataset of %v elements of %d bytes", d.space.dims, d.typ.Size)
	}
	return n, nil
}

// Chunk is a part of a dataset.
type Chunk struct {
	// Start is the index of the first element.
	Start []int
	// Array is the elements. At the end of a dimension a chunk has fewer of them.
	Array *ndarray.Array
}

// Chunks iterates over the dataset part by part, in memory for one of them: over the chunks
// that are stored, in the order of the index, and of a dataset that has no chunks over
// runs of a few MiB. Elements of chunks that are not stored are the fill value and do
// not come. The first error ends the iteration.
func (d *Dataset) Chunks() iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		err := d.eachPart(func(s selection) error {
			c, err := d.part(s)
			if err != nil {
				return err
			}
			if !yield(c, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(Chunk{}, inPath(err, d.path))
		}
	}
}

// errStop ends an iteration without an error.
var errStop = errors.New("stop")

func (d *Dataset) part(s selection) (Chunk, error) {
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

// partBytes is about how much of a dataset without chunks [Dataset.Chunks] gives at once.
const partBytes = 4 << 20

// eachPart calls visit with the selections that Chunks goes through, without the file
// held for reading.
func (d *Dataset) eachPart(visit func(selection) error) error {
	if d.space == nil {
		return d.f.enter() // an error
	}
	whole := everything(d.space.dims)
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
	return eachTouched(whole.axes(shape), func(coord []uint64) error {
		return visit(d.selectionAt(coord, shape))
	})
}

// selectionAt returns what is in the dataset of a part of the shape at some coordinates.
func (d *Dataset) selectionAt(coord, shape []uint64) selection {
	s := everything(d.space.dims)
	s.count = make([]uint64, len(coord))
	for i, x := range coord {
		s.start[i] = x * shape[i]
		s.count[i] = min(shape[i], d.space.dims[i]-s.start[i])
	}
	return s
}

// storedChunks returns the coordinates of all stored chunks, one behind the other.
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

// runShape returns the shape of runs of about so many bytes that lie side by side.
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
