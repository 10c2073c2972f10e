package pickle

import (
	"encoding/binary"
	"math/big"

	"github.com/nlpodyssey/gopickle/types"
	"github.com/unpkl/unpkl/internal/errkind"
)

// loadObject carries out the opcodes that call hooks and what hooks returned.
func (m *machine) loadObject(op Opcode) error {
	switch op {
	case OpGlobal:
		return m.loadGlobal()
	case OpStackGlobal:
		return m.loadStackGlobal()
	case OpReduce:
		return m.loadReduce()
	case OpNewObj:
		return m.loadNewObj()
	case OpNewObjEx:
		return m.loadNewObjEx()
	case OpBuild:
		return m.loadBuild()
	case OpPersID, OpBinPersID:
		return m.loadPersistent(op)
	case OpNextBuffer:
		return m.loadNextBuffer()
	case OpReadonlyBuffer:
		return m.loadReadonlyBuffer()
	}
	return m.loadExtension(op)
}

// gopickleOwn are the names that gopickle resolves itself, so that hooks
// written for it need not know them.
func gopickleOwn(module, name string) bool {
	switch module {
	case "collections":
		return name == "OrderedDict"
	case "builtins":
		return name == "list" || name == "dict"
	case "__builtin__":
		return name == "object"
	case "array":
		return name == "_array_reconstructor"
	case "copy_reg":
		return name == "_reconstructor"
	}
	return false
}

// showHook tells a hook which opcode asks it: see Unpickler.HookOpcode.
func (m *machine) showHook() { m.u.hookOp, m.u.hookAt = m.op, m.start }

// findClass returns the value of a global.
func (m *machine) findClass(module, name string) (any, error) {
	var class any = Global{module, name}
	if hook := m.u.FindClass; hook != nil {
		m.showHook()
		v, err := hook(module, name)
		switch {
		case err == nil:
			class = v
			switch c := v.(type) {
			case *types.List:
				class = containerClass{c}
			case *types.Dict:
				class = containerClass{c}
			}
		case !gopickleOwn(module, name):
			return nil, err
		}
	}
	if g, unknown := class.(Global); unknown && m.u.Strict {
		return nil, errkind.New(ErrUnknownGlobal, "unknown global %s", quoteShort([]byte(g.String())))
	}
	return class, nil
}

// containerClass is an empty gopickle list or dict that a hook returned for
// the class list or dict. gopickle makes those callable; the values of a pickle are not.
type containerClass struct{ types.Callable }

// names reads the two lines of GLOBAL and INST.
func (m *machine) names() (module, name string, err error) {
	if module, name, err = m.nameLines(); err == nil && (module == "" || name == "") {
		err = malformed("the name of a global is empty")
	}
	return module, name, err
}

func (m *machine) nameLines() (module, name string, err error) {
	for _, p := range []*string{&module, &name} {
		line, err := m.w.line()
		if err != nil {
			return "", "", err
		}
		if !strictText(line) || m.op == OpInst && !isASCII(line) {
			return "", "", malformed("not a name: %s", quoteShort(line))
		}
		*p = string(line)
	}
	return module, name, nil
}

func (m *machine) loadGlobal() error {
	module, name, err := m.names()
	if err != nil {
		return err
	}
	return m.pushClass(module, name)
}

func (m *machine) pushClass(module, name string) error {
	class, err := m.findClass(module, name)
	if err != nil {
		return err
	}
	m.hooked(class)
	m.push(class)
	return nil
}

// strOf returns the text of a str, also of one that is a Python 2 str kept apart.
func strOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case Py2String:
		return string(v), true
	}
	return "", false
}

func (m *machine) loadStackGlobal() error {
	name, err := m.pop()
	if err != nil {
		return err
	}
	module, err := m.pop()
	if err != nil {
		return err
	}
	nameText, ok1 := strOf(name)
	moduleText, ok2 := strOf(module)
	if !ok1 || !ok2 {
		return malformed("the names of a global are %s and %s, not str", typeName(module), typeName(name))
	}
	return m.pushClass(moduleText, nameText)
}

// popArgs takes an argument tuple off the stack. The slice is the tuple's own.
func (m *machine) popArgs() ([]any, error) {
	v, err := m.pop()
	if err != nil {
		return nil, err
	}
	t, ok := v.(*types.Tuple)
	if !ok {
		return nil, malformed("the arguments are %s, not a tuple", typeName(v))
	}
	return *t, nil
}

// made pushes the result of a call of what it was given.
func (m *machine) made(given []any, v any, err error) error {
	if err != nil {
		return err
	}
	if _, ok := v.(Builder); ok && m.builders == nil {
		m.builders = make(map[any][]uint64)
	}
	m.hooked(v, given...)
	m.push(v)
	return nil
}

func (m *machine) loadReduce() error {
	args, err := m.popArgs()
	if err != nil {
		return err
	}
	f, err := m.pop()
	if err != nil {
		return err
	}
	if m.inert(f, args, FormReduce) {
		return nil
	}
	if err := m.charge(f, args); err != nil {
		return err
	}
	v, err := call(f, args)
	return m.made(args, v, err)
}

// inert pushes the Object that a call of a class which no hook knows comes to; it reports
// whether class is one. The Object holds what was on the stack and nothing else, so that a
// tree stays a tree.
func (m *machine) inert(class any, args []any, form Form) bool {
	switch class.(type) {
	case Global, *Object:
		m.moveArgs(args)
		m.push(&Object{Class: class, Args: args, Form: form})
		return true
	}
	return false
}

// call calls f as REDUCE does.
func call(f any, args []any) (any, error) {
	switch f := f.(type) {
	case *types.List, *types.Dict:
	case types.Callable:
		return f.Call(args...)
	case types.PyNewable:
		return f.PyNew(args...)
	}
	return nil, malformed("cannot call %s", typeName(f))
}

func (m *machine) loadNewObj() error {
	args, err := m.popArgs()
	if err != nil {
		return err
	}
	class, err := m.pop()
	if err != nil {
		return err
	}
	if m.inert(class, args, FormNewObj) {
		return nil
	}
	c, ok := class.(types.PyNewable)
	if !ok {
		return malformed("not a class: %s", typeName(class))
	}
	if err := m.charge(class, args); err != nil {
		return err
	}
	v, err := c.PyNew(args...)
	return m.made(args, v, err)
}

func (m *machine) loadNewObjEx() error {
	v, err := m.pop()
	if err != nil {
		return err
	}
	kwargs, isDict := v.(*types.Dict)
	args, err := m.popArgs()
	if err != nil {
		return err
	}
	class, err := m.pop()
	if err != nil {
		return err
	}
	if !isDict {
		return malformed("the keyword arguments are %s, not a dict", typeName(v))
	}
	for _, e := range *kwargs {
		if _, ok := e.Key.(string); !ok {
			return malformed("a keyword argument is named by %s", typeName(e.Key))
		}
	}
	all := append(args[:len(args):len(args)], kwargs)
	if err := m.charge(class, all); err != nil {
		return err
	}
	switch c := class.(type) {
	case Global:
		m.move(all)
		m.push(&Object{Class: class, Args: args, Kwargs: kwargs, Form: FormNewObjEx})
		return nil
	case KwNewable:
		v, err := c.PyNewEx(args, kwargs)
		return m.made(all, v, err)
	case types.PyNewable:
		v, err := c.PyNew(all...)
		return m.made(all, v, err)
	}
	return malformed("not a class: %s", typeName(class))
}

func (m *machine) loadInst(mark int) error {
	items := m.stack[mark:]
	m.stack = m.stack[:mark]
	args := append(make([]any, 0, len(items)), items...)
	module, name, err := m.names()
	if err != nil {
		return err
	}
	class, err := m.findClass(module, name)
	if err != nil {
		return err
	}
	return m.instantiate(class, args, FormInst)
}

func (m *machine) loadObj(mark int) error {
	items := m.stack[mark:]
	m.stack = m.stack[:mark]
	if len(items) == 0 {
		return m.underflow()
	}
	args := append(make([]any, 0, len(items)-1), items[1:]...)
	return m.instantiate(items[0], args, FormObj)
}

// instantiate makes an instance as INST and OBJ do.
func (m *machine) instantiate(class any, args []any, form Form) error {
	if m.inert(class, args, form) {
		return nil
	}
	if err := m.charge(class, args); err != nil {
		return err
	}
	v, err := call(class, args)
	return m.made(args, v, err)
}

func (m *machine) loadBuild() error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	inst, err := m.top()
	if err != nil {
		return err
	}
	if err := m.chargeState(inst, state); err != nil {
		return err
	}
	switch x := inst.(type) {
	case Builder:
		v, err := x.PyBuild(m.u, state)
		if err != nil {
			return err
		}
		m.stack[len(m.stack)-1] = v
		m.replace(inst, v)
		m.hooked(v)
		return nil
	case *Object:
		if x.HasState {
			m.move([]any{x.State, state})
		}
		return x.PySetState(state)
	case types.PyStateSettable:
		err = x.PySetState(state)
	default:
		err = setState(inst, state)
	}
	m.hooked(inst)
	return err
}

// noteBuilder remembers where in the memo a Builder is.
func (m *machine) noteBuilder(i uint64, v any) {
	if _, ok := v.(Builder); ok {
		key := identity(v)
		m.builders[key] = append(m.builders[key], i)
	}
}

// replace puts v in the memo wherever a Builder was, unless another value is
// there by now.
func (m *machine) replace(builder, v any) {
	key := identity(builder)
	for _, i := range m.builders[key] {
		if old, ok := m.memo.get(i); ok && identity(old) == key {
			m.memo.put(i, v)
		}
	}
	delete(m.builders, key)
	if _, again := v.(Builder); again {
		for i := range m.builders[key] {
			m.noteBuilder(uint64(i), v)
		}
	}
}

// setState is BUILD without __setstate__: a dict for the instance's
// __dict__, or a tuple of that and one for its slots (CPython: load_build).
func setState(inst, state any) error {
	var slots any
	if t, ok := state.(*types.Tuple); ok && len(*t) == 2 {
		state, slots = (*t)[0], (*t)[1]
	}
	if state != nil {
		d, ok := state.(*types.Dict)
		if !ok {
			return malformed("the state of %s is %s, not a dict", typeName(inst), typeName(state))
		}
		target, ok := inst.(types.PyDictSettable)
		if !ok {
			return malformed("%s has no __dict__ for a state", typeName(inst))
		}
		for _, e := range *d {
			if err := target.PyDictSet(e.Key, e.Value); err != nil {
				return err
			}
		}
	}
	if slots == nil {
		return nil
	}
	d, ok := slots.(*types.Dict)
	if !ok {
		return malformed("the slots' state of %s is %s, not a dict", typeName(inst), typeName(slots))
	}
	return setSlots(inst, *d)
}

func setSlots(inst any, d types.Dict) error {
	for _, e := range d {
		target, ok := inst.(types.PyAttrSettable)
		if !ok {
			return malformed("%s has no attributes for a state", typeName(inst))
		}
		name, ok := e.Key.(string)
		if !ok {
			return malformed("an attribute is named by %s", typeName(e.Key))
		}
		if err := target.PySetAttr(name, e.Value); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) loadPersistent(op Opcode) error {
	var pid any
	var err error
	if op == OpPersID {
		line, err := m.w.line()
		if err != nil {
			return err
		}
		if !isASCII(line) {
			return malformed("a persistent id of protocol 0 is not ASCII: %s", quoteShort(line))
		}
		pid = string(line)
	} else if pid, err = m.pop(); err != nil {
		return err
	}
	if m.u.PersistentLoad == nil {
		return Unsupported("a persistent id, and no PersistentLoad hook")
	}
	m.showHook()
	v, err := m.u.PersistentLoad(pid)
	return m.made(nil, v, err)
}

func (m *machine) loadExtension(op Opcode) error {
	size := 1
	switch op {
	case OpExt2:
		size = 2
	case OpExt4:
		size = 4
	}
	b, err := m.w.take(size)
	if err != nil {
		return err
	}
	code := int(b[0])
	switch size {
	case 2:
		code = int(binary.LittleEndian.Uint16(b))
	case 4:
		code = int(int32(binary.LittleEndian.Uint32(b)))
	}
	if code <= 0 {
		return malformed("extension code %d", code)
	}
	if m.u.GetExtension == nil {
		return Unsupported("extension code %d, and no GetExtension hook", code)
	}
	m.showHook()
	v, err := m.u.GetExtension(code)
	return m.made(nil, v, err)
}

func (m *machine) loadNextBuffer() error {
	if m.u.NextBuffer == nil {
		return Unsupported("an out-of-band buffer, and no NextBuffer hook")
	}
	v, err := m.u.NextBuffer()
	return m.made(nil, v, err)
}

func (m *machine) loadReadonlyBuffer() error {
	v, err := m.top()
	if err != nil {
		return err
	}
	switch x := v.(type) {
	case nil, bool, int, *big.Int, float64, string, *types.List, *types.Tuple, *types.Dict, *Set, *FrozenSet:
		return malformed("%s is not a buffer", typeName(v))
	case *types.ByteArray:
		if m.u.MakeReadOnly == nil {
			m.stack[len(m.stack)-1] = []byte(*x)
		}
	}
	if m.u.MakeReadOnly == nil {
		return nil
	}
	if v, err = m.u.MakeReadOnly(v); err != nil {
		return err
	}
	m.hooked(v)
	m.stack[len(m.stack)-1] = v
	return nil
}
