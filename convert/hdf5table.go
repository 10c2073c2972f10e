package convert

import (
	"errors"
	"io"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/hdf5/pytables"
)

// errOtherTypes is the error of a table whose parts are not all of one schema, such as of texts of
// which a part has none: it is read as a whole.
var errOtherTypes = errors.New("convert: parts of a table with other types")

// openHDF5Table opens the table, of pandas' table format or of records, that a path of the file
// leads to; nil is one that is read as a whole.
func openHDF5Table(in *input) (*tableReader, error) {
	t, r, err := openHDF5Part(in, hdf5Table)
	if t == nil {
		return nil, err
	}
	stop := t.close
	t.close = func() error { return errors.Join(stop(), r.Close()) }
	return t, nil
}

func hdf5Table(in *input, r io.ReaderAt, size int64, way string) (*tableReader, error) {
	most := in.unfolded(size)
	f, err := hdf5.NewReader(r, size, &hdf5.Options{Bytes: most, ChunkBytes: most})
	if err != nil {
		return nil, err
	}
	o, err := f.Object(way)
	if err != nil {
		return nil, nil // what is read as a whole, with its error
	}
	d, ok := o.(*hdf5.Dataset)
	if g, isGroup := o.(*hdf5.Group); isGroup {
		if d, err = g.Dataset("table"); err != nil {
			return nil, nil
		}
	}
	if d == nil || d.IsNull() || len(d.Shape()) != 1 || d.DType().Names() == nil ||
		d.DType().HasObject() || d.Shape()[0] == 0 {
		return nil, nil
	}
	if err := in.checkStored(d, size, way); err != nil {
		return nil, err
	}
	rows := max(streamPart/d.DType().ItemSize(), 1)
	parts := pytables.Parts(f, way, rows, in.tableOptions())
	if ok {
		parts = records(in, d, rows)
	}
	next, stop := iter.Pull2(parts)
	t := &tableReader{close: func() error { stop(); return nil }}
	p := &frameParts{next: next}
	if p.first, err = p.batch(); err != nil {
		stop()
		if isUnsupported(err) || isHold(err) {
			return nil, nil
		}
		return nil, err
	}
	t.schema, t.read = p.first.Schema(), p.read
	if ok {
		if t.schema, err = withRange(t.schema, d.Shape()[0]); err != nil {
			stop()
			return nil, err
		}
	}
	p.schema = t.schema
	return t, nil
}

// records gives the rows of a dataset of a structured dtype.
func records(in *input, d *hdf5.Dataset, rows int) iter.Seq2[*frame.Frame, error] {
	if chunk := d.ChunkShape(); len(chunk) > 0 {
		rows = max(rows/chunk[0], 1) * chunk[0]
	}
	doc := (&output{config: in.config, format: &Format{Name: "hdf5"}}).document()
	return func(yield func(*frame.Frame, error) bool) {
		for at := 0; at < d.Shape()[0]; at += rows {
			a, err := d.Slice([]int{at}, []int{min(rows, d.Shape()[0]-at)}, nil)
			var f *frame.Frame
			if err == nil {
				f, err = doc.table(a, "")
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// frameParts makes record batches of frames.
type frameParts struct {
	next   func() (*frame.Frame, error, bool)
	first  arrow.RecordBatch // which was read for the schema, until it is given
	schema *arrow.Schema
}

func (p *frameParts) batch() (arrow.RecordBatch, error) {
	f, err, ok := p.next()
	if !ok {
		return nil, io.EOF
	}
	if err != nil {
		return nil, err
	}
	return arrowframe.FromFrame(memory.DefaultAllocator, f)
}

func (p *frameParts) read() (arrow.RecordBatch, error) {
	b := p.first
	p.first = nil
	if b == nil {
		var err error
		if b, err = p.batch(); err != nil {
			return nil, err
		}
	}
	defer b.Release()
	if b.Schema().NumFields() != p.schema.NumFields() {
		return nil, errOtherTypes
	}
	for i, f := range b.Schema().Fields() {
		if f.Name != p.schema.Field(i).Name || !arrow.TypeEqual(f.Type, p.schema.Field(i).Type) {
			return nil, errOtherTypes
		}
	}
	return retyped(p.schema, b.Columns(), b.NumRows()), nil
}
