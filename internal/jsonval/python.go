package jsonval

import (
	"slices"
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// expand converts v by one level: it returns a leaf or members.
func (e *Encoder) expand(v any) (any, error) {
	if e.o.Lossless {
		return e.lossless(v)
	}
	for {
		if j, ok, err := e.library(v); err != nil {
			return nil, err
		} else if ok {
			v = j
			if _, done := v.(members); done || v == nil {
				return v, nil
			}
		}
		if j, ok, err := e.python(v); ok || err != nil {
			return j, err
		}
		if _, ok := v.(members); ok {
			return v, nil
		}
		j, ok, err := e.family(v)
		if err != nil {
			return nil, err
		}
		if !ok {
			return v, nil
		}
		v = j
	}
}

// family tries each family of types beyond Python's builtin ones. A family returns a leaf, members,
// or another value to expand. ok is false for values of other families.
func (e *Encoder) family(v any) (j any, ok bool, err error) {
	families := [...]func(*Encoder, any) (any, bool, error){numpy, stdlib, torchFamily, goFamily}
	for _, f := range families {
		if j, ok, err := f(e, v); ok || err != nil {
			return j, ok, err
		}
	}
	return nil, false, nil
}

// python expands values of Python's builtin types and of pickle's own.
func (e *Encoder) python(v any) (any, bool, error) {
	var j any
	var err error
	switch v := v.(type) {
	case string:
		j = text(v)
	case pickle.Py2String:
		j = textOrBytes(string(v))
	case []byte:
		j = short("$bytes", base64Bytes(v))
	case pickle.Bytes:
		j = short("$bytes", base64Bytes(v))
	case *types.ByteArray:
		j = short("$bytearray", base64Bytes(*v))
	case complex128:
		j = short("$complex", list{real(v), imag(v)})
	case *types.List: // Pointers are boxed without an allocation.
		j = (*list)(v)
	case *types.Tuple:
		j = (*list)(v)
	case []any:
		j = list(v)
	case *pickle.Set:
		j = (*list)(&v.Items)
	case *pickle.FrozenSet:
		j = (*list)(&v.Items)
	case *types.Dict:
		j, err = e.dict(v)
	case *pickle.Object:
		if address, ok := reconstruct.AddressText(v); ok {
			j = text(address)
		} else {
			j, err = e.object(v)
		}
	case *pickle.PersistentRef:
		j = short("$py.persistent", v.ID)
	case pickle.Named:
		j = short("$global", pyvalue.NameOf(v))
	default:
		return nil, false, nil
	}
	return j, true, err
}

// text returns a str. If a hook or an option created a string that is not text, it returns its
// bytes.
func text(s string) any {
	if isText(s) {
		return s
	}
	return short("$bytes", base64Bytes(s))
}

// textOrBytes returns a Python 2 str or an element of kind S: as text if it is UTF-8, or as bytes.
func textOrBytes(s string) any {
	if utf8.ValidString(s) {
		return s
	}
	return short("$bytes", base64Bytes(s))
}

// object returns an instance of a class that this module does not know, by the parts that it has:
// args, kwargs, state and so on. They do not depend on the protocol. List items and dict items are
// both called "items"; if an object has both, its dict items are called "dictitems".
func (e *Encoder) object(obj *pickle.Object) (members, error) {
	if name, ok := pyvalue.GlobalName(obj); ok {
		return short("$global", name), nil
	}
	var j object
	o := reconstruct.Normalize(obj)
	if name, ok := pyvalue.GlobalName(o.Class); ok {
		j.add("$object", name)
	} else {
		j.add("$object", o.Class)
	}
	if len(o.Args) > 0 {
		j.add("args", list(o.Args))
	}
	if o.Kwargs != nil {
		j.add("kwargs", o.Kwargs)
	}
	if o.HasState {
		j.add("state", o.State)
	}
	if len(o.Items) > 0 {
		j.add("items", list(o.Items))
	}
	if len(o.DictItems) > 0 {
		items, err := e.mixedDict(o.DictItems)
		if err != nil {
			return nil, err
		}
		key := "items"
		if len(o.Items) > 0 {
			key = "dictitems"
		}
		j.add(key, items)
	}
	addSteps(&j, o.Calls)
	return j, nil
}

// addSteps is addCalls, except that of late entries of a dict only the keys are shown: the dict
// itself already has the entries.
func addSteps(j *object, calls []*pickle.Object) {
	steps := slices.Clone(calls)
	for i, c := range steps {
		if c.Class == any(pickle.LateItems) && len(c.Args) == 2 {
			steps[i] = &pickle.Object{Class: c.Class, Args: c.Args[1:]}
		}
	}
	addCalls(j, steps)
}

// addCalls adds calls that have the object as an argument and whose results are dropped.
func addCalls(j *object, calls []*pickle.Object) {
	if len(calls) == 0 {
		return
	}
	l := make(list, len(calls))
	for i, c := range calls {
		l[i] = c
	}
	j.add("calls", l)
}
