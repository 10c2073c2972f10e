package pickle

import (
	"reflect"
	"slices"

	"github.com/nlpodyssey/gopickle/types"
)

// Global names a class or function of a Python module, as a GLOBAL or
// STACK_GLOBAL opcode does. It is inert: calling it, as REDUCE and NEWOBJ do,
// records the call in an [*Object] and runs nothing.
type Global struct {
	Module, Name string
}

// String returns "module.name".
func (g Global) String() string { return g.Module + "." + g.Name }

// Global returns g itself, so that a Global is a [Named] value.
func (g Global) Global() Global { return g }

// Call implements gopickle's types.Callable: it returns an *[Object] with g as
// its class and args, which it keeps, as its arguments.
func (g Global) Call(args ...any) (any, error) {
	return &Object{Class: g, Args: args, Form: FormReduce}, nil
}

// PyNew implements gopickle's types.PyNewable: it returns an *[Object] with g
// as its class and args, which it keeps, as its arguments.
func (g Global) PyNew(args ...any) (any, error) {
	return &Object{Class: g, Args: args, Form: FormNewObj}, nil
}

// PyNewEx implements [KwNewable].
func (g Global) PyNewEx(args []any, kwargs *types.Dict) (any, error) {
	return &Object{Class: g, Args: args, Kwargs: kwargs, Form: FormNewObjEx}, nil
}

// Named is implemented by every value that stands for a Python class or
// function: a [Global], and what a FindClass hook returns for a class it knows.
type Named interface {
	Global() Global
}

// KwNewable is implemented by a class value that takes keyword arguments in
// __new__, as NEWOBJ_EX passes them. A class that is only a gopickle
// types.PyNewable gets them as one last *types.Dict argument, as gopickle does.
type KwNewable interface {
	PyNewEx(args []any, kwargs *types.Dict) (any, error)
}

// Form says which opcode made an [Object].
type Form uint8

// The forms of an Object. FormInst and FormObj are Python 2's opcodes for
// instances of old-style classes.
const (
	FormReduce Form = iota
	FormNewObj
	FormNewObjEx
	FormInst
	FormObj
)

// Object is an instance of a class that no hook knows. It records how the
// pickle makes it, and nothing of it is ever executed.
type Object struct {
	// Class is what was called: a [Global], or any other value that a pickle
	// can call, such as another *Object (functools.partial(...) for instance).
	Class any
	// Args are the positional arguments of the constructor.
	Args []any
	// Kwargs are its keyword arguments; nil but for NEWOBJ_EX.
	Kwargs *types.Dict
	// State is the argument of BUILD; HasState tells a state of None from none.
	State any
	// Items are what APPEND, APPENDS and ADDITEMS added, in that order.
	Items []any
	// DictItems are what SETITEM and SETITEMS added, in that order; a key that
	// occurs twice occurs twice here.
	DictItems types.Dict
	// Calls are calls that the pickle makes once this object has all the rest, and whose results
	// it drops: the state setter of a six-item __reduce__, what cloudpickle and dill do to
	// a function. One of the class [LateItems] is no call.
	Calls    []*Object
	Form     Form
	HasState bool
}

// LateItems is the class of what stands among [Object].Calls for entries that a pickle gives a dict
// only once the object is made, as dill does with the globals of a function, which hold the
// function itself. The arguments are the dict, which has all its entries, and a list of the keys of
// those: a dict is written without them at first. It is named after the opcode, which Python's
// pickle has as a constant, so that no class or function is meant.
var LateItems = Global{"pickle", "SETITEMS"}

// ClassName returns "module.name" of the class, or "" where the class is not a
// plain global.
func (o *Object) ClassName() string {
	if n, ok := o.Class.(Named); ok {
		return n.Global().String()
	}
	return ""
}

// Call implements gopickle's types.Callable: an object that is called is the
// class of the object that comes of it.
func (o *Object) Call(args ...any) (any, error) {
	return &Object{Class: o, Args: args, Form: FormReduce}, nil
}

// PyNew implements gopickle's types.PyNewable.
func (o *Object) PyNew(args ...any) (any, error) {
	return &Object{Class: o, Args: args, Form: FormNewObj}, nil
}

// PySetState implements gopickle's types.PyStateSettable. A second dict updates
// the first in a copy, as Python's object.__dict__.update would; any other
// second state is an error, unless it is the first one again, which is what Python writes for an
// object that is among its own arguments.
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

// sameState reports whether two states are one, or tuples of the same values.
func sameState(a, b any) bool {
	x, ok1 := a.(*types.Tuple)
	y, ok2 := b.(*types.Tuple)
	if !ok1 || !ok2 || x == nil || y == nil {
		return sameValue(a, b)
	}
	return x == y || slices.EqualFunc(*x, *y, sameValue)
}

// sameValue reports whether two values are one object, or equal leaves.
func sameValue(a, b any) bool {
	t := reflect.TypeOf(a)
	return t == reflect.TypeOf(b) && (t == nil || t.Comparable() && a == b)
}

func (o *Object) describe() string {
	if name := o.ClassName(); name != "" {
		return name
	}
	return "an object"
}

// Append implements gopickle's types.ListAppender.
func (o *Object) Append(v any) { o.Items = append(o.Items, v) }

// Add implements gopickle's types.SetAdder.
func (o *Object) Add(v any) { o.Items = append(o.Items, v) }

// Set implements gopickle's types.DictSetter.
func (o *Object) Set(k, v any) {
	o.DictItems = append(o.DictItems, types.DictEntry{Key: k, Value: v})
}

// Py2String is a Python 2 str (STRING, BINSTRING, SHORT_BINSTRING) kept apart
// from text. An Unpickler yields it only with Encoding set to EncodingKeep; the
// default is a plain Go string with the same bytes.
type Py2String string

// Bytes is an immutable Python bytes object as a Go map key, which a []byte
// cannot be. Everywhere else a bytes object is a []byte.
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
