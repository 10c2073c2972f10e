package hdf5

import (
	"io"
	"math/bits"
	"slices"

	"github.com/unpkl/unpkl/ndarray"
)

// DatasetFrom is [Writer.Dataset] for elements that r gives: those of an array of the dtype and
// shape, in C order. In memory is no more than one row of chunks. Where r ends before the last
// element the error is of the kind ErrTruncated, and another error of r is returned as it is; there
// is no dataset then. A dtype that is stored with other bytes than it has in memory, such as text
// and objects, is an error of the kind ErrUnsupported.
func (w *Writer) DatasetFrom(
	path string, dt *ndarray.DType, shape []int, r io.Reader, opts *DatasetOptions,
) error {
	if err := w.ready(); err != nil {
		return err
	}
	t, err := newFileType(dt)
	if err != nil {
		return inPath(err, path)
	}
	if t.put != nil || t.size != dt.ItemSize() {
		return inPath(errorf(ErrUnsupported, "elements of dtype %v from a reader", dt), path)
	}
	size, ok := bytesOf(shape, t.size)
	if !ok {
		return inPath(errorf(ErrUnsupported, "the shape %v", shape), path)
	}
	d, err := w.newDataset(t, dt, shape, opts)
	if err != nil {
		return inPath(err, path)
	}
	if err := w.free(path); err != nil {
		return err
	}
	if err := d.writeFrom(r, size); err != nil {
		return inPath(err, path)
	}
	n, err := w.add(path, false)
	if err != nil {
		return err
	}
	n.data = d
	return w.fail()
}

// bytesOf is what elements of a shape take; ok is false for a shape that is none, or too large.
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
		// The writer's own error stays in it; a block of its buffer is copied at a time.
		n, err := io.CopyBuffer(onlyWriter{&d.w.out}, io.LimitReader(r, size),
			make([]byte, min(size, outBuffer)))
		if err := d.w.fail(); err != nil {
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

// onlyWriter hides what else a writer can do from io.CopyBuffer.
type onlyWriter struct{ io.Writer }

// writeBandsFrom writes elements as chunks, a row of chunks at a time.
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
	return d.w.fail()
}
