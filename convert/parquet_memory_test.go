package convert

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/unpkl/unpkl/internal/errkind"
)

// TestParquetMemory reads structs and texts with less memory than they take. Whichever goroutine
// allocates, the result is an error and not a crash of the process. With enough memory the table is
// read.
func TestParquetMemory(t *testing.T) {
	text := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32,
		ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "s", Type: arrow.StructOf(arrow.Field{Name: "a", Type: text},
			arrow.Field{Name: "b", Type: arrow.PrimitiveTypes.Int64})},
		{Name: "t", Type: arrow.BinaryTypes.String},
	}, nil)
	const rows = 1000
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	s := b.Field(0).(*array.StructBuilder)
	for i := range rows {
		s.Append(true)
		if err := s.FieldBuilder(0).(*array.BinaryDictionaryBuilder).AppendString("x"); err != nil {
			t.Fatal(err)
		}
		s.FieldBuilder(1).(*array.Int64Builder).Append(int64(i))
		b.Field(1).(*array.StringBuilder).Append(strings.Repeat("y", 100))
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	path := filepath.Join(t.TempDir(), "x.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(schema, f, parquet.NewWriterProperties(),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(batch), w.Close()); err != nil {
		t.Fatal(err)
	}
	for _, most := range []int64{0, 1 << 10, 8 << 10, 32 << 10, 64 << 20} {
		r, err := file.OpenParquetFile(path, false)
		if err != nil {
			t.Fatal(err)
		}
		p := &parquetReader{r: r,
			mem: &boundedMemory{Allocator: memory.DefaultAllocator, limit: most}}
		if p.arrowReader, err = pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: rowGroup},
			p.mem); err != nil {
			t.Fatal(err)
		}
		if err := p.fields(); err != nil {
			t.Fatal(err)
		}
		got, err := p.read()
		var limit *errkind.LimitError
		switch {
		case most < 64<<20 && !errors.As(err, &limit):
			t.Errorf("%d bytes: error %v, want a limit", most, err)
		case most == 64<<20 && (err != nil || got.NumRows() != rows):
			t.Errorf("%d bytes: %v", most, err)
		case err == nil:
			got.Release()
			if _, err := p.read(); err != io.EOF {
				t.Errorf("behind the last: %v", err)
			}
		}
		r.Close()
	}
}
