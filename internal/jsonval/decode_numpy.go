package jsonval

import (
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// setArray gives an array what the members of its form say, with its elements: their bytes in C
// order as base64, or for dtypes with objects nested lists of them.
func setArray(a *ndarray.Array, form any) error {
	members, ok := form.(types.Dict)[0].Value.(*types.Dict)
	if !ok {
		return pickle.Malformed("want an object")
	}
	parts := map[string]any{}
	for _, e := range *members {
		parts[e.Key.(string)] = e.Value
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

// flatten returns the elements of lists as deep as the shape.
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

// readElement returns one element of a dtype with objects; dtypes nest no deeper than package
// ndarray lets them.
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

// readSubarray returns lists as deep as a subarray as slices.
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

// readDescr reads a dtype: the descr of an .npy header, as JSON, or [descr, shape]. In that the
// descr is no subarray again, so this calls itself once.
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

// isSubarrayDescr reports whether a descr is [descr, shape].
func isSubarrayDescr(l types.List) bool {
	if len(l) != 2 {
		return false
	}
	shape, err := shapeOf(l[1])
	return err == nil && len(shape) > 0
}

// literal writes v as the Python literal that ParseDescr reads, in which the fields of a
// list, their titles and shapes are tuples. Of dtypes that nest too deep, ParseDescr could
// make nothing.
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
		// A list of lists is one of fields; all else is a tuple.
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
			// In a field (name, descr, shape) the descr may be a list again.
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

// literalItems writes a list in the dictionary form of a dtype, of names, formats, offsets or
// titles, or another value of it.
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
