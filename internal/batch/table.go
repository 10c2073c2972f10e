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

// Table is a codec of one table of the rows of all sources, whose first column has their paths.
// Columns are matched by name; one that a source has not is null there; numbers are widened where
// every value survives. A source whose columns are of other types than those before it is a failure
// of the kind [ErrSchema]. A block is an Arrow file.
type Table struct {
	// Value writes a source's table as an Arrow file.
	Value func(w io.Writer, s Source) error
	// PathColumn is the name of the column of paths.
	PathColumn string
	// Parquet says that the output is Parquet, else it is an Arrow file; Zstd that it is compressed
	// by that, else Parquet is by Snappy and Arrow not.
	Parquet, Zstd bool

	known schemas
}

const (
	// groupRows and groupBytes are how many rows, and bytes before compression, a row group of the
	// output has at most, but for the last source in it.
	groupRows  = 1 << 20
	groupBytes = 64 << 20
)

// Encode returns the Arrow file of a source.
func (t *Table) Encode(s Source) ([]byte, error) {
	var b bytes.Buffer
	if err := t.Value(&b, s); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Accept widens the schema.
func (t *Table) Accept(block []byte) error {
	r, err := ipc.NewFileReader(bytes.NewReader(block))
	if err != nil {
		return err
	}
	defer r.Close()
	if r.Schema().HasField(t.PathColumn) {
		return fmt.Errorf("%w: a column is called %q as that of the paths", ErrSchema, t.PathColumn)
	}
	t.known.mixed = t.refused
	return t.known.add(r.Schema())
}

var errDuration = errors.New("time differences have no type in Parquet; feather has one")

// refused is the error of a type that the output has not.
func (t *Table) refused(of arrow.DataType) error {
	if t.Parquet {
		return ParquetRefuses(of)
	}
	return nil
}

// ParquetRefuses returns the error of a type that Parquet has not, else nil.
func ParquetRefuses(of arrow.DataType) error {
	if of.ID() == arrow.DURATION {
		return errDuration
	}
	return nil
}

// TableSchema is that of a table of many files: their paths, then the columns.
func TableSchema(pathColumn string, fields []arrow.Field) *arrow.Schema {
	path := arrow.Field{Name: pathColumn, Type: arrow.BinaryTypes.LargeString}
	return arrow.NewSchema(append([]arrow.Field{path}, fields...), nil)
}

// TableSink takes record batches one after another and writes a file of bounded row groups.
type TableSink interface {
	Write(b arrow.RecordBatch) error
	Close() error
}

// Join writes the table of the blocks.
func (t *Table) Join(w io.Writer, blocks Blocks) error {
	schema := TableSchema(t.PathColumn, t.known.fields)
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

// EachBatch reads the batches of an Arrow file.
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

// Fit returns a batch with the columns of a schema, the first of which has the path in each row.
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

// cast returns a column in another type, which holds all its values.
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

// NewTableSink returns a sink that writes Parquet to w, or else an Arrow file; zstd compresses it.
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

// arrowSink writes a batch a source.
type arrowSink struct{ w *ipc.FileWriter }

func (s *arrowSink) Write(b arrow.RecordBatch) error { return s.w.Write(b) }
func (s *arrowSink) Close() error                    { return s.w.Close() }

// parquetSink writes row groups of many sources.
type parquetSink struct {
	w     *pqarrow.FileWriter
	bytes int64 // of the row group so far, as Arrow has them
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
