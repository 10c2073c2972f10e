package pickleio

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/unpkl/unpkl/internal/batch"
)

func init() { register.Combiner3[columns, Table, Schema](&schemaFn{}) }

// Schema is the schema of the combined table.
type Schema struct {
	// Arrow is an Arrow IPC stream of the schema and no rows.
	Arrow []byte
}

// columns are the columns of all tables so far, sorted by name.
type columns struct {
	Columns []column
}

// column describes all columns of one name.
type column struct {
	Name string
	// First is the smallest key of a table that has the column: its path, offset and record.
	// Position is the column's position in that table.
	First    string
	Position int64
	Types    []columnType
}

// columnType is one of the types of a column.
type columnType struct {
	// Print identifies the type. Arrow is an IPC stream whose schema is one field of the type.
	// First is the smallest key of a table in which the column has the type.
	Print string
	Arrow []byte
	First string
}

// schemaFn combines the schemas of tables. Its result does not depend on the order in which the
// tables come, because it orders them by path, offset and record: columns are in the order of their
// first appearance, and the types of a column are widened in that order too. A type that cannot be
// combined with those before it is left out.
type schemaFn struct {
	PathColumn string
	Parquet    bool
}

// CreateAccumulator returns an empty set of columns.
func (*schemaFn) CreateAccumulator() columns { return columns{} }

// AddInput adds the columns of a table, unless the output cannot hold the table.
func (fn *schemaFn) AddInput(all columns, t Table) (columns, error) {
	schema, err := schemaOf(t.Arrow)
	if err != nil {
		return all, err
	}
	if fn.refuses(schema) != nil {
		return all, nil
	}
	place := fmt.Sprintf("%s\x00%020d\x00%020d", t.Path, t.Offset, t.Record+1)
	for i, f := range schema.Fields() {
		t := batch.StoredType(f.Type)
		print := cmp.Or(t.Fingerprint(), t.String())
		c := column{Name: f.Name, First: place, Position: int64(i)}
		have, found := all.find(f.Name)
		if found && slices.ContainsFunc(all.Columns[have].Types, func(t columnType) bool {
			return t.Print == print && t.First <= place
		}) && all.Columns[have].First <= place {
			continue
		}
		data, err := schemaBytes(arrow.NewSchema([]arrow.Field{{Name: f.Name, Type: t}}, nil))
		if err != nil {
			return all, err
		}
		c.Types = []columnType{{print, data, place}}
		all.add(c)
	}
	return all, nil
}

// refuses returns an error if the output can never hold a table of this schema.
func (fn *schemaFn) refuses(schema *arrow.Schema) error {
	seen := map[string]bool{fn.PathColumn: true}
	for _, f := range schema.Fields() {
		if f.Name == fn.PathColumn {
			return fmt.Errorf("pickleio: %w: a column is called %q as that of the paths",
				batch.ErrSchema, f.Name)
		}
		if seen[f.Name] {
			return fmt.Errorf("pickleio: %w: two columns are called %q", batch.ErrSchema, f.Name)
		}
		seen[f.Name] = true
		if !fn.Parquet {
			continue
		}
		if err := batch.ParquetRefuses(batch.StoredType(f.Type)); err != nil {
			return fmt.Errorf("pickleio: %w: column %q: %w", batch.ErrSchema, f.Name, err)
		}
	}
	return nil
}

// find returns the position of a column, or the position at which to insert it.
func (c *columns) find(name string) (int, bool) {
	return slices.BinarySearchFunc(c.Columns, name, func(c column, name string) int {
		return cmp.Compare(c.Name, name)
	})
}

// add merges one more column into those so far.
func (c *columns) add(next column) {
	i, found := c.find(next.Name)
	if !found {
		c.Columns = slices.Insert(c.Columns, i, next)
		return
	}
	have := &c.Columns[i]
	if next.First < have.First {
		have.First, have.Position = next.First, next.Position
	}
	for _, t := range next.Types {
		k := slices.IndexFunc(have.Types, func(h columnType) bool { return h.Print == t.Print })
		if k < 0 {
			have.Types = append(have.Types, t)
		} else {
			have.Types[k].First = min(have.Types[k].First, t.First)
		}
	}
}

// MergeAccumulators adds the columns of b to a.
func (*schemaFn) MergeAccumulators(a, b columns) columns {
	for _, c := range b.Columns {
		a.add(c)
	}
	return a
}

// ExtractOutput returns the combined schema.
func (*schemaFn) ExtractOutput(all columns) (Schema, error) {
	slices.SortFunc(all.Columns, func(a, b column) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Position, b.Position))
	})
	fields := make([]arrow.Field, len(all.Columns))
	for i, c := range all.Columns {
		t, err := c.unified()
		if err != nil {
			return Schema{}, err
		}
		fields[i] = arrow.Field{Name: c.Name, Type: t, Nullable: true}
	}
	data, err := schemaBytes(arrow.NewSchema(fields, nil))
	return Schema{data}, err
}

// unified returns the widest type of a column.
func (c *column) unified() (arrow.DataType, error) {
	slices.SortFunc(c.Types, func(a, b columnType) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Print, b.Print))
	})
	var wide arrow.DataType = arrow.Null
	for _, t := range c.Types {
		schema, err := streamSchema(t.Arrow)
		if err != nil {
			return nil, err
		}
		if next, ok := batch.Widened(wide, schema.Field(0).Type); ok {
			wide = next
		}
	}
	return wide, nil
}

// schemaOf returns the schema of an Arrow IPC file.
func schemaOf(data []byte) (*arrow.Schema, error) {
	r, err := ipc.NewFileReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.Schema(), nil
}

func schemaBytes(schema *arrow.Schema) ([]byte, error) {
	var b bytes.Buffer
	err := ipc.NewWriter(&b, ipc.WithSchema(schema)).Close()
	return b.Bytes(), err
}

func streamSchema(data []byte) (*arrow.Schema, error) {
	r, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer r.Release()
	return r.Schema(), nil
}

// checkFits returns an [batch.ErrSchema] if a table has a column, or a type of one, that the schema
// cannot hold.
func checkFits(schema, table *arrow.Schema) error {
	for _, f := range table.Fields() {
		t := batch.StoredType(f.Type)
		want, ok := schema.FieldsByName(f.Name)
		if !ok {
			return fmt.Errorf("pickleio: %w: column %q is new", batch.ErrSchema, f.Name)
		}
		if wide, ok := batch.Widened(want[0].Type, t); !ok || !arrow.TypeEqual(wide, want[0].Type) {
			return fmt.Errorf("pickleio: %w: column %q is %s, and %s in files before",
				batch.ErrSchema, f.Name, t, want[0].Type)
		}
	}
	return nil
}
