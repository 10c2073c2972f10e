// Package plain converts the cells of a tape, and objects as package pickle creates them, to plain
// values: ordinary Go slices, maps and scalars.
package plain

import (
	"sync"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// NOTE. This file converts objects; a maker converts cells. Objects are converted depth first, with
// an explicit stack of frames, one for each container that is being filled. The plain container is
// allocated at its final size before its elements are converted. Slices and maps are references, so
// a parent can refer to a child that is still being filled, and nothing has to be patched
// afterwards.
//
// Invariant: nodes[i] is open exactly while a frame for it is on the stack, so a reference to an
// open node is a cycle. A container to which there is only one reference has no node. The height of
// a node is the number of levels of containers below it. It is needed for the depth limit: in a
// chain of shared containers, the inner ones may be converted first.

// Options are the options for plain values.
type Options struct {
	Limits      pickle.Limits
	Objects     bool // values stay objects
	AllowCycles bool
	Owner       ndarray.Owner // of arrays in a mapped file, or nil
	// Hooked says that hooks of the caller may have created values of the pickle.
	Hooked bool
	// Workers is how many goroutines may convert one large container; 0 means the default.
	Workers int
	// BigInt returns the map key for an int with these digits, which does not fit Go's int.
	BigInt func(digits string) any
}

// A Converter converts the values of one pickle. The zero value is ready for [Converter.Begin].
type Converter struct {
	Objects   bool // values stay objects
	cycles    bool // containers may contain themselves
	inPlace   bool // whether elements of some array or table were converted in place
	maxDepth  int  // Limits.Depth
	maxDigits int  // Limits.IntDigits
	budget    int64
	expansion int64       // Limits.Expansion; budget is what is left of it for tuple keys
	base      int         // number of containers around the value that is being converted
	seen      map[any]int // index in nodes of each object that was converted
	nodes     []node
	tuples    map[*types.Tuple]tupleNode // the keys for tuples
	stack     []graphFrame
	height    int    // levels of containers in the value that was converted last
	unshared  bool   // there is only one reference to the object that is converted next
	hooked    bool   // Options.Hooked: there may be any number of references to an object
	workers   int    // Options.Workers
	maker     *maker // for the current pickle, or nil
	spare     *maker // an unused maker, or nil
	Pandas    reconstruct.Pandas
	bigInt    func(digits string) any
	owner     ndarray.Owner // of arrays in a mapped file, or nil
}

// node is the plain container of an object.
type node struct {
	plain  any
	height int  // levels of containers below it, once it is complete
	open   bool // whether it is being filled
}

// graphFrame is a container that is being filled. children[next:], or entries[next:], are still to
// be converted.
type graphFrame struct {
	node     int // index in Converter.nodes, or noSlot
	next     int
	height   int        // levels of the children that are converted
	children []any      // of sequences and objects
	entries  types.Dict // of dicts

	// The plain values are stored in one of these.
	list   []any
	byStr  map[string]any
	byAny  map[any]any
	places []*any
	set    func(i int, plain any) error
}

// New returns a Converter with the options. The caller may release it with [Converter.Release].
func New(c *Options) *Converter {
	p := converters.Get().(*Converter)
	p.Begin(c)
	return p
}

// Begin prepares a Converter for a pickle. The Converter must be a new one, or one after
// [Converter.End].
func (p *Converter) Begin(c *Options) {
	limits := c.Limits.WithDefaults()
	p.owner, p.bigInt = c.Owner, c.BigInt
	p.Pandas.CopyText = c.Owner != nil
	p.Objects, p.cycles, p.hooked, p.workers = c.Objects, c.AllowCycles, c.Hooked, c.Workers
	p.maxDepth, p.maxDigits = limits.Depth, limits.IntDigits
	p.budget, p.expansion = limits.Expansion, limits.Expansion
}

// converters pools Converters, because of the memory of their makers.
var converters = sync.Pool{New: func() any { return new(Converter) }}

// Release returns a Converter from [New] to the pool. It must not be used afterwards.
func (p *Converter) Release() {
	p.End()
	converters.Put(p)
}

// End drops everything that refers to the pickle or the options, and keeps memory for the next
// pickle.
func (p *Converter) End() {
	spare := p.maker
	if spare == nil {
		spare = p.spare
	}
	if spare != nil {
		spare.reset()
	}
	*p = Converter{spare: spare}
}

// Convert returns the plain value of the object v, which is inside depth levels of containers.
func (p *Converter) Convert(v any, depth int) (any, error) {
	if p.Objects {
		return v, nil
	}
	if plain, ok := quickLeaf(v); ok {
		return plain, nil
	}
	out, _, err := p.convertAt(v, depth)
	return out, err
}

// convertAt is Convert. It also returns the number of levels of containers in v.
func (p *Converter) convertAt(v any, depth int) (plain any, height int, err error) {
	p.base, p.height = depth, 0
	plain, err = p.begin(v)
	p.unshared = false
	if err == nil {
		err = p.fill()
	}
	if err != nil {
		return nil, 0, err
	}
	return plain, p.height, nil
}

// addNode records the plain container n of the object v, and returns the index of the node.
func (p *Converter) addNode(v any, n node) int {
	if p.seen == nil {
		p.seen = make(map[any]int)
	}
	p.nodes = append(p.nodes, n)
	p.seen[v] = len(p.nodes) - 1
	return len(p.nodes) - 1
}

// restart drops everything that was converted.
func (p *Converter) restart() {
	p.seen, p.nodes, p.stack, p.tuples = nil, nil, nil, nil
	p.budget = p.expansion
	p.Pandas = reconstruct.Pandas{CopyText: p.Pandas.CopyText}
}

// fill converts the children of all frames on the stack.
func (p *Converter) fill() error {
	for len(p.stack) > 0 {
		if err := p.step(); err != nil {
			return err
		}
	}
	return nil
}

// step converts children of the innermost frame until one pushes a frame of its own. If there is
// none, it pops the frame.
func (p *Converter) step() error {
	top := len(p.stack) - 1
	for {
		f := &p.stack[top]
		var child any
		switch {
		case f.next < len(f.children):
			child = f.children[f.next]
		case f.next < len(f.entries):
			child = f.entries[f.next].Value
		default:
			p.finish()
			return nil
		}
		plain, ok := quickLeaf(child)
		if !ok {
			var err error
			if plain, err = p.begin(child); err != nil {
				return err
			}
			f = &p.stack[top] // begin may have moved the stack.
		}
		if err := p.put(f, plain); err != nil {
			return err
		}
		f.next++
		if len(p.stack) > top+1 {
			return nil
		}
	}
}

// put stores the plain value of the child f.next.
func (p *Converter) put(f *graphFrame, plain any) error {
	switch {
	case f.byStr != nil:
		f.byStr[f.entries[f.next].Key.(string)] = plain
	case f.byAny != nil:
		return p.putKey(f.byAny, f.entries[f.next].Key, plain)
	case f.places != nil:
		*f.places[f.next] = plain
	case f.set != nil:
		return f.set(f.next, plain)
	default:
		f.list[f.next] = plain
	}
	return nil
}

// putKey stores plain in the map m under the Go key for a dict key.
func (p *Converter) putKey(m map[any]any, key, plain any) error {
	k, err := p.Key(key)
	if err != nil {
		return err
	}
	before := len(m)
	if m[k] = plain; len(m) == before {
		return pyvalue.KeyError("two keys of a dict are %s in Go", ShownKey(k))
	}
	return nil
}

// finish pops the innermost frame.
func (p *Converter) finish() {
	top := len(p.stack) - 1
	f := &p.stack[top]
	if f.node != noSlot {
		p.nodes[f.node].open = false
		p.nodes[f.node].height = f.height
	}
	height := f.height + 1
	p.stack[top] = graphFrame{}
	p.stack = p.stack[:top]
	p.raiseHeight(height)
}

// raiseHeight is called when the innermost frame, or the caller of Convert, gets a container of so
// many levels, itself included.
func (p *Converter) raiseHeight(height int) {
	if top := len(p.stack) - 1; top < 0 {
		p.height = height
	} else if p.stack[top].height < height {
		p.stack[top].height = height
	}
}

// begin returns the plain value of v. If that is a container that has not been converted yet, begin
// returns it unfilled and pushes a frame that fills it.
func (p *Converter) begin(v any) (any, error) {
	for {
		s, ok := v.(*ndarray.Scalar)
		if !ok || s.DType().Kind() != ndarray.KindObject {
			break
		}
		v = s.Value()
	}
	if plain, ok, err := p.library(v); ok || err != nil {
		return plain, err
	}
	if _, isObject := v.(*pickle.Object); isObject {
		return v, nil // Its parts stay objects too.
	}
	if !pyvalue.IsContainer(v) {
		return leaf(v), nil
	}
	if n := p.nodeOf(v); n != nil {
		return p.sharedValue(n)
	}
	plain, f := p.open(v)
	return p.enter(v, plain, f)
}

// nodeOf returns the node of a container that was converted before, or nil.
func (p *Converter) nodeOf(v any) *node {
	if len(p.nodes) == 0 {
		return nil
	}
	if i, ok := p.seen[v]; ok {
		return &p.nodes[i]
	}
	return nil
}

// noSlot stands for the slot or node of a container to which there is only one reference.
const noSlot = -1

// enter pushes f, the frame that fills the plain container of v.
func (p *Converter) enter(v, plain any, f graphFrame) (any, error) {
	depth := p.base + len(p.stack) + 1
	if depth > p.maxDepth {
		return nil, pyvalue.LimitError("Depth", int64(p.maxDepth), int64(depth))
	}
	f.node = noSlot
	if !p.unshared {
		f.node = p.remember(v, plain)
	}
	p.unshared = false
	p.stack = append(p.stack, f)
	return plain, nil
}

// remember adds an open node for v.
func (p *Converter) remember(v, plain any) int {
	return p.addNode(v, node{plain: plain, open: true})
}

// sharedValue returns the plain value of a container that was converted before.
func (p *Converter) sharedValue(n *node) (any, error) {
	if n.open {
		if !p.cycles {
			return nil, errCycle()
		}
		return n.plain, nil
	}
	if depth := p.base + len(p.stack) + 1 + n.height; depth > p.maxDepth {
		return nil, pyvalue.LimitError("Depth", int64(p.maxDepth), int64(depth))
	}
	p.raiseHeight(n.height + 1)
	return n.plain, nil
}

// open returns an unfilled plain container for v, and the frame that fills it.
func (p *Converter) open(v any) (any, graphFrame) {
	switch v := v.(type) {
	case *ndarray.Array:
		p.inPlace = true
		return v, openArray(v)
	case *ndarray.Masked:
		p.inPlace = true
		return v, openMasked(v)
	case *ndarray.Scalar:
		return openScalar(v)
	}
	if entries, ok := pyvalue.EntriesOf(v); ok {
		if AllStrings(entries) {
			m := make(map[string]any, len(entries))
			return m, graphFrame{entries: entries, byStr: m}
		}
		m := make(map[any]any, len(entries))
		return m, graphFrame{entries: entries, byAny: m}
	}
	items, _ := pyvalue.ItemsOf(v)
	list := make([]any, len(items))
	return list, graphFrame{children: items, list: list}
}

// AllStrings reports whether all keys are strings.
func AllStrings(entries types.Dict) bool {
	for _, e := range entries {
		if _, ok := e.Key.(string); !ok {
			return false
		}
	}
	return true
}

// openArray returns a frame that replaces the elements of an array of objects in place.
func openArray(a *ndarray.Array) graphFrame {
	isObject := a.DType().Kind() == ndarray.KindObject
	if isObject && plainElements(a) {
		return graphFrame{}
	}
	elems := pyvalue.OwnElements(a)
	if isObject {
		if a.NDim() == 1 && !a.IsCContiguous() { // such as a column of a frame
			return graphFrame{children: elems, set: func(i int, plain any) error {
				return a.SetAt(plain, i)
			}}
		}
		return graphFrame{children: elems, list: elems}
	}
	var f graphFrame
	for i := range elems {
		f.addElement(&elems[i])
	}
	return f
}

// plainElements reports whether all elements are their own plain values, which is the most frequent
// case.
func plainElements(a *ndarray.Array) bool {
	for v := range pending.NonText(a) {
		if _, ok := quickLeaf(v); !ok {
			return false
		}
	}
	return true
}

// addElement adds the element at place as a child. An element of a structured dtype is a Record or
// []any of its fields, possibly nested, whose fields are added one by one.
func (f *graphFrame) addElement(place *any) {
	switch e := (*place).(type) {
	case []any:
		for i := range e {
			f.addElement(&e[i])
		}
	case ndarray.Record:
		for i := range e.Values {
			f.addElement(&e.Values[i])
		}
	default:
		f.children = append(f.children, e)
		f.places = append(f.places, place)
	}
}

// openScalar returns the value of a scalar that contains objects, and a frame that converts those
// in place.
func openScalar(s *ndarray.Scalar) (any, graphFrame) {
	v := s.Value()
	var f graphFrame
	if r, ok := v.(ndarray.Record); ok {
		for i := range r.Values {
			f.addElement(&r.Values[i])
		}
	}
	return v, f
}

// openMasked returns a frame that converts the elements of the parts of a masked array in place.
func openMasked(m *ndarray.Masked) graphFrame {
	f := graphFrame{}
	for _, a := range []any{m.Data, m.FillValue} {
		if pyvalue.IsContainer(a) {
			f.children = append(f.children, a)
		}
	}
	f.list = make([]any, len(f.children))
	return f
}

// quickLeaf returns v itself if its type is one of the commonest leaves.
func quickLeaf(v any) (any, bool) {
	switch v.(type) {
	case nil, bool, int, float64, string, []byte:
		return v, true
	}
	return nil, false
}

// leaf returns the plain value of an object that is not a container.
func leaf(v any) any {
	if s, ok := v.(*ndarray.Scalar); ok {
		return s.Value()
	}
	return pyvalue.PlainLeaf(v)
}
