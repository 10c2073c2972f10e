package jsonval

import (
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// setArray sets a pending array from the member of its form. The elements are given as base64 of
// their bytes in C order, or, for a dtype with objects, as nested lists.
func setArray(a *ndarray.Array, form any) error {
	members, ok := form.(types.Dict)[0].Value.(*types.Dict)
	if !ok {
		return pickle.Malformed("want an object")
	}
	parts := map[string]any{}
	for _, e := range *members {
		key, ok := e.Key.(string)
		if !ok {
			return pickle.Malformed("a key that is not a string")
		}
		parts[key] = e.Value
	}
	dt, err := readDescr(parts["dtype"])
	if err != nil {
		return err
	}
	shape, err := shapeOf(parts["shape"])
	if err != nil {
		return err
	}
	order := ndarray.OrderC
	if parts["order"] == any("F") {
		order = ndarray.OrderF
	}
	if dt.HasObject() {
		elems, err := flatten(dt, parts["data"], shape)
		if err != nil {
			return err
		}
		return pending.SetObjects(a, dt, shape, order, elems)
	}
	if parts["base64"] == nil {
		return pickle.Malformed("no elements, which to-json --arrays=base64 writes")
	}
	data, err := base64Of(parts["base64"])
	if err != nil {
		return err
	}
	if order == ndarray.OrderC {
		return pending.SetData(a, dt, shape, order, data)
	}
	c, err := ndarray.New(dt, shape, ndarray.OrderC, data)
	if err != nil {
		return err
	}
	if data, err = c.AppendBytes(nil, order); err != nil {
		return err
	}
	return pending.SetData(a, dt, shape, order, data)
}

// shapeOf reads a shape.
func shapeOf(v any) ([]int, error) {
	dims, ok := v.(*types.List)
	if !ok || len(*dims) > ndarray.MaxDims {
		return nil, pickle.Malformed("no shape, or one of more than %d dimensions", ndarray.MaxDims)
	}
	shape := make([]int, len(*dims))
	for i, dim := range *dims {
		if shape[i], ok = dim.(int); !ok || shape[i] < 0 {
			return nil, pickle.Malformed("dimension %d is not a number of elements", i)
		}
	}
	return shape, nil
}

// flatten returns the elements of nested lists, which must have the given shape, in C order.
func flatten(dt *ndarray.DType, v any, shape []int) ([]any, error) {
	elems := []any{v}
	for axis, n := range shape {
		var next []any
		for _, v := range elems {
			l, ok := v.(*types.List)
			if !ok || len(*l) != n {
				return nil, pickle.Malformed("the data does not have the shape %v at axis %d",
					shape, axis)
			}
			next = append(next, *l...)
		}
		elems = next
	}
	for i, v := range elems {
		var err error
		if elems[i], err = readElement(dt, v); err != nil {
			return nil, err
		}
	}
	return elems, nil
}

// readElement returns an element of a dtype with objects. It recurses only as deep as the dtype,
// which package ndarray limits.
func readElement(dt *ndarray.DType, v any) (any, error) {
	if base, shape := dt.Subarray(); base != nil {
		return readSubarray(base, v, len(shape))
	}
	if dt.Names() == nil {
		if f, ok := floatOf(v); ok && dt.Kind() == ndarray.KindFloat {
			return f, nil
		}
		return v, nil
	}
	members, ok := v.(*types.Dict)
	if !ok || len(*members) != len(dt.Fields()) {
		return nil, pickle.Malformed("an element is not an object with the fields of %s", dt)
	}
	record := make([]any, len(*members))
	for i, f := range dt.Fields() {
		e := (*members)[i]
		if e.Key != any(f.Name) {
			return nil, pickle.Malformed("an element has %.40q where the field %q belongs", e.Key,
				f.Name)
		}
		var err error
		if record[i], err = readElement(f.DType, e.Value); err != nil {
			return nil, err
		}
	}
	return record, nil
}

// readSubarray returns nested lists, which are depth levels deep, as nested slices.
func readSubarray(base *ndarray.DType, v any, depth int) (any, error) {
	l, ok := v.(*types.List)
	if depth == 0 || !ok {
		return readElement(base, v)
	}
	out := make([]any, len(*l))
	for i, item := range *l {
		var err error
		if out[i], err = readSubarray(base, item, depth-1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readDescr reads a dtype: the descr of an .npy header, as JSON, or [descr, shape] for a subarray.
// It recurses once at most, because the base of a subarray is not a subarray.
func readDescr(v any) (*ndarray.DType, error) {
	if text, ok := v.(string); ok {
		return ndarray.ParseDType(text)
	}
	if l, ok := v.(*types.List); ok && isSubarrayDescr(*l) {
		if inner, ok := (*l)[0].(*types.List); ok && isSubarrayDescr(*inner) {
			return nil, pickle.Malformed("a subarray of subarrays")
		}
		base, err := readDescr((*l)[0])
		if err != nil {
			return nil, err
		}
		shape, err := shapeOf((*l)[1])
		if err != nil {
			return nil, err
		}
		return ndarray.NewSubarray(base, shape...)
	}
	var b strings.Builder
	if err := literal(&b, v, false, 0); err != nil {
		return nil, err
	}
	return ndarray.ParseDescr(b.String())
}

// isSubarrayDescr reports whether l has the form [descr, shape].
func isSubarrayDescr(l types.List) bool {
	if len(l) != 2 {
		return false
	}
	shape, err := shapeOf(l[1])
	return err == nil && len(shape) > 0
}

// literal writes v as a Python literal for ndarray.ParseDescr. JSON has no tuples, so it decides by
// their place which lists become tuples: the fields in a list of fields, their titles and shapes.
// tuple says that v is in such a place. Depth is limited to what ParseDescr accepts.
func literal(b *strings.Builder, v any, tuple bool, depth int) error {
	if depth > 4*ndarray.MaxDTypeDepth {
		return pickle.Malformed("a dtype nested too deep")
	}
	switch v := v.(type) {
	case string:
		quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`).Replace(v)
		b.WriteString("'" + quoted + "'")
	case int:
		b.WriteString(strconv.Itoa(v))
	case bool:
		b.WriteString(map[bool]string{true: "True", false: "False"}[v])
	case nil:
		b.WriteString("None")
	case *types.List:
		// A list that consists of lists is a list of fields. Any other list is a tuple.
		fields := !tuple
		for _, item := range *v {
			_, isList := item.(*types.List)
			fields = fields && isList
		}
		ends := "()"
		if fields {
			ends = "[]"
		}
		b.WriteByte(ends[0])
		for i, item := range *v {
			// In a field (name, descr, shape), the descr may be a list of fields.
			if err := literal(b, item, fields || tuple && i != 1, depth+1); err != nil {
				return err
			}
			b.WriteString(", ")
		}
		b.WriteByte(ends[1])
	case *types.Dict:
		b.WriteByte('{')
		for _, e := range *v {
			if err := literal(b, e.Key, true, depth+1); err != nil {
				return err
			}
			b.WriteString(": ")
			if err := literalItems(b, e.Value, depth+1); err != nil {
				return err
			}
			b.WriteString(", ")
		}
		b.WriteByte('}')
	default:
		return pickle.Malformed("%T in a dtype", v)
	}
	return nil
}

// literalItems writes a value in the dictionary form of a dtype: a list of names, formats, offsets
// or titles, or the itemsize.
func literalItems(b *strings.Builder, v any, depth int) error {
	items, ok := v.(*types.List)
	if !ok {
		return literal(b, v, true, depth)
	}
	b.WriteByte('[')
	for _, item := range *items {
		if err := literal(b, item, false, depth+1); err != nil {
			return err
		}
		b.WriteString(", ")
	}
	b.WriteByte(']')
	return nil
}
