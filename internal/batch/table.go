package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/compute"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// Table is a codec that joins the rows of all sources into one table, whose first column holds the
// path of the source. Columns are matched by name. A column that a source lacks is null in its
// rows. Number types are widened if that keeps every value; a source whose types do not fit those
// before it fails with [ErrSchema]. A block is an Arrow IPC file.
type Table struct {
	// Value writes the table of a source as an Arrow IPC file.
	Value func(w io.Writer, s Source) error
	// PathColumn is the name of the column of paths.
	PathColumn string
	// Parquet makes the output Parquet and not an Arrow IPC file. Zstd compresses it with
	// Zstandard; without it, Parquet is compressed with Snappy and Arrow is not compressed.
	Parquet, Zstd bool

	union unionSchema
}

const (
	// groupRows and groupBytes bound a row group of the output, in rows and in bytes before
	// compression. A group may exceed groupBytes by its last record batch.
	groupRows  = 1 << 20
	groupBytes = 64 << 20
)

// Encode returns the table of a source as an Arrow IPC file.
func (t *Table) Encode(s Source) ([]byte, error) {
	var b bytes.Buffer
	if err := t.Value(&b, s); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Accept widens the schema so that it fits the table of a block.
func (t *Table) Accept(block []byte) error {
	r, err := ipc.NewFileReader(bytes.NewReader(block))
	if err != nil {
		return err
	}
	defer r.Close()
	if r.Schema().HasField(t.PathColumn) {
		return fmt.Errorf("%w: a column is called %q as that of the paths", ErrSchema, t.PathColumn)
	}
	t.union.refuse = t.refuse
	return t.union.add(r.Schema())
}

var errDuration = errors.New("time differences have no type in Parquet; feather has one")

// refuse returns an error for a type that the output cannot hold.
func (t *Table) refuse(of arrow.DataType) error {
	if t.Parquet {
		return ParquetRefuses(of)
	}
	return nil
}

// ParquetRefuses returns an error for a type that Parquet does not have, else nil.
func ParquetRefuses(of arrow.DataType) error {
	if of.ID() == arrow.DURATION {
		return errDuration
	}
	return nil
}

// TableSchema returns the schema of a table of many files: the column of paths, then the fields.
func TableSchema(pathColumn string, fields []arrow.Field) *arrow.Schema {
	path := arrow.Field{Name: pathColumn, Type: arrow.BinaryTypes.LargeString}
	return arrow.NewSchema(append([]arrow.Field{path}, fields...), nil)
}

// TableSink writes record batches to one file, in row groups of bounded size.
type TableSink interface {
	Write(b arrow.RecordBatch) error
	Close() error
}

// Join writes the table of the blocks.
func (t *Table) Join(w io.Writer, blocks Blocks) error {
	schema := TableSchema(t.PathColumn, t.union.fields)
	sink, err := NewTableSink(w, schema, t.Parquet, t.Zstd)
	if err != nil {
		return err
	}
	err = blocks.Each(func(e *Entry, r *io.SectionReader) error {
		if e.Failure != nil {
			return nil
		}
		if err := EachBatch(r, func(b arrow.RecordBatch) error {
			fitted, err := Fit(b, schema, e.Path)
			if err != nil {
				return err
			}
			defer fitted.Release()
			return sink.Write(fitted)
		}); err != nil {
			return fmt.Errorf("batch: %s: %w", e.Path, err)
		}
		return nil
	})
	return errors.Join(err, sink.Close())
}

// EachBatch calls visit with each record batch of an Arrow IPC file, and releases it afterwards.
func EachBatch(r ipc.ReadAtSeeker, visit func(b arrow.RecordBatch) error) error {
	f, err := ipc.NewFileReader(r)
	if err != nil {
		return err
	}
	defer f.Close()
	for i := range f.NumRecords() {
		b, err := f.RecordBatchAt(i)
		if err != nil {
			return err
		}
		err = visit(b)
		b.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// Fit returns a batch with the columns of a schema, the first of which holds path in every row. The
// caller must release it.
func Fit(b arrow.RecordBatch, schema *arrow.Schema, path string) (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, schema.NumFields())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	paths := array.NewLargeStringBuilder(memory.DefaultAllocator)
	defer paths.Release()
	for range b.NumRows() {
		paths.Append(path)
	}
	columns[0] = paths.NewArray()
	for i, f := range schema.Fields()[1:] {
		at := b.Schema().FieldIndices(f.Name)
		if len(at) == 0 {
			columns[i+1] = array.MakeArrayOfNull(memory.DefaultAllocator, f.Type, int(b.NumRows()))
			continue
		}
		c, err := cast(b.Column(at[0]), f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		columns[i+1] = c
	}
	return array.NewRecordBatch(schema, columns, b.NumRows()), nil
}

// cast returns a column converted to a type that holds all its values. The caller must release it.
func cast(c arrow.Array, t arrow.DataType) (arrow.Array, error) {
	if arrow.TypeEqual(c.DataType(), t) {
		c.Retain()
		return c, nil
	}
	if d, ok := c.(*array.Dictionary); ok {
		dense, err := compute.TakeArray(context.Background(), d.Dictionary(), d.Indices())
		if err != nil {
			return nil, err
		}
		defer dense.Release()
		return cast(dense, t)
	}
	if c.DataType().ID() == arrow.NULL {
		return array.MakeArrayOfNull(memory.DefaultAllocator, t, c.Len()), nil
	}
	return compute.CastArray(context.Background(), c, compute.SafeCastOptions(t))
}

// NewTableSink returns a sink that writes Parquet or an Arrow IPC file to w, with zstd compressed
// with Zstandard.
func NewTableSink(w io.Writer, schema *arrow.Schema, isParquet, zstd bool) (TableSink, error) {
	if !isParquet {
		opts := []ipc.Option{ipc.WithSchema(schema)}
		if zstd {
			opts = append(opts, ipc.WithZstd())
		}
		fw, err := ipc.NewFileWriter(w, opts...)
		return &arrowSink{fw}, err
	}
	codec := compress.Codecs.Snappy
	if zstd {
		codec = compress.Codecs.Zstd
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(codec),
		parquet.WithMaxRowGroupLength(groupRows), parquet.WithCreatedBy("unpkl"))
	fw, err := pqarrow.NewFileWriter(schema, struct{ io.Writer }{w}, props,
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	return &parquetSink{w: fw}, err
}

// arrowSink writes every record batch as it comes.
type arrowSink struct{ w *ipc.FileWriter }

func (s *arrowSink) Write(b arrow.RecordBatch) error { return s.w.Write(b) }
func (s *arrowSink) Close() error                    { return s.w.Close() }

// parquetSink gathers the batches of many sources into row groups.
type parquetSink struct {
	w     *pqarrow.FileWriter
	bytes int64 // of the current row group, uncompressed in memory
}

func (s *parquetSink) Write(b arrow.RecordBatch) error {
	if s.bytes >= groupBytes {
		s.w.NewBufferedRowGroup()
		s.bytes = 0
	}
	for _, c := range b.Columns() {
		s.bytes += int64(c.Data().SizeInBytes())
	}
	return s.w.WriteBuffered(b)
}

func (s *parquetSink) Close() error { return s.w.Close() }
