package hdf5

import (
	"slices"

	"github.com/unpkl/unpkl/ndarray"
)

// Appender writes a dataset that grows along its first axis, row by row or many rows at a time.
// It keeps one row of chunks in memory. It belongs to a Writer and is as little safe for
// concurrent use; several Appenders of one Writer may be used in turn.
type Appender struct {
	w      *Writer
	path   string
	data   *outDataset
	dtype  *ndarray.DType
	row    []int // the shape of a row
	buf    []byte
	inBuf  int // rows in buf
	rows   int // rows that were written
	closed bool
}

// Appendable begins a dataset without rows, at a path that Dataset takes, that Append writes and
// that may be resized later: the first axis is unlimited. row is the shape of a row, empty for
// rows that are one element. With DatasetOptions.Chunks nil a chunk is whole rows of about 256
// KiB. MaxShape, if it is not nil, has the first axis too. It has the errors of Dataset; an
// object dtype takes string.
func (w *Writer) Appendable(
	path string, dt *ndarray.DType, row []int, opts *DatasetOptions,
) (*Appender, error) {
	if err := w.ready(); err != nil {
		return nil, err
	}
	var o DatasetOptions
	if opts != nil {
		o = *opts
	}
	t, err := newFileType(dt)
	if err != nil {
		return nil, inPath(err, path)
	}
	shape := append([]int{0}, row...)
	if o.MaxShape == nil {
		o.MaxShape = append([]int{Unlimited}, row...)
	}
	if o.Chunks == nil {
		o.Chunks = rowChunk(row, t.size)
	}
	d, err := w.newDataset(t, dt, shape, &o)
	if err != nil {
		return nil, inPath(err, path)
	}
	n, err := w.add(path, false)
	if err != nil {
		return nil, err
	}
	n.data = d
	d.appender = &Appender{w: w, path: path, data: d, dtype: dt, row: slices.Clone(row)}
	return d.appender, nil
}

// rowChunk is the shape of a chunk of whole rows; a row that is too large is halved along its
// longest axes.
func rowChunk(row []int, element int) []int {
	const most = 256 << 10
	shape := chooseChunk(row, nil, element)
	size := element
	for _, n := range shape {
		size *= n
	}
	return append([]int{max(1, most/size)}, shape...)
}

// Append writes the rows of an array: its shape is that of a row behind any number of rows, and its
// dtype the dataset's, in any byte order. The array is not kept. Another shape or dtype is an
// error of the kind ErrUnsupported.
func (p *Appender) Append(a *ndarray.Array) error {
	if err := p.w.ready(); err != nil {
		return err
	}
	if p.closed {
		return inPath(errorf(ErrClosed, "the appender is closed"), p.path)
	}
	shape := a.Shape()
	if len(shape) == 0 || !slices.Equal(shape[1:], p.row) {
		return inPath(errorf(ErrUnsupported, "rows of the shape %v, not %v", shape, p.row), p.path)
	}
	if !a.DType().Equal(p.dtype) {
		// Both are of the same kind where they differ in the byte order only.
		c, err := a.Copy(ndarray.OrderC)
		if err != nil {
			return inPath(err, p.path)
		}
		if a, err = withOrder(c, p.dtype); err != nil {
			return inPath(err, p.path)
		}
	}
	limit := p.data.limit[0]
	if total := p.rows + p.inBuf + shape[0]; total < 0 || limit != Unlimited && total > limit {
		return inPath(errorf(ErrLimit, "more than %d rows", limit), p.path)
	}
	return inPath(p.append(a), p.path)
}

// withOrder swaps the bytes of an array to those of a dtype that is the same otherwise.
func withOrder(a *ndarray.Array, dt *ndarray.DType) (*ndarray.Array, error) {
	if dt.HasObject() || !a.DType().NewByteOrder(ndarray.LittleEndian).Equal(
		dt.NewByteOrder(ndarray.LittleEndian)) {
		return nil, errorf(ErrUnsupported, "rows of the dtype %v, not %v", a.DType(), dt)
	}
	out, err := ndarray.Zeros(dt, a.Shape()...)
	if err != nil {
		return nil, err
	}
	for index, v := range a.Indexed() {
		if err := out.SetAt(v, index...); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// append fills the buffer, and writes it as often as it is full.
func (p *Appender) append(a *ndarray.Array) error {
	rows, band := a.Shape()[0], p.data.chunks.chunk[0]
	for at := 0; at < rows; {
		n := min(band-p.inBuf, rows-at)
		part, err := a.Slice(0, at, at+n, 1)
		if err != nil {
			return err
		}
		buf, err := appendElements(&p.w.heap, p.buf, p.data.typ, part)
		if err != nil {
			return err
		}
		p.buf = buf
		p.inBuf += n
		at += n
		if p.inBuf == band {
			if err := p.writeBand(); err != nil {
				return err
			}
		}
	}
	return p.w.fail()
}

func (p *Appender) writeBand() error {
	err := p.data.chunks.writeBand(p.rows, p.inBuf, p.row, p.buf, false)
	p.rows += p.inBuf
	p.buf, p.inBuf = p.buf[:0], 0
	return err
}

// Rows returns how many rows were appended.
func (p *Appender) Rows() int { return p.rows + p.inBuf }

// Close writes the last rows and gives the memory back. Closing the Writer does it too.
func (p *Appender) Close() error {
	if err := p.w.ready(); err != nil {
		return err
	}
	return inPath(p.finish(), p.path)
}

func (p *Appender) finish() error {
	if p.closed {
		return nil
	}
	p.closed = true
	if p.inBuf > 0 {
		if err := p.writeBand(); err != nil {
			return err
		}
	}
	p.data.shape[0] = p.rows
	p.buf = nil
	return p.data.finish()
}
