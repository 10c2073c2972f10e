package convert

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
	"github.com/unpkl/unpkl/internal/arrowcheck"
)

var featherFormat = &Format{
	Name: "feather", Endings: []string{".feather", ".arrow", ".ipc"},
	About: "Arrow's IPC file: one table",
	Holds: KindFrame, magic: "ARROW1", read: readFeather, write: writeFeather,
}

var parquetFormat = &Format{
	Name: "parquet", Endings: []string{".parquet", ".pq"},
	About: "Parquet with pandas' metadata: one table",
	Holds: KindFrame, magic: "PAR1", read: readParquet, write: writeParquet,
}

// rowGroup is how many rows a row group of Parquet, or a batch of Arrow, has.
const rowGroup = 1 << 20

// batch returns a document as a record batch.
func (out *output) batch(v any) (arrow.RecordBatch, error) {
	d := out.document()
	f, err := d.table(v, "")
	if err != nil {
		return nil, err
	}
	// Names are text in these formats; pandas' metadata say what they were.
	b, err := arrowframe.FromFrame(memory.DefaultAllocator, f)
	if err != nil {
		return nil, d.refuse("", "the table ("+err.Error()+")", KindObject)
	}
	return b, nil
}

func writeFeather(out *output, v any) error {
	b, err := out.batch(v)
	if err != nil {
		return err
	}
	defer b.Release()
	opts := []ipc.Option{ipc.WithSchema(b.Schema())}
	if out.deflate {
		opts = append(opts, ipc.WithZstd())
	}
	return out.write(func(w io.Writer) error {
		fw, err := ipc.NewFileWriter(w, opts...)
		if err != nil {
			return err
		}
		for from := int64(0); from < b.NumRows() || from == 0; from += rowGroup {
			part := b.NewSlice(from, min(from+rowGroup, b.NumRows()))
			err := fw.Write(part)
			part.Release()
			if err != nil {
				return err
			}
		}
		return fw.Close()
	})
}

func writeParquet(out *output, v any) error {
	b, err := out.batch(v)
	if err != nil {
		return err
	}
	defer b.Release()
	codec := compress.Codecs.Snappy
	if out.deflate {
		codec = compress.Codecs.Zstd
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(codec),
		parquet.WithMaxRowGroupLength(rowGroup), parquet.WithCreatedBy("unpkl"))
	schema, durations := withoutDurations(b.Schema())
	own := []pqarrow.WriterOption{pqarrow.WithStoreSchema()}
	if len(durations) > 0 {
		own = nil
	}
	stored := retyped(b, schema)
	defer stored.Release()
	return out.write(func(w io.Writer) error {
		fw, err := pqarrow.NewFileWriter(schema, nopCloser{w}, props,
			pqarrow.NewArrowWriterProperties(own...))
		if err != nil {
			return err
		}
		if own == nil {
			err = fw.AppendKeyValueMetadata(schemaKey, serialized(b.Schema()))
		}
		if err == nil {
			err = fw.Write(stored)
		}
		if err != nil {
			return err
		}
		return fw.Close()
	})
}

// nopCloser hides Close, which the writer of Parquet would call.
type nopCloser struct{ io.Writer }

func readFeather(in *input) (_ any, err error) {
	f, err := os.Open(in.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer recovered(&err, "an Arrow file")
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	limits := arrowcheck.Limits{Bytes: in.unfolded(size), EmptyRows: rowGroup}
	if err := arrowcheck.File(f, size, limits); err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	r, err := ipc.NewFileReader(f, ipc.WithBodySizeLimit(size), ipc.WithMetadataSizeLimit(size))
	if err != nil {
		return nil, malformed("no Arrow file: %v", err)
	}
	defer r.Close()
	var batches []arrow.RecordBatch
	defer func() { release(batches) }()
	for i := range r.NumRecords() {
		b, err := r.RecordBatchAt(i)
		if err != nil {
			return nil, malformed("batch %d: %v", i, err)
		}
		batches = append(batches, b)
	}
	return tableOf(r.Schema(), batches)
}

func release(batches []arrow.RecordBatch) {
	for _, b := range batches {
		b.Release()
	}
}

// recovered turns a panic of Arrow's readers, which files that lie bring about, into an error.
func recovered(err *error, what string) {
	if r := recover(); r != nil {
		*err = malformed("%s that lies: %v", what, r)
	}
}

func readParquet(in *input) (_ any, err error) {
	f, err := os.Open(in.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer recovered(&err, "a Parquet file")
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r, err := file.NewParquetReader(f)
	if err != nil {
		return nil, malformed("no Parquet file: %v", err)
	}
	defer r.Close()
	if err := in.checkParquet(r, info.Size()); err != nil {
		return nil, err
	}
	durations, err := hideDurations(r)
	if err != nil {
		return nil, err
	}
	fr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{Parallel: true,
		BatchSize: rowGroup}, memory.DefaultAllocator)
	if err != nil {
		return nil, malformed("no Parquet file: %v", err)
	}
	t, err := fr.ReadTable(context.Background())
	if err != nil {
		return nil, malformed("a Parquet file: %v", err)
	}
	defer t.Release()
	var batches []arrow.RecordBatch
	defer func() { release(batches) }()
	tr := array.NewTableReader(t, -1)
	defer tr.Release()
	schema := restoreDurations(r, t.Schema(), durations)
	for tr.Next() {
		batches = append(batches, retyped(tr.RecordBatch(), schema))
	}
	if err := tr.Err(); err != nil {
		return nil, malformed("a Parquet file: %v", err)
	}
	return tableOf(schema, batches)
}

// checkParquet compares what the footer says of sizes with the file and the limits, before anything
// is allocated for it.
func (in *input) checkParquet(r *file.Reader, fileSize int64) error {
	limits := in.limits.WithDefaults()
	most := in.unfolded(fileSize)
	var total, cells int64
	for i := range r.NumRowGroups() {
		g := r.MetaData().RowGroup(i)
		if g.NumRows() < 0 {
			return malformed("row group %d has %d rows", i, g.NumRows())
		}
		for c := range g.NumColumns() {
			chunk, err := g.ColumnChunk(c)
			if err != nil {
				return malformed("column %d of row group %d: %v", c, i, err)
			}
			size := chunk.TotalUncompressedSize()
			if size < 0 || chunk.TotalCompressedSize() < 0 {
				return malformed("column %d of row group %d has %d bytes", c, i, size)
			}
			// Levels that repeat take no room: many missing values are few bytes.
			if cells += g.NumRows(); cells > max(maxCells, limits.CompressionRatio*size/8) ||
				g.NumRows() > 1<<40 {
				return malformed("%d values in a column of %d bytes", g.NumRows(), size)
			}
			if total += size; total > most || total < 0 {
				return fmt.Errorf("convert: %w: the file unfolds to %d bytes, at most %d are read",
					ErrLimit, total, most)
			}
		}
	}
	return nil
}

// tableOf returns batches of one schema as a table.
func tableOf(schema *arrow.Schema, batches []arrow.RecordBatch) (*frame.Frame, error) {
	if len(batches) == 1 {
		return arrowframe.ToFrame(batches[0])
	}
	columns := make([]arrow.Array, schema.NumFields())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	var rows int64
	for _, b := range batches {
		rows += b.NumRows()
	}
	for i := range columns {
		parts := make([]arrow.Array, len(batches))
		for k, b := range batches {
			parts[k] = b.Column(i)
		}
		var err error
		if len(parts) == 0 {
			columns[i] = array.MakeArrayOfNull(memory.DefaultAllocator, schema.Field(i).Type, 0)
		} else if columns[i], err = array.Concatenate(parts, memory.DefaultAllocator); err != nil {
			return nil, malformed("column %q: %v", schema.Field(i).Name, err)
		}
	}
	whole := array.NewRecordBatch(schema, columns, rows)
	defer whole.Release()
	return arrowframe.ToFrame(whole)
}
