package jsonval

import (
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// expand returns what v looks like in JSON: a leaf or members.
func (e *Encoder) expand(v any) (any, error) {
	for {
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

// family expands the kinds of value beyond Python's own. Each family returns what
// v looks like in JSON (a leaf, members, or another value to expand), and false
// where v is none of its kinds.
func (e *Encoder) family(v any) (any, bool, error) {
	for _, f := range [...]func(*Encoder, any) (any, bool, error){numpy} {
		if j, ok, err := f(e, v); ok || err != nil {
			return j, ok, err
		}
	}
	return nil, false, nil
}

// python expands the values of Python's builtin types and of pickle's own.
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
	case *types.List:
		j = list(*v)
	case *types.Tuple:
		j = list(*v)
	case []any:
		j = list(v)
	case *pickle.Set:
		j = list(v.Items)
	case *pickle.FrozenSet:
		j = list(v.Items)
	case *types.Dict:
		j, err = e.dict(*v)
	case *pickle.Object:
		j, err = e.object(v)
	case pickle.Named:
		j = short("$global", v.Global().String())
	default:
		return nil, false, nil
	}
	return j, true, err
}

// text returns a str, or its bytes where a hook or an option made a string of
// something else.
func text(s string) any {
	if isText(s) {
		return s
	}
	return short("$bytes", base64Bytes(s))
}

// textOrBytes returns a Python 2 str, or an S element: text if it is UTF-8.
func textOrBytes(s string) any {
	if utf8.ValidString(s) {
		return s
	}
	return short("$bytes", base64Bytes(s))
}

// object returns an instance of a class that is not known, as the pickle makes
// it, with only the parts that are there. List items and dict items are both
// "items"; where an object has both, the dict items are "dictitems".
func (e *Encoder) object(o *pickle.Object) (members, error) {
	var j object
	if name := o.ClassName(); name != "" {
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
	return j, nil
}
