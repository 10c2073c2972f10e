// Package diff compares two values by structure. It reports by pointer which parts only one of them
// has and which parts differ. Several goroutines compare the elements of large arrays from where
// they lie in the file.
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
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/torch"
	"github.com/unpkl/unpkl/xr"
)

// Kind is the kind of a difference.
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
	// Old and New describe the two values briefly. The one that does not exist is empty.
	Old, New string
	// Elements says how the elements of two arrays or columns differ. It is nil for other values.
	Elements *Elements
}

// Options say what Compare treats as equal.
type Options struct {
	// RTol and ATol are the tolerances of numpy.allclose: numbers a and b are equal if |a-b| <=
	// ATol + RTol*|b|. NaN is equal to NaN.
	RTol, ATol float64
	// Ignore has the pointers to parts that are not compared. A * in them matches any token.
	Ignore []pointer.Pointer
	// At is the pointer to the two values, which precedes those of the differences.
	At pointer.Pointer
}

// Compare calls found with each difference between a and b, which are objects of two pickles, in
// the order of a. It stops at the first error that found returns.
func Compare(a, b any, o Options, found func(Change) error) error {
	c := &comparer{o: o, found: found, ra: lookup.NewReader(true), rb: lookup.NewReader(true),
		seen: map[pair]bool{}}
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
		// compare pushes the parts in order. They are popped from the end, so reverse them.
		base := len(c.stack)
		if err := c.compare(next.at, next.a, next.b); err != nil {
			return err
		}
		slices.Reverse(c.stack[base:])
	}
	return nil
}

// comparer compares two values. It has a stack of its own in place of recursion, because the files
// determine how deep the values are nested.
type comparer struct {
	o      Options
	found  func(Change) error
	ra, rb *lookup.Reader
	stack  []task
	seen   map[pair]bool // pairs of containers that were compared already
	long   map[pair]bool // pairs of long texts, by texts.Identity, and whether they are equal
}

// pair is a container of the first value and one of the second.
type pair struct{ a, b any }

// task is either two values that have yet to be compared or, if change is not nil, a difference
// that has yet to be reported.
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

// tell pushes a difference, which is reported when its turn comes.
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

// compare compares two values. It pushes their parts and the differences on the stack.
func (c *comparer) compare(at pointer.Pointer, a, b any) error {
	// An object may be resolved to another value each time, so both are compared once.
	if c.compared(a, b) {
		return nil
	}
	objectA, objectB := a, b
	a, err := c.ra.Resolve(a)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if b, err = c.rb.Resolve(b); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if (!same(a, objectA) || !same(b, objectB)) && c.compared(a, b) {
		return nil
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
	c.plain(at, a, b)
	return nil
}

// plain compares two values of the same type that are dicts, sets, lists or have no parts.
func (c *comparer) plain(at pointer.Pointer, a, b any) {
	if x, ok := pyvalue.EntriesOf(a); ok {
		y, _ := pyvalue.EntriesOf(b)
		c.dicts(at, x, y)
		return
	}
	if x, ok := pyvalue.SetItems(a); ok {
		y, _ := pyvalue.SetItems(b)
		c.sets(at, x, y)
		return
	}
	if x, ok := pyvalue.ItemsOf(a); ok {
		y, _ := pyvalue.ItemsOf(b)
		c.lists(at, x, y)
		return
	}
	if !c.sameLeaf(a, b) {
		c.tell(at, Changed, a, b)
	}
}

// compared reports whether a pair of containers was compared already, and notes that it is.
func (c *comparer) compared(a, b any) bool {
	if !isReference(a) || !isReference(b) {
		return false
	}
	p := pair{a, b}
	before := c.seen[p]
	c.seen[p] = true
	return before
}

// same reports whether two references are to one container.
func same(a, b any) bool { return isReference(a) && isReference(b) && a == b }

func isXarray(v any) bool {
	switch v.(type) {
	case *xr.Variable, *xr.DataArray:
		return true
	}
	return false
}

// xarray compares two values of package xr that have the same type: their parts and, for variables,
// their dimensions.
func (c *comparer) xarray(at pointer.Pointer, a, b any) {
	if x, y := dimsOf(a), dimsOf(b); !slices.Equal(x, y) {
		c.tell(at, Changed, a, b)
		return
	}
	c.parts(at, a, b)
}

// parts compares the parts of two values of the same type by name.
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

// isReference reports whether a value may be shared or contain itself.
func isReference(v any) bool {
	switch v.(type) {
	case *ndarray.Array, *ndarray.Masked, *frame.Frame, *frame.Series:
		return true
	}
	return pyvalue.IsContainer(v)
}

// otherTypes reports that two values have different types, unless they are a str of Python 2 and an
// equal str of Python 3.
func (c *comparer) otherTypes(at pointer.Pointer, a, b any) error {
	if _, isText := a.(pickle.Py2String); isText {
		if s, ok := b.(string); ok && s == string(a.(pickle.Py2String)) {
			return nil
		}
	}
	c.tell(at, Type, a, b)
	return nil
}

// sameLeaf reports whether two values of the same type that have no parts are equal.
func (c *comparer) sameLeaf(a, b any) bool {
	x, ok1 := texts.Identity(a)
	y, ok2 := texts.Identity(b)
	if !ok1 || !ok2 {
		return c.sameShort(a, b)
	}
	same, known := c.long[pair{x, y}]
	if !known {
		if c.long == nil {
			c.long = map[pair]bool{}
		}
		same = c.sameShort(a, b)
		c.long[pair{x, y}] = same
	}
	return same
}

// sameShort is sameLeaf without a memory of the long texts.
func (c *comparer) sameShort(a, b any) bool {
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

// dicts compares the values of each key.
func (c *comparer) dicts(at pointer.Pointer, a, b types.Dict) {
	keyOfB := func(j int) any { return b[j].Key }
	pairs, others := matchKeys(len(a), len(b), func(i int) any { return a[i].Key }, keyOfB)
	for i, j := range pairs {
		child := at.Child(lookup.KeyToken(a[i].Key))
		if j < 0 {
			c.tell(child, Removed, a[i].Value, nil)
			continue
		}
		c.push(child, a[i].Value, b[j].Value)
	}
	for _, j := range others {
		c.tell(at.Child(lookup.KeyToken(b[j].Key)), Added, nil, b[j].Value)
	}
}

// matchKeys finds for each of n keys the place of an equal one among m others, or -1. Of equal
// keys, such as two columns of one name or objects that no token tells apart, the first goes with
// the first. The places to which no key leads are others.
func matchKeys(n, m int, key, other func(i int) any) (pairs, others []int) {
	first := make(map[any]int, m)
	next := make([]int, m) // the next place with an equal key, or -1
	for j := m - 1; j >= 0; j-- {
		k := keyOf(other(j))
		next[j] = -1
		if i, ok := first[k]; ok {
			next[j] = i
		}
		first[k] = j
	}
	pairs, met := make([]int, n), make([]bool, m)
	for i := range n {
		k := keyOf(key(i))
		j, ok := first[k]
		if pairs[i] = j; !ok || j < 0 {
			pairs[i] = -1
			continue
		}
		met[j], first[k] = true, next[j]
	}
	for j, is := range met {
		if !is {
			others = append(others, j)
		}
	}
	return pairs, others
}

// keyOf returns a Go value that is equal for equal keys of a dict.
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

// sets compares the members of two sets, whose order does not matter.
func (c *comparer) sets(at pointer.Pointer, a, b []any) {
	keys := func(items []any) map[any]bool {
		m := make(map[any]bool, len(items))
		for _, v := range items {
			m[keyOf(v)] = true
		}
		return m
	}
	inA, inB := keys(a), keys(b)
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

// objects compares the classes, attributes, items and arguments of two objects.
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
