package hdf5

import (
	"slices"

	"github.com/unpkl/unpkl/ndarray"
)

// Appender writes a dataset that grows along its first axis, by any number of rows at a time. It
// keeps one row of chunks in memory. Like its Writer it is not safe for concurrent use; several
// Appenders of one Writer may be used alternately.
type Appender struct {
	w       *Writer
	path    string
	data    *outDataset
	dtype   *ndarray.DType
	row     []int  // the shape of a row
	buf     []byte // rows that are not written yet
	bufRows int    // number of rows in buf
	rows    int    // number of rows that are written
	closed  bool
}

// Appendable creates a dataset without rows, to which Append adds rows. The dataset may be resized
// later: its first axis is unlimited. row is the shape of a row; it is empty for rows of one
// element. If DatasetOptions.Chunks is nil, a chunk has whole rows of about 256 KiB. MaxShape, if
// it is not nil, includes the first axis. Errors are those of Dataset; the elements of an object
// dtype must be string.
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
		return nil, withPath(err, path)
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
		return nil, withPath(err, path)
	}
	n, err := w.add(path, false)
	if err != nil {
		return nil, err
	}
	n.data = d
	d.appender = &Appender{w: w, path: path, data: d, dtype: dt, row: slices.Clone(row)}
	return d.appender, nil
}

// rowChunk returns the shape of a chunk of whole rows. A row that is too large is halved along its
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

// Append writes the rows of an array. The first axis of the array counts the rows, and its dtype is
// that of the dataset, in any byte order. The array is not kept. Another shape or dtype is an error
// of the kind ErrUnsupported.
func (p *Appender) Append(a *ndarray.Array) error {
	if err := p.w.ready(); err != nil {
		return err
	}
	if p.closed {
		return withPath(errorf(ErrClosed, "the appender is closed"), p.path)
	}
	shape := a.Shape()
	if len(shape) == 0 || !slices.Equal(shape[1:], p.row) {
		return withPath(errorf(ErrUnsupported, "rows of the shape %v, not %v", shape, p.row), p.path)
	}
	if !a.DType().Equal(p.dtype) {
		// withOrder accepts a difference in the byte order only.
		c, err := a.Copy(ndarray.OrderC)
		if err != nil {
			return withPath(err, p.path)
		}
		if a, err = withOrder(c, p.dtype); err != nil {
			return withPath(err, p.path)
		}
	}
	limit := p.data.limit[0]
	if total := p.rows + p.bufRows + shape[0]; total < 0 || limit != Unlimited && total > limit {
		return withPath(errorf(ErrLimit, "more than %d rows", limit), p.path)
	}
	return withPath(p.append(a), p.path)
}

// withOrder converts an array to a dtype that differs in the byte order only.
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

// append adds rows to the buffer, and writes the buffer each time it is full.
func (p *Appender) append(a *ndarray.Array) error {
	rows, band := a.Shape()[0], p.data.chunks.chunk[0]
	for at := 0; at < rows; {
		n := min(band-p.bufRows, rows-at)
		part, err := a.Slice(0, at, at+n, 1)
		if err != nil {
			return err
		}
		buf, err := appendElements(&p.w.heap, p.buf, p.data.typ, part)
		if err != nil {
			return err
		}
		p.buf = buf
		p.bufRows += n
		at += n
		if p.bufRows == band {
			if err := p.writeBand(); err != nil {
				return err
			}
		}
	}
	return p.w.fileError()
}

func (p *Appender) writeBand() error {
	err := p.data.chunks.writeBand(p.rows, p.bufRows, p.row, p.buf, false)
	p.rows += p.bufRows
	p.buf, p.bufRows = p.buf[:0], 0
	return err
}

// Rows returns the number of rows, including those that were in the dataset before.
func (p *Appender) Rows() int { return p.rows + p.bufRows }

// Close writes the last rows and releases the memory. Closing the Writer does so too.
func (p *Appender) Close() error {
	if err := p.w.ready(); err != nil {
		return err
	}
	return withPath(p.finish(), p.path)
}

func (p *Appender) finish() error {
	if p.closed {
		return nil
	}
	p.closed = true
	if p.bufRows > 0 {
		if err := p.writeBand(); err != nil {
			return err
		}
	}
	p.data.shape[0] = p.rows
	p.buf = nil
	return p.data.finish()
}
