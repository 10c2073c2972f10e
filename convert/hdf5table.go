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

// errSchemaDiffers says that the parts of a table have different schemas, for example if a column
// of text has no text in one part. Such a table has to be read whole.
var errSchemaDiffers = errors.New("convert: parts of a table with other types")

// openHDF5Table opens the table that the pointer leads to: one of pandas' table format, or a
// dataset of records. It returns nil if the table has to be read whole.
func openHDF5Table(in *input) (*tableReader, error) {
	t, r, err := openHDF5Part(in, hdf5Table)
	if t == nil {
		return nil, err
	}
	stop := t.close
	t.close = func() error { return errors.Join(stop(), r.Close()) }
	return t, nil
}

// hdf5Table returns a reader of the table at the pointer way, or nil.
func hdf5Table(in *input, r io.ReaderAt, size int64, way string) (*tableReader, error) {
	most := in.maxDecompressed(size)
	f, err := hdf5.NewReader(r, size, &hdf5.Options{Bytes: most, ChunkBytes: most})
	if err != nil {
		return nil, err
	}
	o, err := f.Object(way)
	if err != nil {
		return nil, nil // reading it whole reports the error
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
	rows := max(streamPartBytes/d.DType().ItemSize(), 1)
	parts := pytables.Parts(f, way, rows, in.tableOptions())
	if ok {
		parts = records(in, d, rows)
	}
	next, stop := iter.Pull2(parts)
	t := &tableReader{close: func() error { stop(); return nil }}
	p := &frameParts{next: next}
	if p.pending, err = p.batch(); err != nil {
		stop()
		if isUnsupported(err) || isHoldError(err) {
			return nil, nil
		}
		return nil, err
	}
	t.schema, t.read = p.pending.Schema(), p.read
	if ok {
		if t.schema, err = withDefaultRange(t.schema, d.Shape()[0]); err != nil {
			stop()
			return nil, err
		}
	}
	p.schema = t.schema
	return t, nil
}

// records yields the rows of a dataset of a structured dtype, in tables of about the given number
// of rows: whole rows of chunks.
func records(in *input, d *hdf5.Dataset, rows int) iter.Seq2[*frame.Frame, error] {
	if chunk := d.ChunkShape(); len(chunk) > 0 {
		rows = max(rows/chunk[0], 1) * chunk[0]
	}
	doc := in.document(&Format{Name: "hdf5"})
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

// frameParts turns tables into record batches of one schema.
type frameParts struct {
	next    func() (*frame.Frame, error, bool)
	pending arrow.RecordBatch // the first batch, which was read for its schema; nil after its use
	schema  *arrow.Schema
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
	b := p.pending
	p.pending = nil
	if b == nil {
		var err error
		if b, err = p.batch(); err != nil {
			return nil, err
		}
	}
	defer b.Release()
	if b.Schema().NumFields() != p.schema.NumFields() {
		return nil, errSchemaDiffers
	}
	for i, f := range b.Schema().Fields() {
		if f.Name != p.schema.Field(i).Name || !arrow.TypeEqual(f.Type, p.schema.Field(i).Type) {
			return nil, errSchemaDiffers
		}
	}
	return withSchema(p.schema, b.Columns(), b.NumRows()), nil
}
