package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// awkwardNode creates the content of one form. Items are read, and their indexes checked, only when
// a list refers to them.
type awkwardNode struct {
	r     *awkwardReader
	form  map[string]any
	key   string // form key, the prefix of the names of its buffers
	kind  string // parameter __array__
	depth int
}

// buffer returns the buffer of a role, such as "data".
func (n *awkwardNode) buffer(role string) (*ndarray.Array, error) {
	a := n.r.a.Buffers[n.key+"-"+role]
	if a == nil {
		return nil, pickle.Malformed("no buffer %.40q", n.key+"-"+role)
	}
	return a, nil
}

// index returns the values of a buffer of integers.
func (n *awkwardNode) index(role string) ([]int64, error) {
	a, err := n.buffer(role)
	if err != nil {
		return nil, err
	}
	return indexValues(a)
}

// child returns the content of the form under a key of this form.
func (n *awkwardNode) child(name string) (*awkwardContent, error) {
	form, ok := n.form[name].(*types.Dict)
	if !ok || form == nil {
		return nil, pickle.Malformed("a form without %s", name)
	}
	return n.r.content(form, n.depth+1)
}

// children returns the contents of a record or union.
func (n *awkwardNode) children() ([]*awkwardContent, error) {
	forms, ok := items(n.form["contents"])
	if !ok {
		return nil, pickle.Malformed("a form without contents")
	}
	out := make([]*awkwardContent, len(forms))
	for i, f := range forms {
		form, ok := f.(*types.Dict)
		if !ok || form == nil {
			return nil, pickle.Malformed("a form that is %s", typeName(f))
		}
		var err error
		if out[i], err = n.r.content(form, n.depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// numbers is the content of a NumpyArray.
func (n *awkwardNode) numbers() (*awkwardContent, error) {
	a, err := n.buffer("data")
	if err != nil {
		return nil, err
	}
	if inner, ok := items(n.form["inner_shape"]); ok && len(inner) > 0 {
		return n.matrix(a, inner)
	}
	c := &awkwardContent{at: func(i int64) (any, error) {
		if i < 0 || i >= int64(a.Shape()[0]) {
			return nil, outside(i, a.Shape()[0])
		}
		return a.At(int(i)), nil
	}}
	if n.kind == "char" || n.kind == "byte" {
		if c.chars, err = a.Bytes(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// matrix is the content of a NumpyArray whose items have the shape inner.
func (n *awkwardNode) matrix(a *ndarray.Array, inner []any) (*awkwardContent, error) {
	shape, err := shapeOf(types.NewTupleFromSlice(inner))
	if err != nil {
		return nil, err
	}
	size, ok := product(shape)
	if !ok || size == 0 || a.Size()%size != 0 {
		return nil, pickle.Malformed("items of shape %v in a buffer of %d", shape, a.Size())
	}
	rows, err := a.Reshape(append([]int{a.Size() / size}, shape...)...)
	if err != nil {
		return nil, err
	}
	return &awkwardContent{at: func(i int64) (any, error) {
		if i < 0 || i >= int64(rows.Shape()[0]) {
			return nil, outside(i, rows.Shape()[0])
		}
		return n.nested(rows, int(i))
	}}, nil
}

// nested returns item i of an array, as nested lists.
func (n *awkwardNode) nested(a *ndarray.Array, i int) (any, error) {
	if a.NDim() == 1 {
		return a.At(i), nil
	}
	row, err := a.Index(i)
	if err != nil {
		return nil, err
	}
	c := &awkwardContent{at: func(k int64) (any, error) { return n.nested(row, int(k)) }}
	return n.r.items(c, 0, int64(row.Shape()[0]))
}

// list returns the items of c from start up to stop, or the text that they spell.
func (n *awkwardNode) list(c *awkwardContent, start, stop int64) (any, error) {
	if n.kind != "string" && n.kind != "bytestring" {
		return n.r.items(c, start, stop)
	}
	if start < 0 || stop < start || stop > int64(len(c.chars)) {
		return nil, pickle.Malformed("characters %d to %d of %d", start, stop, len(c.chars))
	}
	if n.kind == "bytestring" {
		return c.chars[start:stop:stop], nil
	}
	if c.text == "" {
		c.text = string(c.chars)
	}
	return c.text[start:stop], nil
}

// offsets is the content of a ListOffsetArray.
func (n *awkwardNode) offsets() (*awkwardContent, error) {
	offsets, err := n.index("offsets")
	if err != nil {
		return nil, err
	}
	return n.between(offsets, min(1, len(offsets)), offsets)
}

// lists is the content of a ListArray.
func (n *awkwardNode) lists() (*awkwardContent, error) {
	starts, err := n.index("starts")
	if err != nil {
		return nil, err
	}
	stops, err := n.index("stops")
	if err != nil {
		return nil, err
	}
	return n.between(starts, 0, stops)
}

// between is a content of lists: list i goes from starts[i] up to stops[skip+i].
func (n *awkwardNode) between(starts []int64, skip int, stops []int64) (*awkwardContent, error) {
	c, err := n.child("content")
	if err != nil {
		return nil, err
	}
	stops = stops[skip:]
	count := min(len(starts), len(stops))
	return &awkwardContent{at: func(i int64) (any, error) {
		if i < 0 || i >= int64(count) {
			return nil, outside(i, count)
		}
		return n.list(c, starts[i], stops[i])
	}}, nil
}

// regular is the content of a RegularArray, whose lists have equal lengths.
func (n *awkwardNode) regular() (*awkwardContent, error) {
	c, err := n.child("content")
	if err != nil {
		return nil, err
	}
	size, ok := asInt(n.form["size"])
	if !ok || size < 0 || int64(size) > 1<<40 {
		return nil, pickle.Malformed("lists of %s", shown(n.form["size"]))
	}
	return &awkwardContent{at: func(i int64) (any, error) {
		if i > 1<<40/(int64(size)+1) { // keeps the products below in range
			return nil, pickle.Malformed("item %d of lists of %d", i, size)
		}
		return n.list(c, i*int64(size), (i+1)*int64(size))
	}}, nil
}

// records is the content of a RecordArray.
func (n *awkwardNode) records() (*awkwardContent, error) {
	contents, err := n.children()
	if err != nil {
		return nil, err
	}
	fields, named := items(n.form["fields"])
	if named && len(fields) != len(contents) {
		return nil, pickle.Malformed("%d fields with %d contents", len(fields), len(contents))
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i], _ = asText(f)
	}
	return &awkwardContent{at: func(i int64) (any, error) {
		if n.r.left -= len(contents); n.r.left < 0 {
			return nil, &pickle.LimitError{Limit: "Expansion", Max: int64(n.r.most),
				Want: int64(n.r.most - n.r.left)}
		}
		values := make([]any, len(contents))
		for k, c := range contents {
			var err error
			if values[k], err = c.at(i); err != nil {
				return nil, err
			}
		}
		if !named {
			return values, nil
		}
		m := make(map[string]any, len(names))
		for k, name := range names {
			m[name] = values[k]
		}
		return m, nil
	}}, nil
}

// indexed is the content of an IndexedArray or IndexedOptionArray. A negative index is a missing
// item.
func (n *awkwardNode) indexed() (*awkwardContent, error) {
	c, err := n.child("content")
	if err != nil {
		return nil, err
	}
	index, err := n.index("index")
	if err != nil {
		return nil, err
	}
	return &awkwardContent{at: func(i int64) (any, error) {
		switch {
		case i < 0 || i >= int64(len(index)):
			return nil, outside(i, len(index))
		case index[i] < 0:
			return nil, nil
		}
		return c.at(index[i])
	}}, nil
}

// byteMasked is the content of a ByteMaskedArray.
func (n *awkwardNode) byteMasked() (*awkwardContent, error) {
	mask, err := n.index("mask")
	if err != nil {
		return nil, err
	}
	return n.masked(int64(len(mask)), func(i int64) bool { return mask[i] != 0 })
}

// bitMasked is the content of a BitMaskedArray.
func (n *awkwardNode) bitMasked() (*awkwardContent, error) {
	mask, err := n.index("mask")
	if err != nil {
		return nil, err
	}
	lsb := n.form["lsb_order"] == true
	return n.masked(8*int64(len(mask)), func(i int64) bool {
		bit := i % 8
		if !lsb {
			bit = 7 - bit
		}
		return mask[i/8]>>bit&1 != 0
	})
}

// masked is the content of an array with a mask of count items. Masked items are missing.
func (n *awkwardNode) masked(count int64, mask func(i int64) bool) (*awkwardContent, error) {
	c, err := n.child("content")
	if err != nil {
		return nil, err
	}
	valid := n.form["valid_when"] == true
	return &awkwardContent{at: func(i int64) (any, error) {
		switch {
		case i < 0 || i >= count:
			return nil, outside(i, int(count))
		case mask(i) != valid:
			return nil, nil
		}
		return c.at(i)
	}}, nil
}

// union is the content of a UnionArray: item i is item index[i] of content tags[i].
func (n *awkwardNode) union() (*awkwardContent, error) {
	contents, err := n.children()
	if err != nil {
		return nil, err
	}
	tags, err := n.index("tags")
	if err != nil {
		return nil, err
	}
	index, err := n.index("index")
	if err != nil {
		return nil, err
	}
	count := min(len(tags), len(index))
	return &awkwardContent{at: func(i int64) (any, error) {
		if i < 0 || i >= int64(count) {
			return nil, outside(i, count)
		}
		if tags[i] < 0 || tags[i] >= int64(len(contents)) {
			return nil, pickle.Malformed("item %d is of content %d of %d", i, tags[i],
				len(contents))
		}
		return contents[tags[i]].at(index[i])
	}}, nil
}
