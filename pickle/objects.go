package pickle

import (
	"encoding/binary"
	"math"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/tape"
)

// objects makes the objects of cells: gopickle's containers, *Object, and what the rest of the
// object model has. A container is made, with memory for all of its items, before its items are, so
// that one which holds itself needs nothing more; what is being filled stands on a stack of frames,
// as the nesting is the input's.
//
// Invariant: a cell of which an object was made, and which may be met again, is replaced by a Value
// of the object, so that every reference to it gets the same one.
type objects struct {
	t      *tape.Tape
	slabs  *slabs
	keys   keyer
	dicts  map[*types.Dict]*keyIndex // of dicts that opcodes may still add to
	unit   *types.Tuple              // the empty tuple, of which Python has one
	strs   []any                     // the values of shared spans, by slot
	frames frameStack
	found  []any // items of dicts, sets and calls until all are there
	// ended says that the pass is over: only cells that are shared are met again.
	ended bool
}

// objectFrame is a container whose items are being made. There may be as many as the input has
// opcodes, so it is small.
type objectFrame struct {
	made any              // the container
	walk tape.BatchCursor // the items behind end
	// next and end are the items that are still to be made of one extent, as indices of the tape's
	// children.
	next, end uint32
	// at is the item of a list or tuple that is made next; of another container, where its items
	// begin in objects.found.
	at   uint32
	kind tape.Kind
}

// frameStack is a stack of frames in chunks, which need not be copied to grow.
type frameStack struct {
	chunks []*[frameChunk]objectFrame
	n      int
}

const frameChunk = 64

func (s *frameStack) push(f objectFrame) {
	if s.n == len(s.chunks)*frameChunk {
		s.chunks = append(s.chunks, new([frameChunk]objectFrame))
	}
	s.n++
	*s.top() = f
}

func (s *frameStack) top() *objectFrame {
	return &s.chunks[(s.n-1)/frameChunk][(s.n-1)%frameChunk]
}

func (s *frameStack) pop() {
	*s.top() = objectFrame{}
	s.n--
}

// object returns the object of a cell.
func (o *objects) object(id tape.ID) (any, error) {
	if v, ok := o.leaf(id); ok {
		return v, nil
	}
	v, err := o.open(id)
	if err != nil {
		return nil, err
	}
	for base := o.frames.n - 1; o.frames.n > base; {
		if err := o.fill(); err != nil {
			return nil, err // which ends the load
		}
	}
	return v, nil
}

// leaf returns the object of a cell that holds no others, or is made already.
func (o *objects) leaf(id tape.ID) (any, bool) {
	switch o.t.Kind(id) {
	case tape.None:
		return nil, true
	case tape.False:
		return false, true
	case tape.True:
		return true, true
	case tape.Int:
		return o.intOf(o.t.Int(id)), true
	case tape.Float:
		return o.floatOf(id), true
	case tape.BigInt, tape.Class, tape.Value:
		return o.t.Value(id), true
	case tape.Str, tape.Py2Str, tape.Bytes:
		return o.spanOf(id), true
	}
	return nil, false
}

// floatOf returns the object of a Float. As the key of a dict a NaN is equal to itself alone, so
// one that is met twice is one object.
func (o *objects) floatOf(id tape.ID) any {
	f := math.Float64frombits(o.t.FloatBits(id))
	v := o.slabs.Float(f)
	if f != f && o.t.IsShared(id) {
		o.t.Replace(id, v)
	}
	return v
}

func (o *objects) intOf(i int64) any {
	if i >= math.MinInt && i <= math.MaxInt {
		return o.slabs.Int(int(i))
	}
	return opcode.IntOf(i)
}

// spanOf returns the object of a span. A shared one is one object.
func (o *objects) spanOf(id tape.ID) any {
	slot, shared := o.t.Shared(id)
	if !shared && !o.ended {
		// An opcode behind this one may fetch it.
		o.t.MarkShared(id)
		slot, shared = o.t.Shared(id)
	}
	if shared && slot < len(o.strs) && o.strs[slot] != nil {
		return o.strs[slot]
	}
	var v any
	switch o.t.Kind(id) {
	case tape.Str:
		v = o.slabs.text(o.t.Span(id), o.t.Owned(id))
	case tape.Py2Str:
		v = Py2String(o.t.Span(id))
	case tape.Bytes:
		v = o.bytesOf(id)
	}
	if shared {
		for slot >= len(o.strs) {
			o.strs = append(o.strs, make([]any, max(o.t.Slots()-len(o.strs), 16))...)
		}
		o.strs[slot] = v
	}
	return v
}

// bytesOf boxes bytes.
func (o *objects) bytesOf(id tape.ID) any {
	b := o.t.Bytes(id, &o.slabs.text16)
	if len(b) >= slabReset {
		o.slabs.apart()
	}
	return o.slabs.bytesValue(b)
}

// knownCall returns the object of a call that was put off, since all that it is given never
// changes.
func (o *objects) knownCall(id tape.ID) (any, error) {
	c := o.t.Call(id)
	args, err := o.object(c.Args)
	if err != nil {
		return nil, err
	}
	f, positional := o.t.Value(c.Fn), *args.(*types.Tuple)
	var v any
	if n, ok := f.(types.PyNewable); ok && c.Form == tape.FormNewObj {
		v, err = n.PyNew(positional...)
	} else {
		v, err = call(f, positional)
	}
	if err == nil && c.HasState {
		var state any
		if state, err = o.object(c.State); err == nil {
			err = v.(types.PyStateSettable).PySetState(state)
		}
	}
	if err != nil {
		return nil, err
	}
	o.keep(id, v)
	return v, nil
}

// open returns the object of a cell that leaf has none of, with a frame to fill it.
func (o *objects) open(id tape.ID) (any, error) {
	t := o.t
	if t.Kind(id) == tape.Call && !t.IsInert(id) {
		if known.IsMapping(t, id) {
			return o.openMapping(id)
		}
		v, err := o.knownCall(id)
		o.frames.push(objectFrame{kind: tape.Value, made: v})
		return v, err
	}
	f := objectFrame{kind: t.Kind(id)}
	switch f.kind {
	case tape.ByteArray:
		b := t.Bytes(id, nil)
		f.made = (*types.ByteArray)(&b)
	case tape.Call:
		f.made, f.next, f.end = o.openCall(id)
	case tape.Tuple:
		f.made = o.openTuple(id)
	case tape.List:
		p := o.slabs.lists.One(headerSize)
		*p = o.slabs.manyItems(t.Size(id))
		f.made = p
	case tape.Dict:
		f.made = o.slabs.emptyDict()
	case tape.Set:
		f.made = new(Set)
	case tape.FrozenSet:
		f.made = new(FrozenSet)
	default:
		return nil, malformed("a run of numbers outside a list")
	}
	if f.kind != tape.Call && f.kind != tape.ByteArray {
		f.next, f.end, f.walk = t.Cursor(id).Next(t)
	}
	if id != tape.IDEmptyTuple {
		o.keep(id, f.made)
	}
	o.frames.push(f)
	return f.made, nil
}

// openMapping is open for a call of a subclass of dict that was put off.
func (o *objects) openMapping(id tape.ID) (any, error) {
	c := o.t.Call(id)
	var factory []any
	for _, arg := range o.t.Items(c.Args) {
		if v, ok := o.leaf(arg); ok { // anything else is the dict that the entries are of
			factory = append(factory, v)
		}
	}
	v, err := call(o.t.Value(c.Fn), factory)
	f := objectFrame{kind: tape.Dict, made: v}
	if c.HasEntries {
		f.next, f.end, f.walk = o.t.Cursor(c.Entries).Next(o.t)
	}
	if err == nil {
		o.keep(id, v)
	}
	f.at = uint32(len(o.found))
	o.frames.push(f)
	return v, err
}

// openTuple is open for a tuple.
func (o *objects) openTuple(id tape.ID) *types.Tuple {
	if id == tape.IDEmptyTuple && o.unit != nil {
		return o.unit
	}
	p := o.slabs.tuples.One(headerSize)
	*p = o.slabs.manyItems(o.t.Size(id))
	if id == tape.IDEmptyTuple {
		o.unit = p
	}
	return p
}

// keep notes the object of a cell that may be met again.
func (o *objects) keep(id tape.ID, v any) {
	if o.ended {
		if _, shared := o.t.Shared(id); !shared {
			return
		}
	}
	o.t.Replace(id, v)
}

// openCall is open for a call. Its parts are those that finishCall takes.
func (o *objects) openCall(id tape.ID) (x *Object, from, to uint32) {
	c := o.t.Call(id)
	x = &Object{Form: Form(c.Form), HasState: c.HasState}
	parts := append(make([]tape.ID, 0, 3), c.Fn, c.Args)
	if c.Form == tape.FormNewObjEx {
		parts = append(parts, c.Kwargs)
	}
	if c.HasState {
		parts = append(parts, c.State)
	}
	if c.HasItems {
		x.Items = noItems // which says that there are
		parts = append(parts, c.Items)
	}
	if c.HasDropped {
		for _, call := range o.t.Items(c.Dropped) {
			if !o.t.IsShared(call) { // else it stands where the memo gave it out
				parts = append(parts, call)
				x.Calls = append(x.Calls, nil)
			}
		}
	}
	if c.HasEntries {
		parts = append(parts, o.t.Items(c.Entries)...)
	}
	from, to = o.t.AddChildren(parts)
	return x, from, to
}

// fill makes items of the innermost frame, up to one that opens a frame of its own, or ends it.
func (o *objects) fill() error {
	f := o.frames.top()
	var items []any // of a list or tuple
	switch f.kind {
	case tape.Tuple:
		items = *f.made.(*types.Tuple)
	case tape.List:
		items = *f.made.(*types.List)
	}
	for {
		if f.next == f.end {
			if f.next, f.end, f.walk = f.walk.Next(o.t); f.next == f.end {
				return o.finish()
			}
		}
		id := o.t.Child(f.next)
		f.next++
		if kind := o.t.Kind(id); kind.IsRun() {
			f.at += uint32(o.run(kind, id, items[f.at:]))
			continue
		}
		v, ok := o.leaf(id)
		at := f.at
		if items != nil {
			f.at++
		}
		if !ok {
			if items != nil && f.next == f.end && f.walk.Done() {
				// Nothing is left to do for this container, so it need not wait for its last item:
				// a chain of containers takes one frame.
				o.frames.pop()
			}
			var err error
			if v, err = o.open(id); err != nil {
				return err
			}
		}
		if items != nil {
			items[at] = v
		} else {
			o.found = append(o.found, v)
		}
		if !ok {
			if top := o.frames.top(); top.kind != tape.List && top.kind != tape.Tuple {
				top.at = uint32(len(o.found))
			}
			return nil
		}
	}
}

// run makes the items of a run and returns how many there are.
func (o *objects) run(kind tape.Kind, id tape.ID, items []any) int {
	items = items[:o.t.Size(id)]
	b := o.t.Run(id)
	for i := range items {
		switch kind {
		case tape.Floats:
			items[i] = o.slabs.Float(math.Float64frombits(binary.BigEndian.Uint64(b[1:])))
			b = b[tape.FloatSize:]
		case tape.Ints:
			v, size := tape.NextInt(b)
			items[i] = o.intOf(v)
			b = b[size:]
		default:
			items[i], _ = o.leaf(tape.Const(b[i]))
		}
	}
	return len(items)
}

// finish ends the innermost frame, whose items are all there.
func (o *objects) finish() error {
	f := o.frames.top()
	if f.kind == tape.Value { // of a call that was put off
		o.frames.pop()
		return nil
	}
	var items []any
	if f.kind != tape.List && f.kind != tape.Tuple {
		items = o.found[f.at:]
	}
	var err error
	switch v := f.made.(type) {
	case *types.Dict:
		err = o.setItems(v, items, !o.ended)
	case *Set:
		err = o.addMembers(&v.index, &v.Items, items)
	case *FrozenSet:
		err = o.addMembers(&v.index, &v.Items, items)
	case *Object:
		finishCall(v, items)
	case DictHolder:
		err = o.setItems(v.PyDict(), items, !o.ended)
	}
	clear(items)
	o.found = o.found[:len(o.found)-len(items)]
	o.frames.pop()
	return err
}

// addMembers gives an empty set its members. They were found to be hashable in the pass, and a
// single one has no equal.
func (o *objects) addMembers(x *memberIndex, to *[]any, items []any) error {
	if len(items) == 1 {
		*to = o.slabs.copyItems(items)
		return nil
	}
	return x.addAll(&o.keys, to, items)
}

// finishCall gives an Object its parts, in the order of openCall.
func finishCall(x *Object, parts []any) {
	x.Class = parts[0]
	x.Args = *parts[1].(*types.Tuple)
	parts = parts[2:]
	if x.Form == FormNewObjEx {
		x.Kwargs = parts[0].(*types.Dict)
		parts = parts[1:]
	}
	if x.HasState {
		x.State = parts[0]
		parts = parts[1:]
	}
	if x.Items != nil {
		x.Items = *parts[0].(*types.List)
		parts = parts[1:]
	}
	for i := range x.Calls {
		x.Calls[i] = parts[0].(*Object)
		parts = parts[1:]
	}
	for ; len(parts) > 0; parts = parts[2:] {
		x.Set(parts[0], parts[1])
	}
}
