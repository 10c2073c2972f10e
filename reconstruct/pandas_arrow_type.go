package reconstruct

import (
	"fmt"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// arrowType is a DataType of pyarrow, given by an alias or by a function with parameters.
type arrowType struct {
	// "int64", "large_string", "timestamp", "list", "struct", "dictionary", "decimal128"...
	name             string
	unit, tz         string       // of timestamp
	precision, scale int          // of decimal128
	fields           []arrowField // of list and struct; of dictionary, one for the indices
	value            *arrowType   // of dictionary
	ordered          bool         // of dictionary
	size             int          // of fixed_size_binary and fixed_size_list
	pairs            bool         // the struct has the entries of a map
	extension        string       // name of an extension type; its storage type is value
}

// arrowField is a named field of a nested type.
type arrowField struct {
	name string
	typ  *arrowType
}

// arrowDTypeName returns what str(dtype) returns in pandas: "string", "str" or "type[pyarrow]".
func arrowDTypeName(dtype any, typ *arrowType) string {
	if name, _, ok := dtypeInstance(dtype); ok && name == "StringDtype" {
		return stringDTypeName(dtype)
	}
	return typ.String() + "[pyarrow]"
}

// stringDTypeName returns str() of a StringDtype: "str" if its missing value is NaN, else "string".
func stringDTypeName(dtype any) string {
	if _, inst, ok := dtypeInstance(dtype); ok && len(inst.Args) > 1 {
		if na, isFloat := inst.Args[1].(float64); isFloat && na != na {
			return "str"
		}
	}
	return "string"
}

// String returns what str(type) returns in pyarrow.
func (t *arrowType) String() string {
	switch t.name {
	case "timestamp":
		if t.tz != "" {
			return "timestamp[" + t.unit + ", tz=" + t.tz + "]"
		}
		return "timestamp[" + t.unit + "]"
	case "decimal32", "decimal64", "decimal128", "decimal256":
		return fmt.Sprintf("%s(%d, %d)", t.name, t.precision, t.scale)
	case "fixed_size_binary":
		return fmt.Sprintf("fixed_size_binary[%d]", t.size)
	case "fixed_size_list":
		return fmt.Sprintf("fixed_size_list<%s: %s>[%d]", t.fields[0].name, t.fields[0].typ, t.size)
	case "map":
		sorted := ""
		if t.ordered {
			sorted = ", keys_sorted"
		}
		return fmt.Sprintf("map<%s, %s%s>", t.fields[0].typ.fields[0].typ,
			t.fields[0].typ.fields[1].typ, sorted)
	case "extension":
		return "extension<" + t.extension + ">"
	case "list", "large_list", "struct":
		parts := make([]string, len(t.fields))
		for i, f := range t.fields {
			parts[i] = f.name + ": " + f.typ.String()
		}
		return t.name + "<" + strings.Join(parts, ", ") + ">"
	case "dictionary":
		ordered := 0
		if t.ordered {
			ordered = 1
		}
		return fmt.Sprintf("dictionary<values=%s, indices=%s, ordered=%d>", t.value,
			t.fields[0].typ, ordered)
	}
	return t.name
}

// arrowType reads a DataType: type_for_alias(alias), or a call of a function with parameters.
func (p *Pandas) arrowType(v any) (*arrowType, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	o, ok := v.(*pickle.Object)
	if !ok {
		return nil, pickle.Malformed("an Arrow type that is %s", typeName(v))
	}
	name := strings.TrimPrefix(o.ClassName(), "pyarrow.lib.")
	t := &arrowType{name: name}
	switch {
	case name == "uuid":
		return &arrowType{name: "extension", extension: "arrow.uuid"}, nil
	case name == "bool8":
		return &arrowType{name: "extension", extension: "arrow.bool8",
			value: &arrowType{name: "int8"}}, nil
	case len(o.Args) == 0:
		return nil, pickle.Unsupported("the Arrow type %s", name)
	}
	switch name {
	case "type_for_alias":
		alias, ok := asText(o.Args[0])
		if !ok {
			return nil, pickle.Malformed("an Arrow type alias that is %s", typeName(o.Args[0]))
		}
		return &arrowType{name: alias}, nil
	case "timestamp":
		t.unit, _ = asText(o.Args[0])
		if len(o.Args) > 1 && o.Args[1] != nil {
			t.tz, _ = asText(o.Args[1])
		}
		return t, nil
	case "list_", "large_list", "struct":
		return p.arrowNested(strings.TrimSuffix(name, "_"), o.Args)
	case "map_":
		return p.arrowMap(o.Args)
	case "dictionary":
		return p.arrowDictionary(t, o.Args)
	case "decimal32", "decimal64", "decimal128", "decimal256":
		t.precision, _ = asInt(o.Args[0])
		if len(o.Args) > 1 {
			t.scale, _ = asInt(o.Args[1])
		}
		return t, nil
	case "binary":
		t.name = "fixed_size_binary"
		t.size, _ = asInt(o.Args[0])
		return t, nil
	case "json_":
		value, err := p.arrowType(o.Args[0])
		return &arrowType{name: "extension", extension: "arrow.json", value: value}, err
	}
	return nil, pickle.Unsupported("the Arrow type %s", name)
}

// arrowDictionary reads dictionary(index type, value type, ordered).
func (p *Pandas) arrowDictionary(t *arrowType, args []any) (*arrowType, error) {
	if len(args) < 2 {
		return nil, pickle.Malformed("an Arrow dictionary type of %d arguments", len(args))
	}
	index, err := p.arrowType(args[0])
	if err != nil {
		return nil, err
	}
	t.fields = []arrowField{{typ: index}}
	if len(args) > 2 {
		t.ordered, _ = args[2].(bool)
	}
	t.value, err = p.arrowType(args[1])
	return t, err
}

// arrowMap reads map_(key, item, keys_sorted). The entries of a map are structs of key and item.
func (p *Pandas) arrowMap(args []any) (*arrowType, error) {
	if len(args) < 2 {
		return nil, pickle.Malformed("an Arrow map type of %d arguments", len(args))
	}
	entries := &arrowType{name: "struct"}
	for _, arg := range args[:2] {
		part, err := p.arrowNested("struct", []any{arg})
		if err != nil {
			return nil, err
		}
		entries.fields = append(entries.fields, part.fields...)
	}
	if len(entries.fields) != 2 {
		return nil, pickle.Malformed("an Arrow map type of %d fields", len(entries.fields))
	}
	t := &arrowType{name: "map", fields: []arrowField{{name: "entries", typ: entries}}}
	if len(args) > 2 {
		t.ordered, _ = args[2].(bool)
	}
	return t, nil
}

// arrowNested reads the arguments of list_, large_list or struct.
func (p *Pandas) arrowNested(name string, args []any) (*arrowType, error) {
	t := &arrowType{name: name}
	if size, fixed := 0, false; name == "list" && len(args) > 1 {
		if size, fixed = asInt(args[1]); fixed && size >= 0 {
			t.name, t.size = "fixed_size_list", size
		}
	}
	fields, ok := items(args[0])
	if !ok {
		fields = []any{args[0]}
	}
	for _, f := range fields {
		field := arrowField{name: "item"}
		typ := f
		if o, isObject := f.(*pickle.Object); isObject && o.ClassName() == "pyarrow.lib.field" &&
			len(o.Args) > 1 {
			field.name, _ = asText(o.Args[0])
			typ = o.Args[1]
		} else if pair, isTuple := f.(*types.Tuple); isTuple && len(*pair) == 2 {
			field.name, _ = asText((*pair)[0])
			typ = (*pair)[1]
		}
		var err error
		if field.typ, err = p.arrowType(typ); err != nil {
			return nil, err
		}
		t.fields = append(t.fields, field)
	}
	return t, nil
}
