// Package diff compares two values by structure: what only one of them has, and what both have and
// is not the same, by pointer. Arrays are compared as they lie in memory, by several goroutines.
package diff

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/torch"
	"github.com/unpkl/unpkl/xr"
)

// Kind says what kind of difference one is.
type Kind string

// The kinds of differences.
const (
	Added   Kind = "added"   // only the second has it
	Removed Kind = "removed" // only the first has it
	Type    Kind = "type"    // another type
	DType   Kind = "dtype"   // an array of another dtype
	Shape   Kind = "shape"   // an array of another shape
	Changed Kind = "changed" // another value
)

// Change is one difference.
type Change struct {
	At   pointer.Pointer
	Kind Kind
	// Old and New are short looks at the values, "" for one that is not there.
	Old, New string
	// Elements is how the elements of an array differ; nil of anything else.
	Elements *Elements
}

// Options say what counts as the same.
type Options struct {
	// RTol and ATol are those of numpy.allclose: numbers a and b are the same where |a-b| <= ATol +
	// RTol*|b|. NaNs are the same.
	RTol, ATol float64
	// Ignore are pointers to what is not compared; a * in them stands for any token.
	Ignore []pointer.Pointer
	// At is what led to the values.
	At pointer.Pointer
}

// Compare calls found with each difference between a and b, objects of two pickles, in the order of
// a.
func Compare(a, b any, o Options, found func(Change) error) error {
	c := &comparer{o: o, found: found, ra: lookup.NewReader(true), rb: lookup.NewReader(true),
		met: map[pair]bool{}}
	c.push(o.At, a, b)
	for len(c.stack) > 0 {
		next := c.stack[len(c.stack)-1]
		c.stack = c.stack[:len(c.stack)-1]
		if next.change != nil {
			if err := c.found(*next.change); err != nil {
				return err
			}
			continue
		}
		// What a comparison leaves to be compared is pushed in its order, and taken from the end.
		base := len(c.stack)
		if err := c.compare(next.at, next.a, next.b); err != nil {
			return err
		}
		slices.Reverse(c.stack[base:])
	}
	return nil
}

// comparer compares two values over a stack of its own, since the nesting is the files'.
type comparer struct {
	o      Options
	found  func(Change) error
	ra, rb *lookup.Reader
	stack  []task
	met    map[pair]bool // containers that were compared with each other
}

type pair struct{ a, b any }

// task is two values that are still to be compared, or a difference that is told when its turn
// comes.
type task struct {
	at     pointer.Pointer
	a, b   any
	change *Change
}

func (c *comparer) push(at pointer.Pointer, a, b any) {
	if !c.ignored(at) {
		c.stack = append(c.stack, task{at: at, a: a, b: b})
	}
}

func (c *comparer) tell(at pointer.Pointer, kind Kind, a, b any) {
	if c.ignored(at) {
		return
	}
	change := &Change{At: at, Kind: kind}
	if kind != Added {
		change.Old = describe.Brief(a)
	}
	if kind != Removed {
		change.New = describe.Brief(b)
	}
	c.stack = append(c.stack, task{change: change})
}

func (c *comparer) ignored(at pointer.Pointer) bool {
	return slices.ContainsFunc(c.o.Ignore, func(p pointer.Pointer) bool {
		if len(p) != len(at) {
			return false
		}
		for i := range p {
			if p[i] != at[i] && p[i] != pointer.All {
				return false
			}
		}
		return true
	})
}

// compare compares two values; what is inside them is pushed.
func (c *comparer) compare(at pointer.Pointer, a, b any) error {
	a, err := c.ra.Resolve(a)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if b, err = c.rb.Resolve(b); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if isReference(a) && isReference(b) {
		if p := (pair{a, b}); c.met[p] {
			return nil
		} else {
			c.met[p] = true
		}
	}
	if x, ok := pyvalue.ArrayOf(a); ok && !isXarray(a) {
		if y, ok := pyvalue.ArrayOf(b); ok && reflect.TypeOf(a) == reflect.TypeOf(b) {
			return c.arrays(at, x, y)
		}
	}
	if reflect.TypeOf(a) != reflect.TypeOf(b) {
		return c.otherTypes(at, a, b)
	}
	switch x := a.(type) {
	case *ndarray.Masked:
		return c.masked(at, x, b.(*ndarray.Masked))
	case *frame.Frame:
		c.frames(at, x, b.(*frame.Frame))
		return nil
	case *frame.Series:
		return c.series(at, x, b.(*frame.Series))
	case *frame.Index:
		c.indexes(at, x, b.(*frame.Index))
		return nil
	case *reconstruct.Sparse:
		return c.sparse(at, x, b.(*reconstruct.Sparse))
	case *xr.Variable, *xr.DataArray, *xr.Dataset, *xr.DataTree:
		c.xarray(at, a, b)
		return nil
	case reconstruct.LibraryValue:
		if x.ClassName() != b.(reconstruct.LibraryValue).ClassName() {
			c.tell(at, Type, a, b)
			return nil
		}
		c.parts(at, a, b)
		return nil
	case *ndarray.Scalar:
		return c.arrays(at, x.Array(), b.(*ndarray.Scalar).Array())
	case *torch.Tensor:
		return c.tensors(at, x, b.(*torch.Tensor))
	case *pickle.Object:
		c.objects(at, x, b.(*pickle.Object))
		return nil
	}
	if x, ok := pyvalue.EntriesOf(a); ok {
		y, _ := pyvalue.EntriesOf(b)
		c.dicts(at, x, y)
		return nil
	}
	if x, ok := pyvalue.SetItems(a); ok {
		y, _ := pyvalue.SetItems(b)
		c.sets(at, x, y)
		return nil
	}
	if x, ok := pyvalue.ItemsOf(a); ok {
		y, _ := pyvalue.ItemsOf(b)
		c.lists(at, x, y)
		return nil
	}
	if !c.sameLeaf(a, b) {
		c.tell(at, Changed, a, b)
	}
	return nil
}

func isXarray(v any) bool {
	switch v.(type) {
	case *xr.Variable, *xr.DataArray:
		return true
	}
	return false
}

// xarray compares two values of package xr of one type by what lies below them, and the dimensions
// of variables.
func (c *comparer) xarray(at pointer.Pointer, a, b any) {
	if x, y := dimsOf(a), dimsOf(b); !slices.Equal(x, y) {
		c.tell(at, Changed, a, b)
		return
	}
	c.parts(at, a, b)
}

// parts compares what lies below two values of one type, by name.
func (c *comparer) parts(at pointer.Pointer, a, b any) {
	below := func(r *lookup.Reader, v any) types.Dict {
		p, _ := r.Parts(v)
		d := make(types.Dict, p.Len)
		for i := range d {
			d[i].Key, d[i].Value = p.At(i)
		}
		return d
	}
	c.dicts(at, below(c.ra, a), below(c.rb, b))
}

func dimsOf(v any) []string {
	switch v := v.(type) {
	case *xr.Variable:
		return v.Dims
	case *xr.DataArray:
		return v.Dims
	}
	return nil
}

// isReference reports whether a value has an identity.
func isReference(v any) bool {
	switch v.(type) {
	case *ndarray.Array, *ndarray.Masked, *frame.Frame, *frame.Series:
		return true
	}
	return pyvalue.IsContainer(v)
}

// otherTypes compares values of two types: numbers that are equal are told to be of another type
// only.
func (c *comparer) otherTypes(at pointer.Pointer, a, b any) error {
	if _, isText := a.(pickle.Py2String); isText {
		if s, ok := b.(string); ok && s == string(a.(pickle.Py2String)) {
			return nil
		}
	}
	c.tell(at, Type, a, b)
	return nil
}

// sameLeaf compares values without parts.
func (c *comparer) sameLeaf(a, b any) bool {
	if f, ok := a.(float64); ok {
		return c.close(f, b.(float64))
	}
	if z, ok := a.(complex128); ok {
		w := b.(complex128)
		return c.close(real(z), real(w)) && c.close(imag(z), imag(w))
	}
	if reflect.TypeOf(a) != nil && reflect.TypeOf(a).Comparable() && a == b {
		return true
	}
	return reflect.DeepEqual(a, b) || pickle.EqualKeys(a, b)
}

// dicts compares by key.
func (c *comparer) dicts(at pointer.Pointer, a, b types.Dict) {
	places := make(map[any]int, len(b))
	var again map[any][]int // of keys that no token tells apart, such as objects, the others
	for i, e := range b {
		key := keyOf(e.Key)
		if _, ok := places[key]; !ok {
			places[key] = i
			continue
		}
		if again == nil {
			again = map[any][]int{}
		}
		again[key] = append(again[key], i)
	}
	met := make([]bool, len(b))
	for _, e := range a {
		child, key := at.Child(lookup.KeyToken(e.Key)), keyOf(e.Key)
		i, ok := places[key]
		if !ok {
			c.tell(child, Removed, e.Value, nil)
			continue
		}
		if next := again[key]; len(next) > 0 {
			places[key], again[key] = next[0], next[1:]
		} else if again != nil {
			delete(places, key)
		}
		met[i] = true
		c.push(child, e.Value, b[i].Value)
	}
	for i, e := range b {
		if !met[i] {
			c.tell(at.Child(lookup.KeyToken(e.Key)), Added, nil, e.Value)
		}
	}
}

// keyOf returns a Go value that is equal for equal keys.
func keyOf(key any) any {
	switch k := key.(type) {
	case nil, string, int, float64:
		return k
	case bool:
		if k {
			return 1
		}
		return 0
	}
	return "\x00" + lookup.Kind(key) + lookup.KeyToken(key)
}

// sets compares members, whatever their order.
func (c *comparer) sets(at pointer.Pointer, a, b []any) {
	of := func(items []any) map[any]bool {
		m := make(map[any]bool, len(items))
		for _, v := range items {
			m[keyOf(v)] = true
		}
		return m
	}
	inA, inB := of(a), of(b)
	for _, v := range a {
		if !inB[keyOf(v)] {
			c.tell(at.Child(lookup.KeyToken(v)), Removed, v, nil)
		}
	}
	for _, v := range b {
		if !inA[keyOf(v)] {
			c.tell(at.Child(lookup.KeyToken(v)), Added, nil, v)
		}
	}
}

// objects compares class, attributes, items and arguments.
func (c *comparer) objects(at pointer.Pointer, a, b *pickle.Object) {
	x, y := reconstruct.Normalize(a), reconstruct.Normalize(b)
	if x.ClassName() != y.ClassName() {
		c.tell(at, Type, a, b)
		return
	}
	attrsA, okA := pyvalue.AttributesOf(&x)
	attrsB, okB := pyvalue.AttributesOf(&y)
	if okA && okB {
		c.dicts(at, attrsA, attrsB)
	} else if x.HasState || y.HasState {
		c.push(at.Child("state"), x.State, y.State)
	}
	if len(x.Args) > 0 || len(y.Args) > 0 {
		c.lists(at.Child("args"), x.Args, y.Args)
	}
	if len(x.Items) > 0 || len(y.Items) > 0 {
		c.lists(at, x.Items, y.Items)
	}
}
