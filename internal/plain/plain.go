// Package plain turns objects, as package pickle makes them, into plain values: the slices, maps
// and scalars that a Go program ranges over.
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

// NOTE. Objects become plain values depth first over an explicit stack of frames, one
// for each container that is being filled. The plain container is made, at its final
// size, before its elements are looked at: slices and maps are references, so a parent can
// hold a child that is still being filled, and nothing has to be patched afterwards.
//
// Invariant: nodes[i] is open exactly while a frame of it is on the stack, so meeting an
// open node again is a cycle. A container that is known to be met once has no node.
// height counts the levels below a finished container;
// with it the depth limit also holds where a chain of shared containers is met from
// its inner end first.

// Options are the options that plain values depend on.
type Options struct {
	Limits      pickle.Limits
	Objects     bool // convert nothing
	AllowCycles bool
	Owner       ndarray.Owner // of arrays in a mapped file, or nil
	// Hooked says that values of the pickle may come from hooks of the caller.
	Hooked bool
	// Workers is how many goroutines may make a large container, or 0 for as many as run at once.
	Workers int
	// BigInt makes the key of a map that stands for an int with these digits.
	BigInt func(digits string) any
}

// Converter converts the objects of one load. The zero value is ready for [Converter.Begin].
type Converter struct {
	Objects   bool // convert nothing
	cycles    bool
	inPlace   bool // elements of arrays were converted where they are
	maxDepth  int
	maxDigits int
	budget    int64 // values that dict keys may still expand to
	expansion int64
	base      int // levels around what is being converted
	seen      map[any]int
	tuples    map[*types.Tuple]tupleNode // as keys
	nodes     []node
	stack     []graphFrame
	height    int    // levels of what was converted last
	single    bool   // what is converted next is not met again
	hooked    bool   // an object may be met anywhere
	workers   int    // goroutines that may take part
	maker     *maker // of the pickle that is being read, or nil
	spare     *maker // one that is not used, or nil
	Pandas    reconstruct.Pandas
	bigInt    func(digits string) any
	owner     ndarray.Owner // of arrays in a mapped file
}

// node is what became of a container.
type node struct {
	plain  any
	height int
	open   bool
}

// graphFrame is a container being filled: children[next:] are still to be converted.
type graphFrame struct {
	node     int
	next     int
	height   int
	children []any      // of sequences and objects
	entries  types.Dict // of dicts

	// Exactly one of these takes the results.
	list   []any
	byStr  map[string]any
	byAny  map[any]any
	places []*any
	set    func(i int, plain any) error
}

// New returns a Converter with the options. Whoever is done with it may call [Converter.Release].
func New(c *Options) *Converter {
	p := converters.Get().(*Converter)
	p.Begin(c)
	return p
}

// Begin readies a Converter that is not from New, a new one or after [Converter.End], for a pickle.
func (p *Converter) Begin(c *Options) {
	limits := c.Limits.WithDefaults()
	p.owner, p.bigInt = c.Owner, c.BigInt
	p.Pandas.CopyText = c.Owner != nil
	p.Objects, p.cycles, p.hooked, p.workers = c.Objects, c.AllowCycles, c.Hooked, c.Workers
	p.maxDepth, p.maxDigits = limits.Depth, limits.IntDigits
	p.budget, p.expansion = limits.Expansion, limits.Expansion
}

// converters keeps the memory of Converters from one pickle to the next.
var converters = sync.Pool{New: func() any { return new(Converter) }}

// Release gives the memory of a Converter from [New] back, which must not be used after.
func (p *Converter) Release() {
	p.End()
	converters.Put(p)
}

// End lets go of the pickle and of what the options said, and keeps memory for the next pickle.
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

// Convert returns the plain value of v, which stands inside depth levels of containers.
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

// convertAt is Convert, and returns how many levels of containers v is.
func (p *Converter) convertAt(v any, depth int) (plain any, height int, err error) {
	p.base, p.height = depth, 0
	plain, err = p.begin(v)
	p.single = false
	if err == nil {
		err = p.fill()
	}
	if err != nil {
		return nil, 0, err
	}
	return plain, p.height, nil
}

// know notes that an object became a plain container, and returns the index of its node.
func (p *Converter) know(v any, n node) int {
	if p.seen == nil {
		p.seen = make(map[any]int)
	}
	p.nodes = append(p.nodes, n)
	p.seen[v] = len(p.nodes) - 1
	return len(p.nodes) - 1
}

// forget makes the Converter begin again.
func (p *Converter) forget() {
	p.seen, p.nodes, p.stack, p.tuples = nil, nil, nil, nil
	p.budget = p.expansion
	p.Pandas = reconstruct.Pandas{CopyText: p.Pandas.CopyText}
}

// fill converts what the frames on the stack hold.
func (p *Converter) fill() error {
	for len(p.stack) > 0 {
		if err := p.step(); err != nil {
			return err
		}
	}
	return nil
}

// step converts children of the innermost frame up to one that opens a frame of its
// own, or finishes the frame.
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
			f = &p.stack[top] // begin may have moved the stack
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

// putKey stores a plain value under the key of a plain map that stands for a dict key.
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

// finish closes the innermost frame.
func (p *Converter) finish() {
	top := len(p.stack) - 1
	f := &p.stack[top]
	if f.node != once {
		p.nodes[f.node].open = false
		p.nodes[f.node].height = f.height
	}
	height := f.height + 1
	p.stack[top] = graphFrame{}
	p.stack = p.stack[:top]
	p.holds(height)
}

// holds notes that the innermost frame holds a container of some levels.
func (p *Converter) holds(height int) {
	if top := len(p.stack) - 1; top < 0 {
		p.height = height
	} else if p.stack[top].height < height {
		p.stack[top].height = height
	}
}

// begin returns the plain value of v; for a container that is met for the first time
// one that is still empty, with a frame to fill it.
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
		return v, nil // with what it holds
	}
	if !pyvalue.IsContainer(v) {
		return leaf(v), nil
	}
	if n := p.met(v); n != nil {
		return p.sharedValue(n)
	}
	plain, f := p.open(v)
	return p.enter(v, plain, f)
}

// met returns the node of a container that was met before, or nil.
func (p *Converter) met(v any) *node {
	if len(p.nodes) == 0 {
		return nil
	}
	if i, ok := p.seen[v]; ok {
		return &p.nodes[i]
	}
	return nil
}

// once is the slot of a frame whose container is not met again.
const once = -1

// enter puts the frame that fills the plain container of v on the stack.
func (p *Converter) enter(v, plain any, f graphFrame) (any, error) {
	depth := p.base + len(p.stack) + 1
	if depth > p.maxDepth {
		return nil, pyvalue.LimitError("Depth", int64(p.maxDepth), int64(depth))
	}
	f.node = once
	if !p.single {
		f.node = p.remember(v, plain)
	}
	p.single = false
	p.stack = append(p.stack, f)
	return plain, nil
}

// remember makes a node of a container that may be met again.
func (p *Converter) remember(v, plain any) int {
	return p.know(v, node{plain: plain, open: true})
}

// sharedValue returns the plain value of a container that was met before.
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
	p.holds(n.height + 1)
	return n.plain, nil
}

// open makes the empty plain container of v and the frame that fills it.
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

func AllStrings(entries types.Dict) bool {
	for _, e := range entries {
		if _, ok := e.Key.(string); !ok {
			return false
		}
	}
	return true
}

// openArray replaces the elements of an array of objects where they are: the array
// stays the same array.
func openArray(a *ndarray.Array) graphFrame {
	isObject := a.DType().Kind() == ndarray.KindObject
	if isObject && plainElements(a) {
		return graphFrame{}
	}
	elems := pyvalue.OwnElements(a)
	if isObject {
		if a.NDim() == 1 && !a.IsCContiguous() { // a column of a frame
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

// plainElements reports whether the elements are plain as they are: nearly always.
func plainElements(a *ndarray.Array) bool {
	for v := range pending.NonText(a) {
		if _, ok := quickLeaf(v); !ok {
			return false
		}
	}
	return true
}

// addElement adds an element of an array of objects; those of structured dtypes are
// tuples of their fields, nested as deep as the dtype.
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

// openScalar makes the Record of a structured scalar that holds objects.
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

// openMasked converts the elements of a masked array's parts; the parts stay.
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

// quickLeaf returns the plain values that most values are.
func quickLeaf(v any) (any, bool) {
	switch v.(type) {
	case nil, bool, int, float64, string, []byte:
		return v, true
	}
	return nil, false
}

// leaf returns the plain value of anything that is not a container.
func leaf(v any) any {
	if s, ok := v.(*ndarray.Scalar); ok {
		return s.Value()
	}
	return pyvalue.PlainLeaf(v)
}
