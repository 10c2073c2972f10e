package arrowframe

import (
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// Pickled holds a value of Arrow's Go library and is pickled as the same value of pyarrow.
// unpkl.Unmarshal fills it with the result of [FromPickle], and unpkl.Marshal writes it so that
// pyarrow loads an equal value. It may be a field of a struct. The zero value stands for None.
type Pickled struct {
	// Value is an arrow.Table, arrow.RecordBatch, arrow.Array, *arrow.Chunked, *arrow.Schema,
	// arrow.Field or arrow.DataType, or when read also a scalar.Scalar.
	Value any
}

// UnmarshalPickle implements unpkl.Unmarshaler.
func (p *Pickled) UnmarshalPickle(v any) error {
	if v == nil {
		p.Value = nil
		return nil
	}
	value, err := FromPickle(v)
	if err == nil {
		p.Value = value
	}
	return err
}

// PickleReduce implements [pickle.Reducer]. It writes the buffers of arrays as a whole, including
// bytes before and behind the elements of a slice.
func (p Pickled) PickleReduce(int) (any, error) {
	switch v := p.Value.(type) {
	case arrow.Table:
		columns := make(types.List, v.NumCols())
		for i := range columns {
			c, err := reduceChunked(v.Column(i).Data())
			if err != nil {
				return nil, err
			}
			columns[i] = c
		}
		return reduceTable("_reconstruct_table", &columns, v.Schema())
	case arrow.RecordBatch:
		columns := make(types.List, v.NumCols())
		for i := range columns {
			c, err := reduceArray(v.Column(i))
			if err != nil {
				return nil, err
			}
			columns[i] = c
		}
		return reduceTable("_reconstruct_record_batch", &columns, v.Schema())
	case *arrow.Chunked:
		return reduceChunked(v)
	case arrow.Array:
		return reduceArray(v)
	case *arrow.Schema:
		return reduceSchema(v)
	case arrow.Field:
		return reduceField(v)
	case arrow.DataType:
		return reduceType(v)
	}
	return nil, pickle.Unsupported("arrowframe: a %v has no pickle", reflect.TypeOf(p.Value))
}

// lib returns the call of a function of pyarrow.lib.
func lib(name string, args ...any) *pickle.Object {
	return &pickle.Object{Class: pickle.Global{Module: "pyarrow.lib", Name: name}, Args: args,
		Form: pickle.FormReduce}
}

func reduceTable(name string, columns *types.List, s *arrow.Schema) (any, error) {
	schema, err := reduceSchema(s)
	if err != nil {
		return nil, err
	}
	return lib(name, columns, schema), nil
}

func reduceSchema(s *arrow.Schema) (any, error) {
	fields, err := reduceFields(s.Fields())
	if err != nil {
		return nil, err
	}
	return lib("schema", fields, reduceMetadata(s.Metadata())), nil
}

func reduceFields(fields []arrow.Field) (*types.List, error) {
	list := make(types.List, len(fields))
	for i, f := range fields {
		field, err := reduceField(f)
		if err != nil {
			return nil, err
		}
		list[i] = field
	}
	return &list, nil
}

func reduceField(f arrow.Field) (any, error) {
	t, err := reduceType(f.Type)
	if err != nil {
		return nil, err
	}
	return lib("field", f.Name, t, f.Nullable, reduceMetadata(f.Metadata)), nil
}

// reduceMetadata returns metadata as a dict of bytes, or None if there are none.
func reduceMetadata(m arrow.Metadata) any {
	if m.Len() == 0 {
		return nil
	}
	d := make(types.Dict, m.Len())
	for i, k := range m.Keys() {
		d[i] = types.DictEntry{Key: []byte(k), Value: []byte(m.Values()[i])}
	}
	return &d
}

func reduceChunked(c *arrow.Chunked) (any, error) {
	t, err := reduceType(c.DataType())
	if err != nil {
		return nil, err
	}
	chunks := make(types.List, len(c.Chunks()))
	for i, a := range c.Chunks() {
		if chunks[i], err = reduceArray(a); err != nil {
			return nil, err
		}
	}
	return lib("chunked_array", &chunks, t), nil
}

func reduceArray(a arrow.Array) (any, error) {
	data, err := reduceData(a.Data())
	if err != nil {
		return nil, err
	}
	return lib("_restore_array", data), nil
}

// reduceData returns the tuple that arrayData reads.
func reduceData(d arrow.ArrayData) (any, error) {
	t, err := reduceType(d.DataType())
	if err != nil {
		return nil, err
	}
	buffers := make(types.List, len(d.Buffers()))
	for i, b := range d.Buffers() {
		if b != nil {
			buffers[i] = reduceBuffer(b)
		}
	}
	children := make(types.List, len(d.Children()))
	for i, c := range d.Children() {
		if children[i], err = reduceData(c); err != nil {
			return nil, err
		}
	}
	var dictionary any
	if x, ok := d.(*array.Data); ok && d.DataType().ID() == arrow.DICTIONARY {
		if dictionary, err = reduceData(x.Dictionary()); err != nil {
			return nil, err
		}
	}
	nulls := d.NullN()
	if d.DataType().ID() == arrow.NULL {
		nulls = d.Len()
	}
	return types.NewTupleFromSlice([]any{t, d.Len(), nulls, d.Offset(), &buffers, &children,
		dictionary}), nil
}

// reduceBuffer returns a buffer over Python's bytes, which every version of pyarrow accepts.
func reduceBuffer(b *memory.Buffer) any { return lib("py_buffer", b.Bytes()) }

// aliasOf maps the fingerprint of a type to its name in aliases.
var aliasOf = func() map[string]string {
	m := map[string]string{}
	for name, t := range aliases {
		m[t.Fingerprint()] = name
	}
	return m
}()

// isPlain reports whether pyarrow makes an equal field from the type alone. All versions accept a
// type there, and only new ones a field.
func isPlain(f arrow.Field, name string, nullable bool) bool {
	return f.Name == name && f.Nullable == nullable && f.Metadata.Len() == 0
}

func reduceType(t arrow.DataType) (any, error) {
	if alias, ok := aliasOf[t.Fingerprint()]; ok {
		return lib("type_for_alias", alias), nil
	}
	switch t := t.(type) {
	case *arrow.TimestampType:
		var zone any
		if t.TimeZone != "" {
			zone = t.TimeZone
		}
		return lib("timestamp", t.Unit.String(), zone), nil
	case *arrow.FixedSizeBinaryType:
		return lib("binary", t.ByteWidth), nil
	case arrow.DecimalType:
		return lib(fmt.Sprintf("decimal%d", t.BitWidth()), int(t.GetPrecision()),
			int(t.GetScale())), nil
	case *arrow.DictionaryType:
		index, err := reduceType(t.IndexType)
		if err != nil {
			return nil, err
		}
		value, err := reduceType(t.ValueType)
		return lib("dictionary", index, value, t.Ordered), err
	case *arrow.StructType:
		fields, err := reduceFields(t.Fields())
		return lib("struct", fields), err
	case *arrow.MapType:
		fields, err := reduceFields([]arrow.Field{t.KeyField(), t.ItemField()})
		if err != nil {
			return nil, err
		}
		key, item := (*fields)[0], (*fields)[1]
		if isPlain(t.KeyField(), "key", false) && isPlain(t.ItemField(), "value", true) {
			key, item = key.(*pickle.Object).Args[1], item.(*pickle.Object).Args[1]
		}
		return lib("map_", key, item, t.KeysSorted), nil
	case arrow.ListLikeType: // but for the map above
		return reduceList(t)
	case *arrow.RunEndEncodedType:
		ends, err := reduceType(t.RunEnds())
		if err != nil {
			return nil, err
		}
		values, err := reduceType(t.Encoded())
		return lib("run_end_encoded", ends, values), err
	case arrow.UnionType:
		return reduceUnion(t)
	case arrow.ExtensionType:
		return reduceExtension(t)
	}
	return nil, pickle.Unsupported("the Arrow type %s", t)
}

// reduceList returns the call that makes a list type.
func reduceList(t arrow.ListLikeType) (any, error) {
	item, err := reduceField(t.ElemField())
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case *arrow.FixedSizeListType:
		return lib("list_", item, int(t.Len())), nil
	case *arrow.ListType:
		return lib("list_", item), nil
	case *arrow.LargeListType:
		return lib("large_list", item), nil
	case *arrow.ListViewType:
		return lib("list_view", item), nil
	case *arrow.LargeListViewType:
		return lib("large_list_view", item), nil
	}
	return nil, pickle.Unsupported("the Arrow type %s", t)
}
