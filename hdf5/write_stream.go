package hdf5

import (
	"io"
	"math/bits"
	"slices"

	"github.com/unpkl/unpkl/ndarray"
)

// DatasetFrom is [Writer.Dataset] with elements from a reader: r has the bytes of an array of the
// given dtype and shape, in C order. Only one row of chunks is in memory. If r ends before the last
// element, the error is of the kind ErrTruncated; another error of r is returned as it is. After an
// error there is no dataset at the path. A dtype whose elements are stored with other bytes than in
// memory, such as text and objects, is an error of the kind ErrUnsupported.
func (w *Writer) DatasetFrom(
	path string, dt *ndarray.DType, shape []int, r io.Reader, opts *DatasetOptions,
) error {
	if err := w.ready(); err != nil {
		return err
	}
	t, err := newFileType(dt)
	if err != nil {
		return withPath(err, path)
	}
	if t.put != nil || t.size != dt.ItemSize() {
		return withPath(errorf(ErrUnsupported, "elements of dtype %v from a reader", dt), path)
	}
	size, ok := bytesOf(shape, t.size)
	if !ok {
		return withPath(errorf(ErrUnsupported, "the shape %v", shape), path)
	}
	d, err := w.newDataset(t, dt, shape, opts)
	if err != nil {
		return withPath(err, path)
	}
	if err := w.checkPath(path); err != nil {
		return err
	}
	if err := d.writeFrom(r, size); err != nil {
		return withPath(err, path)
	}
	n, err := w.add(path, false)
	if err != nil {
		return err
	}
	n.data = d
	return w.fileError()
}

// bytesOf returns the size of elements of a shape; ok is false if the shape is invalid or too
// large.
func bytesOf(shape []int, element int) (size int64, ok bool) {
	if slices.Contains(shape, 0) {
		element = 0
	}
	product := uint64(element)
	for _, n := range shape {
		if n < 0 {
			return 0, false
		}
		hi, lo := bits.Mul64(product, uint64(max(n, 1)))
		if product = lo; hi != 0 || lo > 1<<62 {
			return 0, false
		}
	}
	return int64(product), true
}

// writeFrom writes the elements of the whole dataset.
func (d *outDataset) writeFrom(r io.Reader, size int64) error {
	if d.chunks == nil {
		if size == 0 {
			return nil
		}
		d.addr = d.w.out.align()
		// The error of the output file stays in it; io.CopyBuffer returns the error of r.
		n, err := io.CopyBuffer(onlyWriter{&d.w.out}, io.LimitReader(r, size),
			make([]byte, min(size, outBuffer)))
		if err := d.w.fileError(); err != nil {
			return err
		}
		if err == nil && n < size {
			err = errorf(ErrTruncated, "%d of %d bytes of the elements", n, size)
		}
		return err
	}
	if err := d.writeBandsFrom(r, size); err != nil {
		_ = d.chunks.drain()
		return err
	}
	return d.finish()
}

// onlyWriter hides the other methods of a writer from io.CopyBuffer, so that it uses the buffer.
type onlyWriter struct{ io.Writer }

// writeBandsFrom writes elements as chunks, one row of chunks at a time.
func (d *outDataset) writeBandsFrom(r io.Reader, size int64) error {
	if size == 0 {
		return nil
	}
	rows, band := d.shape[0], d.chunks.chunk[0]
	rowBytes := int(size / int64(rows))
	buf := make([]byte, min(rows, band)*rowBytes)
	for row := 0; row < rows; row += band {
		n := min(band, rows-row)
		if _, err := io.ReadFull(r, buf[:n*rowBytes]); err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				err = errorf(ErrTruncated, "elements of less than %d of %d rows", row+n, rows)
			}
			return err
		}
		if err := d.chunks.writeBand(row, n, d.shape[1:], buf[:n*rowBytes], false); err != nil {
			return err
		}
	}
	return d.w.fileError()
}
