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

// streamPart is about how many bytes of a dataset are read at a time, and mostBand how many a row
// of its chunks may have: chunks are decoded once only if a whole row of them is.
const (
	streamPart = 8 << 20
	mostBand   = 32 << 20
)

// openHDF5 opens the dataset that a path of the file leads to. It is read and not mapped, so that
// what was read does not stay in memory.
func openHDF5(in *input) (*arrayStream, error) {
	s, r, err := openHDF5Part(in, datasetStream)
	if s != nil {
		s.close = r.Close
	}
	return s, err
}

// openHDF5Part opens the file, and with open what is read a part at a time of what a path of the
// file leads to; nil is what is read as a whole. The file is for who gets the part to close.
func openHDF5Part[T any](in *input,
	open func(in *input, r io.ReaderAt, size int64, way string) (*T, error),
) (part *T, r *os.File, err error) {
	way := in.way()
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

// datasetStream is the dataset as a stream; nil where it is none, or too much of it would be in
// memory at once.
func datasetStream(in *input, r io.ReaderAt, size int64, way string) (*arrayStream, error) {
	most := in.unfolded(size)
	f, err := hdf5.NewReader(r, size, &hdf5.Options{Bytes: most, ChunkBytes: most})
	if err != nil {
		return nil, err
	}
	d, err := f.Dataset(way)
	if err != nil || d.IsNull() || d.DType().HasObject() {
		return nil, nil // an attribute, a slice, or something that is read whole
	}
	shape := d.Shape()
	if err := in.checkStored(d, size, way); err != nil {
		return nil, err
	}
	bytes := bytesIn(d)
	if len(shape) == 0 || bytes == 0 {
		return nil, nil
	}
	p := &datasetReader{d: d, shape: shape, band: 1, row: bytes / int64(shape[0])}
	if c := d.ChunkShape(); len(c) > 0 {
		p.band = c[0]
	}
	if band := times(int64(p.band), p.row); band > mostBand {
		return nil, nil
	}
	p.band *= max(1, int(streamPart/(int64(p.band)*p.row)))
	return &arrayStream{dtype: d.DType(), shape: shape, order: ndarray.OrderC, bytes: bytes,
		r: p, keepsLayout: true}, nil
}

// bytesIn is how many bytes the elements of a dataset are.
func bytesIn(d *hdf5.Dataset) int64 {
	bytes := int64(d.DType().ItemSize())
	for _, n := range d.Shape() {
		bytes = times(bytes, int64(n))
	}
	return bytes
}

// checkStored bounds a dataset in a file of the given size: chunks that are not stored are the fill
// value, and are bounded as what unfolds is.
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
	d     *hdf5.Dataset
	shape []int
	band  int   // rows that are read at a time
	row   int64 // bytes of a row
	at    int   // the next row
	buf   []byte
}

func (p *datasetReader) Read(b []byte) (int, error) {
	if len(p.buf) == 0 {
		if p.at == p.shape[0] {
			return 0, io.EOF
		}
		start := make([]int, len(p.shape))
		count := append([]int(nil), p.shape...)
		start[0], count[0] = p.at, min(p.band, p.shape[0]-p.at)
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
		p.at += count[0]
	}
	n := copy(b, p.buf)
	p.buf = p.buf[n:]
	return n, nil
}

// writeHDF5Stream writes an array as the dataset that a single array has.
func writeHDF5Stream(out *output, s *arrayStream) (bool, error) {
	options := out.datasetOptions()
	if s.order != ndarray.OrderC || len(s.shape) == 0 || s.bytes == 0 {
		return false, nil
	}
	w, err := hdf5.Create(out.name, nil)
	if err != nil {
		return false, err
	}
	defer w.Abort()
	err = w.DatasetFrom(arrayName, s.dtype, s.shape, s.r, options)
	if isUnsupported(err) {
		return false, nil // text, which is stored in another form
	}
	if err != nil {
		return false, err
	}
	return true, w.Close()
}
