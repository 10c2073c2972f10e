package arrowframe

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/arrow/scalar"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// FromPickle converts an object of pyarrow, as package pickle loads it, to a value of Arrow's Go
// library in memory of its own:
//
//	pyarrow                 Go
//	Table, RecordBatch      arrow.Table, arrow.RecordBatch
//	Array, ChunkedArray     arrow.Array, *arrow.Chunked
//	Schema, Field           *arrow.Schema, arrow.Field
//	DataType                arrow.DataType
//	Scalar                  scalar.Scalar, of numbers, bools, text and bytes
//
// Every buffer is checked against the type, length and offset of its array, and the array's own
// claims against its buffers. An array that fails is an error of the kind pickle.ErrMalformed. An
// extension type that a program defines itself, and anything that is not of pyarrow, is one of
// pickle.ErrUnsupported. UUIDs, bool8, JSON and opaque types are those of Arrow's package
// extensions; tensors of a fixed shape are an array.ExtensionArray of lists.
//
// The caller calls Release on a Table, RecordBatch, Array or Chunked when done.
//
// Reference: pyarrow/{table,array,types,scalar}.pxi, __reduce__.
func FromPickle(v any) (value any, err error) {
	defer recovered(&err)
	name, args := callOf(v)
	switch name {
	case "_reconstruct_table":
		return table(args)
	case "_reconstruct_record_batch":
		return recordBatch(args)
	case "_restore_array":
		return restored(args)
	case "chunked_array":
		return chunked(args)
	case "schema":
		return schemaOf(args)
	case "field":
		return fieldOf(v, 0)
	case "scalar":
		return scalarOf(args)
	case "":
		return nil, pickle.Unsupported("arrowframe: %T is nothing of pyarrow", v)
	}
	return dataType(v, 0)
}

// callOf returns the function of pyarrow.lib whose call makes an object, and its arguments. name is
// empty for any other value.
func callOf(v any) (name string, args []any) {
	o, ok := v.(*pickle.Object)
	if !ok {
		return "", nil
	}
	name, ok = strings.CutPrefix(o.ClassName(), "pyarrow.lib.")
	if !ok {
		return "", nil
	}
	return name, o.Args
}

// argument returns the i-th argument, or nil if there are fewer.
func argument(args []any, i int) any {
	if i < len(args) {
		return args[i]
	}
	return nil
}

// itemsOf returns the items of a list or tuple.
func itemsOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case *types.List:
		return *v, v != nil
	case *types.Tuple:
		return *v, v != nil
	}
	return nil, false
}

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case pickle.Py2String:
		return string(v), true
	}
	return "", false
}

func bytesOf(v any) ([]byte, bool) {
	switch v := v.(type) {
	case []byte:
		return v, true
	case *types.ByteArray:
		return *v, v != nil
	}
	return nil, false
}

// table reads the arguments of a Table: columns and a schema.
func table(args []any) (any, error) {
	schema, columns, err := tableParts(args)
	if err != nil {
		return nil, err
	}
	list := make([]arrow.Column, len(columns))
	rows := int64(-1)
	for i, c := range columns {
		name, args := callOf(c)
		if name != "chunked_array" {
			return nil, pickle.Malformed("a column of a Table that is %s", name)
		}
		chunks, err := chunked(args)
		if err != nil {
			return nil, err
		}
		if rows < 0 {
			rows = int64(chunks.Len())
		}
		if !arrow.TypeEqual(chunks.DataType(), schema.Field(i).Type) ||
			int64(chunks.Len()) != rows {
			return nil, pickle.Malformed("a column of %d %s in a Table of %d rows", chunks.Len(),
				chunks.DataType(), rows)
		}
		list[i] = *arrow.NewColumn(schema.Field(i), chunks)
	}
	return array.NewTable(schema, list, max(rows, 0)), nil
}

// recordBatch reads the arguments of a RecordBatch: arrays and a schema.
func recordBatch(args []any) (any, error) {
	schema, columns, err := tableParts(args)
	if err != nil {
		return nil, err
	}
	list := make([]arrow.Array, len(columns))
	rows := 0
	for i, c := range columns {
		name, args := callOf(c)
		if name != "_restore_array" {
			return nil, pickle.Malformed("a column of a RecordBatch that is %s", name)
		}
		a, err := restored(args)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			rows = a.Len()
		}
		if !arrow.TypeEqual(a.DataType(), schema.Field(i).Type) || a.Len() != rows {
			return nil, pickle.Malformed("a column of %d %s in a RecordBatch of %d rows", a.Len(),
				a.DataType(), rows)
		}
		list[i] = a
	}
	return array.NewRecordBatch(schema, list, int64(rows)), nil
}

// tableParts reads the schema and the columns of a Table or RecordBatch.
func tableParts(args []any) (*arrow.Schema, []any, error) {
	columns, ok := itemsOf(argument(args, 0))
	name, schemaArgs := callOf(argument(args, 1))
	if !ok || name != "schema" {
		return nil, nil, pickle.Malformed("a table without columns or a schema")
	}
	schema, err := schemaOf(schemaArgs)
	if err != nil {
		return nil, nil, err
	}
	if schema.NumFields() != len(columns) {
		return nil, nil, pickle.Malformed("%d columns for a schema of %d fields", len(columns),
			schema.NumFields())
	}
	return schema, columns, nil
}

func schemaOf(args []any) (*arrow.Schema, error) {
	list, ok := itemsOf(argument(args, 0))
	if !ok {
		return nil, pickle.Malformed("a schema without a list of fields")
	}
	fields, err := fieldsOf(list, 0)
	if err != nil {
		return nil, err
	}
	meta, err := metadataOf(argument(args, 1))
	if err != nil {
		return nil, err
	}
	return arrow.NewSchema(fields, &meta), nil
}

// chunked reads the arguments of chunked_array: arrays and their type.
func chunked(args []any) (*arrow.Chunked, error) {
	list, ok := itemsOf(argument(args, 0))
	if !ok {
		return nil, pickle.Malformed("a chunked array without a list of chunks")
	}
	typ, err := dataType(argument(args, 1), 0)
	if err != nil {
		return nil, err
	}
	chunks := make([]arrow.Array, len(list))
	for i, c := range list {
		name, args := callOf(c)
		if name != "_restore_array" {
			return nil, pickle.Malformed("a chunk that is %s", name)
		}
		if chunks[i], err = restored(args); err != nil {
			return nil, err
		}
		if !arrow.TypeEqual(chunks[i].DataType(), typ) {
			return nil, pickle.Malformed("a chunk of %s in a chunked array of %s",
				chunks[i].DataType(), typ)
		}
	}
	return arrow.NewChunked(typ, chunks), nil
}

// restored reads the argument of _restore_array and checks the array as a whole.
func restored(args []any) (arrow.Array, error) {
	data, err := arrayData(argument(args, 0), 0)
	if err != nil {
		return nil, err
	}
	a := array.MakeFromData(data)
	stored := a
	if x, ok := a.(array.ExtensionArray); ok {
		stored = x.Storage()
	}
	if err := array.ValidateFull(stored); err != nil {
		return nil, pickle.Malformed("an Arrow array: %v", err)
	}
	return a, checkValues(a)
}

// maxDepth is the greatest depth to which types and arrays may be nested.
const maxDepth = 64

// maxNulls is the greatest length of an array that has no bytes to prove its length.
const maxNulls = 1 << 20

// hasBytes reports whether an array of a type has bytes for each element, its own or those of a
// child, which is checked itself. A run-end encoded array counts as well although it has none: it
// takes memory only if its elements are asked for.
func hasBytes(typ arrow.DataType) bool {
	switch t := storageOf(typ).(type) {
	case *arrow.NullType:
		return false
	case *arrow.StructType:
		return t.NumFields() > 0
	case *arrow.FixedSizeBinaryType:
		return t.ByteWidth > 0
	}
	return true
}

// arrayData reads (type, length, null_count, offset, buffers, children, dictionary).
func arrayData(v any, depth int) (*array.Data, error) {
	tuple, ok := v.(*types.Tuple)
	if !ok || tuple == nil || len(*tuple) < 6 || depth > maxDepth {
		return nil, pickle.Malformed("an Arrow array restored from %T", v)
	}
	t := *tuple
	typ, err := dataType(t[0], depth)
	if err != nil {
		return nil, err
	}
	length, ok1 := t[1].(int)
	offset, ok2 := t[3].(int)
	const most int64 = 1 << 48 // more than any memory holds, and sums of it do not overflow
	if !ok1 || !ok2 || length < 0 || offset < 0 || int64(length) > most || int64(offset) > most ||
		length+offset > maxNulls && !hasBytes(typ) {
		return nil, pickle.Malformed("an Arrow array of length %s at offset %s", sizeText(t[1]),
			sizeText(t[3]))
	}
	buffers, err := buffersOf(typ, t[4], length, offset)
	if err != nil {
		return nil, err
	}
	list, _ := itemsOf(t[5])
	if want := childrenOf(typ); len(list) != want {
		return nil, pickle.Malformed("%d children of an Arrow %s", len(list), typ)
	}
	children := make([]arrow.ArrayData, len(list))
	for i, c := range list {
		if children[i], err = arrayData(c, depth+1); err != nil {
			return nil, err
		}
	}
	if t, isMap := typ.(*arrow.MapType); isMap {
		children[0] = entriesOf(t, children[0])
	}
	nulls, err := claimedNulls(typ, t[2], buffers, length, offset)
	if err != nil {
		return nil, err
	}
	if typ.ID() != arrow.DICTIONARY {
		if argument(t, 6) != nil {
			return nil, pickle.Malformed("an Arrow %s with a dictionary", typ)
		}
		return array.NewData(typ, length, buffers, children, nulls, offset), nil
	}
	dictionary, err := arrayData(argument(t, 6), depth+1)
	if err != nil {
		return nil, err
	}
	data := array.NewDataWithDictionary(typ, length, buffers, nulls, offset, dictionary)
	return data, checkIndices(data, dictionary.Len())
}

// entriesOf returns the entries of a map with the struct type that Arrow's Go library requires. In
// pyarrow the names and the nullability of the struct's fields are the user's choice.
func entriesOf(t *arrow.MapType, entries arrow.ArrayData) arrow.ArrayData {
	want, said := t.Elem().(*arrow.StructType), entries.DataType()
	s, ok := said.(*arrow.StructType)
	if !ok || s.NumFields() != want.NumFields() {
		return entries
	}
	for i, f := range want.Fields() {
		if !arrow.TypeEqual(s.Field(i).Type, f.Type) {
			return entries
		}
	}
	return array.NewData(want, entries.Len(), entries.Buffers(), entries.Children(),
		entries.NullN(), entries.Offset())
}

// checkIndices checks that the indices of a dictionary array are below n.
func checkIndices(data *array.Data, n int) error {
	a, ok := array.MakeFromData(data).(*array.Dictionary)
	if !ok {
		return pickle.Malformed("a dictionary array of %s", data.DataType())
	}
	defer a.Release()
	for i := range a.Len() {
		if k := 0; a.IsValid(i) {
			if k = a.GetValueIndex(i); k < 0 || k >= n {
				return pickle.Malformed("index %d of an Arrow dictionary of %d", k, n)
			}
		}
	}
	return nil
}

// storageOf returns the type as which the elements of a type are stored.
func storageOf(typ arrow.DataType) arrow.DataType {
	if t, ok := typ.(arrow.ExtensionType); ok {
		return t.StorageType()
	}
	return typ
}

// childrenOf returns the number of children of an array of a type.
func childrenOf(typ arrow.DataType) int {
	typ = storageOf(typ)
	if typ.ID() == arrow.MAP {
		return 1
	}
	if t, ok := typ.(arrow.NestedType); ok {
		return t.NumFields()
	}
	return 0
}

// buffersOf reads the buffers of an array. It returns an error if one is too small for the
// elements. The buffers are copies.
func buffersOf(typ arrow.DataType, v any, length, offset int) ([]*memory.Buffer, error) {
	list, ok := itemsOf(v)
	layout := typ.Layout()
	specs := layout.Buffers
	if isUnion(typ) {
		specs = append([]arrow.BufferSpec{arrow.SpecAlwaysNull()}, specs...)
		if n := len(specs); typ.ID() == arrow.SPARSE_UNION && len(list) == n+1 && list[n] == nil {
			list = list[:n] // pyarrow 0.17 adds a buffer for offsets, which is None
		}
	}
	for layout.VariadicSpec != nil && len(specs) < len(list) {
		specs = append(slices.Clip(specs), *layout.VariadicSpec)
	}
	if !ok || len(list) != len(specs) {
		return nil, pickle.Malformed("%d buffers of an Arrow %s", len(list), typ)
	}
	out := make([]*memory.Buffer, len(list))
	for i, spec := range specs {
		need, err := bufferSize(typ, spec, length, offset)
		if err != nil {
			return nil, err
		}
		if list[i] != nil && spec.Kind == arrow.KindAlwaysNull {
			if err := noNulls(typ, list[i], length, offset); err != nil {
				return nil, err
			}
			continue
		}
		if list[i] == nil {
			if isVariadic := i >= len(layout.Buffers) && !isUnion(typ); isVariadic ||
				i > 0 && need > 0 && length > 0 {
				return nil, pickle.Malformed("an Arrow %s without buffer %d", typ, i)
			}
			continue
		}
		name, args := callOf(list[i])
		data, isBytes := bytesOf(argument(args, 0))
		if name != "py_buffer" || !isBytes {
			return nil, pickle.Malformed("an Arrow buffer that is %T", list[i])
		}
		if isNone := len(data) == 0 && length+offset == 0; int64(len(data)) < need && !isNone {
			return nil, pickle.Malformed("an Arrow buffer of %d bytes, where %s of %d elements at "+
				"%d needs %d", len(data), typ, length, offset, need)
		}
		// The copy is aligned, which the bytes in a pickle need not be.
		out[i] = memory.NewBufferBytes(bytes.Clone(data))
	}
	if length == 0 && hasOffsets(storageOf(typ)) && out[1] != nil && out[1].Len() > 0 {
		// Arrow's library checks offsets only if there are elements.
		width := specs[1].ByteWidth
		if end := (offset + 1) * width; out[1].Bytes()[end-1] >= 0x80 {
			return nil, pickle.Malformed("an Arrow %s that begins at a negative offset", typ)
		}
	}
	return out, nil
}

// bufferSize returns the least number of bytes that a buffer of an array needs.
func bufferSize(typ arrow.DataType, spec arrow.BufferSpec, length, offset int) (int64, error) {
	n := int64(offset) + int64(length)
	switch spec.Kind {
	case arrow.KindBitmap:
		return bitutil.BytesForBits(n), nil
	case arrow.KindFixedWidth:
		if hasOffsets(storageOf(typ)) {
			n++
		}
		if spec.ByteWidth > 0 && n > math.MaxInt64/int64(spec.ByteWidth) {
			return 0, pickle.Malformed("%d elements of an Arrow %s", n, typ)
		}
		return n * int64(spec.ByteWidth), nil
	}
	return 0, nil
}

// noNulls accepts the bitmap that unions of pyarrow before 0.17 have, if no element is null.
func noNulls(typ arrow.DataType, buffer any, length, offset int) error {
	name, args := callOf(buffer)
	bitmap, ok := bytesOf(argument(args, 0))
	if !isUnion(typ) || name != "py_buffer" || !ok ||
		int64(len(bitmap)) < bitutil.BytesForBits(int64(offset)+int64(length)) {
		return pickle.Malformed("an Arrow %s with a buffer too many", typ)
	}
	if bitutil.CountSetBits(bitmap, offset, length) != length {
		return pickle.Unsupported("a union with nulls of its own, as pyarrow before 0.17 has them")
	}
	return nil
}

// sizeText returns the text of a value that should be an int. Of any other value it shows only the
// type, since printing a value that holds itself would not end.
func sizeText(v any) string {
	if n, ok := v.(int); ok {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%T", v)
}

// hasOffsets reports whether the second buffer of a type has the offsets of the elements, of which
// there is one more than elements.
func hasOffsets(typ arrow.DataType) bool {
	switch typ.ID() {
	case arrow.STRING, arrow.BINARY, arrow.LARGE_STRING, arrow.LARGE_BINARY, arrow.LIST,
		arrow.LARGE_LIST, arrow.MAP:
		return true
	}
	return false
}

// scalarOf reads scalar(value, type).
func scalarOf(args []any) (any, error) {
	typ, err := dataType(argument(args, 1), 0)
	if err != nil {
		return nil, err
	}
	value := argument(args, 0)
	switch v := value.(type) {
	case nil:
		return scalar.MakeNullScalar(typ), nil
	case *types.List, *types.Dict:
		return nestedScalar(typ, v)
	case int:
		value = int64(v)
	case *big.Int:
		if !v.IsUint64() {
			return nil, pickle.Malformed("a scalar of %s of %d bits", typ, v.BitLen())
		}
		value = v.Uint64()
	case bool, float64, string, []byte:
	default:
		return nil, pickle.Unsupported("a scalar of %s that is %T", typ, v)
	}
	s, err := scalar.MakeScalar(value).CastTo(typ)
	if err != nil {
		return nil, pickle.Malformed("a scalar of %s: %v", typ, err)
	}
	return s, nil
}

// nestedScalar returns a scalar of a list, map or struct type.
func nestedScalar(typ arrow.DataType, value any) (any, error) {
	item, err := itemOf(value, 0)
	if err != nil {
		return nil, err
	}
	b := array.NewBuilder(memory.DefaultAllocator, typ)
	defer b.Release()
	if err := appendItem(b, item); err != nil {
		return nil, pickle.Unsupported("%v", err)
	}
	one := b.NewArray()
	defer one.Release()
	return scalar.GetScalar(one, 0)
}

// itemOf converts a Python value to the form of an element of a frame.Series.
func itemOf(v any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, pickle.Malformed("an Arrow scalar nested too deep")
	}
	switch v := v.(type) {
	case *types.List:
		out := make([]any, v.Len())
		for i, x := range *v {
			var err error
			if out[i], err = itemOf(x, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *types.Tuple: // an entry of a map
		if v.Len() != 2 {
			return nil, pickle.Malformed("a tuple of %d in an Arrow scalar", v.Len())
		}
		key, err := itemOf((*v)[0], depth+1)
		if err != nil {
			return nil, err
		}
		item, err := itemOf((*v)[1], depth+1)
		return [2]any{key, item}, err
	case *types.Dict:
		out := make(map[string]any, v.Len())
		for _, e := range *v {
			key, ok := textOf(e.Key)
			if !ok {
				return nil, pickle.Malformed("a field of an Arrow scalar called %T", e.Key)
			}
			var err error
			if out[key], err = itemOf(e.Value, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}
