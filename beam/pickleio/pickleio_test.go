package pickleio

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	parquetfile "github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/audit"
)

func TestMain(m *testing.M) { ptest.Main(m) }

// expected holds the contents of the files of testdata as Python reads them.
type expected struct {
	Tables    map[string][]map[string]any
	Documents map[string][]any
	Records   []map[string]any
}

func readExpected(t *testing.T) (e expected) {
	t.Helper()
	data, err := os.ReadFile("testdata/expected.json")
	if err == nil {
		err = json.Unmarshal(data, &e)
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// readLines decodes the lines of JSON in the files of a pattern.
func readLines[T any](t *testing.T, pattern string) (all []T) {
	t.Helper()
	names, _ := filepath.Glob(pattern)
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var v T
			if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
				t.Fatal(name, err)
			}
			all = append(all, v)
		}
	}
	return all
}

// readParquet returns the rows of Parquet files by path, their schema and the number of row groups.
func readParquet(t *testing.T, pattern string) (rows map[string][]map[string]any,
	schema *arrow.Schema, groups int) {
	t.Helper()
	rows = map[string][]map[string]any{}
	names, _ := filepath.Glob(pattern)
	for _, name := range names {
		f, err := parquetfile.OpenParquetFile(name, false)
		if err != nil {
			t.Fatal(name, err)
		}
		groups += f.NumRowGroups()
		r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
		if err != nil {
			t.Fatal(name, err)
		}
		table, err := r.ReadTable(context.Background())
		if err != nil {
			t.Fatal(name, err)
		}
		schema = table.Schema()
		batches := array.NewTableReader(table, 0)
		for batches.Next() {
			addRows(t, rows, batches.RecordBatch())
		}
		batches.Release()
		table.Release()
		f.Close()
	}
	return rows, schema, groups
}

func addRows(t *testing.T, rows map[string][]map[string]any, b arrow.RecordBatch) {
	t.Helper()
	text, err := b.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, row := range all {
		path := row["path"].(string)
		delete(row, "path")
		rows[path] = append(rows[path], row)
	}
}

// withoutNulls returns the rows without their null fields.
func withoutNulls(rows []map[string]any) []map[string]any {
	out := make([]map[string]any, len(rows))
	for i, row := range rows {
		out[i] = maps.Clone(row)
		maps.DeleteFunc(out[i], func(_ string, v any) bool { return v == nil })
	}
	return out
}

// checkTables compares rows with those of Python, and the kinds of dead letters with refused.
func checkTables(t *testing.T, rows map[string][]map[string]any, dead []DeadLetter,
	refused map[string]string) {
	t.Helper()
	want := readExpected(t).Tables
	for name, python := range want {
		path := filepath.Join("testdata", "tables", name)
		if got := withoutNulls(rows[path]); !reflect.DeepEqual(got, withoutNulls(python)) {
			t.Errorf("%s: %v, Python has %v", path, got, python)
		}
	}
	if len(rows) != len(want) {
		t.Errorf("rows of %d files, Python has those of %d", len(rows), len(want))
	}
	got := map[string]string{}
	for _, d := range dead {
		relative, _ := filepath.Rel(filepath.Join("testdata", "tables"), d.Path)
		got[filepath.ToSlash(relative)] = d.Kind
	}
	if !maps.Equal(got, refused) || len(dead) != len(refused) {
		t.Errorf("dead letters %v, want %v", got, refused)
	}
}

// refusedTables maps the files that give no table to the kinds of their errors.
var refusedTables = map[string]string{
	"d.pkl": "schema", "hostile/cut.pkl": "truncated", "hostile/empty.pkl": "truncated",
	"hostile/opcode.pkl": "malformed", "hostile/scalar.pkl": "cannot hold",
	"hostile/evil.pkl": "cannot hold",
}

// TestToParquet checks that columns are widened, that missing ones are null, and that exactly the
// tables that do not fit and the values that are not tables become dead letters.
func TestToParquet(t *testing.T) {
	for _, shards := range []int{1, 3} {
		out := filepath.Join(t.TempDir(), "all.parquet")
		p, s := beam.NewPipelineWithRoot()
		tables, dead := ReadTables(s, "testdata/tables")
		refused := ToParquet(s, out, tables, WithShards(shards))
		WriteDeadLetters(s, out+".errors", beam.Flatten(s, dead, refused))
		result := ptest.RunAndValidate(t, p)
		rows, schema, _ := readParquet(t, strings.TrimSuffix(out, ".parquet")+"*.parquet")
		checkTables(t, rows, readLines[DeadLetter](t, out+".errors"), refusedTables)
		for name, want := range map[string]arrow.DataType{
			"n": arrow.PrimitiveTypes.Int64, "price": arrow.PrimitiveTypes.Float64,
			"name": arrow.BinaryTypes.LargeString,
		} {
			if f, ok := schema.FieldsByName(name); !ok || !arrow.TypeEqual(f[0].Type, want) {
				t.Errorf("column %s is %v, want %s", name, f, want)
			}
		}
		if names, _ := filepath.Glob(filepath.Dir(out) + "/*.part-*"); len(names) > 0 {
			t.Errorf("%q are left", names)
		}
		checkCounters(t, result, map[string]int64{"files": 11, "values": 6, "rows": 9,
			"errors schema": 1, "errors truncated": 2, "errors malformed": 1,
			"errors cannot hold": 2})
	}
}

func checkCounters(t *testing.T, result beam.PipelineResult, want map[string]int64) {
	t.Helper()
	got := map[string]int64{}
	for _, c := range result.Metrics().AllMetrics().Counters() {
		if c.Key.Namespace == "pickleio" {
			got[c.Key.Name] += c.Committed
		}
	}
	bytes := got["bytes"]
	delete(got, "bytes")
	if !maps.Equal(got, want) || bytes < 1000 {
		t.Errorf("counters %v, %d bytes, want %v", got, bytes, want)
	}
}

// TestToArrow checks that Arrow files have the same rows.
func TestToArrow(t *testing.T) {
	out := filepath.Join(t.TempDir(), "all.arrow")
	p, s := beam.NewPipelineWithRoot()
	tables, dead := ReadTables(s, "testdata/tables/**/*.pkl")
	refused := ToArrow(s, out, tables, WithZstd())
	WriteDeadLetters(s, out+".errors", beam.Flatten(s, dead, refused))
	ptest.RunAndValidate(t, p)
	rows := map[string][]map[string]any{}
	names, _ := filepath.Glob(filepath.Dir(out) + "/*.arrow")
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := ipc.NewFileReader(f)
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.NumRecords() {
			b, err := r.RecordBatchAt(i)
			if err != nil {
				t.Fatal(err)
			}
			addRows(t, rows, b)
		}
	}
	checkTables(t, rows, readLines[DeadLetter](t, out+".errors"), refusedTables)
}

// line is a line that ToJSON writes.
type line struct {
	Path           string
	Offset, Record int64
	Value          any
}

// TestDocuments checks that each pickle of a file is a document with the value that Python reads,
// whether the file is read whole or split.
func TestDocuments(t *testing.T) {
	for _, block := range []int64{1 << 20, 50, 1} {
		out := filepath.Join(t.TempDir(), "all.jsonl")
		p, s := beam.NewPipelineWithRoot()
		documents, dead := Read(s, "testdata/documents", WithBlockSize(block))
		ToJSON(s, out, documents, WithShards(2))
		WriteDeadLetters(s, out+".errors", dead)
		ptest.RunAndValidate(t, p)
		lines := readLines[line](t, filepath.Dir(out)+"/all-*.jsonl")
		slices.SortFunc(lines, func(a, b line) int { return int(a.Offset - b.Offset) })
		got := map[string][]any{}
		for _, l := range lines {
			name := filepath.Base(l.Path)
			got[name] = append(got[name], l.Value)
			if l.Record != -1 {
				t.Errorf("%+v", l)
			}
		}
		if want := readExpected(t).Documents; !reflect.DeepEqual(got, want) {
			t.Errorf("blocks of %d: %v, Python has %v", block, got, want)
		}
		if _, err := os.Stat(out + ".errors"); err == nil {
			t.Error("there are dead letters")
		}
	}
}

// TestRecords checks the items of lists and the rows of tables that are read by ranges. A pickle
// without records becomes a dead letter.
func TestRecords(t *testing.T) {
	want := readExpected(t).Records
	for _, most := range []int{1, 4, 25, 1000} {
		out := filepath.Join(t.TempDir(), "all.jsonl")
		p, s := beam.NewPipelineWithRoot()
		documents, dead := Read(s, "testdata/records", WithRecords(most))
		ToJSON(s, out, documents, WithShards(1))
		tables, dead2 := ReadTables(s, "testdata/records", WithRecords(most))
		ToParquet(s, out+".parquet", tables, WithShards(1))
		WriteDeadLetters(s, out+".errors", beam.Flatten(s, dead, dead2))
		ptest.RunAndValidate(t, p)
		lines := readLines[line](t, out)
		slices.SortFunc(lines, func(a, b line) int { return int(a.Record - b.Record) })
		got := map[string][]map[string]any{}
		for _, l := range lines {
			name := filepath.Base(l.Path)
			if int(l.Record) != len(got[name]) {
				t.Fatalf("record %d comes as %d", l.Record, len(got[name]))
			}
			got[name] = append(got[name], l.Value.(map[string]any))
		}
		rows, _, _ := readParquet(t, out+".parquet")
		for _, name := range []string{"list.pkl", "frame.pkl"} {
			table := rows[filepath.Join("testdata", "records", name)]
			slices.SortFunc(table, func(a, b map[string]any) int {
				return int(a["id"].(float64) - b["id"].(float64))
			})
			if !reflect.DeepEqual(got[name], want) || !reflect.DeepEqual(table, want) {
				t.Errorf("ranges of %d of %s: %v, %v", most, name, got[name], table)
			}
		}
		letters := readLines[DeadLetter](t, out+".errors")
		if len(letters) != 2 || letters[0].Kind != "unsupported" ||
			filepath.Base(letters[1].Path) != "scalar.pkl" {
			t.Errorf("dead letters %+v", letters)
		}
	}
}

// typed is a row of testdata/documents.
type typed struct {
	I      int    `pickle:"i"`
	Text   string `pickle:"text"`
	Length int    `pickle:"-"`
}

func init() { beam.RegisterType(reflect.TypeFor[typed]()) }

// TestReadRows checks pickles that are read into a Go type, each a value or a list of values.
func TestReadRows(t *testing.T) {
	p, s := beam.NewPipelineWithRoot()
	each, dead := ReadRows(s, "testdata/documents/many.pkl", reflect.TypeFor[typed]())
	items, dead2 := ReadRows(s, "testdata/documents/one.pkl", reflect.TypeFor[typed](),
		WithRecords(3))
	out := filepath.Join(t.TempDir(), "rows")
	ToJSON(s, out, beam.ParDo(s, documentOf, beam.Flatten(s, each, items)), WithShards(1))
	WriteDeadLetters(s, out+".errors", beam.Flatten(s, dead, dead2))
	ptest.RunAndValidate(t, p)
	counts := map[string]int{}
	for _, l := range readLines[line](t, out) {
		counts[l.Value.(string)]++
	}
	for i := range 7 {
		if counts[fmt.Sprint(i, strings.Repeat("t", i))] != 2 {
			t.Errorf("%v", counts)
		}
	}
}

func init() { beam.RegisterFunction(documentOf) }

func documentOf(v typed) Document {
	return Document{JSON: fmt.Appendf(nil, "%q", fmt.Sprint(v.I, v.Text))}
}

// TestRefused checks the kinds of the dead letters that strictness, an audit and limits make.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		glob string
		opt  Option
		want map[string]int
	}{
		{"{*,hostile/evil}.pkl", WithStrict(), map[string]int{"unknown global": 1}},
		{"{*,hostile/evil}.pkl", WithAudit(audit.VerdictKnown), map[string]int{"audit": 1}},
		// Each of the files has more than one value.
		{"*.pkl", WithLimits(unpkl.Limits{Objects: 1}), map[string]int{"limit": 5}},
	} {
		out := filepath.Join(t.TempDir(), "out")
		p, s := beam.NewPipelineWithRoot()
		documents, dead := Read(s, "testdata/tables/"+c.glob, c.opt)
		ToJSON(s, out, documents)
		WriteDeadLetters(s, out+".errors", dead)
		ptest.RunAndValidate(t, p)
		got := map[string]int{}
		for _, d := range readLines[DeadLetter](t, out+".errors") {
			got[d.Kind]++
			if d.Kind == "audit" && (filepath.Base(d.Path) != "evil.pkl" || d.Offset <= 0 ||
				d.Opcode == "") {
				t.Errorf("%+v", d)
			}
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("dead letters %v, want %v", got, c.want)
		}
	}
}

// TestAuditOffset checks that the offset of a dead letter counts from the beginning of the file,
// even if its pickle is not the first of a range.
func TestAuditOffset(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "two.pkl")
	data := []byte("K\x01.cos\nsystem\n(S'true'\ntR.")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(folder, "errors")
	p, s := beam.NewPipelineWithRoot()
	_, dead := Read(s, path, WithAudit(audit.VerdictKnown), WithBlockSize(int64(len(data)-1)))
	WriteDeadLetters(s, out, dead)
	ptest.RunAndValidate(t, p)
	letters := readLines[DeadLetter](t, out)
	if len(letters) != 1 || letters[0].Kind != "audit" || letters[0].Offset != 3 {
		t.Errorf("%+v", letters)
	}
}

// TestMissing checks that a pattern that matches no file makes the pipeline fail.
func TestMissing(t *testing.T) {
	p, s := beam.NewPipelineWithRoot()
	documents, _ := Read(s, "testdata/*.nosuch")
	ToJSON(s, filepath.Join(t.TempDir(), "out"), documents)
	if err := ptest.Run(p); err == nil {
		t.Error("no error")
	}
}

// TestBeginsAt checks that the first pickle of a range is found wherever the range begins.
func TestBeginsAt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "many.pkl")
	data, err := os.ReadFile("testdata/documents/many.pkl")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	c := newConfig([]Option{WithBlockSize(1)})
	ranges := split(f, &c)
	if len(ranges) != 7 || ranges[0].Start != 0 || ranges[6].End != f.size {
		t.Fatalf("%v", ranges)
	}
	for start := range f.size + 1 {
		want := f.size
		for _, r := range ranges {
			if r.Start >= start {
				want = r.Start
				break
			}
		}
		for _, r := range ranges {
			if r.Start > start {
				break
			}
			at, ok := beginsAt(f, Range{Start: start, End: f.size, From: r.Start}, &c)
			if !ok || at != want {
				t.Errorf("from %d to %d: %d, %v, want %d", r.Start, start, at, ok, want)
			}
			if at, ok = decodeUpTo(f, r.Start, start, &c); !ok || at != want {
				t.Errorf("decoded from %d to %d: %d, %v, want %d", r.Start, start, at, ok, want)
			}
		}
	}
}

// TestTracker checks that a range that is split off begins after the claimed part, and that the
// search for its first pickle starts there.
func TestTracker(t *testing.T) {
	rt := newInner(Range{Start: 10, End: 110, From: 5})
	if !rt.TryClaim(int64(20)) {
		t.Fatal("20 is not claimed")
	}
	primary, residual, err := rt.TrySplit(0.5)
	if err != nil || primary != (Range{Start: 10, End: 65, From: 5}) ||
		residual != (Range{Start: 65, End: 110, From: 20}) {
		t.Errorf("%+v, %+v, %v", primary, residual, err)
	}
	if rt.TryClaim(int64(70)) || !rt.IsDone() || rt.GetRestriction() != primary {
		t.Errorf("%+v", rt)
	}
	whole := newInner(Range{End: 1, Whole: true})
	whole.TryClaim(int64(0))
	if primary, residual, err := whole.TrySplit(0); residual != nil || err != nil ||
		primary != (Range{End: 1, Whole: true}) {
		t.Errorf("%+v, %+v, %v", primary, residual, err)
	}
}

// TestSchemaOrder checks that the schema does not depend on the order of the tables.
func TestSchemaOrder(t *testing.T) {
	fn := &schemaFn{PathColumn: "path", Parquet: true}
	var tables []Table
	for i, fields := range [][]arrow.Field{
		{{Name: "a", Type: arrow.PrimitiveTypes.Int8}, {Name: "b", Type: arrow.BinaryTypes.String}},
		{{Name: "b", Type: arrow.PrimitiveTypes.Int64}, {Name: "c", Type: arrow.Null}},
		{{Name: "c", Type: arrow.PrimitiveTypes.Float32},
			{Name: "a", Type: arrow.PrimitiveTypes.Uint8}},
		{{Name: "path", Type: arrow.PrimitiveTypes.Float32}},
	} {
		var b bytes.Buffer
		w, err := ipc.NewFileWriter(&b, ipc.WithSchema(arrow.NewSchema(fields, nil)))
		if err != nil {
			t.Fatal(err)
		}
		w.Close()
		tables = append(tables, Table{Path: fmt.Sprint(i), Arrow: b.Bytes()})
	}
	var first string
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 3, 2}, {2, 0, 1, 3}} {
		halves := [2]columns{}
		for k, i := range order {
			var err error
			if halves[k%2], err = fn.AddInput(halves[k%2], tables[i]); err != nil {
				t.Fatal(err)
			}
		}
		out, err := fn.ExtractOutput(fn.MergeAccumulators(halves[0], halves[1]))
		if err != nil {
			t.Fatal(err)
		}
		schema, err := streamSchema(out.Arrow)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = schema.String()
		}
		a, _ := schema.FieldsByName("a")
		c, _ := schema.FieldsByName("c")
		if schema.String() != first || schema.NumFields() != 3 ||
			!arrow.TypeEqual(a[0].Type, arrow.PrimitiveTypes.Int16) ||
			!arrow.TypeEqual(c[0].Type, arrow.PrimitiveTypes.Float32) {
			t.Errorf("%v: %s", order, schema)
		}
		own, _ := schemaOf(tables[1].Arrow)
		if err := checkFits(schema, own); err == nil {
			t.Error("a column of int64 goes with one of text")
		}
	}
}
