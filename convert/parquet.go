package convert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"golang.org/x/sync/errgroup"

	"github.com/unpkl/unpkl/internal/arrowcheck"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/magic"
)

var parquetFormat = &Format{
	Name: "parquet", Endings: []string{".parquet", ".pq"},
	About: "Parquet with pandas' metadata: one table",
	Holds: KindFrame, magic: magic.Parquet, read: readParquet, write: writeParquet,
	openTable: openParquet, writeTable: streamParquet,
}

func readParquet(in *input) (any, error) {
	t, err := openParquet(in)
	if err != nil {
		return nil, err
	}
	defer t.close()
	return t.frame()
}

// parquetReader reads a file row group by row group.
type parquetReader struct {
	r           *file.Reader
	arrowReader *pqarrow.FileReader
	mem         *boundedMemory // the allocator of arrowReader
	schema      *arrow.Schema
	durations   map[string]arrow.DataType // types of the columns of durations, by name
	// columns has, for each field of the schema, the indices of its stored columns: a struct has
	// several.
	columns [][]int
	next    int // the next row group
}

// openParquet opens a file after checking the sizes that its footer declares.
func openParquet(in *input) (_ *tableReader, err error) {
	f, err := os.Open(in.path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	defer recoverArrow(&err, "a Parquet file")
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := arrowcheck.Footer(f, info.Size()); err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	p := &parquetReader{}
	p.mem = &boundedMemory{Allocator: memory.DefaultAllocator, limit: in.parquetMemory(info.Size())}
	if p.r, err = file.NewParquetReader(f,
		file.WithReadProps(parquet.NewReaderProperties(p.mem))); err != nil {
		return nil, malformed("no Parquet file: %v", err)
	}
	if err := in.checkParquet(p.r, info.Size()); err != nil {
		return nil, err
	}
	if p.durations, err = hideDurations(p.r); err != nil {
		return nil, err
	}
	if p.arrowReader, err = pqarrow.NewFileReader(p.r,
		pqarrow.ArrowReadProperties{BatchSize: rowGroup},
		p.mem); err != nil {
		return nil, malformed("no Parquet file: %v", err)
	}
	if err := p.fields(); err != nil {
		return nil, err
	}
	return &tableReader{schema: p.schema, read: p.read, close: p.r.Close}, nil
}

// fields sets the schema, and the stored columns of each of its fields.
func (p *parquetReader) fields() error {
	schema, err := p.arrowReader.Schema()
	if err != nil {
		return malformed("no Parquet file: %v", err)
	}
	p.schema = restoreDurations(p.r, schema, p.durations)
	p.columns = make([][]int, schema.NumFields())
	for leaf := range p.r.MetaData().Schema.NumColumns() {
		of, err := p.arrowReader.Manifest.GetFieldIndices([]int{leaf})
		if err != nil || len(of) != 1 || of[0] >= len(p.columns) {
			return malformed("column %d of a Parquet file is of no field", leaf)
		}
		p.columns[of[0]] = append(p.columns[of[0]], leaf)
	}
	return nil
}

// read returns the next row group, whose fields are read by several goroutines.
func (p *parquetReader) read() (arrow.RecordBatch, error) {
	if p.next == p.r.NumRowGroups() {
		return nil, io.EOF
	}
	columns := make([]arrow.Array, len(p.columns))
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	readers, err := p.readers()
	if err != nil {
		return nil, err
	}
	p.mem.enforce(true)
	defer p.mem.enforce(false)
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range columns {
		g.Go(func() (err error) {
			defer recoverArrow(&err, "a Parquet file")
			columns[i], err = p.field(i, readers[i])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	rows := p.r.MetaData().RowGroup(p.next).NumRows()
	p.next++
	for i, c := range columns {
		if int64(c.Len()) != rows {
			return nil, malformed("field %d of a row group of %d rows has %d", i, rows, c.Len())
		}
	}
	return withSchema(p.schema, columns, rows), nil
}

// readers returns the readers of all fields for the next row group. Arrow makes the readers for
// fields of structs on goroutines of its own, which do not recover, so the memory limit is not
// enforced yet.
func (p *parquetReader) readers() (_ []*pqarrow.ColumnReader, err error) {
	defer recoverArrow(&err, "a Parquet file")
	readers := make([]*pqarrow.ColumnReader, len(p.columns))
	for i, leaves := range p.columns {
		included := make(map[int]bool, len(leaves))
		for _, leaf := range leaves {
			included[leaf] = true
		}
		readers[i], err = p.arrowReader.GetFieldReader(context.Background(), i, included,
			[]int{p.next})
		if err == nil && readers[i] == nil {
			err = fmt.Errorf("field %d has no column", i)
		}
		if err != nil {
			for _, r := range readers[:i] {
				r.Release()
			}
			return nil, malformed("a Parquet file: %v", err)
		}
	}
	return readers, nil
}

// field reads one field of the row group with its reader, and releases the reader.
func (p *parquetReader) field(i int, r *pqarrow.ColumnReader) (arrow.Array, error) {
	defer r.Release()
	t, err := p.arrowReader.ReadColumn([]int{p.next}, r)
	if err != nil {
		if limit := limitIn(err); limit != nil {
			return nil, fmt.Errorf("convert: a Parquet file: %w", limit)
		}
		return nil, malformed("field %d of a Parquet file: %v", i, err)
	}
	defer t.Release()
	chunks := t.Chunks()
	if len(chunks) == 1 {
		chunks[0].Retain()
		return chunks[0], nil
	}
	if len(chunks) == 0 {
		return array.MakeArrayOfNull(memory.DefaultAllocator, t.DataType(), 0), nil
	}
	return array.Concatenate(chunks, memory.DefaultAllocator)
}

// limitIn returns the *errkind.LimitError in an error, or nil.
func limitIn(err error) error {
	var limit *errkind.LimitError
	if errors.As(err, &limit) {
		return limit
	}
	return nil
}

// parquetFloor is the number of values and of bytes to which a Parquet file of any size may
// decompress: a column of a million equal values takes a few bytes.
const (
	parquetFloor       = 16 << 20
	parquetMemoryFloor = 256 << 20
)

// parquetMemory returns the limit of the memory for reading a file of the given size, both in
// bytes. A text that is repeated is in the file's dictionary only once.
func (c *config) parquetMemory(size int64) int64 {
	return max(parquetMemoryFloor, times(size, c.limits.WithDefaults().CompressionRatio))
}

// checkParquet compares the sizes in the footer with the file's size and the limits, before
// anything is allocated. If the table is read in parts, the limits hold for each row group, else
// for all together.
func (in *input) checkParquet(r *file.Reader, size int64) error {
	ratio := in.limits.WithDefaults().CompressionRatio
	most := in.maxDecompressed(size)
	mostCells := max(parquetFloor, times(size, ratio)/8)
	var total, cells int64
	for i := range r.NumRowGroups() {
		g := r.MetaData().RowGroup(i)
		if in.inParts {
			total, cells = 0, 0
		}
		if g.NumRows() < 0 || g.NumRows() > 1<<40 {
			return malformed("row group %d has %d rows", i, g.NumRows())
		}
		for c := range g.NumColumns() {
			chunk, err := g.ColumnChunk(c)
			if err != nil {
				return malformed("column %d of row group %d: %v", c, i, err)
			}
			n := chunk.TotalUncompressedSize()
			if n < 0 || chunk.TotalCompressedSize() < 0 || chunk.NumValues() < 0 ||
				chunk.NumValues() > 1<<40 {
				return malformed("column %d of row group %d has %d values in %d bytes", c, i,
					chunk.NumValues(), n)
			}
			if cells += max(g.NumRows(), chunk.NumValues()); cells > mostCells {
				return fmt.Errorf("convert: %w", &errkind.LimitError{Limit: "CompressionRatio",
					Max: mostCells, Want: cells})
			}
			if chunk.TotalCompressedSize() > size {
				return malformed("column %d of row group %d is %d bytes of a file of %d", c, i,
					chunk.TotalCompressedSize(), size)
			}
			if total += n; total > most || total < 0 {
				return fmt.Errorf("convert: %w: the file unfolds to %d bytes, at most %d are read",
					ErrLimit, total, most)
			}
		}
	}
	return nil
}

func writeParquet(out *output, v any) error {
	b, err := out.batch(v)
	if err != nil {
		return err
	}
	t := batchReader(b)
	defer t.close()
	return streamParquet(out, t)
}

// nopCloser hides Close, which the writer of Parquet would call.
type nopCloser struct{ io.Writer }

// rowGroupBytes is the size above which a part of a table becomes a row group of its own. The parts
// that share a row group are in memory together.
const rowGroupBytes = 4 << 20

// dictionaryBytes bounds the dictionary of a column in a row group, in bytes. The hash table that
// finds its entries takes several times as much.
const dictionaryBytes = 256 << 10

// estimatedBytes returns about how many bytes a part takes. A text counts as two numbers.
func estimatedBytes(b arrow.RecordBatch) int64 {
	bits := int64(0)
	for _, f := range b.Schema().Fields() {
		if fixed, ok := f.Type.(arrow.FixedWidthDataType); ok {
			bits += int64(fixed.BitWidth())
		} else {
			bits += 128
		}
	}
	return b.NumRows() * bits / 8
}

// streamParquet writes a table in parts. Small parts share a row group.
func streamParquet(out *output, t *tableReader) error {
	codec := compress.Codecs.Snappy
	if out.deflate {
		codec = compress.Codecs.Zstd
	}
	schema, durations := withoutDurations(t.schema)
	options := []parquet.WriterProperty{parquet.WithCompression(codec),
		parquet.WithDictionaryPageSizeLimit(dictionaryBytes),
		parquet.WithMaxRowGroupLength(rowGroup), parquet.WithCreatedBy("unpkl")}
	for _, f := range schema.Fields() {
		if arrow.IsFloating(f.Type.ID()) {
			// Few floats repeat, and a dictionary would take as much memory again.
			options = append(options, parquet.WithDictionaryFor(f.Name, false))
		}
	}
	props := parquet.NewWriterProperties(options...)
	own := []pqarrow.WriterOption{pqarrow.WithStoreSchema()}
	if len(durations) > 0 {
		own = nil
	}
	return out.write(func(w io.Writer) error {
		fw, err := pqarrow.NewFileWriter(schema, nopCloser{w}, props,
			pqarrow.NewArrowWriterProperties(own...))
		if err != nil {
			return err
		}
		if own == nil {
			if err := fw.AppendKeyValueMetadata(schemaKey, serialized(t.schema)); err != nil {
				return err
			}
		}
		buffers := false // whether the current row group takes more rows
		if err := t.each(func(b arrow.RecordBatch) error {
			stored := withSchema(schema, b.Columns(), b.NumRows())
			defer stored.Release()
			if b.NumRows() == 0 || b.NumRows() >= rowGroup/2 ||
				estimatedBytes(b) >= rowGroupBytes {
				buffers = false
				return fw.Write(stored)
			}
			if !buffers {
				if err := fw.NewBufferedRowGroupChecked(); err != nil {
					return err
				}
				buffers = true
			}
			return fw.WriteBuffered(stored)
		}); err != nil {
			return err
		}
		return fw.Close()
	})
}
