package convert

import (
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/zipfile"
)

// rowGroup is the number of rows in a row group of Parquet, and in a batch of Arrow.
const rowGroup = 1 << 20

// tableReader is a table that is read in parts.
type tableReader struct {
	schema *arrow.Schema
	// read returns the next part, which the caller releases, and io.EOF after the last one.
	read  func() (arrow.RecordBatch, error)
	close func() error
}

// batch returns a document as one record batch.
func (out *output) batch(v any) (arrow.RecordBatch, error) {
	d := out.document()
	f, err := d.table(v, "")
	if err != nil {
		return nil, err
	}
	// These formats have text for names only; pandas' metadata keep what the names were.
	b, err := arrowframe.FromFrame(memory.DefaultAllocator, f)
	if err != nil {
		return nil, d.refuse("", "the table ("+err.Error()+")", KindObject)
	}
	return b, nil
}

// batchReader returns a reader of a record batch in parts of one row group each. A batch without
// rows is one part.
func batchReader(b arrow.RecordBatch) *tableReader {
	from := int64(0)
	return &tableReader{
		schema: b.Schema(),
		read: func() (arrow.RecordBatch, error) {
			if from >= max(b.NumRows(), 1) {
				return nil, io.EOF
			}
			part := b.NewSlice(from, min(from+rowGroup, b.NumRows()))
			from += rowGroup
			return part, nil
		},
		close: func() error { b.Release(); return nil },
	}
}

// inParts reports whether a table of the schema may be written in parts. A table with dictionaries
// may not: each part has dictionaries of its own, and a file has one for each column.
func inParts(schema *arrow.Schema) bool {
	for _, f := range schema.Fields() {
		if hasDictionary(f.Type) {
			return false
		}
	}
	return true
}

func hasDictionary(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return true
	case arrow.ExtensionType:
		return hasDictionary(t.StorageType())
	case arrow.NestedType:
		for _, f := range t.Fields() {
			if hasDictionary(f.Type) {
				return true
			}
		}
	}
	return false
}

// each calls do with every part, and releases the part.
func (t *tableReader) each(do func(b arrow.RecordBatch) error) error {
	for {
		b, err := t.read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		err = do(b)
		b.Release()
		if err != nil {
			return err
		}
	}
}

// frame reads all parts as one table.
func (t *tableReader) frame() (_ *frame.Frame, err error) {
	defer recoverArrow(&err, "a table of Arrow")
	var batches []arrow.RecordBatch
	defer func() {
		for _, b := range batches {
			b.Release()
		}
	}()
	err = t.each(func(b arrow.RecordBatch) error {
		b.Retain()
		batches = append(batches, b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return tableOf(t.schema, batches)
}

// tableOf concatenates batches of one schema to a table.
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

// recoverArrow turns a panic into an error: Arrow's readers panic on some malformed files.
func recoverArrow(err *error, what string) {
	switch r := recover().(type) {
	case nil:
	case *errkind.LimitError:
		*err = fmt.Errorf("convert: %s: %w", what, r)
	default:
		*err = malformed("%s that lies: %v", what, r)
	}
}

// maxCells returns the number of elements that a table in a file of the given size, in bytes, may
// have if the format needs no bytes for an element. An element is counted as 16 bytes, and these
// bytes are limited as decompressed bytes are.
func (c *config) maxCells(size int64) int64 {
	return max(zipfile.RatioFloor, times(size, c.limits.WithDefaults().CompressionRatio)) / 16
}

// times multiplies two sizes, and returns math.MaxInt64 instead of overflowing.
func times(a, b int64) int64 {
	if a > 0 && b > math.MaxInt64/a {
		return math.MaxInt64
	}
	return a * b
}

// boundedMemory is Arrow's allocator with a limit, which holds only while it is enforced. The
// interface has no errors, so an allocation beyond the limit panics with a *errkind.LimitError.
// Therefore the limit may be enforced only while every goroutine that allocates calls recoverArrow.
// It is safe for concurrent use.
type boundedMemory struct {
	memory.Allocator
	limit int64 // bytes

	mu       sync.Mutex
	used     int64 // bytes
	enforced bool
}

func (m *boundedMemory) enforce(bound bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.enforced = bound
}

func (m *boundedMemory) add(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.used += int64(n); m.used > m.limit && n > 0 && m.enforced {
		panic(&errkind.LimitError{Limit: "CompressionRatio", Max: m.limit, Want: m.used})
	}
}

// Allocate implements memory.Allocator.
func (m *boundedMemory) Allocate(size int) []byte {
	m.add(size)
	return m.Allocator.Allocate(size)
}

// Reallocate implements memory.Allocator.
func (m *boundedMemory) Reallocate(size int, b []byte) []byte {
	m.add(size - len(b))
	return m.Allocator.Reallocate(size, b)
}

// Free implements memory.Allocator.
func (m *boundedMemory) Free(b []byte) {
	m.add(-len(b))
	m.Allocator.Free(b)
}
