package convert

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/internal/zipfile"
	"github.com/unpkl/unpkl/ndarray"
)

// streamPartBytes is about how many bytes of a dataset are read at a time. maxBandBytes bounds a
// row of chunks: to decode each chunk only once, a whole row of chunks has to be in memory.
const (
	streamPartBytes = 8 << 20
	maxBandBytes    = 32 << 20
)

// openHDF5 opens the dataset that the pointer leads to. The file is read instead of mapped, because
// the pages of a mapping that were touched would stay in memory.
func openHDF5(in *input) (*arrayStream, error) {
	s, r, err := openHDF5Part(in, openDatasetStream)
	if s != nil {
		s.close = r.Close
	}
	return s, err
}

// openHDF5Part opens the file, and calls open for the object that the pointer leads to. It returns
// nil if the object has to be read whole. The caller closes the file.
func openHDF5Part[T any](in *input,
	open func(in *input, r io.ReaderAt, size int64, way string) (*T, error),
) (part *T, r *os.File, err error) {
	way := in.pointer()
	if way == "" || strings.ContainsAny(way, "*~") {
		return nil, nil, nil
	}
	if r, err = os.Open(in.path); err != nil {
		return nil, nil, err
	}
	info, err := r.Stat()
	if err == nil {
		part, err = open(in, r, info.Size(), way)
	}
	if part == nil || err != nil {
		r.Close()
		return nil, nil, err
	}
	return part, r, nil
}

// openDatasetStream returns a dataset as a stream, or nil if the pointer leads to something else or
// a part of the dataset would take too much memory.
func openDatasetStream(in *input, r io.ReaderAt, size int64, way string) (*arrayStream, error) {
	most := in.maxDecompressed(size)
	f, err := hdf5.NewReader(r, size, &hdf5.Options{Bytes: most, ChunkBytes: most})
	if err != nil {
		return nil, err
	}
	d, err := f.Dataset(way)
	if err != nil || d.IsNull() || d.DType().HasObject() {
		return nil, nil // an attribute, a slice, or an object that is read whole
	}
	shape := d.Shape()
	if err := in.checkStored(d, size, way); err != nil {
		return nil, err
	}
	bytes := bytesIn(d)
	if len(shape) == 0 || bytes == 0 {
		return nil, nil
	}
	p := &datasetReader{d: d, shape: shape, bandRows: 1, rowBytes: bytes / int64(shape[0])}
	if c := d.ChunkShape(); len(c) > 0 {
		p.bandRows = c[0]
	}
	if band := times(int64(p.bandRows), p.rowBytes); band > maxBandBytes {
		return nil, nil
	}
	p.bandRows *= max(1, int(streamPartBytes/(int64(p.bandRows)*p.rowBytes)))
	return &arrayStream{dtype: d.DType(), shape: shape, order: ndarray.OrderC, nbytes: bytes,
		reader: p, keepsLayout: true}, nil
}

// bytesIn returns the size of the elements of a dataset, in bytes.
func bytesIn(d *hdf5.Dataset) int64 {
	bytes := int64(d.DType().ItemSize())
	for _, n := range d.Shape() {
		bytes = times(bytes, int64(n))
	}
	return bytes
}

// checkStored bounds the size of a dataset by that of its file. Chunks that are not stored have the
// fill value, so a small file may have a huge dataset: its size is limited as decompressed bytes
// are.
func (in *input) checkStored(d *hdf5.Dataset, size int64, way string) error {
	bytes, ratio := bytesIn(d), in.limits.WithDefaults().CompressionRatio
	if bytes > 1<<62 || d.ChunkShape() != nil &&
		bytes > max(zipfile.RatioFloor, times(size, ratio)) {
		return fmt.Errorf("convert: %s: %w: the shape %v in a file of %d bytes", way, ErrLimit,
			d.Shape(), size)
	}
	return nil
}

// datasetReader reads the elements of a dataset as bytes in C order.
type datasetReader struct {
	d        *hdf5.Dataset
	shape    []int
	bandRows int   // number of rows that are read at a time
	rowBytes int64 // size of a row in bytes
	nextRow  int
	buf      []byte // bytes that were read from the dataset but not from this reader
}

func (p *datasetReader) Read(b []byte) (int, error) {
	if len(p.buf) == 0 {
		if p.nextRow == p.shape[0] {
			return 0, io.EOF
		}
		start := make([]int, len(p.shape))
		count := append([]int(nil), p.shape...)
		start[0], count[0] = p.nextRow, min(p.bandRows, p.shape[0]-p.nextRow)
		dims := len(p.shape)
		for t := p.d.Datatype(); t != nil && t.Class == hdf5.ClassArray; t = t.Base {
			dims -= len(t.Dims)
		}
		a, err := p.d.Slice(start[:dims], count[:dims], nil)
		if err != nil {
			return 0, err
		}
		if !a.IsCContiguous() {
			if a, err = a.Copy(ndarray.OrderC); err != nil {
				return 0, err
			}
		}
		if p.buf, err = a.Bytes(); err != nil {
			return 0, err
		}
		p.nextRow += count[0]
	}
	n := copy(b, p.buf)
	p.buf = p.buf[n:]
	return n, nil
}

// writeHDF5Stream writes an array as the dataset of a document that is one array.
func writeHDF5Stream(out *output, s *arrayStream) (bool, error) {
	options := out.datasetOptions()
	if s.order != ndarray.OrderC || len(s.shape) == 0 || s.nbytes == 0 {
		return false, nil
	}
	w, err := hdf5.Create(out.path, nil)
	if err != nil {
		return false, err
	}
	defer w.Abort()
	err = w.DatasetFrom(arrayName, s.dtype, s.shape, s.reader, options)
	if isUnsupported(err) {
		return false, nil // text, which is stored in another layout
	}
	if err != nil {
		return false, err
	}
	return true, w.Close()
}
