package convert_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/unpkl/unpkl/convert"
)

// arrowFile writes columns as an Arrow file.
func arrowFile(t *testing.T, path string, columns ...arrow.Array) {
	t.Helper()
	b := recordOf(columns)
	defer b.Release()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(b.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(b), w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func recordOf(columns []arrow.Array) arrow.RecordBatch {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: string(rune('a' + i)), Type: c.DataType(), Nullable: true}
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, int64(columns[0].Len()))
}

// isBounded checks that a file which decompresses to far more than its size is an error, and takes
// at most a number of bytes of memory.
func isBounded(t *testing.T, path string, most uint64) {
	t.Helper()
	var err error
	n := allocated(func() { _, err = convert.Read(path) })
	if !errors.Is(err, convert.ErrLimit) && !errors.Is(err, convert.ErrUnsupported) {
		t.Errorf("%s: %v", filepath.Base(path), err)
	}
	if n > most {
		t.Errorf("%s: %d MB are allocated", filepath.Base(path), n>>20)
	}
	t.Logf("%s: %d MB: %v", filepath.Base(path), n>>20, err)
}

// TestHostileArrow reads small files with columns that take no bytes, or the same bytes many times.
func TestHostileArrow(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	mem := memory.DefaultAllocator

	nulls := make([]arrow.Array, 20)
	for i := range nulls {
		nulls[i] = array.NewNull(1 << 20)
	}
	arrowFile(t, path("nulls.feather"), nulls...)
	isBounded(t, path("nulls.feather"), 64<<20)

	empty := array.NewData(arrow.StructOf(), 1<<24, []*memory.Buffer{nil}, nil, 0, 0)
	arrowFile(t, path("structs.feather"), array.NewStructData(empty))
	isBounded(t, path("structs.feather"), 64<<20)

	// Every text refers to the same 64 KiB.
	shared := memory.NewBufferBytes(bytes.Repeat([]byte("x"), 1<<16))
	var headers []byte
	for range 1 << 12 {
		headers = append(headers, 0, 0, 1, 0, 'x', 'x', 'x', 'x', 0, 0, 0, 0, 0, 0, 0, 0)
	}
	views := array.NewData(arrow.BinaryTypes.StringView, 1<<12,
		[]*memory.Buffer{nil, memory.NewBufferBytes(headers), shared}, nil, 0, 0)
	arrowFile(t, path("views.feather"), array.NewStringViewData(views))
	isBounded(t, path("views.feather"), 64<<20)

	// Every list refers to the same 4,096 numbers.
	numbers := array.NewInt64Builder(mem)
	starts, sizes := array.NewInt32Builder(mem), array.NewInt32Builder(mem)
	for i := range 1 << 12 {
		numbers.Append(int64(i))
		starts.Append(0)
		sizes.Append(1 << 12)
	}
	lists := array.NewData(arrow.ListViewOf(arrow.PrimitiveTypes.Int64), 1<<12,
		[]*memory.Buffer{nil, starts.NewInt32Array().Data().Buffers()[1],
			sizes.NewInt32Array().Data().Buffers()[1]},
		[]arrow.ArrayData{numbers.NewInt64Array().Data()}, 0, 0)
	arrowFile(t, path("lists.feather"), array.NewListViewData(lists))
	isBounded(t, path("lists.feather"), 64<<20)
}

// TestHostileParquet reads a text that is in the dictionary once and is a million elements.
func TestHostileParquet(t *testing.T) {
	mem := memory.DefaultAllocator
	values := array.NewStringBuilder(mem)
	values.Append(string(bytes.Repeat([]byte("x"), 1<<13)))
	codes := array.NewInt32Builder(mem)
	for range 1 << 17 {
		codes.Append(0)
	}
	column := array.NewDictionaryArray(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32,
		ValueType: arrow.BinaryTypes.String}, codes.NewArray(), values.NewArray())
	b := recordOf([]arrow.Array{column})
	path := filepath.Join(t.TempDir(), "x.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(b.Schema(), f, parquet.NewWriterProperties(),
		pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(b), w.Close()); err != nil {
		t.Fatal(err)
	}
	// The library doubles its buffers: it allocates in all twice what it holds at a time.
	isBounded(t, path, 768<<20)
}
