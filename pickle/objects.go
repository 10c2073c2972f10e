package pickle

import (
	"encoding/binary"
	"math"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/tape"
)

// objects makes the objects of cells: gopickle's containers, *Object and the other values of the
// object model. A container is made before its items, with memory for all of them, so that a
// container that contains itself needs no extra work. The containers that are being filled are on a
// stack of frames instead of Go's stack, since the input decides how deep they are nested.
//
// Invariant: if an object was made of a cell that may be used again, the cell is replaced by a
// Value of the object, so that every reference to the cell gets the same object.
type objects struct {
	t          *tape.Tape
	slabs      *slabs
	keys       keyer
	dicts      map[*types.Dict]*keyIndex // indexes of large dicts that may still grow
	emptyTuple *types.Tuple              // the one object of the empty tuple
	spanValues []any                     // objects of shared strs and bytes, by slot
	frames     frameStack
	// pendingItems are the items of dicts, sets and calls until all items of one are there.
	pendingItems []any
	// passEnded says that the whole pickle was read, so that only shared cells are used again.
	passEnded bool
}

// objectFrame is a container whose items are being made. Frames are small, since there may be as
// many as there are opcodes in the input.
type objectFrame struct {
	container any
	// The items from next to end-1, as indices of the tape's children, are made next, and then
	// those of rest.
	next, end uint32
	rest      tape.BatchCursor
	// In a list or tuple, at is the index of the item that is made next. In any other container, it
	// is the index in objects.pendingItems of the first item.
	at   uint32
	kind tape.Kind
}

// frameStack is a stack of frames in chunks, so that it grows without a copy.
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
	if v, ok := o.leafObject(id); ok {
		return v, nil
	}
	v, err := o.openFrame(id)
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

// leafObject returns the object of a cell that contains no others, or of which an object was made
// before.
func (o *objects) leafObject(id tape.ID) (any, bool) {
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

// floatOf returns the object of a Float. A NaN as the key of a dict is equal only to the same
// object, so that a shared NaN must be one object.
func (o *objects) floatOf(id tape.ID) any {
	f := math.Float64frombits(o.t.FloatBits(id))
	v := o.slabs.Float(f)
	if f != f && o.t.IsShared(id) {
		o.t.Replace(id, v)
	}
	return v
}

// intOf returns the object of an Int.
func (o *objects) intOf(i int64) any {
	if i >= math.MinInt && i <= math.MaxInt {
		return o.slabs.Int(int(i))
	}
	return opcode.PyInt(i)
}

// spanOf returns the object of a Str, Py2Str or Bytes, which is the same each time for a shared
// cell.
func (o *objects) spanOf(id tape.ID) any {
	slot, shared := o.t.Shared(id)
	if !shared && !o.passEnded {
		// A later opcode may still fetch the cell.
		o.t.MarkShared(id)
		slot, shared = o.t.Shared(id)
	}
	if shared && slot < len(o.spanValues) && o.spanValues[slot] != nil {
		return o.spanValues[slot]
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
		for slot >= len(o.spanValues) {
			more := max(o.t.Slots()-len(o.spanValues), 16)
			o.spanValues = append(o.spanValues, make([]any, more)...)
		}
		o.spanValues[slot] = v
	}
	return v
}

// bytesOf returns the object of a Bytes.
func (o *objects) bytesOf(id tape.ID) any {
	b := o.t.Bytes(id, &o.slabs.text16)
	if len(b) >= slabReset {
		o.slabs.startAnew()
	}
	return o.slabs.bytesValue(b)
}

// deferredCall makes the object of a deferred call; see package known.
func (o *objects) deferredCall(id tape.ID) (any, error) {
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
	o.replace(id, v)
	return v, nil
}

// openFrame makes the object of a cell for which leafObject has none, without its items, and pushes
// a frame that fills it.
func (o *objects) openFrame(id tape.ID) (any, error) {
	t := o.t
	if t.Kind(id) == tape.Call && !t.IsInert(id) {
		if known.IsMapping(t, id) {
			return o.openMapping(id)
		}
		v, err := o.deferredCall(id)
		o.frames.push(objectFrame{kind: tape.Value, container: v})
		return v, err
	}
	f := objectFrame{kind: t.Kind(id)}
	switch f.kind {
	case tape.ByteArray:
		b := t.Bytes(id, nil)
		f.container = (*types.ByteArray)(&b)
	case tape.Call:
		f.container, f.next, f.end = o.openObject(id)
	case tape.Tuple:
		f.container = o.openTuple(id)
	case tape.List:
		p := o.slabs.lists.One(headerSize)
		*p = o.slabs.manyItems(t.Size(id))
		f.container = p
	case tape.Dict:
		f.container = o.slabs.emptyDict()
	case tape.Set:
		f.container = new(Set)
	case tape.FrozenSet:
		f.container = new(FrozenSet)
	default:
		return nil, malformed("a run of numbers outside a list")
	}
	if f.kind != tape.Call && f.kind != tape.ByteArray {
		f.next, f.end, f.rest = t.Cursor(id).Next(t)
	}
	if id != tape.IDEmptyTuple {
		o.replace(id, f.container)
	}
	o.frames.push(f)
	return f.container, nil
}

// openMapping is openFrame for a deferred call of a subclass of dict.
func (o *objects) openMapping(id tape.ID) (any, error) {
	c := o.t.Call(id)
	var factory []any
	for _, arg := range o.t.Items(c.Args) {
		if v, ok := o.leafObject(arg); ok { // otherwise it is the dict whose entries were taken
			factory = append(factory, v)
		}
	}
	v, err := call(o.t.Value(c.Fn), factory)
	f := objectFrame{kind: tape.Dict, container: v}
	if c.HasEntries {
		f.next, f.end, f.rest = o.t.Cursor(c.Entries).Next(o.t)
	}
	if err == nil {
		o.replace(id, v)
	}
	f.at = uint32(len(o.pendingItems))
	o.frames.push(f)
	return v, err
}

// openTuple makes a tuple without its items.
func (o *objects) openTuple(id tape.ID) *types.Tuple {
	if id == tape.IDEmptyTuple && o.emptyTuple != nil {
		return o.emptyTuple
	}
	p := o.slabs.tuples.One(headerSize)
	*p = o.slabs.manyItems(o.t.Size(id))
	if id == tape.IDEmptyTuple {
		o.emptyTuple = p
	}
	return p
}

// replace makes a cell a Value of its object, if the cell may be used again.
func (o *objects) replace(id tape.ID, v any) {
	if o.passEnded {
		if _, shared := o.t.Shared(id); !shared {
			return
		}
	}
	o.t.Replace(id, v)
}

// openObject makes the Object of an inert call without its parts. It returns the indices, in the
// tape's children, of the cells of the parts in the order that fillObject needs.
func (o *objects) openObject(id tape.ID) (x *Object, from, to uint32) {
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
		x.Items = noItems // not nil: fillObject sets it
		parts = append(parts, c.Items)
	}
	if c.HasDropped {
		for _, call := range o.t.Items(c.Dropped) {
			if !o.t.IsShared(call) { // see keepDropped
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

// fill makes items of the innermost frame up to the next one that needs a frame of its own, or
// finishes the frame.
func (o *objects) fill() error {
	f := o.frames.top()
	var items []any // memory for the items of a list or tuple
	switch f.kind {
	case tape.Tuple:
		items = *f.container.(*types.Tuple)
	case tape.List:
		items = *f.container.(*types.List)
	}
	for {
		if f.next == f.end {
			if f.next, f.end, f.rest = f.rest.Next(o.t); f.next == f.end {
				return o.finish()
			}
		}
		id := o.t.Child(f.next)
		f.next++
		if kind := o.t.Kind(id); kind.IsRun() {
			f.at += uint32(o.run(kind, id, items[f.at:]))
			continue
		}
		v, ok := o.leafObject(id)
		at := f.at
		if items != nil {
			f.at++
		}
		if !ok {
			if items != nil && f.next == f.end && f.rest.Done() {
				// This is the last item, so that the frame is not needed any more. A chain of
				// nested lists takes only one frame in this way.
				o.frames.pop()
			}
			var err error
			if v, err = o.openFrame(id); err != nil {
				return err
			}
		}
		if items != nil {
			items[at] = v
		} else {
			o.pendingItems = append(o.pendingItems, v)
		}
		if !ok {
			if top := o.frames.top(); top.kind != tape.List && top.kind != tape.Tuple {
				top.at = uint32(len(o.pendingItems))
			}
			return nil
		}
	}
}

// run makes the items of a run and returns their number.
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
			items[i], _ = o.leafObject(tape.Const(b[i]))
		}
	}
	return len(items)
}

// finish ends the innermost frame, all of whose items have been made.
func (o *objects) finish() error {
	f := o.frames.top()
	if f.kind == tape.Value { // a deferred call has no items
		o.frames.pop()
		return nil
	}
	var items []any
	if f.kind != tape.List && f.kind != tape.Tuple {
		items = o.pendingItems[f.at:]
	}
	var err error
	switch v := f.container.(type) {
	case *types.Dict:
		err = o.setItems(v, items, !o.passEnded)
	case *Set:
		err = o.addMembers(&v.index, &v.Items, items)
	case *FrozenSet:
		err = o.addMembers(&v.index, &v.Items, items)
	case *Object:
		fillObject(v, items)
	case DictHolder:
		err = o.setItems(v.PyDict(), items, !o.passEnded)
	}
	clear(items)
	o.pendingItems = o.pendingItems[:len(o.pendingItems)-len(items)]
	o.frames.pop()
	return err
}

// addMembers adds items to an empty set. The pass has checked that they are hashable, and a single
// item needs no search for an equal one.
func (o *objects) addMembers(x *memberIndex, to *[]any, items []any) error {
	if len(items) == 1 {
		*to = o.slabs.copyItems(items)
		return nil
	}
	return x.addAll(&o.keys, to, items)
}

// fillObject sets the parts of an Object that openObject made.
func fillObject(x *Object, parts []any) {
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
