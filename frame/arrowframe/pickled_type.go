package arrowframe

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// aliases are the types that pyarrow pickles by name.
//
// Reference: pyarrow/types.pxi, _type_aliases.
var aliases = map[string]arrow.DataType{
	"null": arrow.Null, "bool": arrow.FixedWidthTypes.Boolean,
	"int8": arrow.PrimitiveTypes.Int8, "int16": arrow.PrimitiveTypes.Int16,
	"int32": arrow.PrimitiveTypes.Int32, "int64": arrow.PrimitiveTypes.Int64,
	"uint8": arrow.PrimitiveTypes.Uint8, "uint16": arrow.PrimitiveTypes.Uint16,
	"uint32": arrow.PrimitiveTypes.Uint32, "uint64": arrow.PrimitiveTypes.Uint64,
	"halffloat": arrow.FixedWidthTypes.Float16, "float": arrow.PrimitiveTypes.Float32,
	"double": arrow.PrimitiveTypes.Float64,
	"string": arrow.BinaryTypes.String, "large_string": arrow.BinaryTypes.LargeString,
	"binary": arrow.BinaryTypes.Binary, "large_binary": arrow.BinaryTypes.LargeBinary,
	"date32[day]": arrow.FixedWidthTypes.Date32, "date64[ms]": arrow.FixedWidthTypes.Date64,
	"time32[s]": arrow.FixedWidthTypes.Time32s, "time32[ms]": arrow.FixedWidthTypes.Time32ms,
	"time64[us]": arrow.FixedWidthTypes.Time64us, "time64[ns]": arrow.FixedWidthTypes.Time64ns,
	"duration[s]":  &arrow.DurationType{Unit: arrow.Second},
	"duration[ms]": &arrow.DurationType{Unit: arrow.Millisecond},
	"duration[us]": &arrow.DurationType{Unit: arrow.Microsecond},
	"duration[ns]": &arrow.DurationType{Unit: arrow.Nanosecond},

	"month_day_nano_interval": arrow.FixedWidthTypes.MonthDayNanoInterval,
	"string_view":             arrow.BinaryTypes.StringView,
	"binary_view":             arrow.BinaryTypes.BinaryView,
}

// dataType reads a DataType.
func dataType(v any, depth int) (arrow.DataType, error) {
	name, args := callOf(v)
	if name == "" || depth > maxDepth {
		return nil, pickle.Malformed("an Arrow type that is %T", v)
	}
	first, _ := textOf(argument(args, 0))
	size, isSize := argument(args, 0).(int)
	second, isInt := argument(args, 1).(int)
	switch name {
	case "type_for_alias":
		if t, ok := aliases[first]; ok {
			return t, nil
		}
		return nil, pickle.Unsupported("the Arrow type %q", first)
	case "timestamp":
		unit, ok := units[first]
		zone, _ := textOf(argument(args, 1))
		if !ok {
			return nil, pickle.Malformed("a timestamp in %q", first)
		}
		return &arrow.TimestampType{Unit: unit, TimeZone: zone}, nil
	case "binary":
		if !isSize || size < 0 || size > 1<<30 {
			return nil, pickle.Malformed("binary of %s bytes", sizeText(argument(args, 0)))
		}
		if size == 0 {
			return nil, pickle.Unsupported("binary of no bytes")
		}
		return &arrow.FixedSizeBinaryType{ByteWidth: size}, nil
	case "decimal32", "decimal64", "decimal128", "decimal256":
		return decimalType(name, size, second)
	case "dictionary":
		return dictionaryType(args, depth)
	case "list_", "large_list", "struct", "map_":
		return nestedType(name, args, second, isInt, depth)
	case "list_view", "large_list_view":
		return viewType(name, args, depth)
	case "run_end_encoded":
		return runEndType(args, depth)
	case "union":
		return unionType(args, depth)
	case "uuid", "bool8", "json_", "opaque", "fixed_shape_tensor":
		return extensionType(name, args, depth)
	}
	return nil, pickle.Unsupported("the Arrow type %s", name)
}

func decimalType(name string, precision, scale int) (arrow.DataType, error) {
	id := map[string]arrow.Type{"decimal32": arrow.DECIMAL32, "decimal64": arrow.DECIMAL64,
		"decimal128": arrow.DECIMAL128, "decimal256": arrow.DECIMAL256}[name]
	const most = 1 << 20 // so that precision and scale fit into an int32
	if scale < -most || scale > most {
		return nil, pickle.Malformed("a decimal of scale %d", scale)
	}
	t, err := arrow.NewDecimalType(id, int32(min(max(precision, 0), most)), int32(scale))
	if err != nil {
		return nil, pickle.Malformed("%v", err)
	}
	return t, nil
}

func dictionaryType(args []any, depth int) (arrow.DataType, error) {
	index, err := dataType(argument(args, 0), depth+1)
	if err != nil {
		return nil, err
	}
	if !arrow.IsInteger(index.ID()) {
		return nil, pickle.Malformed("a dictionary with indices of %s", index)
	}
	value, err := dataType(argument(args, 1), depth+1)
	if err != nil {
		return nil, err
	}
	ordered, _ := argument(args, 2).(bool)
	return &arrow.DictionaryType{IndexType: index, ValueType: value, Ordered: ordered}, nil
}

func nestedType(name string, args []any, size int, isFixed bool, depth int) (arrow.DataType,
	error) {
	if name == "struct" {
		list, _ := itemsOf(argument(args, 0))
		fields, err := fieldsOf(list, depth+1)
		if err != nil {
			return nil, err
		}
		return arrow.StructOf(fields...), nil
	}
	item, err := fieldOf(argument(args, 0), depth+1)
	if err != nil {
		return nil, err
	}
	switch {
	case name == "map_":
		if call, _ := callOf(argument(args, 0)); call != "field" { // a type, as before pyarrow 10
			item.Name, item.Nullable = "key", false
		}
		value, err := fieldOf(argument(args, 1), depth+1)
		if err != nil {
			return nil, err
		}
		if call, _ := callOf(argument(args, 1)); call != "field" {
			value.Name = "value"
		}
		t := arrow.MapOfFields(item, value)
		t.KeysSorted, _ = argument(args, 2).(bool)
		return t, nil
	case name == "large_list":
		return arrow.LargeListOfField(item), nil
	case isFixed && size >= 0:
		if size == 0 || size > 1<<30 {
			return nil, pickle.Unsupported("lists of %d elements each", size)
		}
		return arrow.FixedSizeListOfField(int32(size), item), nil
	}
	return arrow.ListOfField(item), nil
}

func fieldsOf(list []any, depth int) ([]arrow.Field, error) {
	fields := make([]arrow.Field, len(list))
	for i, v := range list {
		var err error
		if fields[i], err = fieldOf(v, depth); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

// fieldOf reads field(name, type, nullable, metadata), or a type in its place, which stands for a
// field called "item".
func fieldOf(v any, depth int) (arrow.Field, error) {
	name, args := callOf(v)
	f := arrow.Field{Name: "item", Nullable: true}
	var err error
	if name != "field" {
		f.Type, err = dataType(v, depth)
		return f, err
	}
	var ok bool
	if f.Name, ok = textOf(argument(args, 0)); !ok {
		return f, pickle.Malformed("a field called %T", argument(args, 0))
	}
	if nullable, isBool := argument(args, 2).(bool); isBool {
		f.Nullable = nullable
	}
	if f.Type, err = dataType(argument(args, 1), depth); err != nil {
		return f, err
	}
	f.Metadata, err = metadataOf(argument(args, 3))
	return f, err
}

// metadataOf reads a dict of bytes, or None.
func metadataOf(v any) (arrow.Metadata, error) {
	d, ok := v.(*types.Dict)
	if !ok {
		if v != nil {
			return arrow.Metadata{}, pickle.Malformed("metadata that are %T", v)
		}
		return arrow.Metadata{}, nil
	}
	var keys, values []string
	for _, e := range *d {
		k, ok1 := bytesOf(e.Key)
		if s, isText := textOf(e.Key); isText {
			k, ok1 = []byte(s), true
		}
		if s, isBytes := e.Key.(pickle.Bytes); isBytes {
			k, ok1 = []byte(s), true
		}
		x, ok2 := bytesOf(e.Value)
		if s, isText := textOf(e.Value); isText {
			x, ok2 = []byte(s), true
		}
		if !ok1 || !ok2 {
			return arrow.Metadata{}, pickle.Malformed("metadata of %T and %T", e.Key, e.Value)
		}
		keys, values = append(keys, string(k)), append(values, string(x))
	}
	return arrow.NewMetadata(keys, values), nil
}
