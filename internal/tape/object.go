package tape

import (
	"math"

	"github.com/unpkl/unpkl/internal/opcode"
)

// loadObject carries out the opcodes that need a host.
func (t *Tape) loadObject(op opcode.Code) error {
	switch op {
	case opcode.Global:
		module, name, err := t.readNames()
		if err != nil {
			return err
		}
		return t.pushResult(t.host.Class(module, name))
	case opcode.StackGlobal:
		return t.loadStackGlobal()
	case opcode.Reduce:
		return t.loadCall(FormReduce)
	case opcode.NewObj:
		return t.loadCall(FormNewObj)
	case opcode.NewObjEx:
		return t.loadNewObjEx()
	case opcode.Build:
		return t.loadBuild()
	case opcode.PersID, opcode.BinPersID:
		return t.loadPersistent(op)
	case opcode.Ext1, opcode.Ext2, opcode.Ext4:
		return t.loadExtension(op)
	case opcode.NextBuffer:
		return t.pushResult(t.host.NextBuffer())
	case opcode.ReadonlyBuffer:
		return t.loadReadonlyBuffer()
	}
	return malformed("unknown opcode")
}

// pushResult pushes the cell that a host returned, unless it returned an error.
func (t *Tape) pushResult(id ID, err error) error {
	if err == nil {
		t.stack = append(t.stack, id)
	}
	return err
}

// readNames reads the two lines of a GLOBAL or INST.
func (t *Tape) readNames() (module, name string, err error) {
	for _, p := range []*string{&module, &name} {
		line, err := t.w.Line()
		if err != nil {
			return "", "", err
		}
		if *p, err = opcode.NameLine(t.op, line); err != nil {
			return "", "", err
		}
	}
	if module == "" || name == "" {
		err = malformed("the name of a global is empty")
	}
	return module, name, err
}

func (t *Tape) loadStackGlobal() error {
	name, err := t.pop()
	if err != nil {
		return err
	}
	module, err := t.pop()
	if err != nil {
		return err
	}
	nameText, ok1 := t.host.Text(name)
	moduleText, ok2 := t.host.Text(module)
	if !ok1 || !ok2 {
		return malformed("the names of a global are %s and %s, not str",
			t.host.TypeName(module), t.host.TypeName(name))
	}
	return t.pushResult(t.host.Class(moduleText, nameText))
}

// popArgs pops a tuple of arguments.
func (t *Tape) popArgs() (ID, error) {
	id, err := t.pop()
	if err != nil {
		return 0, err
	}
	if !t.isTuple(id) {
		return 0, malformed("the arguments are %s, not a tuple", t.host.TypeName(id))
	}
	return id, nil
}

// isTuple reports whether a cell is a tuple, or a Value that replaced one, or another cell that the
// options accept in its place.
func (t *Tape) isTuple(id ID) bool {
	c := &t.cells[id]
	return c.kind == Tuple || c.kind == Value && c.aux == uint16(Tuple) ||
		c.kind == Call && t.callsAsArgs || c.kind >= Str && c.kind < Call && t.anyArgs
}

// isDict reports whether a cell is a dict, or a Value that replaced one, or another cell that the
// options accept in its place.
func (t *Tape) isDict(id ID) bool {
	c := &t.cells[id]
	return c.kind == Dict || c.kind == Value && c.aux == uint16(Dict) ||
		c.kind == Call && t.callsAsArgs
}

// isInert reports whether a call of fn is recorded without asking the host.
func (t *Tape) isInert(fn ID) bool {
	c := &t.cells[fn]
	return (c.kind == Class || c.kind == Call) && c.flags&flagInert != 0
}

// loadCall carries out REDUCE and NEWOBJ.
func (t *Tape) loadCall(form Form) error {
	args, err := t.popArgs()
	if err != nil {
		return err
	}
	fn, err := t.pop()
	if err != nil {
		return err
	}
	return t.call(form, fn, args, IDNone)
}

// call pushes the result of a call.
func (t *Tape) call(form Form, fn, args, kwargs ID) error {
	if t.isInert(fn) {
		t.stack = append(t.stack, t.NewCall(form, fn, args, kwargs, 0, true))
		return nil
	}
	return t.pushResult(t.host.Call(form, fn, args, kwargs))
}

func (t *Tape) loadNewObjEx() error {
	kwargs, err := t.pop()
	if err != nil {
		return err
	}
	args, err := t.popArgs()
	if err != nil {
		return err
	}
	fn, err := t.pop()
	if err != nil {
		return err
	}
	if !t.isDict(kwargs) {
		return malformed("the keyword arguments are %s, not a dict", t.host.TypeName(kwargs))
	}
	if err := t.checkNames(kwargs); err != nil {
		return err
	}
	if t.cells[fn].kind == Call {
		return t.pushResult(t.host.Call(FormNewObjEx, fn, args, kwargs))
	}
	return t.call(FormNewObjEx, fn, args, kwargs)
}

// checkNames returns an error unless the keys of keyword arguments are Strs.
func (t *Tape) checkNames(kwargs ID) error {
	if t.cells[kwargs].kind != Dict || t.OnlyStrKeys(kwargs) {
		return nil
	}
	w := t.Children(kwargs)
	for b := w.Batch(); b != nil; b = w.Batch() {
		for i := 0; i < len(b); i += 2 {
			if t.cells[b[i]].kind != Str {
				return malformed("a keyword argument is named by %s", t.host.TypeName(b[i]))
			}
		}
	}
	return nil
}

func (t *Tape) loadInst(mark int) error {
	args, err := t.newContainer(Tuple, t.stack[mark:])
	t.stack = t.stack[:mark]
	if err != nil {
		return err
	}
	module, name, err := t.readNames()
	if err != nil {
		return err
	}
	fn, err := t.host.Class(module, name)
	if err != nil {
		return err
	}
	return t.call(FormInst, fn, args, IDNone)
}

func (t *Tape) loadObj(mark int) error {
	items := t.stack[mark:]
	t.stack = t.stack[:mark]
	if len(items) == 0 {
		return t.underflow()
	}
	args, err := t.newContainer(Tuple, items[1:])
	if err != nil {
		return err
	}
	return t.call(FormObj, items[0], args, IDNone)
}

func (t *Tape) loadBuild() error {
	state, err := t.pop()
	if err != nil {
		return err
	}
	target, err := t.top()
	if err != nil {
		return err
	}
	t.noteChange(target)
	c := &t.cells[target]
	if c.kind == Call && c.flags&flagInert != 0 && !t.calls[c.v].hasState {
		t.SetState(target, state)
		return nil
	}
	at := t.w.Pos
	id, err := t.host.Build(target, state)
	if err == nil {
		t.stack[len(t.stack)-1] = id
	}
	if t.partial != nil && t.w.Pos != at {
		t.partial.unfit = true // scanFetches took the data that the host read for opcodes
	}
	return err
}

func (t *Tape) loadPersistent(op opcode.Code) error {
	if op == opcode.BinPersID {
		pid, err := t.pop()
		if err != nil {
			return err
		}
		return t.pushResult(t.host.Persistent(pid))
	}
	line, err := t.w.Line()
	if err != nil {
		return err
	}
	if !opcode.IsASCII(line) {
		return malformed("a persistent id of protocol 0 is not ASCII: %s", opcode.Quote(line))
	}
	pid, err := t.newSpan(Str, line)
	if err != nil {
		return err
	}
	return t.pushResult(t.host.Persistent(pid))
}

func (t *Tape) loadExtension(op opcode.Code) error {
	code, err := t.readUint(op)
	if err != nil {
		return err
	}
	if op == opcode.Ext4 && code > math.MaxInt32 || code == 0 {
		return malformed("extension code %d", int32(uint32(code)))
	}
	return t.pushResult(t.host.Extension(int(code)))
}

func (t *Tape) loadReadonlyBuffer() error {
	id, err := t.top()
	if err != nil {
		return err
	}
	switch t.cells[id].kind {
	case None, False, True, Int, Float, BigInt, Str, List, Tuple, Dict, Set, FrozenSet:
		return malformed("%s is not a buffer", t.host.TypeName(id))
	}
	if id, err = t.host.ReadOnly(id); err == nil {
		t.stack[len(t.stack)-1] = id
	}
	return err
}
