package hdf5

import (
	"math"

	"github.com/unpkl/unpkl/internal/filter"
	"github.com/unpkl/unpkl/ndarray"
)

// DatasetOptions say how a dataset is stored. The zero value, and a nil *DatasetOptions, store it
// as one contiguous block without filters. If any field but FillValue is set, it is stored in
// chunks.
type DatasetOptions struct {
	// Chunks is the shape of a chunk. If it is nil and chunks are needed, a chunk has at most 1
	// MiB.
	Chunks []int
	// MaxShape is the shape to which the dataset may be resized later, with Unlimited for an axis
	// without end. Nil is the shape itself.
	MaxShape []int
	// Deflate is the compression level, 1 to 9, of h5py's compression="gzip". Zero is no
	// compression.
	Deflate int
	// LZF compresses faster and less; only h5py, PyTables and this package can read it. It
	// excludes Deflate.
	LZF bool
	// Shuffle groups bytes of the same significance before compression.
	Shuffle bool
	// Fletcher32 stores a checksum with each chunk, which readers check.
	Fletcher32 bool
	// FillValue is the value of elements that were never written, as Array.SetAt takes it. Nil is
	// zero. Datasets of text cannot have another.
	FillValue any
}

// MaxChunk is the largest size of a chunk in bytes, before its filters, that the format allows.
const MaxChunk = 1<<32 - 1

// outDataset is a dataset that is being written.
type outDataset struct {
	w            *Writer
	typ          *fileType
	shape, limit []int  // limit is MaxShape
	fill         []byte // nil: zeros
	filters      []filter.Filter
	// chunk is the shape of the chunks; nil for a contiguous dataset.
	chunk []int
	// chunks writes the chunks; nil after the last one.
	chunks *chunkWriter
	// addr is the address of the block, or of the B-tree once all chunks are written.
	addr uint64
	// appender may still add rows; nil if there is none.
	appender *Appender
}

// Dataset writes an array as a dataset at the path, and creates the groups above it that do not
// exist. The elements are stored in C order, as h5py stores them:
//
//	bool                       an enum of int8, FALSE and TRUE
//	ints, uints, floats        as they are, in their byte order
//	complex                    a compound of r and i
//	S                          a string of fixed length, padded with NULs
//	U, StringDType, object     strings of variable length, in UTF-8; objects have to be
//	                           all string, or all []byte (then without an encoding)
//	V                          opaque
//	datetime64, timedelta64    opaque, with a tag that h5py knows, such as NUMPY:<M8[ns]
//	structured                 a compound, its subarrays arrays
//
// In a structured dtype with text, the fields are stored without gaps. The array is not kept. If
// there is an object at the path, the error is of the kind ErrExists. It is of the kind
// ErrUnsupported if HDF5 or this package has no type for the dtype, for text with a NUL, for more
// than 32 dimensions, and for options that do not fit the shape.
//
// An array in C order is written from its own memory. Up to WriteOptions.Workers chunks are
// filtered at once.
//
// Reference: HDF5 File Format Specification, IV.A.2.
func (w *Writer) Dataset(path string, a *ndarray.Array, opts *DatasetOptions) error {
	if err := w.ready(); err != nil {
		return err
	}
	t, err := fileTypeOf(a)
	if err != nil {
		return withPath(err, path)
	}
	d, err := w.newDataset(t, a.DType(), a.Shape(), opts)
	if err != nil {
		return withPath(err, path)
	}
	if err := w.checkPath(path); err != nil {
		return err
	}
	if err := d.writeAll(a); err != nil {
		return withPath(err, path)
	}
	n, err := w.add(path, false)
	if err != nil {
		return err
	}
	n.data = d
	return w.fileError()
}

// checkPath returns an error unless an object can be created at the path.
func (w *Writer) checkPath(path string) error {
	parts, err := splitPath(path)
	if err == nil && len(parts) == 0 {
		err = errorf(ErrExists, "the root is always there")
	}
	if err == nil {
		err = w.checkFree(parts)
	}
	return withPath(err, path)
}

func (w *Writer) newDataset(
	t *fileType, dt *ndarray.DType, shape []int, opts *DatasetOptions,
) (*outDataset, error) {
	if opts == nil {
		opts = &DatasetOptions{}
	}
	if len(shape) > maxRank {
		return nil, errorf(ErrUnsupported, "%d dimensions", len(shape))
	}
	d := &outDataset{w: w, typ: t, shape: append([]int(nil), shape...), addr: undefined}
	var err error
	if d.fill, err = fillBytes(t, dt, opts.FillValue); err != nil {
		return nil, err
	}
	if d.limit, err = maxShape(shape, opts.MaxShape); err != nil {
		return nil, err
	}
	if d.filters, err = pipeline(opts, t.size); err != nil {
		return nil, err
	}
	if opts.Chunks == nil && d.limit == nil && d.filters == nil {
		return d, nil
	}
	if len(shape) == 0 {
		return nil, errorf(ErrUnsupported, "a 0-d dataset has no chunks")
	}
	chunk, err := chunkShape(opts.Chunks, shape, d.limit, t.size)
	if err != nil {
		return nil, err
	}
	d.chunk = chunk
	d.chunks = newChunkWriter(w, chunk, t.size, d.filters)
	d.chunks.fill = d.fill
	return d, nil
}

func fillBytes(t *fileType, dt *ndarray.DType, value any) ([]byte, error) {
	if value == nil {
		return nil, nil
	}
	if t.put != nil {
		return nil, errorf(ErrUnsupported, "a fill value of text")
	}
	var scratch *ndarray.Array
	b, err := putBytes(&scratch, dt, nil, value)
	if err == nil && len(b) != t.size {
		err = errorf(ErrUnsupported, "a fill value of %d bytes", len(b))
	}
	return b, err
}

func maxShape(shape, limit []int) ([]int, error) {
	if limit == nil {
		return nil, nil
	}
	if len(limit) != len(shape) {
		return nil, errorf(ErrUnsupported, "MaxShape %v for the shape %v", limit, shape)
	}
	for i, n := range limit {
		if n != Unlimited && n < shape[i] {
			return nil, errorf(ErrUnsupported, "MaxShape %v for the shape %v", limit, shape)
		}
	}
	return append([]int(nil), limit...), nil
}

// pipeline returns the filters in the order in which h5py applies them.
func pipeline(opts *DatasetOptions, element int) ([]filter.Filter, error) {
	if opts.Deflate < 0 || opts.Deflate > 9 || opts.Deflate > 0 && opts.LZF {
		return nil, errorf(ErrUnsupported, "Deflate %d, LZF %v", opts.Deflate, opts.LZF)
	}
	var filters []filter.Filter
	add := func(id uint16, name string, optional bool, params ...uint32) {
		f := filter.Filter{ID: id, Name: name, Optional: optional, Params: params}
		filters = append(filters, f)
	}
	if opts.Shuffle {
		add(filter.Shuffle, "shuffle", true, uint32(element))
	}
	if opts.Deflate > 0 {
		add(filter.Deflate, "deflate", true, uint32(opts.Deflate))
	}
	if opts.LZF {
		const version, library = 4, 0x105
		add(filter.LZF, "lzf", true, version, library, 0) // the last one is set to the chunk's size
	}
	if opts.Fletcher32 {
		add(filter.Fletcher32, "fletcher32", false)
	}
	return filters, nil
}

// autoChunk bounds the size in bytes of a chunk whose shape is not given. The library's default
// cache for a dataset is as large.
const autoChunk = 1 << 20

// chunkShape checks the shape of a chunk, or chooses one if it is nil.
func chunkShape(chunk, shape, limit []int, element int) ([]int, error) {
	if chunk == nil {
		chunk = chooseChunk(shape, limit, element)
	}
	if len(chunk) != len(shape) {
		return nil, errorf(ErrUnsupported, "chunks %v for the shape %v", chunk, shape)
	}
	size := int64(element)
	for i, n := range chunk {
		// The library refuses chunks that are larger than the dataset can become.
		most := shape[i]
		if limit != nil {
			most = limit[i]
		}
		if n < 1 || most != Unlimited && n > max(most, 1) {
			return nil, errorf(ErrUnsupported, "chunks %v for the shape %v", chunk, shape)
		}
		if int64(n) > MaxChunk/size {
			return nil, errorf(ErrUnsupported, "chunks %v of more than 4 GiB", chunk)
		}
		size *= int64(n)
	}
	if size > math.MaxInt {
		return nil, errorf(ErrUnsupported, "chunks %v of %d bytes", chunk, size)
	}
	return append([]int(nil), chunk...), nil
}

// chooseChunk halves the longest axis until a chunk is small enough, so that slices along all axes
// read a similar number of chunks. An axis that is empty at first counts as 1,024.
func chooseChunk(shape, limit []int, element int) []int {
	const unknown = 1024
	chunk := append([]int(nil), shape...)
	size := float64(element)
	for i, n := range chunk {
		if n == 0 {
			chunk[i] = 1
			if limit != nil && limit[i] != 0 {
				chunk[i] = unknown
				if limit[i] != Unlimited {
					chunk[i] = min(unknown, limit[i])
				}
			}
		}
		size *= float64(chunk[i])
	}
	for size > autoChunk {
		longest := 0
		for i, n := range chunk {
			if n > chunk[longest] {
				longest = i
			}
		}
		if chunk[longest] == 1 {
			break
		}
		half := (chunk[longest] + 1) / 2
		size *= float64(half) / float64(chunk[longest])
		chunk[longest] = half
	}
	return chunk
}

// writeAll writes the elements of an array that is the whole dataset.
func (d *outDataset) writeAll(a *ndarray.Array) error {
	if d.chunks != nil {
		if a.Size() > 0 {
			if err := d.writeBands(a); err != nil {
				// The goroutines must not read the array after the caller has it back.
				_ = d.chunks.drain()
				return err
			}
		}
		return d.finish()
	}
	if a.Size() == 0 {
		return nil
	}
	if d.typ.put == nil {
		d.addr = d.w.out.align()
		if _, err := a.WriteTo(&d.w.out, ndarray.OrderC); err != nil {
			return err
		}
		return d.w.fileError()
	}
	// Elements that cannot be stored have to be found before any byte is written.
	data, err := appendElements(&d.w.heap, nil, d.typ, a)
	if err == nil {
		d.addr = d.w.out.add(data)
	}
	return err
}

// writeBands writes an array as chunks, one row of chunks at a time.
func (d *outDataset) writeBands(a *ndarray.Array) error {
	whole, err := a.Bytes()
	direct := err == nil && a.IsCContiguous() && d.typ.put == nil
	rows, band := a.Shape()[0], d.chunks.chunk[0]
	rowBytes := 0
	if rows > 0 {
		rowBytes = a.Size() / rows * d.typ.size
	}
	var buf []byte
	for row := 0; row < rows; row += band {
		n := min(band, rows-row)
		data := buf
		if direct {
			data = whole[row*rowBytes : (row+n)*rowBytes]
		} else {
			part, err := a.Slice(0, row, row+n, 1)
			if err != nil {
				return err
			}
			if buf, err = appendElements(&d.w.heap, buf[:0], d.typ, part); err != nil {
				return err
			}
			data = buf
		}
		if err := d.chunks.writeBand(row, n, d.shape[1:], data, direct); err != nil {
			return err
		}
	}
	return d.w.fileError()
}

// finish writes the rest of the chunks.
func (d *outDataset) finish() error {
	if d.appender != nil {
		if err := d.appender.finish(); err != nil {
			return err
		}
	}
	if d.chunks != nil {
		var err error
		if d.addr, err = d.chunks.finish(); err != nil {
			return err
		}
		d.chunks = nil
	}
	return d.w.fileError()
}

// messages adds the messages of the dataset to its header.
func (d *outDataset) messages(h *outHeader) {
	h.add(msgDataspace, 0, dataspaceMessage(d.shape, d.limit))
	h.add(msgDatatype, messageConstant, d.typ.message)
	h.add(msgFill, messageConstant, fillMessage(d.fill, d.chunk != nil))
	if d.filters != nil {
		h.add(msgFilters, messageConstant, pipelineMessage(d.filters))
	}
	if d.chunk != nil {
		h.add(msgLayout, 0, chunkedMessage(d.addr, d.chunk, d.typ.size))
		return
	}
	size := uint64(d.typ.size)
	for _, n := range d.shape {
		size *= uint64(n)
	}
	h.add(msgLayout, 0, contiguousMessage(d.addr, size))
}

// pipelineMessage returns the filter pipeline message.
//
// Reference: HDF5 File Format Specification, IV.A.2.l.
func pipelineMessage(filters []filter.Filter) []byte {
	b := []byte{1, byte(len(filters)), 0, 0, 0, 0, 0, 0}
	for _, f := range filters {
		flags := uint16(0)
		if f.Optional {
			flags = 1
		}
		b = wire.AppendUint16(b, f.ID)
		b = wire.AppendUint16(b, uint16(len(f.Name)/8*8+8))
		b = wire.AppendUint16(b, flags)
		b = wire.AppendUint16(b, uint16(len(f.Params)))
		b = appendPadded(b, f.Name)
		for _, p := range f.Params {
			b = wire.AppendUint32(b, p)
		}
		if len(f.Params)%2 == 1 {
			b = appendZeros(b, 4)
		}
	}
	return b
}
