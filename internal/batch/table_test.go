package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"
)

// TestWidened checks for pairs of types the smallest type that holds every value of both, if there
// is one.
func TestWidened(t *testing.T) {
	p := arrow.PrimitiveTypes
	for _, c := range []struct{ a, b, want arrow.DataType }{
		{p.Int8, p.Int32, p.Int32},
		{p.Uint8, p.Int8, p.Int16},
		{p.Uint32, p.Int8, p.Int64},
		{p.Int64, p.Uint16, p.Int64},
		{p.Int64, p.Uint64, nil},
		{p.Float32, p.Float64, p.Float64},
		{p.Int16, p.Float32, p.Float32},
		{p.Int32, p.Float32, p.Float64},
		{p.Int64, p.Float64, nil},
		{arrow.Null, p.Int64, p.Int64},
		{arrow.BinaryTypes.LargeString, p.Int64, nil},
		{arrow.FixedWidthTypes.Boolean, p.Int64, nil},
	} {
		for range 2 {
			got, ok := Widened(c.a, c.b)
			if ok != (c.want != nil) || ok && !arrow.TypeEqual(got, c.want) {
				t.Errorf("%s and %s: %v, want %v", c.a, c.b, got, c.want)
			}
			c.a, c.b = c.b, c.a
		}
	}
}

// arrowFile returns a function that writes an Arrow IPC file of one batch, whose rows are JSON.
func arrowFile(t *testing.T, rows string, fields ...arrow.Field) func(w io.Writer) error {
	t.Helper()
	schema := arrow.NewSchema(fields, nil)
	b, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return func(w io.Writer) error {
		fw, err := ipc.NewFileWriter(w, ipc.WithSchema(schema))
		if err != nil {
			return err
		}
		return errors.Join(fw.Write(b), fw.Close())
	}
}

// TestTable joins files some of which lack a column or have a narrower type. A file whose types do
// not fit fails.
func TestTable(t *testing.T) {
	p := arrow.PrimitiveTypes
	category := &arrow.DictionaryType{IndexType: p.Int8, ValueType: arrow.BinaryTypes.String}
	tables := map[string]func(io.Writer) error{
		"a": arrowFile(t, `[{"n":1,"s":"x"},{"n":2,"s":null}]`,
			arrow.Field{Name: "n", Type: p.Int8},
			arrow.Field{Name: "s", Type: category, Nullable: true}),
		"b": arrowFile(t, `[{"s":"y","f":1.5}]`, arrow.Field{Name: "s",
			Type: arrow.BinaryTypes.String},
			arrow.Field{Name: "f", Type: p.Float64}),
		"c": arrowFile(t, `[{"n":"text"}]`, arrow.Field{Name: "n", Type: arrow.BinaryTypes.String}),
		"d": arrowFile(t, `[{"n":70000}]`, arrow.Field{Name: "n", Type: p.Int32}),
		"e": arrowFile(t, `[{"path":"here"}]`, arrow.Field{Name: "path",
			Type: arrow.BinaryTypes.String}),
	}
	want := `[{"path":"a","n":1,"s":"x","f":null},{"path":"a","n":2,"s":null,"f":null},` +
		`{"path":"b","n":null,"s":"y","f":1.5},{"path":"d","n":70000,"s":null,"f":null}]`
	for _, isParquet := range []bool{false, true} {
		var failed []string
		codec := &Table{PathColumn: "path", Parquet: isParquet,
			Value: func(w io.Writer, s Source) error {
				return tables[s.Path](w)
			}}
		parts := &Parts{Folder: filepath.Join(t.TempDir(), "p"), Codec: codec,
			PartBytes: 2 * leastSize, Failed: func(f *Failure) error {
				failed = append(failed, f.Path+" "+f.Kind)
				return nil
			}}
		if err := parts.Run(sourcesNamed("a", "b", "c", "d", "e"), Limits{2, 1 << 20},
			false); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"c schema", "e schema"}, failed); diff != "" {
			t.Error(diff)
		}
		var out bytes.Buffer
		if err := codec.Join(&out, parts.All()); err != nil {
			t.Fatal(err)
		}
		if got := rowsOf(t, out.Bytes(), isParquet); got != want {
			t.Errorf("Parquet %v:\n%s\nwant\n%s", isParquet, got, want)
		}
	}
}

// rowsOf returns the rows of an Arrow or Parquet file as JSON.
func rowsOf(t *testing.T, data []byte, isParquet bool) string {
	t.Helper()
	var rows []string
	add := func(b arrow.RecordBatch) {
		for i := range int(b.NumRows()) {
			var cells []string
			for c, f := range b.Schema().Fields() {
				text := b.Column(c).ValueStr(i)
				switch {
				case b.Column(c).IsNull(i):
					text = "null"
				case f.Type.ID() == arrow.LARGE_STRING:
					text = fmt.Sprintf("%q", text)
				}
				cells = append(cells, fmt.Sprintf("%q:%s", f.Name, text))
			}
			rows = append(rows, "{"+strings.Join(cells, ",")+"}")
		}
	}
	if isParquet {
		pf, err := file.NewParquetReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		r, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
		if err != nil {
			t.Fatal(err)
		}
		table, err := r.ReadTable(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		tr := array.NewTableReader(table, -1)
		for tr.Next() {
			add(tr.RecordBatch())
		}
	} else if err := EachBatch(io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data))),
		func(b arrow.RecordBatch) error {
			add(b)
			return nil
		}); err != nil {
		t.Fatal(err)
	}
	return "[" + strings.Join(rows, ",") + "]"
}
