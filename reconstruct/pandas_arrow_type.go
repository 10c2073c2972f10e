package reconstruct

import (
	"fmt"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// An arrowType is a DataType of pyarrow: its alias, or the name of the function
// that makes it with its parameters.
type arrowType struct {
	name             string       // "int64", "large_string", "timestamp", "list", "struct", "dictionary", "decimal128"...
	unit, tz         string       // of timestamp
	precision, scale int          // of decimal128
	fields           []arrowField // of list and struct; the indices of dictionary
	value            *arrowType   // of dictionary
	ordered          bool         // of dictionary
}

type arrowField struct {
	name string
	typ  *arrowType
}

// arrowDTypeName is str(dtype) of pandas: "string", "str" or "type[pyarrow]".
func arrowDTypeName(dtype any, typ *arrowType) string {
	name, inst, ok := dtypeInstance(dtype)
	if ok && name == "StringDtype" {
		if len(inst.Args) > 1 {
			if na, isFloat := inst.Args[1].(float64); isFloat && na != na {
				return "str"
			}
		}
		return "string"
	}
	return typ.String() + "[pyarrow]"
}

// String returns str(type) of pyarrow.
func (t *arrowType) String() string {
	switch t.name {
	case "timestamp":
		if t.tz != "" {
			return "timestamp[" + t.unit + ", tz=" + t.tz + "]"
		}
		return "timestamp[" + t.unit + "]"
	case "decimal128":
		return fmt.Sprintf("decimal128(%d, %d)", t.precision, t.scale)
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
		return fmt.Sprintf("dictionary<values=%s, indices=%s, ordered=%d>", t.value, t.fields[0].typ, ordered)
	}
	return t.name
}

// arrowType reads a DataType: type_for_alias(alias) or one of the functions
// with parameters.
func (p *Pandas) arrowType(v any) (*arrowType, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	o, ok := v.(*pickle.Object)
	if !ok || len(o.Args) == 0 {
		return nil, pickle.Malformed("an Arrow type that is %s", typeName(v))
	}
	switch name := strings.TrimPrefix(o.ClassName(), "pyarrow.lib."); name {
	case "type_for_alias":
		alias, ok := asText(o.Args[0])
		if !ok {
			return nil, pickle.Malformed("an Arrow type alias that is %s", typeName(o.Args[0]))
		}
		return &arrowType{name: alias}, nil
	case "timestamp":
		t := &arrowType{name: name}
		t.unit, _ = asText(o.Args[0])
		if len(o.Args) > 1 && o.Args[1] != nil {
			t.tz, _ = asText(o.Args[1])
		}
		return t, nil
	case "list_", "large_list", "struct":
		return p.arrowNested(strings.TrimSuffix(name, "_"), o.Args)
	case "dictionary":
		if len(o.Args) < 2 {
			return nil, pickle.Malformed("an Arrow dictionary type of %d arguments", len(o.Args))
		}
		index, err := p.arrowType(o.Args[0])
		if err != nil {
			return nil, err
		}
		value, err := p.arrowType(o.Args[1])
		t := &arrowType{name: name, value: value, fields: []arrowField{{typ: index}}}
		if len(o.Args) > 2 {
			t.ordered, _ = o.Args[2].(bool)
		}
		return t, err
	case "decimal128":
		t := &arrowType{name: name}
		t.precision, _ = asInt(o.Args[0])
		if len(o.Args) > 1 {
			t.scale, _ = asInt(o.Args[1])
		}
		return t, nil
	default:
		return nil, pickle.Unsupported("the Arrow type %s", name)
	}
}

func (p *Pandas) arrowNested(name string, args []any) (*arrowType, error) {
	t := &arrowType{name: name}
	fields, ok := items(args[0])
	if !ok {
		fields = []any{args[0]}
	}
	for _, f := range fields {
		field := arrowField{name: "item"}
		typ := f
		if o, isObject := f.(*pickle.Object); isObject && o.ClassName() == "pyarrow.lib.field" && len(o.Args) > 1 {
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
