package arrowframe

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// This file reads the types of pyarrow that are unions, run-end encoded, or extension types.

// viewType reads the arguments of a list view type.
func viewType(name string, args []any, depth int) (arrow.DataType, error) {
	item, err := fieldOf(argument(args, 0), depth+1)
	if err != nil {
		return nil, err
	}
	if name == "large_list_view" {
		return arrow.LargeListViewOfField(item), nil
	}
	return arrow.ListViewOfField(item), nil
}

// runEndType reads run_end_encoded(run_end_type, value_type).
func runEndType(args []any, depth int) (arrow.DataType, error) {
	ends, err := dataType(argument(args, 0), depth+1)
	if err != nil {
		return nil, err
	}
	values, err := dataType(argument(args, 1), depth+1)
	if err != nil {
		return nil, err
	}
	t := arrow.RunEndEncodedOf(ends, values)
	if !t.ValidRunEndsType(ends) {
		return nil, pickle.Malformed("runs that end at %s", ends)
	}
	return t, nil
}

// unionType reads union(fields, mode, type_codes).
func unionType(args []any, depth int) (arrow.DataType, error) {
	list, _ := itemsOf(argument(args, 0))
	fields, err := fieldsOf(list, depth+1)
	if err != nil {
		return nil, err
	}
	name, _ := textOf(argument(args, 1))
	mode, ok := map[string]arrow.UnionMode{"sparse": arrow.SparseMode,
		"dense": arrow.DenseMode}[name]
	numbers, isList := itemsOf(argument(args, 2))
	if len(args) == 2 { // pyarrow before 0.17 has no other codes than these
		for i := range fields {
			numbers, isList = append(numbers, i), true
		}
	}
	if !ok || !isList || len(numbers) != len(fields) {
		return nil, pickle.Malformed("a union of %d fields and %d type codes", len(fields),
			len(numbers))
	}
	codes := make([]arrow.UnionTypeCode, len(numbers))
	for i, v := range numbers {
		n, isInt := v.(int)
		codes[i] = arrow.UnionTypeCode(n)
		if !isInt || n < 0 || n > int(arrow.MaxUnionTypeCode) ||
			slices.Contains(codes[:i], codes[i]) {
			return nil, pickle.Malformed("the type code %s of a union", sizeText(v))
		}
	}
	return arrow.UnionOf(mode, fields, codes), nil
}

// isUnion reports whether a type is a union. In pyarrow its arrays have one more buffer than the
// layout of Arrow's Go library, which is None.
func isUnion(t arrow.DataType) bool {
	return t.ID() == arrow.SPARSE_UNION || t.ID() == arrow.DENSE_UNION
}

// extensionType reads the arguments of pyarrow's own extension types.
func extensionType(name string, args []any, depth int) (arrow.DataType, error) {
	switch name {
	case "uuid":
		return extensions.NewUUIDType(), nil
	case "bool8":
		return extensions.NewBool8Type(), nil
	}
	storage, err := dataType(argument(args, 0), depth+1)
	if err != nil {
		return nil, err
	}
	switch name {
	case "json_":
		t, err := extensions.NewJSONType(storage)
		if err != nil {
			return nil, pickle.Malformed("JSON in %s", storage)
		}
		return t, nil
	case "opaque":
		typeName, ok1 := textOf(argument(args, 1))
		vendor, ok2 := textOf(argument(args, 2))
		if !ok1 || !ok2 {
			return nil, pickle.Malformed("an opaque type without names")
		}
		return extensions.NewOpaqueType(storage, typeName, vendor), nil
	}
	return newTensorType(storage, args)
}

// tensorType is the extension type arrow.fixed_shape_tensor. Its elements are tensors of one shape.
//
// Reference: Arrow's specification, "Canonical Extension Types".
type tensorType struct {
	arrow.ExtensionBase
	value arrow.DataType
	tensorShape
}

// tensorShape is the metadata of a tensorType.
type tensorShape struct {
	Shape       []int    `json:"shape"`
	Names       []string `json:"dim_names,omitempty"`
	Permutation []int    `json:"permutation,omitempty"`
}

// tensorArray is an array of a tensorType. It is stored as lists of fixed size.
type tensorArray struct{ array.ExtensionArrayBase }

// newTensorType reads fixed_shape_tensor(value_type, shape, dim_names, permutation).
func newTensorType(value arrow.DataType, args []any) (arrow.DataType, error) {
	s := tensorShape{}
	dims, ok := itemsOf(argument(args, 1))
	size := 1
	for _, v := range dims {
		n, isInt := v.(int)
		if ok = ok && isInt && n > 0 && n <= 1<<30/size; !ok {
			break
		}
		size *= n
		s.Shape = append(s.Shape, n)
	}
	names, _ := itemsOf(argument(args, 2))
	for _, v := range names {
		name, isText := textOf(v)
		ok = ok && isText
		s.Names = append(s.Names, name)
	}
	order, _ := itemsOf(argument(args, 3))
	for _, v := range order {
		n, isInt := v.(int)
		ok = ok && isInt && n >= 0 && n < len(dims)
		s.Permutation = append(s.Permutation, n)
	}
	if !ok || len(names) > 0 && len(names) != len(dims) ||
		len(order) > 0 && len(order) != len(dims) {
		return nil, pickle.Unsupported("tensors of a shape of %d", len(dims))
	}
	storage := arrow.FixedSizeListOf(int32(size), value)
	return &tensorType{arrow.ExtensionBase{Storage: storage}, value, s}, nil
}

// ArrayType implements [arrow.ExtensionType].
func (*tensorType) ArrayType() reflect.Type { return reflect.TypeFor[tensorArray]() }

// ExtensionName implements [arrow.ExtensionType].
func (*tensorType) ExtensionName() string { return "arrow.fixed_shape_tensor" }

func (t *tensorType) String() string {
	return "extension<arrow.fixed_shape_tensor" + t.Serialize() + ">"
}

// ExtensionEquals implements [arrow.ExtensionType].
func (t *tensorType) ExtensionEquals(other arrow.ExtensionType) bool {
	o, ok := other.(*tensorType)
	return ok && arrow.TypeEqual(t.Storage, o.Storage) && t.Serialize() == o.Serialize()
}

// Serialize implements [arrow.ExtensionType].
func (t *tensorType) Serialize() string { return jsonText(t.tensorShape) }

// Deserialize implements [arrow.ExtensionType].
func (*tensorType) Deserialize(storage arrow.DataType, data string) (arrow.ExtensionType, error) {
	t := &tensorType{ExtensionBase: arrow.ExtensionBase{Storage: storage}}
	list, ok := storage.(*arrow.FixedSizeListType)
	if !ok {
		return nil, pickle.Malformed("tensors in %s", storage)
	}
	t.value = list.Elem()
	return t, json.Unmarshal([]byte(data), &t.tensorShape)
}

// reduceExtension returns the call that extensionType reads.
func reduceExtension(t arrow.ExtensionType) (any, error) {
	switch t.(type) {
	case *extensions.UUIDType:
		return lib("uuid"), nil
	case *extensions.Bool8Type:
		return lib("bool8"), nil
	}
	inner := t.StorageType()
	if tensor, ok := t.(*tensorType); ok {
		inner = tensor.value
	}
	storage, err := reduceType(inner)
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case *extensions.JSONType:
		return lib("json_", storage), nil
	case *extensions.OpaqueType:
		return lib("opaque", storage, t.TypeName, t.VendorName), nil
	case *tensorType:
		return lib("fixed_shape_tensor", storage, listOf(t.Shape), listOrNone(t.Names),
			listOrNone(t.Permutation)), nil
	}
	return nil, pickle.Unsupported("the Arrow type %s", t)
}

func listOf[T any](values []T) *types.List {
	list := make(types.List, len(values))
	for i, v := range values {
		list[i] = v
	}
	return &list
}

func listOrNone[T any](values []T) any {
	if values == nil {
		return nil
	}
	return listOf(values)
}

// reduceUnion returns the call that unionType reads.
func reduceUnion(t arrow.UnionType) (any, error) {
	fields, err := reduceFields(t.Fields())
	if err != nil {
		return nil, err
	}
	codes := make([]int, len(t.TypeCodes()))
	for i, c := range t.TypeCodes() {
		codes[i] = int(c)
	}
	return lib("union", fields, strings.ToLower(t.Mode().String()), listOf(codes)), nil
}
