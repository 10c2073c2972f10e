package pickle

import (
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/written"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/types"
)

// Reducer is implemented by a Go type that says how it is pickled, as a
// Python class does with __reduce_ex__. PickleReduce returns
//
//   - an [*Object] that says how Python makes the value: the class or function
//     to call (a [Global], or any [Named] value), its arguments, a new tuple each time, which
//     opcode calls it, the list items and dict items to add, the state to set
//   - a [*written.Constructed], for one of many values that differ only in their state
//   - or any other value, which is written in its place
//
// protocol is the protocol being written. The result must not change afterwards.
type Reducer interface {
	PickleReduce(protocol int) (any, error)
}

// ReduceFunc is PickleReduce for the values of a type that is not a [Reducer] itself.
type ReduceFunc func(v any, protocol int) (any, error)

// saveReduced writes what a ReduceFunc made of a value with the identity id.
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

// The steps of an object, the phases of a taskReduce.
const (
	reduceCall        uint8 = iota // write what is called
	reduceArgs                     // write the arguments
	reduceKw                       // write the keyword arguments
	reduceMake                     // write the opcode that makes the object, memoize it
	reduceItems                    // write the list items
	reducePairs                    // write the dict items
	reduceState                    // write the state
	reduceBuild                    // write BUILD
	reduceCalls                    // write the next of the calls that complete it
	reducePop                      // drop the result of that
	reduceLateEntries              // write entries of the dict on the stack
)

// saveReduce writes an object that has the identity id: save_reduce of _pickle.c.
func (p *pickling) saveReduce(o *Object, id objectID) error {
	return p.saveReduceAs(task{kind: taskReduce, op: OpReduce}, o, id)
}

// saveCall is saveReduce for an object that was made for this, with its arguments: nothing else has
// the tuple that they are, so that the memo need not keep it.
func (p *pickling) saveNewObject(o *Object, id objectID) error {
	return p.saveReduceAs(task{kind: taskReduce, op: OpReduce, noMemo: true}, o, id)
}

// saveDropped writes a call whose result is popped: as in save_reduce of _pickle.c, neither the
// call nor the tuple of its arguments goes into the memo.
func (p *pickling) saveDropped(o *Object) error {
	p.stack.tasks.push(task{kind: taskReduce, op: OpReduce})
	p.stack.objects.push(reduceTask{obj: o, dropped: true})
	return nil
}

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

// knownGlobal is a class or function that a program names, where a [Global] is one that a
// pickle names: the strings of a Global are the objects that the pickle had, while those
// of a knownGlobal are what CPython has in memory. That is one string for the name of a
// module, shared by all its classes, but a new one each time for a type that is built
// in C (Static).
type programGlobal struct {
	Module, Name string
	Static       bool
}

// Global implements [Named].
func (k programGlobal) Global() Global { return Global{k.Module, k.Name} }

// String returns "module.name".
func (k programGlobal) String() string { return k.Module + "." + k.Name }

// callForm returns o, whose own opcode the protocol lacks, as a call.
func (p *pickling) asReduceCall(o *Object) *Object {
	c := *o
	c.Form, c.Kwargs = FormReduce, nil
	if o.Form == FormNewObj {
		// What Python's __reduce_ex__(2) says; every Python has copyreg.__newobj__.
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

// stepReduce writes an object: call, items, pairs, state.
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
			if d, _, late := lateEntriesArgs(r.obj.Calls[t.i-1]); late {
				t.phase = reduceLateEntries
				err = p.save(d)
			} else {
				err = p.saveDropped(r.obj.Calls[t.i-1])
			}
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

// saveArgs writes the arguments: a tuple, or one by one for INST and OBJ.
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
		t.phase = reduceArgs // again, for the next
		t.i++
		return p.save(o.Args[t.i-1])
	}
	return nil
}

// saveDroppedArgs writes the arguments of a call whose result is popped, one at a time, and then
// the tuple of them, which the memo does not get.
func (p *pickling) saveDroppedArgs(t *task, o *Object) error {
	n := len(o.Args)
	marked := n > 3 || n > 0 && p.proto < 2
	if t.i == 0 && marked {
		p.op(OpMark)
	}
	if t.i < n {
		t.phase = reduceArgs // again, for the next
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

func (p *pickling) saveKwargs(o *Object) error {
	if o.Kwargs == nil {
		p.checkFrame()
		return p.saveDict(nil, objectID{})
	}
	return p.save(o.Kwargs)
}

// makeObject writes the opcode that makes the object, and memoizes it. An object in
// the memo by now is one of its own arguments: then the one made inside is taken.
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
	nameRead    nameOrigin = iota // a pickle
	nameProgram                   // a program
	nameStatic                    // a program, of a type built in C
)

// saveKnown writes a class or function that a program names.
func (p *pickling) saveProgramGlobal(k programGlobal) error {
	if k.Static {
		return p.saveGlobal(k.Global(), nameStatic)
	}
	return p.saveGlobal(k.Global(), nameProgram)
}

// maxNestedName bounds the calls of getattr that a nested name takes below protocol 4: each names
// all that is around it.
const maxNestedName = 100

// saveGlobal writes a class or function: save_global of _pickle.c.
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

// saveClassName writes the name of a global at protocol 4. CPython makes a new string
// of the name of a type that is built in C, and few others have two types of one name.
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

// isLine reports whether CPython reads name back from a line: below protocol 3 it is ASCII, and
// at 3 UTF-8 without surrogates.
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
