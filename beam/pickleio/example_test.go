package pickleio_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/audit"

	"github.com/unpkl/unpkl/beam/pickleio"
)

// inFolder calls an example with a temporary folder.
func inFolder(do func(folder string)) {
	folder, err := os.MkdirTemp("", "pickleio")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	do(folder)
}

// run runs a pipeline with the Prism runner in this process.
func run(p *beam.Pipeline) {
	if err := beamx.Run(context.Background(), p); err != nil {
		panic(err)
	}
}

// printSorted prints the lines of a file, sorted.
func printSorted(name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		panic(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	slices.Sort(lines)
	fmt.Println(strings.Join(lines, "\n"))
}

// Each pickle of a file becomes a line of JSON.
func ExampleRead() {
	inFolder(func(folder string) {
		p, s := beam.NewPipelineWithRoot()
		documents, dead := pickleio.Read(s, "testdata/documents/many.pkl", pickleio.WithStrict())
		out := filepath.Join(folder, "all.jsonl")
		pickleio.ToJSON(s, out, documents, pickleio.WithShards(1))
		pickleio.WriteDeadLetters(s, filepath.Join(folder, "errors.jsonl"), dead)
		run(p)
		text, _ := os.ReadFile(out)
		fmt.Println(strings.Count(string(text), "\n"), "documents")
	})
	// Output: 7 documents
}

// Tables are written as one data set of Parquet files. A table that does not fit is reported with
// the reason.
func ExampleReadTables() {
	inFolder(func(folder string) {
		p, s := beam.NewPipelineWithRoot()
		tables, dead := pickleio.ReadTables(s, "testdata/tables/*.pkl",
			pickleio.WithLimits(unpkl.Limits{Objects: 1e6}), pickleio.WithAudit(audit.VerdictKnown))
		refused := pickleio.ToParquet(s, filepath.Join(folder, "all.parquet"), tables,
			pickleio.WithShards(1), pickleio.WithPathColumn("file"), pickleio.WithZstd())
		errors := filepath.Join(folder, "errors.jsonl")
		pickleio.WriteDeadLetters(s, errors, beam.Flatten(s, dead, refused))
		run(p)
		printSorted(errors)
	})
	// Output:
	// {"path":"testdata/tables/d.pkl","kind":"schema","offset":-1,"text":"pickleio: another schema: column \"n\" is large_utf8, and int32 in files before"}
}

// item is a row of a table in Go.
type item struct {
	Number int    `pickle:"i"`
	Text   string `pickle:"text"`
}

func init() {
	beam.RegisterType(reflect.TypeFor[item]())
	beam.RegisterFunction(describe)
}

func describe(v item) pickleio.Document {
	return pickleio.Document{JSON: fmt.Appendf(nil, "%q", fmt.Sprint(v.Number, " ", v.Text))}
}

// The dicts of a list become values of a Go type, which other transforms can use.
func ExampleReadRows() {
	inFolder(func(folder string) {
		p, s := beam.NewPipelineWithRoot()
		items, _ := pickleio.ReadRows(s, "testdata/documents/one.pkl", reflect.TypeFor[item](),
			pickleio.WithRecords(1000))
		out := filepath.Join(folder, "all.jsonl")
		pickleio.ToJSON(s, out, beam.ParDo(s, describe, items), pickleio.WithShards(1))
		run(p)
		text, _ := os.ReadFile(out)
		fmt.Println(strings.Count(string(text), `"value":`), strings.Contains(string(text), "2 tt"))
	})
	// Output: 7 true
}

// A long file of pickles is read by several workers, in parts of about the given size.
func ExampleWithBlockSize() {
	inFolder(func(folder string) {
		p, s := beam.NewPipelineWithRoot()
		tables, _ := pickleio.ReadTables(s, "testdata/tables/a.pkl", pickleio.WithBlockSize(1<<20))
		out := filepath.Join(folder, "all.arrow")
		pickleio.ToArrow(s, out, tables, pickleio.WithShards(1))
		run(p)
		info, err := os.Stat(out)
		fmt.Println(info.Size() > 0, err)
	})
	// Output: true <nil>
}
