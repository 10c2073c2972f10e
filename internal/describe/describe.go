// Package describe summarises a value as a tree of its keys, with the kind, dtype, shape and size
// of each value and a short preview. It reads only those elements of an array that the preview
// shows.
package describe

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/xr"
)

// Node is one value in the tree.
type Node struct {
	// Token is the last token of the pointer to the value: its key, or its position in a list. It
	// is empty for the root.
	Token string `json:"key,omitempty"`
	// Kind is the Python type: "dict", "ndarray", "pandas.core.frame.DataFrame"...
	Kind string `json:"kind"`
	// Len is the number of items of a container, or the length of a str or bytes.
	Len *int `json:"len,omitempty"`
	// DType is the dtype of an array or a column, as NumPy or pandas names it.
	DType string `json:"dtype,omitempty"`
	// Shape is the shape of an array or table. A 0-d array has an empty shape that is not nil.
	Shape []int `json:"shape,omitempty"`
	// Order is "F" for an array of several dimensions in Fortran order, else empty.
	Order string `json:"order,omitempty"`
	// NBytes is the size of the elements in memory, in bytes.
	NBytes *int64 `json:"nbytes,omitempty"`
	// Value is a short preview of the value.
	Value string `json:"value,omitempty"`
	// Same is the pointer under which the tree has already shown this object, or nil if this is the
	// first time. Nothing inside the object is shown again.
	Same *string `json:"same_as,omitempty"`
	// Detail is further information, such as the version of the library that wrote the value, or
	// the dimensions of an xarray value.
	Detail string `json:"detail,omitempty"`
	// Stats are the extremes of an array of numbers, where Options.Stats asks for them.
	Stats *Stats `json:"stats,omitempty"`
	// Children are the first values inside this one. More is the number of values that are not
	// shown.
	Children []*Node `json:"children,omitempty"`
	More     int     `json:"more,omitempty"`
	// Error says why the value could not be read.
	Error string `json:"error,omitempty"`
}

// Stats are the extremes of an array of numbers, as text.
type Stats struct {
	Min string `json:"min"`
	Max string `json:"max"`
}

// Options say how much of a value the tree shows. The zero value shows the root alone.
type Options struct {
	// Depth is the number of levels below the root.
	Depth int
	// Names is the greatest number of children that are shown of a container whose items have
	// names, such as a dict; Items is the same for containers whose items have positions. If only
	// one child is left, it is shown too.
	Names, Items int
	// Nodes is the greatest number of values in the whole tree.
	Nodes int
	// Stats asks for the extremes of arrays of numbers, which means reading every element.
	Stats bool
	// CopyText is the parameter of lookup.NewReader.
	CopyText bool
	// Totals maps a list or dict of which only the first items were read to its real number of
	// items. At least as many items were read as Tree asks for.
	Totals map[any]int
}

// Tree returns how much of a value has to be read so that Describe can show it.
func (o Options) Tree() *lookup.Tree {
	// A container with one item more than the limit shows them all.
	return &lookup.Tree{Depth: o.Depth, Expand: max(o.Names, o.Items) + 1, Peek: sampleSize}
}

// total returns the real number of items of a container, of which only read items may be in memory.
func (d *describer) total(v any, read int) int {
	switch v.(type) {
	case *types.List, *types.Dict:
		if n, ok := d.o.Totals[v]; ok {
			return n
		}
	}
	return read
}

// Describe returns the tree of an object. python2 reports whether the tree has a str of Python 2 in
// it, which Python 3 would not write.
func Describe(v any, o Options) (root *Node, python2 bool) {
	d := &describer{o: o, r: lookup.NewReader(o.CopyText), left: o.Nodes - 1,
		shown: map[any]string{}}
	return d.node("", v, nil, 0), d.python2
}

// describer makes one tree.
type describer struct {
	o     Options
	r     *lookup.Reader
	shown map[any]string // maps each container in the tree to its pointer
	left  int            // how many more nodes the tree may have

	python2 bool // whether the tree has a str of Python 2
}

// node describes the value at a pointer, which is depth levels below the root.
func (d *describer) node(token string, v any, at pointer.Pointer, depth int) *Node {
	n := &Node{Token: token}
	if _, ok := v.(pickle.Py2String); ok {
		d.python2 = true
	}
	if id := identity(v); id != nil {
		if same, ok := d.shown[id]; ok {
			d.name(n, v)
			n.Same = &same
			return n
		}
		d.shown[id] = at.String()
	}
	c, err := d.r.Resolve(v)
	if err != nil {
		n.Error = err.Error()
	}
	d.name(n, c)
	if d.o.Stats {
		n.Stats = statsOf(c)
	}
	d.children(n, c, at, depth)
	return n
}

// children adds the nodes of the values inside v to n.
func (d *describer) children(n *Node, v any, at pointer.Pointer, depth int) {
	p, ok := d.r.Parts(v)
	if fields, isStruct := fieldParts(v); isStruct {
		p = fields
	} else if !ok || !hasChildren(v) {
		return
	}
	p.Len = d.total(v, p.Len)
	if depth == d.o.Depth {
		n.More = p.Len
		return
	}
	most := d.o.Items
	if p.Named {
		most = d.o.Names
	}
	if p.Len == most+1 {
		most++ // the line "1 more" would take as much room as the child
	}
	count := min(p.Len, most, max(d.left, 0))
	d.left -= count
	for i := range count {
		token, child := p.At(i)
		c := d.node(token, child, at.Child(token), depth+1)
		if _, isTable := v.(*frame.Frame); isTable {
			c.Kind = "column"
		}
		n.Children = append(n.Children, c)
	}
	n.More = p.Len - count
}

// fieldParts returns the fields of a structured array as its parts.
func fieldParts(v any) (lookup.Parts, bool) {
	a, ok := v.(*ndarray.Array)
	if !ok || a.DType().Fields() == nil {
		return lookup.Parts{}, false
	}
	fields := a.DType().Fields()
	return lookup.Parts{Len: len(fields), Named: true, At: func(i int) (string, any) {
		name := fields[i].Name
		field, err := a.Field(name)
		if err != nil {
			return name, nil
		}
		return name, field
	}}, true
}

// hasChildren reports whether the tree shows the parts of a value as children. It does not where
// the parts are elements or short items, which the preview of the value shows.
func hasChildren(v any) bool {
	switch v := v.(type) {
	case *ndarray.Array:
		return v.DType().Kind() == ndarray.KindObject && !allLeaves(v)
	case *ndarray.Masked, *ndarray.Scalar, *frame.Series, *frame.Index, *reconstruct.TypedArray:
		return false
	case *xr.Variable:
		return len(v.Attrs) > 0
	case *pickle.Object:
		_, isText := pyvalue.TextOf(v)
		_, isName := pyvalue.GlobalName(v)
		if isText || isName {
			return false
		}
	}
	if items, ok := pyvalue.ItemsOf(v); ok {
		return !leafItems(items)
	}
	return true
}

// sampleSize is the number of items of a list that leafItems and allLeaves look at.
const sampleSize = 64

// leafItems reports whether the first items of a list are all numbers or short values, so that the
// preview of the list is enough.
func leafItems(items []any) bool {
	for _, v := range items[:min(len(items), sampleSize)] {
		if !isLeaf(v) {
			return false
		}
	}
	return true
}

// isLeaf reports whether a value is a number or short enough to be shown in a preview.
func isLeaf(v any) bool {
	switch v := v.(type) {
	case nil, bool, int, float64, complex128:
		return true
	case string:
		return len(v) <= shortText
	case pickle.Py2String:
		return len(v) <= shortText
	case *ndarray.Scalar:
		return v.DType().Fields() == nil
	}
	_, ok := pyvalue.TextOf(v)
	return ok && !pyvalue.IsContainer(v)
}

// allLeaves is leafItems for an array of objects, whose strings may have any length.
func allLeaves(a *ndarray.Array) bool {
	n := 0
	for v := range a.Elements() {
		if n++; n > sampleSize {
			break
		}
		if _, text := v.(string); !text && !isLeaf(v) {
			return false
		}
	}
	return true
}

// identity returns the map key by which a shared object is recognised, or nil for a value whose
// sharing is not worth showing: a scalar, text, or an empty list.
func identity(v any) any {
	switch v := v.(type) {
	case *ndarray.Array, *ndarray.Masked, *frame.Frame, *frame.Series:
		return v
	case *ndarray.Scalar:
		return nil
	}
	if p, ok := pyvalue.ItemsOf(v); ok && len(p) == 0 {
		return nil
	}
	if pyvalue.IsContainer(v) {
		return v
	}
	return nil
}

// statsOf returns the extremes of an array of numbers or a column of them.
func statsOf(v any) *Stats {
	a, ok := pyvalue.ArrayOf(v)
	if s, isSeries := v.(*frame.Series); isSeries && s.Kind == frame.Numpy {
		a, ok = s.Values, true
	}
	if !ok || a.HasObject() || a.Size() == 0 {
		return nil
	}
	st, err := a.Stats()
	if err != nil {
		return nil
	}
	return &Stats{Text(st.Min), Text(st.Max)}
}
