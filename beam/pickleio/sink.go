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

// SinkOption is an option of writing.
type SinkOption func(*sinkConfig)

type sinkConfig struct {
	shards     int
	pathColumn string
	zstd       bool
}

// shardsDefault is the default number of files.
const shardsDefault = 8

func newSinkConfig(opts []SinkOption) sinkConfig {
	c := sinkConfig{shards: shardsDefault, pathColumn: "path"}
	for _, o := range opts {
		o(&c)
	}
	return c
}

// WithShards sets the number of files, each of which one worker writes: NAME-00000-of-00008.parquet
// and so on. The default is 8; with 1 the file is called NAME.parquet. A file that would be empty
// is not written.
func WithShards(n int) SinkOption { return func(c *sinkConfig) { c.shards = max(1, n) } }

// WithPathColumn sets the name of the column that holds the paths of the files; the default is
// path.
func WithPathColumn(name string) SinkOption { return func(c *sinkConfig) { c.pathColumn = name } }

// WithZstd compresses with Zstandard. Without it, Parquet is compressed with Snappy and Arrow is
// not compressed.
func WithZstd() SinkOption { return func(c *sinkConfig) { c.zstd = true } }

// ToParquet writes the tables of [ReadTables] as Parquet files. A row group has at most 1,048,576
// rows, and about 64 MiB before compression. All files have the schema that combines those of all
// tables: a column that a table lacks is null in its rows, and number types are widened if that
// keeps every value, as in `unpkl convert`. In conflicts the tables that are first by path win; the
// others are returned as a PCollection of [DeadLetter] of the kind "schema".
//
// A file gets its name when it is complete. The rows of one [Table] stay together and in order; the
// order of tables is not specified.
func ToParquet(s beam.Scope, name string, tables beam.PCollection, opts ...SinkOption) (
	dead beam.PCollection) {
	return toTables(s.Scope("pickleio.ToParquet"), name, tables, newSinkConfig(opts), true)
}

// ToArrow is like [ToParquet] but writes Arrow IPC files, with the record batches of the tables.
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

// ToJSON writes documents of [Read] as lines of JSON with path, offset, record and value. A file
// gets its name when it is complete.
func ToJSON(s beam.Scope, name string, documents beam.PCollection, opts ...SinkOption) {
	s = s.Scope("pickleio.ToJSON")
	filesystem.ValidateScheme(name)
	c := newSinkConfig(opts)
	grouped := beam.GroupByKey(s, beam.ParDo(s, shardOfDocument, documents,
		beam.SideInput{Input: beam.Create(s, c.shards)}))
	beam.ParDo0(s, &writeDocumentFn{name, c.shards}, grouped)
}

// WriteDeadLetters writes dead letters as lines of JSON with path, kind, opcode, offset and text.
// It writes no file if there are none.
func WriteDeadLetters(s beam.Scope, name string, dead beam.PCollection) {
	s = s.Scope("pickleio.WriteDeadLetters")
	filesystem.ValidateScheme(name)
	beam.ParDo0(s, &writeDeadFn{name}, beam.GroupByKey(s, beam.AddFixedKey(s, dead)))
}

func shardOfTable(t Table, shards int) (int, Table)          { return shardOf(t.Path, shards), t }
func shardOfDocument(d Document, shards int) (int, Document) { return shardOf(d.Path, shards), d }

// shardOf returns the shard of a file.
func shardOf(path string, shards int) int {
	h := fnv.New32a()
	io.WriteString(h, path)
	return int(h.Sum32() % uint32(shards))
}

// shardName returns the name of the file of a shard.
func shardName(name string, shard, shards int) string {
	if shards == 1 {
		return name
	}
	ending := path.Ext(name)
	return fmt.Sprintf("%s-%05d-of-%05d%s", strings.TrimSuffix(name, ending), shard, shards, ending)
}

// writeFile writes a file so that its name never stands for half a file. It writes under a
// temporary name and renames; on a file system that cannot rename it makes one upload, which it
// cancels on an error.
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

// ProcessElement writes a shard. It reads one table at a time and keeps none.
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

// check returns an error if a table does not fit the combined schema.
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
