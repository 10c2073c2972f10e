package pickle

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/written"
)

// Reducer is implemented by a Go type that says how its values are pickled, as a Python class does
// with __reduce_ex__. PickleReduce returns one of these:
//
//   - an [*Object] that says how Python makes the value: the class or function to call (a [Global],
//     or any [Named] value), its arguments, which are a new tuple each time, the opcode that calls
//     it, the items to add, and the state to set
//   - a [*written.Constructed], for one of many values that differ only in their state
//   - any other value, which is written in place of the receiver
//
// protocol is the protocol that is written. The result must not change afterwards.
type Reducer interface {
	PickleReduce(protocol int) (any, error)
}

// ReduceFunc is PickleReduce for the values of a type that is not a [Reducer] itself.
type ReduceFunc func(v any, protocol int) (any, error)

// saveReduced writes the result of a ReduceFunc for a value with the identity id.
func (p *pickling) saveReduced(r any, id objectID) error {
	switch r := r.(type) {
	case *Object:
		return p.saveNewObject(r, id)
	case *written.Constructed:
		return p.saveConstructed(r, id)
	}
	if id.p != nil {
		if p.replaced == nil {
			p.replaced = make(map[objectID]any)
		}
		p.replaced[id] = r
	}
	return p.saveValue(r)
}

// The phases of a taskReduce.
const (
	reduceCall        uint8 = iota // write the class or function that is called
	reduceArgs                     // write the arguments
	reduceKw                       // write the keyword arguments
	reduceMake                     // write the opcode that makes the object, memoize it
	reduceItems                    // write the list items
	reducePairs                    // write the dict items
	reduceState                    // write the state
	reduceBuild                    // write BUILD
	reduceCalls                    // write the next of Object.Calls
	reducePop                      // pop its result
	reduceLateEntries              // write the late entries of the dict on the stack
)

// saveReduce writes an object with the identity id, as save_reduce in _pickle.c does.
func (p *pickling) saveReduce(o *Object, id objectID) error {
	return p.saveReduceAs(task{kind: taskReduce, op: OpReduce}, o, id)
}

// saveNewObject is saveReduce for an object that the Pickler has just made. Nothing else refers to
// the tuple of its arguments, so that the memo need not find the tuple again.
func (p *pickling) saveNewObject(o *Object, id objectID) error {
	return p.saveReduceAs(task{kind: taskReduce, op: OpReduce, noMemo: true}, o, id)
}

// saveDropped writes a call whose result is popped. Neither the result nor the tuple of its
// arguments is memoized, as in save_reduce in _pickle.c.
func (p *pickling) saveDropped(o *Object) error {
	p.stack.tasks.push(task{kind: taskReduce, op: OpReduce})
	p.stack.objects.push(reduceTask{obj: o, dropped: true})
	return nil
}

// saveReduceAs pushes the task t for an object with the identity id, unless the memo has the
// object.
func (p *pickling) saveReduceAs(t task, o *Object, id objectID) error {
	if o.Class == nil {
		return Unsupported("an Object without a Class")
	}
	if idx, known := p.memo.lookup(id); known {
		p.get(idx)
		return nil
	}
	obj := o
	switch o.Form {
	case FormNewObj:
		t.op = OpNewObj
	case FormNewObjEx:
		t.op = OpNewObjEx
	case FormInst, FormObj:
		p.op(OpMark)
		t.op = OpObj
		if _, named := o.Class.(Named); named && p.proto == 0 {
			t.op = OpInst
			t.phase = reduceArgs
		}
	}
	if t.op == OpNewObj && p.proto < 2 || t.op == OpNewObjEx && p.proto < 4 {
		obj, t.op = p.asReduceCall(o), OpReduce
	}
	if len(o.Calls) > 0 {
		p.noteLateEntries(o)
	}
	p.stack.tasks.push(t)
	p.stack.objects.push(reduceTask{obj: obj, id: id})
	return nil
}

// programGlobal is a class or function that the Go program names. A [Global] is one that a pickle
// names, so that its strings are written as the objects that they were in that pickle. The strings
// of a programGlobal are written as the objects that CPython has for its own classes: one string
// for the name of a module, which all its classes share, but a new string each time for a type
// built in C (Static).
type programGlobal struct {
	Module, Name string
	Static       bool
}

// Global implements [Named].
func (k programGlobal) Global() Global { return Global{k.Module, k.Name} }

// String returns "module.name".
func (k programGlobal) String() string { return k.Module + "." + k.Name }

// asReduceCall returns an object that makes the same value as o with REDUCE, for a protocol that
// has no NEWOBJ or NEWOBJ_EX.
func (p *pickling) asReduceCall(o *Object) *Object {
	c := *o
	c.Form, c.Kwargs = FormReduce, nil
	if o.Form == FormNewObj {
		// This is the result of Python's __reduce_ex__(2). Every Python has copyreg.__newobj__.
		c.Class = programGlobal{Module: "copyreg", Name: "__newobj__"}
		c.Args = append([]any{o.Class}, o.Args...)
		return &c
	}
	// As save_reduce does: a call of partial(cls.__new__, cls, *args, **kwargs).
	if p.newMethods == nil {
		p.newMethods = make(map[any]*Object)
	}
	key := o.Class
	if n, ok := key.(Named); ok {
		key = n.Global()
	} else if !reflect.TypeOf(key).Comparable() {
		key = o
	}
	method := p.newMethods[key]
	if method == nil {
		method = &Object{Class: programGlobal{Module: "builtins", Name: "getattr"},
			Args: []any{o.Class, "__new__"}}
		p.newMethods[key] = method
	}
	kwargs := o.Kwargs
	if kwargs == nil {
		kwargs = &types.Dict{}
	}
	args := append(types.Tuple{o.Class}, o.Args...)
	c.Class = &Object{
		Class: programGlobal{Module: "functools", Name: "partial"}, Args: []any{method},
		State: &types.Tuple{method, &args, kwargs, nil}, HasState: true,
	}
	c.Args = nil
	return &c
}

// stepReduce runs a task for an object.
func (p *pickling) stepReduce(t *task, r *reduceTask) error {
	for depth := p.stack.depth(); p.stack.depth() == depth; {
		phase := t.phase
		t.phase++
		var err error
		switch phase {
		case reduceCall:
			err = p.save(r.obj.Class)
		case reduceArgs:
			err = p.saveArgs(t, r)
		case reduceKw:
			if t.op == OpNewObjEx {
				err = p.saveKwargs(r.obj)
			}
		case reduceMake:
			err = p.makeObject(t, r)
		case reduceItems:
			p.saveItems(task{kind: taskItems, op: OpAppends}, r.obj.Items)
		case reducePairs:
			p.savePairs(task{kind: taskPairs, op: OpSetItems}, r.obj.DictItems)
		case reduceState:
			if !r.obj.HasState {
				t.phase, t.i = reduceCalls, 0
				continue
			}
			err = p.save(r.obj.State)
		case reduceBuild:
			tr := p.trailers[r.obj]
			if tr != nil {
				p.out.align(tr.Align)
			}
			p.op(OpBuild)
			if tr != nil {
				p.out.writeTrailer(tr)
			}
			t.i = 0
		case reduceCalls:
			if t.i == len(r.obj.Calls) {
				p.stack.pop()
				return nil
			}
			t.i++
			err = p.stepCall(t, r.obj.Calls[t.i-1])
		case reduceLateEntries:
			d, keys, _ := lateEntriesArgs(r.obj.Calls[t.i-1])
			p.saveLateEntries(d, keys)
			t.phase = reducePop
		case reducePop:
			p.op(OpPop)
			t.phase = reduceCalls
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stepCall writes one of Object.Calls, or the dict for which it stands.
func (p *pickling) stepCall(t *task, call *Object) error {
	if d, _, late := lateEntriesArgs(call); late {
		t.phase = reduceLateEntries
		return p.save(d)
	}
	return p.saveDropped(call)
}

// saveArgs writes the arguments: a tuple, or for INST and OBJ the next one.
func (p *pickling) saveArgs(t *task, r *reduceTask) error {
	o := r.obj
	if r.dropped {
		return p.saveDroppedArgs(t, o)
	}
	if t.op != OpObj && t.op != OpInst {
		p.checkFrame()
		if t.noMemo {
			return p.saveTupleAs(o.Args, objectID{})
		}
		return p.saveTuple(o.Args)
	}
	if t.i < len(o.Args) {
		t.phase = reduceArgs // for the next argument
		t.i++
		return p.save(o.Args[t.i-1])
	}
	return nil
}

// saveDroppedArgs writes the next argument of a call whose result is popped, or after the last one
// the opcode that makes the tuple, which is not memoized.
func (p *pickling) saveDroppedArgs(t *task, o *Object) error {
	n := len(o.Args)
	marked := n > 3 || n > 0 && p.proto < 2
	if t.i == 0 && marked {
		p.op(OpMark)
	}
	if t.i < n {
		t.phase = reduceArgs // for the next argument
		t.i++
		return p.save(o.Args[t.i-1])
	}
	switch {
	case marked:
		p.op(OpTuple)
	case n > 0:
		p.op(OpTuple1 + Opcode(n-1))
	default:
		p.emptyTuple()
	}
	return nil
}

// saveKwargs writes the keyword arguments of NEWOBJ_EX.
func (p *pickling) saveKwargs(o *Object) error {
	if o.Kwargs == nil {
		p.checkFrame()
		return p.saveDict(nil, objectID{})
	}
	return p.save(o.Kwargs)
}

// makeObject writes the opcode that makes the object, and memoizes the object. If the memo has the
// object by now, it is among its own arguments: then the new one is popped, and the one that was
// made inside is fetched.
func (p *pickling) makeObject(t *task, r *reduceTask) error {
	p.op(t.op)
	if t.op == OpInst {
		named, _ := r.obj.Class.(Named)
		if err := p.writeName(named.Global()); err != nil {
			return err
		}
	}
	if p.capture.obj == r.obj {
		p.endCapture()
	}
	if r.dropped {
		return nil
	}
	if g, ok := p.nested[r.obj]; ok {
		p.putGlobal(g)
		return nil
	}
	idx, known := p.memo.insert(r.id)
	if !known {
		p.put(idx)
		return nil
	}
	p.op(OpPop)
	p.get(idx)
	p.stack.pop()
	return nil
}

// nameOrigin says where the name of a global comes from.
type nameOrigin uint8

const (
	nameRead    nameOrigin = iota // from a pickle
	nameProgram                   // from the Go program
	nameStatic                    // from the Go program, for a type built in C
)

// saveProgramGlobal writes a class or function that the Go program names.
func (p *pickling) saveProgramGlobal(k programGlobal) error {
	if k.Static {
		return p.saveGlobal(k.Global(), nameStatic)
	}
	return p.saveGlobal(k.Global(), nameProgram)
}

// maxNestedName is the greatest depth of a nested name below protocol 4, where each level takes a
// call of getattr.
const maxNestedName = 100

// saveGlobal writes a class or function, as save_global in _pickle.c does.
func (p *pickling) saveGlobal(g Global, origin nameOrigin) error {
	if p.proto >= 3 {
		g = g.Python3()
	}
	if idx, known := p.memo.globals.get(g); known {
		p.get(idx)
		return nil
	}
	if p.ExtensionCode != nil && p.proto >= 2 {
		if code := p.ExtensionCode(g); code != 0 {
			return p.saveExtension(g, code)
		}
	}
	if p.proto >= 4 {
		p.checkFrame()
		if err := p.saveModuleName(g.Module, origin); err != nil {
			return err
		}
		p.checkFrame()
		if err := p.saveClassName(g.Name, origin); err != nil {
			return err
		}
		p.op(OpStackGlobal)
		p.putGlobal(g)
		return nil
	}
	if dot := strings.LastIndexByte(g.Name, '.'); dot > 0 {
		// Protocols below 4 have no nested names.
		if strings.Count(g.Name, ".") > maxNestedName {
			return Unsupported(
				"the name of a global nested more than %d deep, at a protocol below 4",
				maxNestedName)
		}
		outer := Global{g.Module, g.Name[:dot]}
		o := &Object{Class: programGlobal{Module: "builtins", Name: "getattr"},
			Args: []any{outer, g.Name[dot+1:]}}
		if p.nested == nil {
			p.nested = make(map[*Object]Global)
		}
		p.nested[o] = g
		return p.saveReduce(o, objectID{})
	}
	p.op(OpGlobal)
	if err := p.writeName(g); err != nil {
		return err
	}
	p.putGlobal(g)
	return nil
}

// saveClassName writes the name of a global at protocol 4. A name from the Go program is always
// written as a new string: CPython makes a new string for a type built in C, and few other types
// have the same name.
func (p *pickling) saveClassName(name string, origin nameOrigin) error {
	if origin == nameRead {
		return p.saveString(name)
	}
	return p.saveText(name, objectID{})
}

// putGlobal memoizes a global just written.
func (p *pickling) putGlobal(g Global) {
	idx := p.memo.newIndex()
	p.memo.globals.set(g, idx)
	p.put(idx)
}

// saveModuleName writes the module of a global at protocol 4.
func (p *pickling) saveModuleName(module string, origin nameOrigin) error {
	if origin == nameStatic {
		return p.saveText(module, objectID{})
	}
	id := stringID(module)
	if idx, known := p.memo.lookup(id); known && p.Strings != StringsUnshared {
		p.get(idx)
		return nil
	}
	if m, known := p.memo.modules.get(module); known && (origin == nameProgram || m.fromProgram) {
		p.get(m.idx)
		return nil
	}
	next := p.memo.next
	if err := p.saveString(module); err != nil || p.memo.next == next {
		return err
	}
	p.memo.modules.set(module, moduleName{next, origin == nameProgram})
	return nil
}

// writeName writes the lines of GLOBAL and INST.
func (p *pickling) writeName(g Global) error {
	if p.proto < 3 {
		g = py2Name(g)
	}
	for _, name := range []string{g.Module, g.Name} {
		if !p.isLine(name) { // only STACK_GLOBAL can hold it
			return Unsupported("the name %q at protocol %d", g, p.proto)
		}
		p.out.buf = append(append(p.out.buf, name...), '\n')
	}
	return nil
}

// isLine reports whether CPython can read a name from a line. Below protocol 3 the name must be
// ASCII, and at protocol 3 UTF-8 without surrogates.
func (p *pickling) isLine(name string) bool {
	if name == "" || strings.IndexByte(name, '\n') >= 0 {
		return false
	}
	if p.proto < 3 {
		return opcode.IsASCII([]byte(name))
	}
	return utf8.ValidString(name)
}

// saveExtension writes the code of a global in the extension registry.
func (p *pickling) saveExtension(g Global, code int) error {
	switch {
	case code < 0 || code > 1<<31-1:
		return Unsupported("the extension code %d of %v", code, g)
	case code < 1<<8:
		p.out.buf = append(p.out.buf, byte(OpExt1), byte(code))
	case code < 1<<16:
		p.out.buf = append(p.out.buf, byte(OpExt2), byte(code), byte(code>>8))
	default:
		p.out.buf = append(p.out.buf, byte(OpExt4), byte(code), byte(code>>8), byte(code>>16),
			byte(code>>24))
	}
	return nil
}
