package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/pickle"
)

// fillCopyreg adds the functions of Lib/copyreg.py. Pickles of protocols 0 and 1 call them, and so
// do pickles that the Python implementation of pickle wrote.
func fillCopyreg(t table) {
	t.add("copyreg", "_reconstructor", &entry{call: reconstructor, code: known.ClassReconstructor})
	t.add("copyreg", "__newobj__", &entry{call: newObj, code: known.ClassNewObj})
	t.add("copyreg", "__newobj_ex__", &entry{call: newObjEx})
	t.add("_codecs", "encode", &entry{call: codecsEncode, code: known.ClassEncode})
}

// record returns a recorded call.
func record(c Class, args []any) (any, error) {
	return &pickle.Object{Class: c, Args: args, Form: pickle.FormReduce}, nil
}

// reconstructor implements copyreg._reconstructor(cls, base, state). It rebuilds an object of a
// class that this package knows; any other call is recorded, and [Normalize] shows the object that
// the call creates.
func reconstructor(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(3, 3); err != nil {
		return nil, err
	}
	if madeClass(args[1]) {
		return record(c, args)
	}
	base, ok := args[1].(pickle.Named)
	if !ok {
		return nil, a.wrong(1, "base", "class")
	}
	known, ok := args[0].(Class)
	if !ok {
		return record(c, args)
	}
	g := normalName(base.Global())
	switch {
	case g == objectClass && known.entry.construct != nil:
		if args[2] != nil {
			return nil, a.wrong(2, "state of object", "None")
		}
		return known.entry.construct(known, nil)
	case g != objectClass && known.entry.rebase != nil:
		return known.entry.rebase(known, g, args[2])
	}
	return record(c, args)
}

var objectClass = pickle.Global{Module: "builtins", Name: "object"}

// newObj implements copyreg.__newobj__(cls, *args), which is NEWOBJ as a function.
func newObj(c Class, args []any) (any, error) {
	if err := c.args(args).count(1, len(args)); err != nil {
		return nil, err
	}
	if known, ok := args[0].(Class); ok && known.entry.construct != nil {
		return known.entry.construct(known, args[1:])
	}
	return record(c, args)
}

// newObjEx implements copyreg.__newobj_ex__(cls, args, kwargs), which is NEWOBJ_EX as a function.
func newObjEx(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(3, 3); err != nil {
		return nil, err
	}
	pos, err := a.tuple(1, "args")
	if err != nil {
		return nil, err
	}
	kwargs, err := a.dict(2, "kwargs")
	if err != nil {
		return nil, err
	}
	if known, ok := args[0].(Class); ok && known.entry.construct != nil && len(*kwargs) == 0 {
		return known.entry.construct(known, pos)
	}
	return record(c, args)
}

// Instance is a view of a [pickle.Object] that does not depend on the protocol. A Python object has
// the same Instance whether it was pickled by NEWOBJ, NEWOBJ_EX, functions of copyreg,
// functools.partial around __new__ (which protocols 2 and 3 use in place of NEWOBJ_EX) or REDUCE of
// its class.
type Instance struct {
	// Class is the class, or the function that creates the object. It is nearly always a
	// [pickle.Named].
	Class any
	// Args and Kwargs are the arguments of the constructor.
	Args   []any
	Kwargs *types.Dict
	// Base is the builtin that protocols 0 and 1 name as the base of the class, such as
	// builtins.tuple, unless that is object. Its value is in Args, Items (list) or DictItems
	// (dict).
	Base pickle.Global
	// State, HasState, Items and DictItems are as in [pickle.Object].
	State     any
	HasState  bool
	Items     []any
	DictItems types.Dict
	Calls     []*pickle.Object // as in [pickle.Object]
}

// Normalize returns the view of o. It does not change o, and its parts are those of o, except that
// items are copied where a base class and the instance both have some.
func Normalize(o *pickle.Object) Instance {
	n := Instance{
		Class: o.Class, Args: o.Args, Kwargs: o.Kwargs,
		State: o.State, HasState: o.HasState, Items: o.Items, DictItems: o.DictItems,
		Calls: o.Calls,
	}
	switch class := o.Class.(type) {
	case pickle.Named:
		n.unwrap(normalName(class.Global()))
	case *pickle.Object:
		n.unwrapPartial(class)
	}
	return n
}

// unwrap replaces a call of a function of copyreg by the class that the call instantiates.
func (n *Instance) unwrap(fn pickle.Global) {
	if fn.Module != "copyreg" {
		return
	}
	switch {
	case fn.Name == "__newobj__" && len(n.Args) > 0:
		n.Class, n.Args = n.Args[0], n.Args[1:]
	case fn.Name == "__newobj_ex__" && len(n.Args) == 3:
		args, ok1 := n.Args[1].(*types.Tuple)
		kwargs, ok2 := n.Args[2].(*types.Dict)
		if ok1 && ok2 {
			n.Class, n.Args, n.Kwargs = n.Args[0], *args, kwargs
		}
	case fn.Name == "_reconstructor" && len(n.Args) == 3:
		base, ok := n.Args[1].(pickle.Named)
		if !ok {
			return
		}
		class, value := n.Args[0], n.Args[2]
		n.Class, n.Args = class, nil
		if g := normalName(base.Global()); g != objectClass {
			n.Base = g
			n.setBaseValue(value)
		}
	}
}

// setBaseValue puts the value of the base where Instance has it, before items of the instance.
func (n *Instance) setBaseValue(value any) {
	switch v := value.(type) {
	case *types.List:
		n.Items = append(append(make([]any, 0, len(*v)+len(n.Items)), *v...), n.Items...)
	case *types.Dict:
		n.DictItems = append(append(make(types.Dict, 0, len(*v)+len(n.DictItems)), *v...),
			n.DictItems...)
	default:
		n.Args = []any{value}
	}
}

// unwrapPartial replaces functools.partial(cls.__new__, cls, *args, **kwargs)() by the class and
// its arguments.
func (n *Instance) unwrapPartial(p *pickle.Object) {
	state, ok := p.State.(*types.Tuple)
	if p.ClassName() != "functools.partial" || !ok || len(*state) != 4 || len(n.Args) != 0 {
		return
	}
	fn, ok := (*state)[0].(*pickle.Object)
	if !ok || len(fn.Args) != 2 || fn.Args[1] != any("__new__") {
		return
	}
	args, ok := (*state)[1].(*types.Tuple)
	if !ok || len(*args) == 0 {
		return
	}
	n.Class, n.Args = (*args)[0], (*args)[1:]
	if kwargs, ok := (*state)[2].(*types.Dict); ok {
		n.Kwargs = kwargs
	}
}

// ClassName returns "module.name" of the class under its Python 3 name, or "" if the class is not a
// global.
func (n Instance) ClassName() string {
	if named, ok := n.Class.(pickle.Named); ok {
		return normalName(named.Global()).String()
	}
	return ""
}

// Attr returns an attribute from the state, which may hold the instance's __dict__ and its slots.
func (n Instance) Attr(name string) (any, bool) {
	dicts := []any{n.State}
	if t, ok := n.State.(*types.Tuple); ok && len(*t) == 2 {
		dicts = *t
	}
	for _, d := range dicts {
		d, ok := d.(*types.Dict)
		if !ok {
			continue
		}
		for _, e := range *d {
			if key, ok := asText(e.Key); ok && key == name {
				return e.Value, true
			}
		}
	}
	return nil, false
}
