package pickle

import (
	"reflect"
	"slices"

	"github.com/nlpodyssey/gopickle/types"
)

// Global is the name of a class or function in a Python module, as in the opcodes GLOBAL and
// STACK_GLOBAL. It is inert: a call of it, as by REDUCE and NEWOBJ, is recorded in an [*Object],
// and nothing runs.
type Global struct {
	Module, Name string
}

// String returns "module.name".
func (g Global) String() string { return g.Module + "." + g.Name }

// Global returns g itself, so that a Global is a [Named] value.
func (g Global) Global() Global { return g }

// Call implements gopickle's types.Callable: it returns an *[Object] with the class g and the
// arguments args. The Object keeps args.
func (g Global) Call(args ...any) (any, error) {
	return &Object{Class: g, Args: args, Form: FormReduce}, nil
}

// PyNew implements gopickle's types.PyNewable: it returns an *[Object] with the class g and the
// arguments args. The Object keeps args.
func (g Global) PyNew(args ...any) (any, error) {
	return &Object{Class: g, Args: args, Form: FormNewObj}, nil
}

// PyNewEx implements [KwNewable]: it returns an *[Object] that keeps args and kwargs.
func (g Global) PyNewEx(args []any, kwargs *types.Dict) (any, error) {
	return &Object{Class: g, Args: args, Kwargs: kwargs, Form: FormNewObjEx}, nil
}

// Named is implemented by every value that stands for a Python class or function: by a [Global],
// and by the values that a FindClass hook returns for the classes it knows.
type Named interface {
	Global() Global
}

// KwNewable is implemented by a value for a class whose __new__ takes keyword arguments, which
// NEWOBJ_EX passes. A class that is only a gopickle types.PyNewable receives them as a last
// argument, a *types.Dict, as in gopickle.
type KwNewable interface {
	PyNewEx(args []any, kwargs *types.Dict) (any, error)
}

// Form is the opcode that made an [Object].
type Form uint8

// The forms of an Object. FormInst and FormObj stand for the opcodes INST and OBJ, with which
// Python 2 writes instances of old-style classes.
const (
	FormReduce Form = iota
	FormNewObj
	FormNewObjEx
	FormInst
	FormObj
)

// Object is an instance of a class that no hook knows. It records how the pickle makes the
// instance, and nothing of it is ever executed.
type Object struct {
	// Class is the value that was called: a [Global], or another value that a pickle can call, such
	// as an *Object for functools.partial(...).
	Class any
	// Args are the positional arguments of the call.
	Args []any
	// Kwargs are the keyword arguments of NEWOBJ_EX, or nil.
	Kwargs *types.Dict
	// State is the argument of BUILD, if HasState. A state may be nil, for None.
	State any
	// Items are the items that APPEND, APPENDS and ADDITEMS added, in that order.
	Items []any
	// DictItems are the items that SETITEM and SETITEMS set, in that order. A key may occur more
	// than once; the last entry has its value.
	DictItems types.Dict
	// Calls are calls that the pickle makes when the rest of the object is complete, and whose
	// results it drops: the state setter of a six-item __reduce__, or how cloudpickle and dill
	// complete a function. One with the class [LateItems] is not a call.
	Calls    []*Object
	Form     Form
	HasState bool
}

// LateItems is the class of an element of [Object].Calls that is not a call. It stands for entries
// that a dict gets only when the object is complete, as dill does with the globals of a function,
// which contain the function itself. The arguments are the dict, which has all its entries, and a
// list of the keys of the late ones, without which the dict is written at first. It has the name of
// the opcode constant in Python's module pickle, so that it is not the name of a class or function.
var LateItems = Global{"pickle", "SETITEMS"}

// ClassName returns "module.name" of the class, or "" if the class is not a [Named] value.
func (o *Object) ClassName() string {
	if n, ok := o.Class.(Named); ok {
		return n.Global().String()
	}
	return ""
}

// Call implements gopickle's types.Callable: it returns an *Object whose class is o.
func (o *Object) Call(args ...any) (any, error) {
	return &Object{Class: o, Args: args, Form: FormReduce}, nil
}

// PyNew implements gopickle's types.PyNewable: it returns an *Object whose class is o.
func (o *Object) PyNew(args ...any) (any, error) {
	return &Object{Class: o, Args: args, Form: FormNewObj}, nil
}

// PySetState implements gopickle's types.PyStateSettable. If the state is set a second time and
// both are dicts, the state becomes a new dict with the entries of both, since Python updates
// __dict__. The same state again changes nothing: Python writes it twice for an object that is
// among its own arguments. Any other second state is an error.
func (o *Object) PySetState(state any) error {
	if !o.HasState {
		o.State, o.HasState = state, true
		return nil
	}
	if sameState(o.State, state) {
		return nil
	}
	old, ok1 := o.State.(*types.Dict)
	more, ok2 := state.(*types.Dict)
	if !ok1 || !ok2 {
		return malformed("state of %s set twice", o.describe())
	}
	merged := append(append(make(types.Dict, 0, len(*old)+len(*more)), *old...), *more...)
	o.State = &merged
	return nil
}

// sameState reports whether two states are the same value, or tuples of the same values.
func sameState(a, b any) bool {
	x, ok1 := a.(*types.Tuple)
	y, ok2 := b.(*types.Tuple)
	if !ok1 || !ok2 || x == nil || y == nil {
		return sameValue(a, b)
	}
	return x == y || slices.EqualFunc(*x, *y, sameValue)
}

// sameValue reports whether two values are the same object, or equal numbers or strings.
func sameValue(a, b any) bool {
	t := reflect.TypeOf(a)
	return t == reflect.TypeOf(b) && (t == nil || t.Comparable() && a == b)
}

// describe returns the name of the class, for error texts.
func (o *Object) describe() string {
	if name := o.ClassName(); name != "" {
		return name
	}
	return "an object"
}

// Append implements gopickle's types.ListAppender: it adds v to Items.
func (o *Object) Append(v any) { o.Items = append(o.Items, v) }

// Add implements gopickle's types.SetAdder: it adds v to Items.
func (o *Object) Add(v any) { o.Items = append(o.Items, v) }

// Set implements gopickle's types.DictSetter: it adds an entry to DictItems.
func (o *Object) Set(k, v any) {
	o.DictItems = append(o.DictItems, types.DictEntry{Key: k, Value: v})
}

// Py2String is a Python 2 str (the opcodes STRING, BINSTRING and SHORT_BINSTRING) that is kept
// apart from text. An Unpickler returns it only if its Encoding is EncodingKeep. By default it
// returns a string with the same bytes.
type Py2String string

// Bytes is a Python bytes object as a Go map key, which a []byte cannot be. Everywhere else a bytes
// object is a []byte.
type Bytes string

var (
	_ types.Callable        = Global{}
	_ types.PyNewable       = Global{}
	_ types.Callable        = (*Object)(nil)
	_ types.PyNewable       = (*Object)(nil)
	_ types.PyStateSettable = (*Object)(nil)
	_ types.ListAppender    = (*Object)(nil)
	_ types.DictSetter      = (*Object)(nil)
	_ types.SetAdder        = (*Object)(nil)
)
