package pickle

import (
	"errors"
	"math/big"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/tape"
)

// host is the [tape.Host] of one pickle that an [Unpickler] reads. Before a hook is called, its
// arguments are promoted: objects are made of their cells as they are at that point of the stream,
// and the cells refer to the objects from then on.
type host struct {
	objects
	u        *Unpickler
	recopied recopied
	bounds   *known.Bounds // of the classes that package known knows, or nil
	// dropped are the dropped calls for objects that are Values already, in order.
	dropped []droppedCall
}

var (
	_ tape.Host     = (*host)(nil)
	_ bridge.Pickle = (*host)(nil)
)

// Tape implements [bridge.Pickle].
func (h *host) Tape() *tape.Tape { return h.t }

// Object implements [bridge.Pickle].
func (h *host) Object(id tape.ID) (any, error) {
	v, err := h.object(id)
	if err != nil {
		op, at := h.t.Op() // the STOP
		return nil, publicError(&tape.Error{Op: op, Offset: at, Err: err})
	}
	return v, nil
}

// Release implements [bridge.Pickle]. With KeepMemo the tape is kept for the next pickle.
func (h *host) Release() {
	if h.t == nil || h.u.keptHost == h {
		return
	}
	h.t.Release()
	tapes.Put(h.t)
	*h = host{}
}

// resolvedByGopickle reports whether gopickle resolves a name itself, so that hooks written for it
// may not know the name.
func resolvedByGopickle(module, name string) bool {
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

// containerClass is an empty gopickle list or dict that a hook returned for the class list or dict,
// which can be called. The lists and dicts of a pickle cannot.
type containerClass struct{ types.Callable }

// Class implements [tape.Host].
func (h *host) Class(module, name string) (tape.ID, error) {
	class, err := h.findClass(module, name)
	if err != nil {
		return 0, err
	}
	if g, unknown := class.(Global); unknown {
		if h.u.Strict && (h.u.Allow == nil || !h.u.Allow(g.Module, g.Name)) {
			return 0, errkind.New(ErrUnknownGlobal, "unknown global %s",
				opcode.Quote([]byte(g.String())))
		}
		return h.t.NewClass(class, 0, true), nil
	}
	if _, named := class.(Named); named {
		code := h.classCode(class)
		return h.t.NewClass(class, code, code == known.ClassRecorded), nil
	}
	return h.t.NewValue(class), nil
}

// classCode returns the code that package known has for a class, or 0. All classes with a code must
// have the same bounds.
func (h *host) classCode(class any) uint16 {
	code, rules := bridge.KnownClass(class)
	if code == 0 || h.bounds != nil && h.bounds != rules {
		return 0
	}
	h.bounds = rules
	return code
}

// Rules implements [bridge.Pickle].
func (h *host) Bounds() *known.Bounds {
	if h.bounds == nil {
		return &noBounds
	}
	return h.bounds
}

// noBounds are the bounds of a pickle without a class that has a code.
var noBounds known.Bounds

// findClass returns what the FindClass hook returns for a name, or a Global.
func (h *host) findClass(module, name string) (any, error) {
	global := Global{module, name}
	hook := h.u.FindClass
	if hook == nil {
		return global, nil
	}
	v, err := hook(module, name)
	if err != nil {
		if resolvedByGopickle(module, name) {
			return global, nil
		}
		return nil, err
	}
	switch c := v.(type) {
	case *types.List:
		return containerClass{c}, nil
	case *types.Dict:
		return containerClass{c}, nil
	}
	return v, nil
}

// newValue makes a cell of what a hook returned, unless it returned an error.
func (h *host) newValue(v any, err error) (tape.ID, error) {
	if err != nil {
		return 0, err
	}
	return h.t.NewValue(v), nil
}

// Call implements [tape.Host].
func (h *host) Call(form tape.Form, fn, args, kwargs tape.ID) (tape.ID, error) {
	if code := h.t.Code(fn); code != 0 && h.t.Kind(fn) == tape.Class && kwargs == tape.IDNone {
		if id, ok := known.Call(h.t, h.bounds, form, fn, args); ok {
			return id, nil
		}
	}
	f, err := h.object(fn)
	if err != nil {
		return 0, err
	}
	t, err := h.object(args)
	if err != nil {
		return 0, err
	}
	positional := *t.(*types.Tuple)
	if err := h.countCall(f, positional); err != nil {
		return 0, err
	}
	switch form {
	case tape.FormNewObj:
		if _, inert := f.(*Object); inert {
			return h.newValue(&Object{Class: f, Args: positional, Form: FormNewObj}, nil)
		}
		c, ok := f.(types.PyNewable)
		if !ok {
			return 0, malformed("not a class: %s", typeName(f))
		}
		return h.newValue(c.PyNew(positional...))
	case tape.FormNewObjEx:
		return h.callEx(f, positional, kwargs)
	}
	if _, inert := f.(*Object); inert {
		return h.newValue(&Object{Class: f, Args: positional, Form: Form(form)}, nil)
	}
	return h.newValue(call(f, positional))
}

// callEx carries out NEWOBJ_EX.
func (h *host) callEx(f any, args []any, kwargs tape.ID) (tape.ID, error) {
	d, err := h.object(kwargs)
	if err != nil {
		return 0, err
	}
	named := d.(*types.Dict)
	for _, e := range *named {
		if _, ok := e.Key.(string); !ok {
			return 0, malformed("a keyword argument is named by %s", typeName(e.Key))
		}
	}
	switch c := f.(type) {
	case KwNewable:
		return h.newValue(c.PyNewEx(args, named))
	case types.PyNewable:
		return h.newValue(c.PyNew(append(args[:len(args):len(args)], named)...))
	}
	return 0, malformed("not a class: %s", typeName(f))
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

// Build implements [tape.Host].
func (h *host) Build(target, state tape.ID) (tape.ID, error) {
	if h.bounds != nil && known.Build(h.t, h.bounds, target, state) {
		return target, nil
	}
	inst, err := h.object(target)
	if err != nil {
		return 0, err
	}
	s, err := h.object(state)
	if err != nil {
		return 0, err
	}
	if err := h.countState(inst, s); err != nil {
		return 0, err
	}
	switch x := inst.(type) {
	case bridge.Builder:
		v, err := x.PyBuild(builderInput{h.u}, s)
		if err != nil {
			return 0, err
		}
		h.t.Replace(target, v)
		return target, nil
	case types.PyStateSettable:
		err = x.PySetState(s)
	default:
		err = setState(inst, s)
	}
	return target, err
}

// setState carries out BUILD on an instance without __setstate__. The state is a dict for the
// instance's __dict__, or a tuple of that dict and a dict for its slots.
//
// Reference: CPython's load_build.
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
		return malformed("the slots' state of %s is %s, not a dict", typeName(inst),
			typeName(slots))
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

// Persistent implements [tape.Host].
func (h *host) Persistent(pid tape.ID) (tape.ID, error) {
	if h.u.PersistentLoad == nil {
		return 0, Unsupported("a persistent id, and no PersistentLoad hook")
	}
	v, err := h.object(pid)
	if err != nil {
		return 0, err
	}
	return h.newValue(h.u.PersistentLoad(v))
}

// Extension implements [tape.Host].
func (h *host) Extension(code int) (tape.ID, error) {
	if h.u.GetExtension == nil {
		return 0, Unsupported("extension code %d, and no GetExtension hook", code)
	}
	return h.newValue(h.u.GetExtension(code))
}

// NextBuffer implements [tape.Host].
func (h *host) NextBuffer() (tape.ID, error) {
	if h.u.NextBuffer == nil {
		return 0, Unsupported("an out-of-band buffer, and no NextBuffer hook")
	}
	return h.newValue(h.u.NextBuffer())
}

// ReadOnly implements [tape.Host].
func (h *host) ReadOnly(buffer tape.ID) (tape.ID, error) {
	v, err := h.object(buffer)
	if err != nil {
		return 0, err
	}
	switch x := v.(type) {
	case nil, bool, int, *big.Int, float64, string, *types.List, *types.Tuple, *types.Dict, *Set,
		*FrozenSet:
		return 0, malformed("%s is not a buffer", typeName(v))
	case *types.ByteArray:
		if h.u.MakeReadOnly == nil {
			return h.t.NewValue([]byte(*x)), nil
		}
	}
	if h.u.MakeReadOnly == nil {
		return buffer, nil
	}
	return h.newValue(h.u.MakeReadOnly(v))
}

// Str implements [tape.Host]: it decodes a Python 2 str as Encoding says.
func (h *host) Str(b []byte) (tape.ID, error) {
	switch h.u.Encoding {
	case EncodingASCII:
		if !opcode.IsASCII(b) {
			return 0, malformed("a Python 2 str is not ASCII: %s", opcode.Quote(b))
		}
	case EncodingLatin1:
		b = opcode.Latin1(b)
	case EncodingUTF8:
		if !opcode.StrictText(b) {
			return 0, malformed("a Python 2 str is not UTF-8: %s", opcode.Quote(b))
		}
	case EncodingBytes:
		return h.t.NewSpan(tape.Bytes, b)
	case EncodingKeep:
		return h.t.NewSpan(tape.Py2Str, b)
	}
	return h.t.NewSpan(tape.Str, b)
}

// Text implements [tape.Host].
func (h *host) Text(id tape.ID) (string, bool) {
	v, _ := h.leafObject(id)
	switch v := v.(type) {
	case string:
		return v, true
	case Py2String:
		return string(v), true
	}
	return "", false
}

// TypeName implements [tape.Host].
func (h *host) TypeName(id tape.ID) string {
	switch h.t.Kind(id) {
	case tape.None:
		return "None"
	case tape.False, tape.True:
		return "bool"
	case tape.Int, tape.BigInt:
		return "int"
	case tape.Float:
		return "float"
	case tape.Str, tape.Py2Str:
		return "str"
	case tape.Bytes:
		return "bytes"
	case tape.ByteArray:
		return "bytearray"
	case tape.Tuple:
		return "tuple"
	case tape.List:
		return "list"
	case tape.Dict:
		return "dict"
	case tape.Set:
		return "set"
	case tape.FrozenSet:
		return "frozenset"
	case tape.Call:
		if !h.t.IsInert(id) {
			break
		}
		if fn := h.t.Call(id).Fn; h.t.Kind(fn) == tape.Class {
			if n, ok := h.t.Value(fn).(Named); ok {
				return opcode.Quote([]byte(n.Global().String()))
			}
		}
		return opcode.Quote([]byte("an object"))
	case tape.Class, tape.Value:
		return typeName(h.t.Value(id))
	}
	v, err := h.object(id)
	if err != nil {
		return "object"
	}
	return typeName(v)
}

// CheckHashable implements [tape.Host]. It walks over nested tuples with a stack of its own, since
// the input decides how deep they are nested.
func (h *host) CheckHashable(id tape.ID) error {
	type part struct {
		id    tape.ID
		depth int
	}
	todo := []part{{id, 0}}
	for len(todo) > 0 {
		id, depth := todo[len(todo)-1].id, todo[len(todo)-1].depth
		todo = todo[:len(todo)-1]
		switch h.t.Kind(id) {
		case tape.ByteArray, tape.List, tape.Dict, tape.Set:
			return malformed("unhashable key: %s", h.TypeName(id))
		case tape.Value:
			if _, err := h.keys.key(h.t.Value(id)); err != nil {
				return err
			}
		case tape.Call:
			if h.t.IsInert(id) {
				continue
			}
			v, err := h.object(id)
			if err != nil {
				return err
			}
			if _, err := h.keys.key(v); err != nil {
				return err
			}
		case tape.Tuple:
			if h.t.IsHashable(id) {
				continue
			}
			if limit := h.keys.depth(); depth >= limit {
				return &LimitError{Limit: "Depth", Max: int64(limit), Want: int64(limit) + 1}
			}
			// The tuple need not be checked again: if an item is not hashable, the pass ends.
			h.t.MarkHashable(id)
			items := h.t.Items(id)
			for i := len(items) - 1; i >= 0; i-- {
				todo = append(todo, part{items[i], depth + 1})
			}
		}
	}
	return nil
}

// publicError converts an error of the tape or of the input to the error types of this package.
func publicError(err error) error {
	var e *tape.Error
	if errors.As(err, &e) {
		return &DecodeError{Op: Opcode(e.Op), Offset: e.Offset, Err: publicLimitError(e.Err)}
	}
	return publicLimitError(err)
}

// publicLimitError converts a limit error to the error type of this package.
func publicLimitError(err error) error {
	if l, ok := err.(*errkind.LimitError); ok {
		return &LimitError{Limit: l.Limit, Max: l.Max, Want: l.Want}
	}
	return err
}
