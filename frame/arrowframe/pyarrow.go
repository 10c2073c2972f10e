package arrowframe

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/arrowcheck"
	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/framehook"
	"github.com/unpkl/unpkl/pickle"
)

// Tables and columns that were read from pyarrow are written as pyarrow's again. Each column keeps
// the type that it had, which package reconstruct has noted. A new column gets the type that
// FromFrame gives it.

func init() {
	bridge.WritePyarrow = func(v any) (o any, err error) {
		defer recovered(&err)
		switch v := v.(type) {
		case *frame.Frame:
			return pyarrowTable(v)
		case *frame.Series:
			return pyarrowColumn(v)
		}
		return nil, pickle.Unsupported("a %T of pyarrow", v)
	}
	bridge.ReadPyarrow = readPyarrow
	bridge.PyarrowGeometries = func(table, schema any) error {
		return pyarrowGeometries(table.(*frame.Frame), schema)
	}
}

// readPyarrow returns an array of pyarrow as a *frame.Series. With an error of the kind
// pickle.ErrUnsupported it may return the number of elements, an int, instead.
func readPyarrow(v any) (s any, err error) {
	defer recovered(&err)
	value, err := FromPickle(v)
	if err != nil {
		return nil, err
	}
	chunks, ok := value.(*arrow.Chunked)
	if a, isArray := value.(arrow.Array); isArray {
		chunks, ok = arrow.NewChunked(a.DataType(), []arrow.Array{a}), true
	}
	if !ok {
		return nil, pickle.Unsupported("a %T as a column", value)
	}
	whole, err := array.Concatenate(chunks.Chunks(), memory.DefaultAllocator)
	if err != nil {
		return chunks.Len(), pickle.Unsupported("chunks of %s", chunks.DataType())
	}
	defer whole.Release()
	if err := viewsFit(whole); err != nil {
		return chunks.Len(), pickle.Unsupported("%v", err)
	}
	if storageOf(chunks.DataType()) != chunks.DataType() {
		return chunks.Len(), pickle.Unsupported("a column of %s", chunks.DataType())
	}
	column, err := series(whole, arrow.Field{Type: whole.DataType(), Nullable: true})
	if err != nil {
		return chunks.Len(), pickle.Unsupported("%v", err)
	}
	column.DType = pyarrowName(whole.DataType()) + "[pyarrow]"
	return column, nil
}

// viewsFit returns an error if views of text and lists overlap so much that copies of all elements
// would take far more memory than the array.
func viewsFit(a arrow.Array) error {
	const least = 1 << 20
	schema := arrow.NewSchema([]arrow.Field{{Name: "", Type: a.DataType(), Nullable: true}}, nil)
	batch := array.NewRecordBatch(schema, []arrow.Array{a}, int64(a.Len()))
	defer batch.Release()
	_, err := arrowcheck.Views(batch, least+8*int64(a.Data().SizeInBytes()))
	return err
}

// pyarrowTable returns a frame as a Table or RecordBatch.
func pyarrowTable(f *frame.Frame) (any, error) {
	if x := f.Index; x == nil || !x.IsRange() || x.Start != 0 || x.Step != 1 {
		return nil, pickle.Unsupported("a table of pyarrow with an index")
	}
	fields := fieldsByName(framehook.Origin(f))
	whole := f.Class == "pyarrow.lib.Table"
	columns, schema := types.List{}, types.List{}
	for i, s := range f.Columns {
		name, ok := s.Name.(string)
		if !ok {
			return nil, pickle.Unsupported("a column of pyarrow called %T", s.Name)
		}
		field := fields.take(name, i)
		column, typ, err := pyarrowValues(s, argument(field, 1))
		if err != nil {
			return nil, err
		}
		columns = append(columns, inTable(column, typ, whole))
		if field == nil {
			field = []any{name, typ, true, nil}
		}
		schema = append(schema, lib("field", field...))
	}
	maker := "_reconstruct_record_batch"
	if whole {
		maker = "_reconstruct_table"
	}
	meta := f.Extra["metadata"]
	return lib(maker, &columns, lib("schema", &schema, meta)), nil
}

// inTable returns a column in the form of a Table, in chunks, if whole is set, else in that of a
// RecordBatch, as one array.
func inTable(column *pickle.Object, typ any, whole bool) any {
	name, args := callOf(column)
	if chunked := name == "chunked_array"; chunked == whole {
		return column
	} else if !chunked {
		return lib("chunked_array", &types.List{column}, typ)
	}
	chunks, _ := itemsOf(argument(args, 0))
	return argument(chunks, 0)
}

// tableFields has the arguments of the fields of a schema. Each field is used once and then nil.
type tableFields [][]any

// fieldsByName returns the fields of a schema as the pickle had it.
func fieldsByName(schema any) tableFields {
	_, args := callOf(schema)
	list, _ := itemsOf(argument(args, 0))
	fields := make(tableFields, len(list))
	for i, v := range list {
		if name, args := callOf(v); name == "field" && len(args) > 1 {
			fields[i] = args
		}
	}
	return fields
}

// take returns the field of a column and marks it as used: the field at the same position if it has
// the name of the column, else the first that has.
func (t tableFields) take(name string, at int) []any {
	try := func(i int) []any {
		if i >= len(t) || t[i] == nil {
			return nil
		}
		field := t[i]
		if text, ok := textOf(field[0]); !ok || text != name {
			return nil
		}
		t[i] = nil
		return field
	}
	if field := try(at); field != nil {
		return field
	}
	for i := range t {
		if field := try(i); field != nil {
			return field
		}
	}
	return nil
}

// pyarrowColumn returns a series as an Array or ChunkedArray.
func pyarrowColumn(s *frame.Series) (any, error) {
	column, typ, err := pyarrowValues(s, framehook.Origin(s))
	if err != nil {
		return nil, err
	}
	if s.Class == "pyarrow.lib.ChunkedArray" {
		return inTable(column, typ, true), nil
	}
	return column, nil
}

// pyarrowValues returns the elements of a column as an array of pyarrow, and the type of the array.
// typ is the type that the pickle had, or nil for the type that FromFrame gives the column.
func pyarrowValues(s *frame.Series, typ any) (column *pickle.Object, said any, err error) {
	if s.Kind == frame.Opaque {
		o, ok := s.Raw.(*pickle.Object)
		name, _ := callOf(o)
		if !ok || typ == nil || name != "chunked_array" && name != "_restore_array" {
			return nil, nil, unsupported(s)
		}
		return o, typ, nil
	}
	if o, isObject := typ.(*pickle.Object); isObject && isOfNoBytes(o) {
		column, err = noBytes(s, o)
		return column, typ, err
	}
	var want arrow.DataType
	if typ != nil {
		if want, err = dataType(typ, 0); err != nil {
			return nil, nil, err
		}
	}
	c := &converter{mem: memory.DefaultAllocator}
	a, err := c.typed(s, want)
	if err != nil {
		return nil, nil, err
	}
	if said = typ; said == nil {
		if said, err = reduceType(a.DataType()); err != nil {
			return nil, nil, err
		}
	}
	o, err := reduceArray(a)
	if err != nil {
		return nil, nil, err
	}
	return o.(*pickle.Object), said, nil
}

// isOfNoBytes reports whether a type is that of lists or bytes of fixed length 0, which Arrow's Go
// library does not have.
func isOfNoBytes(typ *pickle.Object) bool {
	name, args := callOf(typ)
	return name == "list_" && argument(args, 1) == 0 || name == "binary" && argument(args, 0) == 0
}

// noBytes returns an array of a type for which isOfNoBytes is true.
func noBytes(s *frame.Series, typ *pickle.Object) (*pickle.Object, error) {
	b := array.NewBooleanBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range s.Len() {
		switch v := s.At(i).(type) {
		case nil:
			b.AppendNull()
		case []any:
			b.Append(len(v) == 0)
		case []byte:
			b.Append(len(v) == 0)
		default:
			b.Append(false)
		}
	}
	empty := b.NewBooleanArray()
	defer empty.Release()
	buffers, children := &types.List{nil}, &types.List{}
	for i := range empty.Len() {
		if empty.IsValid(i) && !empty.Value(i) {
			return nil, unsupported(s)
		}
	}
	if empty.NullN() > 0 {
		(*buffers)[0] = reduceBuffer(empty.Data().Buffers()[0])
	}
	if name, args := callOf(typ); name == "binary" {
		*buffers = append(*buffers, lib("py_buffer", []byte{}))
	} else {
		item, err := fieldOf(argument(args, 0), 0)
		if err != nil {
			return nil, err
		}
		none := array.NewBuilder(memory.DefaultAllocator, item.Type)
		defer none.Release()
		child, err := reduceData(none.NewArray().Data())
		if err != nil {
			return nil, err
		}
		children = &types.List{child}
	}
	return lib("_restore_array", types.NewTupleFromSlice([]any{typ, empty.Len(), empty.NullN(), 0,
		buffers, children, nil})), nil
}
