// Package describe says what is in a value: a tree of its keys with kinds, dtypes, shapes, sizes
// and a short look at each value. It reads no more of an array than it shows.
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

// Node is a value of a tree.
type Node struct {
	// Token is what leads to the value from the one around it, "" of the root.
	Token string `json:"key,omitempty"`
	// Kind is the Python type: "dict", "ndarray", "pandas.core.frame.DataFrame"...
	Kind string `json:"kind"`
	// Len is the number of items of a container.
	Len *int `json:"len,omitempty"`
	// DType is that of an array or a column, as NumPy and pandas name it.
	DType string `json:"dtype,omitempty"`
	// Shape is that of an array or table; empty but not nil of a 0-d array.
	Shape []int `json:"shape,omitempty"`
	// Order is "F" of an array that lies in Fortran order only.
	Order string `json:"order,omitempty"`
	// NBytes is the memory of the elements, in bytes.
	NBytes *int64 `json:"nbytes,omitempty"`
	// Value is a short look at the value.
	Value string `json:"value,omitempty"`
	// Same is the pointer to where the same object was shown before.
	Same *string `json:"same_as,omitempty"`
	// Detail says more of an object: the version of the library that wrote it.
	Detail string `json:"detail,omitempty"`
	Stats  *Stats `json:"stats,omitempty"`
	// Children are the first values inside, More is how many others there are.
	Children []*Node `json:"children,omitempty"`
	More     int     `json:"more,omitempty"`
	// Error is why the value cannot be looked into.
	Error string `json:"error,omitempty"`
}

// Stats are the extremes of an array of numbers.
type Stats struct {
	Min string `json:"min"`
	Max string `json:"max"`
}

// Options say how much of a value is shown. The zero value shows the root alone.
type Options struct {
	// Depth is how many levels of containers are looked into.
	Depth int
	// Names is how many children are shown of a container with names, Items of one without.
	Names, Items int
	// Nodes is how many values are shown in all.
	Nodes int
	// Stats reads the arrays of numbers for their extremes.
	Stats bool
	// CopyText is that of lookup.NewReader.
	CopyText bool
	// Totals are the numbers of items of those lists and dicts that have the first of them alone:
	// not fewer than Tree says.
	Totals map[any]int
}

// Tree returns how much of a value has to be there.
func (o Options) Tree() *lookup.Tree {
	// A container that has one more than it shows shows all.
	return &lookup.Tree{Depth: o.Depth, Expand: max(o.Names, o.Items) + 1, Peek: lookAt}
}

// total returns how many items a container has, of which kept are there.
func (d *describer) total(v any, kept int) int {
	switch v.(type) {
	case *types.List, *types.Dict:
		if n, ok := d.o.Totals[v]; ok {
			return n
		}
	}
	return kept
}

// Describe returns the tree of an object. python2 says that one of the values in it is a str of
// Python 2, which Python 3 does not write.
func Describe(v any, o Options) (root *Node, python2 bool) {
	d := &describer{o: o, r: lookup.NewReader(o.CopyText), met: map[any]string{}, left: o.Nodes - 1}
	return d.node("", v, nil, 0), d.python2
}

type describer struct {
	o    Options
	r    *lookup.Reader
	met  map[any]string // containers that were shown, with their pointers
	left int            // values that may still be shown

	python2 bool // a str of Python 2 was met
}

// node describes a value that at leads to, inside depth levels of containers.
func (d *describer) node(token string, v any, at pointer.Pointer, depth int) *Node {
	n := &Node{Token: token}
	if _, ok := v.(pickle.Py2String); ok {
		d.python2 = true
	}
	if id := identity(v); id != nil {
		if same, ok := d.met[id]; ok {
			d.name(n, v)
			n.Same = &same
			return n
		}
		d.met[id] = at.String()
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

// children adds what is inside a value.
func (d *describer) children(n *Node, v any, at pointer.Pointer, depth int) {
	p, ok := d.r.Parts(v)
	if fields, isStruct := fieldParts(v); isStruct {
		p = fields
	} else if !ok || !opens(v) {
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
		most++ // a line that says "1 more" is none the shorter
	}
	shown := min(p.Len, most, max(d.left, 0))
	d.left -= shown
	for i := range shown {
		token, child := p.At(i)
		c := d.node(token, child, at.Child(token), depth+1)
		if _, isTable := v.(*frame.Frame); isTable {
			c.Kind = "column"
		}
		n.Children = append(n.Children, c)
	}
	n.More = p.Len - shown
}

// fieldParts are the fields of a structured array.
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

// opens reports whether the parts of a value are values of their own, rather than elements.
func opens(v any) bool {
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

// lookAt is how many items of a list are looked at to see whether they are all plain.
const lookAt = 64

// leafItems reports whether a list is one of numbers and short values, of which the look at the
// list shows enough.
func leafItems(items []any) bool {
	for _, v := range items[:min(len(items), lookAt)] {
		if !isLeaf(v) {
			return false
		}
	}
	return true
}

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

// allLeaves is leafItems for an array of objects.
func allLeaves(a *ndarray.Array) bool {
	n := 0
	for v := range a.Elements() {
		if n++; n > lookAt {
			break
		}
		if _, text := v.(string); !text && !isLeaf(v) {
			return false
		}
	}
	return true
}

// identity returns what tells a value from others that are equal, or nil where that says nothing.
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
