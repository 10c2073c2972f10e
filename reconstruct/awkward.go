package reconstruct

import (
	"fmt"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Awkward is an array of Awkward Array 2: lists of different lengths, records, options and unions.
// It is stored as flat buffers and a form that describes their layout.
type Awkward struct {
	origin
	// Layout is the form as a dict, as awkward's Form.to_dict returns it.
	Layout any
	// Len is the number of items of the outermost list.
	Len int
	// IsRecord is true for an awkward.Record, which is item At of the array.
	IsRecord bool
	At       int
	// Buffers maps form keys of the layout with a role ("node1-data") to flat arrays.
	Buffers map[string]*ndarray.Array

	names  []string    // keys of Buffers in the order of the pickle
	layout *types.Dict // Layout as it was read, whatever a program sets
}

// readAwkward reads awkward.Array and awkward.Record as Awkward 2 pickles them.
//
// Reference: awkward/_pickle.py, unpickle_array_schema_1 and unpickle_record_schema_1;
// awkward/highlevel.py.
func readAwkward(inst namedInstance) (any, error) {
	args := inst.Args
	record := false
	switch inst.Class.Name {
	case "unpickle_array_schema_1", "unpickle_array_schema_2":
	case "unpickle_record_schema_1", "unpickle_record_schema_2":
		record = true
	case "Array":
		state, ok := items(inst.State)
		if !ok {
			return nil, nil
		}
		args = state
	default:
		return nil, nil
	}
	if len(args) < 3 {
		return nil, nil
	}
	form, ok := args[0].(*types.Dict)
	container, isDict := dictEntries(args[2])
	n, isInt := asInt(plainScalar(args[1]))
	if !ok || form == nil || !isDict || !isInt || n < 0 {
		return nil, nil
	}
	a := &Awkward{Layout: form, layout: form, Len: n, Buffers: map[string]*ndarray.Array{}}
	if record {
		at, isInt := asInt(plainScalar(args[len(args)-1]))
		if !isInt || at < 0 || at >= n {
			return nil, pickle.Malformed("a record at %s of %d", shown(args[len(args)-1]), n)
		}
		a.IsRecord, a.At = true, at
	}
	for _, e := range container {
		key, isText := asText(e.Key)
		buffer, isArray := e.Value.(*ndarray.Array)
		if !isText || !isArray || buffer.NDim() == 0 {
			return nil, pickle.Malformed("a buffer of %s", typeName(e.Value))
		}
		a.Buffers[key] = buffer
		a.names = append(a.names, key)
	}
	return a, nil
}

// MarshalJSON returns the JSON that to-json --arrays=values writes.
func (a *Awkward) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(a) }

// Form implements [LibraryValue].
func (a *Awkward) Form() string { return "$awkward" }

// Parts implements [LibraryValue].
func (a *Awkward) Parts() []Part {
	buffers := &types.Dict{}
	for _, name := range a.names {
		*buffers = append(*buffers, types.DictEntry{Key: name, Value: a.Buffers[name]})
	}
	parts := []Part{{Name: "form", Value: a.Layout}, {Name: "length", Value: a.Len},
		{Name: "buffers", Value: buffers}}
	if a.IsRecord {
		parts = append(parts, Part{Name: "at", Value: a.At})
	}
	return parts
}

// Places implements [LibraryValue].
func (a *Awkward) Places() []*any { return []*any{&a.Layout} }

// String returns the number of items.
func (a *Awkward) String() string { return fmt.Sprintf("%d items", a.Len) }

// List returns the items as nested lists, as awkward.to_list does: records become maps, tuples
// become lists, missing items nil, strings text, and numbers the Go types of their dtypes. Because
// an index may name an item many times, maxValues limits the values of the result; more is an error
// of the kind pickle.ErrLimit. Buffers shorter than the layout claims are an error of the kind
// pickle.ErrMalformed.
func (a *Awkward) List(maxValues int) ([]any, error) {
	r := &awkwardReader{a: a, left: maxValues, most: maxValues}
	if a.layout == nil {
		return []any{}, nil
	}
	c, err := r.content(a.layout, 0)
	if err != nil {
		return nil, err
	}
	return r.items(c, 0, int64(a.Len))
}

// awkwardReader converts items to lists and counts the values.
type awkwardReader struct {
	a          *Awkward
	left, most int // values that may still be added, and the limit
	nodes      int // nodes created so far
}

// awkwardContent is a node of a layout: a list whose item i is at(i).
type awkwardContent struct {
	at func(i int64) (any, error)
	// chars has the bytes of a node of characters, and text the same as text once it is needed. The
	// strings in a parent share it, so that an index that repeats them takes no memory for it.
	chars []byte
	text  string
}

// maxAwkwardDepth limits the depth of a layout, and maxAwkwardNodes its nodes: a pickle can use one
// form in many places.
const (
	maxAwkwardDepth = 64
	maxAwkwardNodes = 1 << 16
)

// items returns the items from start up to stop.
func (r *awkwardReader) items(c *awkwardContent, start, stop int64) ([]any, error) {
	if start < 0 || stop < start {
		return nil, pickle.Malformed("items %d to %d", start, stop)
	}
	if stop-start > int64(r.left) {
		return nil, &pickle.LimitError{Limit: "Expansion", Max: int64(r.most),
			Want: int64(r.most-r.left) + stop - start}
	}
	r.left -= int(stop - start)
	out := make([]any, 0, min(stop-start, 1024))
	for i := start; i < stop; i++ {
		v, err := c.at(i)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// content returns the node that a form describes.
func (r *awkwardReader) content(form *types.Dict, depth int) (*awkwardContent, error) {
	if depth == maxAwkwardDepth {
		return nil, &pickle.LimitError{Limit: "Depth", Max: maxAwkwardDepth, Want: int64(depth + 1)}
	}
	if r.nodes++; r.nodes > maxAwkwardNodes {
		return nil, &pickle.LimitError{Limit: "Expansion", Max: maxAwkwardNodes,
			Want: int64(r.nodes)}
	}
	f, _ := textKeys(form)
	class, _ := asText(f["class"])
	key, _ := asText(f["form_key"])
	n := &awkwardNode{r: r, form: f, key: key, depth: depth}
	if parameters, ok := textKeys(f["parameters"]); ok {
		n.kind, _ = asText(parameters["__array__"])
	}
	switch class {
	case "NumpyArray":
		return n.numbers()
	case "EmptyArray":
		return &awkwardContent{at: func(i int64) (any, error) { return nil, outside(i, 0) }}, nil
	case "ListOffsetArray":
		return n.offsets()
	case "ListArray":
		return n.lists()
	case "RegularArray":
		return n.regular()
	case "RecordArray":
		return n.records()
	case "IndexedArray", "IndexedOptionArray":
		return n.indexed()
	case "ByteMaskedArray":
		return n.byteMasked()
	case "BitMaskedArray":
		return n.bitMasked()
	case "UnmaskedArray":
		return n.child("content")
	case "UnionArray":
		return n.union()
	}
	return nil, pickle.Unsupported("an awkward array of class %.40q", class)
}

// outside returns the error for an index beyond a buffer of n items.
func outside(i int64, n int) error {
	return pickle.Malformed("item %d of a buffer of %d", i, n)
}
