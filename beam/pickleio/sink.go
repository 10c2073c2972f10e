package pickleio

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"path"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/unpkl/unpkl/internal/batch"
)

func init() {
	register.Function2x2(shardOfTable)
	register.Function2x2(shardOfDocument)
	register.DoFn5x1[context.Context, int, func(*Table) bool, Schema, func(DeadLetter), error](
		&writeTableFn{})
	register.DoFn3x1[context.Context, int, func(*Document) bool, error](&writeDocumentFn{})
	register.DoFn3x1[context.Context, int, func(*DeadLetter) bool, error](&writeDeadFn{})
	register.Iter1[Table]()
	register.Iter1[Document]()
	register.Iter1[DeadLetter]()
}

// SinkOption says how something is written.
type SinkOption func(*sinkConfig)

type sinkConfig struct {
	shards     int
	pathColumn string
	zstd       bool
}

// shardsDefault is how many files a sink writes.
const shardsDefault = 8

func newSinkConfig(opts []SinkOption) sinkConfig {
	c := sinkConfig{shards: shardsDefault, pathColumn: "path"}
	for _, o := range opts {
		o(&c)
	}
	return c
}

// WithShards sets how many files are written, each by one worker: NAME-00000-of-00008.parquet and
// so on. The default is 8; with 1 the file is called NAME.parquet. A file is not written where
// nothing falls to it.
func WithShards(n int) SinkOption { return func(c *sinkConfig) { c.shards = max(1, n) } }

// WithPathColumn names the column of tables that has the paths of the files; the default is path.
func WithPathColumn(name string) SinkOption { return func(c *sinkConfig) { c.pathColumn = name } }

// WithZstd compresses Parquet by zstd instead of Snappy, and Arrow, which else is not compressed.
func WithZstd() SinkOption { return func(c *sinkConfig) { c.zstd = true } }

// ToParquet writes tables of [ReadTables] as Parquet files, whose row groups have at most 64 MiB
// before compression or 1,048,576 rows, but for the last file in them. The schema is that of all
// tables: a column that a file has not is null in its rows, numbers are widened where every value
// survives, as `unpkl convert` does. A table that does not go with the others, the first by their
// paths, is in the PCollection of [DeadLetter] that is returned, of the kind schema.
//
// A file has its name once it is whole. The rows of one [Table] are together and in order; the
// order of tables is not said.
func ToParquet(s beam.Scope, name string, tables beam.PCollection, opts ...SinkOption) (
	dead beam.PCollection) {
	return toTables(s.Scope("pickleio.ToParquet"), name, tables, newSinkConfig(opts), true)
}

// ToArrow is [ToParquet] for Arrow files, with a record batch for each batch of the tables.
func ToArrow(s beam.Scope, name string, tables beam.PCollection, opts ...SinkOption) (
	dead beam.PCollection) {
	return toTables(s.Scope("pickleio.ToArrow"), name, tables, newSinkConfig(opts), false)
}

func toTables(s beam.Scope, name string, tables beam.PCollection, c sinkConfig,
	isParquet bool) beam.PCollection {
	filesystem.ValidateScheme(name)
	schema := beam.Combine(s, &schemaFn{c.pathColumn, isParquet}, tables)
	grouped := beam.GroupByKey(s, beam.ParDo(s, shardOfTable, tables,
		beam.SideInput{Input: beam.Create(s, c.shards)}))
	fn := &writeTableFn{Name: name, Shards: c.shards, PathColumn: c.pathColumn, Parquet: isParquet,
		Zstd: c.zstd}
	return beam.ParDo(s, fn, grouped, beam.SideInput{Input: schema})
}

// ToJSON writes documents of [Read] as lines of JSON: path, offset, record, value. A file has its
// name once it is whole.
func ToJSON(s beam.Scope, name string, documents beam.PCollection, opts ...SinkOption) {
	s = s.Scope("pickleio.ToJSON")
	filesystem.ValidateScheme(name)
	c := newSinkConfig(opts)
	grouped := beam.GroupByKey(s, beam.ParDo(s, shardOfDocument, documents,
		beam.SideInput{Input: beam.Create(s, c.shards)}))
	beam.ParDo0(s, &writeDocumentFn{name, c.shards}, grouped)
}

// WriteDeadLetters writes dead letters as lines of JSON: path, kind, opcode, offset, text. There is
// no file where there are none.
func WriteDeadLetters(s beam.Scope, name string, dead beam.PCollection) {
	s = s.Scope("pickleio.WriteDeadLetters")
	filesystem.ValidateScheme(name)
	beam.ParDo0(s, &writeDeadFn{name}, beam.GroupByKey(s, beam.AddFixedKey(s, dead)))
}

func shardOfTable(t Table, shards int) (int, Table)          { return shardOf(t.Path, shards), t }
func shardOfDocument(d Document, shards int) (int, Document) { return shardOf(d.Path, shards), d }

// shardOf spreads files over shards.
func shardOf(path string, shards int) int {
	h := fnv.New32a()
	io.WriteString(h, path)
	return int(h.Sum32() % uint32(shards))
}

// shardName is the name of one of several files.
func shardName(name string, shard, shards int) string {
	if shards == 1 {
		return name
	}
	ending := path.Ext(name)
	return fmt.Sprintf("%s-%05d-of-%05d%s", strings.TrimSuffix(name, ending), shard, shards, ending)
}

// writeFile writes a file, which has its name once it is whole: under another name before that, or
// on a file system that cannot rename, as one upload, which is broken off where there is an error.
func writeFile(ctx context.Context, name string, fill func(w io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	system, err := filesystem.New(ctx, name)
	if err != nil {
		return err
	}
	defer system.Close()
	renamer, renames := system.(filesystem.Renamer)
	to := name
	if renames {
		to = name + ".part-" + rand.Text()
	}
	f, err := system.OpenWrite(ctx, to)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(f, 1<<18)
	if err = fill(b); err == nil {
		err = b.Flush()
	}
	if err != nil {
		cancel()
	}
	err = errors.Join(err, f.Close())
	switch {
	case err == nil && renames:
		return renamer.Rename(ctx, to, name)
	case err != nil && renames:
		if r, ok := system.(filesystem.Remover); ok {
			r.Remove(context.WithoutCancel(ctx), to)
		}
	}
	return err
}

// writeTableFn writes the tables of a shard.
type writeTableFn struct {
	Name       string
	Shards     int
	PathColumn string
	Parquet    bool
	Zstd       bool
}

// ProcessElement writes a shard. Tables come one at a time and are not kept.
func (fn *writeTableFn) ProcessElement(ctx context.Context, shard int, tables func(*Table) bool,
	unified Schema, dead func(DeadLetter)) error {
	columns, err := streamSchema(unified.Arrow)
	if err != nil {
		return err
	}
	schema := batch.TableSchema(fn.PathColumn, columns.Fields())
	name := shardName(fn.Name, shard, fn.Shards)
	return writeFile(ctx, name, func(w io.Writer) error {
		sink, err := batch.NewTableSink(w, schema, fn.Parquet, fn.Zstd)
		if err != nil {
			return err
		}
		for t := (Table{}); tables(&t); {
			err := fn.check(columns, &t)
			if err != nil {
				letter := deadLetter(t.Path, t.Offset, err)
				count(ctx, "errors "+letter.Kind, 1)
				dead(letter)
				continue
			}
			if err := writeTable(sink, schema, &t); err != nil {
				return fmt.Errorf("pickleio: %s: %w", t.Path, err)
			}
		}
		return sink.Close()
	})
}

// check returns why a table has no place among the others, else nil.
func (fn *writeTableFn) check(columns *arrow.Schema, t *Table) error {
	own, err := schemaOf(t.Arrow)
	if err != nil {
		return err
	}
	if err := (&schemaFn{fn.PathColumn, fn.Parquet}).refuses(own); err != nil {
		return err
	}
	return checkFits(columns, own)
}

func writeTable(sink batch.TableSink, schema *arrow.Schema, t *Table) error {
	return batch.EachBatch(bytes.NewReader(t.Arrow), func(b arrow.RecordBatch) error {
		fitted, err := batch.Fit(b, schema, t.Path)
		if err != nil {
			return err
		}
		defer fitted.Release()
		return sink.Write(fitted)
	})
}

// writeDocumentFn writes the documents of a shard.
type writeDocumentFn struct {
	Name   string
	Shards int
}

// ProcessElement writes a shard.
func (fn *writeDocumentFn) ProcessElement(ctx context.Context, shard int,
	documents func(*Document) bool) error {
	return writeFile(ctx, shardName(fn.Name, shard, fn.Shards), func(w io.Writer) error {
		for d := (Document{}); documents(&d); {
			line := struct {
				*Document
				Value json.RawMessage `json:"value"`
			}{&d, d.JSON}
			if err := writeLine(w, line); err != nil {
				return fmt.Errorf("pickleio: %s: %w", d.Path, err)
			}
		}
		return nil
	})
}

func writeLine(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		_, err = w.Write(append(text, '\n'))
	}
	return err
}

// writeDeadFn writes all dead letters.
type writeDeadFn struct{ Name string }

// ProcessElement writes the file.
func (fn *writeDeadFn) ProcessElement(ctx context.Context, _ int,
	letters func(*DeadLetter) bool) error {
	return writeFile(ctx, fn.Name, func(w io.Writer) error {
		for d := (DeadLetter{}); letters(&d); {
			if err := writeLine(w, d); err != nil {
				return err
			}
		}
		return nil
	})
}
