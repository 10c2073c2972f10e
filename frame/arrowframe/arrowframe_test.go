package arrowframe_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
)

func column[T any](t testing.TB, name string, values []T) *frame.Series {
	t.Helper()
	s, err := frame.NewSeries(name, values)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFromFrame(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	seven, yes, text := int64(7), true, "žluť"
	floats := []float64{1.5, math.NaN(), -2}
	cat, err := frame.NewCategorical("cat", []string{"b", "?", "a"}, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	f, err := frame.New(
		column(t, "f", floats), column(t, "b", []bool{true, false, true}),
		column(t, "i", []int16{1, -2, 3}),
		column(t, "ni", []*int64{&seven, nil, nil}), column(t, "nb", []*bool{nil, &yes, nil}),
		column(t, "s", []string{"a", "", "ccc"}), column(t, "ns", []*string{nil, &text, nil}),
		column(t, "t", []time.Time{time.Unix(1, 2).UTC(), {}, time.Unix(0, 0).UTC()}),
		column(t, "d", []time.Duration{time.Second, 0, -1}), cat,
	)
	if err != nil {
		t.Fatal(err)
	}
	f.Index = frame.NewIndex(column(t, "", []int32{10, 20, 30}))
	batch, err := arrowframe.FromFrame(mem, f)
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Release()
	want := []struct{ name, typ, values string }{
		{"f", "float64", "[1.5 NaN -2]"}, {"b", "bool", "[true false true]"},
		{"i", "int16", "[1 -2 3]"},
		{"ni", "int64", "[7 (null) (null)]"}, {"nb", "bool", "[(null) true (null)]"},
		{"s", "utf8", `["a" "" "ccc"]`}, {"ns", "utf8", `[(null) "žluť" (null)]`},
		{"t", "timestamp[ns, tz=UTC]", "[1000000002 (null) 0]"},
		{"d", "duration[ns]", "[1000000000 0 -1]"},
		{"cat", "dictionary<values=utf8, indices=int64, ordered=true>",
			"{ dictionary: [\"a\" \"b\"]\n  indices: [1 (null) 0] }"},
		{"__index_level_0__", "int32", "[10 20 30]"},
	}
	if int(batch.NumCols()) != len(want) || batch.NumRows() != 3 {
		t.Fatalf("%d columns, %d rows", batch.NumCols(), batch.NumRows())
	}
	for i, w := range want {
		a := batch.Column(i)
		if got := batch.ColumnName(i); got != w.name || a.DataType().String() != w.typ ||
			fmt.Sprint(a) != w.values {
			t.Errorf("%s: %s %v, want %s: %s %s", got, a.DataType(), a, w.name, w.typ, w.values)
		}
	}
	floats[0] = 9
	if got := batch.Column(0).(*array.Float64).Value(0); got != 9 {
		t.Errorf("the numbers were copied: %v", got)
	}
}

func TestUnsupported(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	for _, s := range []*frame.Series{column(t, "c", []complex128{1i}),
		column(t, "o", []any{1, "x"})} {
		f, err := frame.New(column(t, "first", []string{"a"}), s)
		if s.Len() == 2 {
			f, err = frame.New(s)
		}
		if err != nil {
			t.Fatal(err)
		}
		if batch, err := arrowframe.FromFrame(mem, f); err == nil {
			t.Errorf("%v: %v", s.DType, batch)
		}
	}
}

func ExampleFromFrame() {
	price, _ := frame.NewSeries("price", []float64{9.5, 12})
	f, err := frame.New(price)
	if err != nil {
		panic(err)
	}
	batch, err := arrowframe.FromFrame(memory.DefaultAllocator, f)
	if err != nil {
		panic(err)
	}
	defer batch.Release()
	fmt.Println(batch.Schema().Field(0), batch.Column(0))
	// Output:
	// price: type=float64, nullable [9.5 12]
}

func ExampleToFrame() {
	schema := arrow.NewSchema([]arrow.Field{{Name: "price", Type: arrow.PrimitiveTypes.Float64,
		Nullable: true}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.Float64Builder).AppendValues([]float64{9.5, 12}, []bool{true, false})
	batch := b.NewRecordBatch()
	defer batch.Release()
	f, err := arrowframe.ToFrame(batch)
	if err != nil {
		panic(err)
	}
	c := f.Columns[0]
	fmt.Println(c.Name, c.DType, c.At(0), c.At(1))
	// Output:
	// price Float64 9.5 <nil>
}
