// Command unpkl-beam turns a folder or bucket of Python pickles into Parquet, Arrow or JSON, on any
// runner that Apache Beam has for Go. Nothing of a pickle is executed.
//
//	unpkl-beam --input 'in/**/*.pkl' --output out/all.parquet --errors out/errors.jsonl
//	unpkl-beam --runner universal --endpoint localhost:8073 --environment_type LOOPBACK ...
//	unpkl-beam --runner dataflow --project P --region R --staging_location gs://B/staging ...
//
// Without --runner it is Prism in this process. The flags of the runners are Beam's. The format is
// that of the ending of --output: .parquet, .arrow or .feather, .jsonl.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/metrics"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/s3"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/audit"

	"github.com/unpkl/unpkl/beam/pickleio"
)

// flags are those of this command; those of Beam's runners are beside them.
var flags struct {
	input, output, errors string
	strict                bool
	audit, allow          string
	records, shards       int
	objects               int64
	pathColumn            string
	zstd                  bool
}

func init() {
	flag.StringVar(&flags.input, "input", "",
		"the files: a pattern, in which ** stands for any number of local folders, or a folder")
	flag.StringVar(&flags.output, "output", "",
		"what to write: NAME.parquet, .arrow, .feather or .jsonl")
	flag.StringVar(&flags.errors, "errors", "",
		"where to write what could not be read, as lines of JSON")
	flag.BoolVar(&flags.strict, "strict", false,
		"refuse pickles that name classes which are neither rebuilt nor allowed")
	flag.StringVar(&flags.allow, "allow", "",
		"with --strict or --audit, names that are allowed, with commas between")
	flag.StringVar(&flags.audit, "audit", "",
		"refuse pickles of which an audit finds worse: data, known or unknown")
	flag.IntVar(&flags.records, "records", 0,
		"read the items of lists and the rows of tables by ranges of so many")
	flag.IntVar(&flags.shards, "shards", 8, "how many files to write")
	flag.Int64Var(&flags.objects, "max-objects", 0, "how many values one pickle may have; 0 is any")
	flag.StringVar(&flags.pathColumn, "path-column", "path",
		"the column of a table that has the paths of the files")
	flag.BoolVar(&flags.zstd, "zstd", false, "compress Parquet and Arrow by zstd")
}

func main() {
	flag.Parse()
	beam.Init()
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "unpkl-beam:", err)
		os.Exit(1)
	}
}

// run builds the pipeline, runs it and writes its counters as JSON to standard output.
func run(ctx context.Context) error {
	if flags.input == "" || flags.output == "" || flag.NArg() > 0 {
		return errors.New("--input and --output say what to read and to write; see --help")
	}
	p, s := beam.NewPipelineWithRoot()
	if err := build(s); err != nil {
		return err
	}
	result, err := beamx.RunWithMetrics(ctx, p)
	if err != nil {
		return err
	}
	return writeCounters(result)
}

// build builds the pipeline.
func build(s beam.Scope) error {
	opts, err := readOptions()
	if err != nil {
		return err
	}
	sinks := []pickleio.SinkOption{pickleio.WithShards(flags.shards),
		pickleio.WithPathColumn(flags.pathColumn)}
	if flags.zstd {
		sinks = append(sinks, pickleio.WithZstd())
	}
	var dead beam.PCollection
	switch ending := strings.ToLower(path.Ext(flags.output)); ending {
	case ".jsonl":
		var documents beam.PCollection
		documents, dead = pickleio.Read(s, flags.input, opts...)
		pickleio.ToJSON(s, flags.output, documents, sinks...)
	case ".parquet", ".arrow", ".feather":
		to := pickleio.ToParquet
		if ending != ".parquet" {
			to = pickleio.ToArrow
		}
		tables, unread := pickleio.ReadTables(s, flags.input, opts...)
		dead = beam.Flatten(s, unread, to(s, flags.output, tables, sinks...))
	default:
		return fmt.Errorf("--output ends in .parquet, .arrow, .feather or .jsonl, not as %s",
			flags.output)
	}
	if flags.errors != "" {
		pickleio.WriteDeadLetters(s, flags.errors, dead)
	}
	return nil
}

func readOptions() ([]pickleio.Option, error) {
	opts := []pickleio.Option{pickleio.WithLimits(unpkl.Limits{Objects: flags.objects})}
	var allow []string
	if flags.allow != "" {
		allow = strings.Split(flags.allow, ",")
	}
	if flags.strict {
		opts = append(opts, pickleio.WithStrict(allow...))
	}
	switch v := audit.Verdict(flags.audit); v {
	case "":
	case audit.VerdictData, audit.VerdictKnown, audit.VerdictUnknown:
		opts = append(opts, pickleio.WithAudit(v))
	default:
		return nil, fmt.Errorf("--audit is data, known or unknown, not %q", flags.audit)
	}
	if flags.records > 0 {
		opts = append(opts, pickleio.WithRecords(flags.records))
	}
	return opts, nil
}

// writeCounters writes the counters of the pipeline, where its runner has them.
func writeCounters(result beam.PipelineResult) error {
	if result == nil {
		return nil
	}
	found := result.Metrics().Query(func(r beam.MetricResult) bool {
		return r.Namespace() == "pickleio"
	})
	sums := map[string]int64{}
	for _, c := range found.Counters() {
		sums[c.Key.Name] += counted(c)
	}
	return json.NewEncoder(os.Stdout).Encode(sums)
}

// counted is what a runner says of a counter: some have what was committed, others only what was
// attempted.
func counted(c metrics.CounterResult) int64 { return max(c.Committed, c.Attempted) }
