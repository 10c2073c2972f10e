package arrowframe_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
)

const pyarrowFiles = "../../testdata/arrow/py313-pandas3/"

// readIPC returns the batch in a file that pyarrow wrote.
func readIPC(t *testing.T, path string) arrow.RecordBatch {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r, err := ipc.NewFileReader(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	batch, err := r.RecordBatchAt(0)
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

// cells returns the elements of a series, with times as instants and missing elements as nil.
func cells(s *frame.Series) []any {
	out := make([]any, s.Len())
	for i := range out {
		if s.IsNull(i) {
			continue
		}
		if t, ok := s.Time(i); ok {
			out[i] = t.Format(time.RFC3339Nano)
			continue
		}
		out[i] = s.At(i)
	}
	return out
}

func labels(x *frame.Index) []any {
	out := make([]any, x.Len())
	for i := range out {
		out[i] = fmt.Sprint(x.At(i))
		if x.Values != nil {
			if t, ok := x.Values.Time(i); ok {
				out[i] = t.Format(time.RFC3339Nano)
			}
		}
	}
	return out
}

func sameFrame(t *testing.T, want, got *frame.Frame) {
	t.Helper()
	if w, g := want.ColumnNames(), got.ColumnNames(); !reflect.DeepEqual(w, g) {
		t.Fatalf("columns %q, want %q", g, w)
	}
	for i, c := range want.Columns {
		if g := got.Columns[i]; !reflect.DeepEqual(cells(c), cells(g)) || c.TZ != g.TZ {
			t.Errorf("%v: got %v %s, want %v %s", c.Name, cells(g), g.TZ, cells(c), c.TZ)
		}
	}
	if w, g := labels(want.Index), labels(got.Index); !reflect.DeepEqual(w, g) ||
		!reflect.DeepEqual(want.Index.Names, got.Index.Names) {
		t.Errorf("index: got %v %v, want %v %v", got.Index.Names, g, want.Index.Names, w)
	}
}

func eachPyarrow(t *testing.T, f func(t *testing.T, name string, batch arrow.RecordBatch,
	want *frame.Frame)) {
	files, err := filepath.Glob(pyarrowFiles + "*.arrow")
	if err != nil || len(files) == 0 {
		t.Fatal("no files of pyarrow", err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".arrow")
		t.Run(name, func(t *testing.T) {
			v, err := unpkl.LoadFile(pyarrowFiles + name + ".p5.pkl")
			if err != nil {
				t.Fatal(err)
			}
			f(t, name, readIPC(t, path), v.(*frame.Frame))
		})
	}
}

// TestToFrame reads files that pyarrow wrote from the frames that pandas pickled.
func TestToFrame(t *testing.T) {
	eachPyarrow(t, func(t *testing.T, name string, batch arrow.RecordBatch, want *frame.Frame) {
		got, err := arrowframe.ToFrame(batch)
		if err != nil {
			t.Fatal(err)
		}
		sameFrame(t, want, got)
		again, err := arrowframe.FromFrame(memory.DefaultAllocator, got)
		if err != nil {
			t.Fatal(err)
		}
		defer again.Release()
		back, err := arrowframe.ToFrame(again)
		if err != nil {
			t.Fatal(err)
		}
		sameFrame(t, want, back)
	})
}

// TestRoundTrip converts every frame that pandas pickled to Arrow and back.
func TestRoundTrip(t *testing.T) {
	files, err := filepath.Glob("../../testdata/pandas/*/*.pkl")
	if err != nil || len(files) == 0 {
		t.Fatal("no pandas fixtures", err)
	}
	frames := 0
	for _, path := range files {
		v, err := unpkl.LoadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		items, ok := v.([]any)
		if !ok {
			items = []any{v}
		}
		for i, item := range items {
			f, ok := item.(*frame.Frame)
			if !ok {
				if s, isSeries := item.(*frame.Series); isSeries {
					f, err = frame.New(s)
				}
				if f == nil || err != nil {
					continue
				}
			}
			batch, err := arrowframe.FromFrame(memory.DefaultAllocator, f)
			if err != nil {
				continue // the error names what Arrow has no type for
			}
			frames++
			t.Run(fmt.Sprintf("%s-%d", strings.TrimPrefix(path, "../../testdata/pandas/"), i),
				func(t *testing.T) {
					defer batch.Release()
					got, err := arrowframe.ToFrame(batch)
					if err != nil {
						t.Fatal(err)
					}
					again, err := arrowframe.FromFrame(memory.DefaultAllocator, got)
					if err != nil {
						t.Fatal(err)
					}
					defer again.Release()
					if !array.RecordApproxEqual(batch, again, array.WithNaNsEqual(true)) {
						t.Errorf("got %v, want %v", again, batch)
					}
				})
		}
	}
	if frames < 100 {
		t.Errorf("only %d frames", frames)
	}
}

func TestToFrameTypes(t *testing.T) {
	cases := []struct {
		typ        arrow.DataType
		json, want string
	}{
		{arrow.Null, `[null, null]`, "[<nil> <nil>]"},
		{arrow.FixedWidthTypes.Float16, `[1.5, null]`, "[1.5 <nil>]"},
		{arrow.FixedWidthTypes.Date32, `["2020-01-02", null]`, "[2020-01-02T00:00:00Z <nil>]"},
		{arrow.FixedWidthTypes.Date64, `["1969-12-30", null]`, "[1969-12-30T00:00:00Z <nil>]"},
		{arrow.FixedWidthTypes.Time32ms, `["01:02:03.004", null]`, "[3723004 milliseconds <nil>]"},
		{arrow.FixedWidthTypes.Time64ns, `["00:00:01", null]`, "[1000000000 nanoseconds <nil>]"},
		{arrow.BinaryTypes.LargeString, `["a", null, ""]`, "[a <nil> ]"},
		{arrow.BinaryTypes.StringView, `["a", null, "more than twelve bytes"]`,
			"[a <nil> more than twelve bytes]"},
		{arrow.BinaryTypes.Binary, `["YQ==", null]`, "[[97] <nil>]"},
		{&arrow.FixedSizeBinaryType{ByteWidth: 2}, `["YWI=", null]`, "[[97 98] <nil>]"},
		{&arrow.Decimal128Type{Precision: 10, Scale: 2}, `["-1.50", null]`, "[-1.50 <nil>]"},
		{&arrow.Decimal256Type{Precision: 50, Scale: 3}, `["0.001", null]`, "[0.001 <nil>]"},
		{arrow.ListOf(arrow.PrimitiveTypes.Int32), `[[1, null], null, []]`, "[[1 <nil>] <nil> []]"},
		{arrow.LargeListOf(arrow.BinaryTypes.String), `[["x"], null]`, "[[x] <nil>]"},
		{arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Uint8), `[[1, 2], null]`, "[[1 2] <nil>]"},
		{arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64),
			`[[{"key": "k", "value": 1}], null]`, "[[[k 1]] <nil>]"},
		{arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true}),
			`[{"a": 1}, null, {"a": null}]`, "[map[a:1] <nil> map[a:<nil>]]"},
	}
	for _, c := range cases {
		a, _, err := array.FromJSON(memory.DefaultAllocator, c.typ, strings.NewReader(c.json))
		if err != nil {
			t.Fatalf("%v: %v", c.typ, err)
		}
		for from := range 2 {
			part := array.NewSlice(a, int64(from), int64(a.Len()))
			batch := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "x", Type: c.typ,
				Nullable: true}}, nil), []arrow.Array{part}, -1)
			f, err := arrowframe.ToFrame(batch)
			if err != nil {
				t.Fatalf("%v: %v", c.typ, err)
			}
			want := c.want
			got := fmt.Sprint(cells(f.Columns[0]))
			if from == 1 {
				want = fmt.Sprint(cells(f.Columns[0]))
				if !strings.HasSuffix(c.want, strings.TrimPrefix(want, "[")) {
					t.Errorf("%v from 1: got %s of %s", c.typ, got, c.want)
				}
			}
			if got != want {
				t.Errorf("%v: got %s, want %s", c.typ, got, want)
			}
		}
	}
	a, _, err := array.FromJSON(memory.DefaultAllocator, arrow.FixedWidthTypes.MonthInterval,
		strings.NewReader(`[{"months": 1}]`))
	if err != nil {
		t.Fatal(err)
	}
	batch := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "m", Type: a.DataType()}},
		nil), []arrow.Array{a}, 1)
	if _, err := arrowframe.ToFrame(batch); err == nil ||
		!strings.Contains(err.Error(), "column m") {
		t.Errorf("months: %v", err)
	}
}

// pandasCheck compares a pickle with the frame that pandas pickled.
const pandasCheck = `
import sys, pickle, pandas as pd
for i in range(1, len(sys.argv), 2):
    a, b = pickle.load(open(sys.argv[i], 'rb')), pickle.load(open(sys.argv[i + 1], 'rb'))
    a.attrs = b.attrs = {}
    pd.testing.assert_frame_equal(a, b, check_exact=True, check_freq=False)
print('equal')
`

// TestInteropToFrame writes frames from Arrow as pickles, which pandas must find equal to its own.
func TestInteropToFrame(t *testing.T) {
	pythons := os.Getenv("UNPKL_PANDAS_PYTHONS")
	if pythons == "" {
		t.Skip("UNPKL_PANDAS_PYTHONS names no Python with pandas 3")
	}
	python := pythons[strings.LastIndexByte(pythons, ':')+1:]
	args := []string{"-c", pandasCheck}
	eachPyarrow(t, func(t *testing.T, name string, batch arrow.RecordBatch, _ *frame.Frame) {
		f, err := arrowframe.ToFrame(batch)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(os.TempDir(), fmt.Sprintf("arrowframe-%d-%s.pkl", os.Getpid(), name))
		if err := unpkl.WriteFile(path, f); err != nil {
			t.Fatal(err)
		}
		args = append(args, pyarrowFiles+name+".p5.pkl", path)
	})
	out, err := exec.Command(python, args...).CombinedOutput()
	for i := 3; i < len(args); i += 2 {
		os.Remove(args[i])
	}
	if err != nil || !strings.Contains(string(out), "equal") {
		t.Errorf("%v\n%s", err, out)
	}
}
