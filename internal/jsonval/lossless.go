package jsonval

import (
	"bytes"
	"math"
	"reflect"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// lossless is expand for Options.Lossless. Lists, text, finite numbers and dicts with text keys
// have no special form. Each other kind of builtin container has its own. Any other value is
// written as the call that creates it in Python, which package reconstruct returns.
func (e *Encoder) lossless(v any) (any, error) {
	for {
		if j, ok := losslessLeaf(v); ok {
			return j, nil
		}
		switch x := v.(type) {
		case *types.List:
			return list(*x), nil
		case *types.Dict:
			return losslessDict(*x), nil
		case *pickle.Object:
			return losslessObject(x), nil
		case *written.Constructed:
			return losslessObject(&pickle.Object{Class: x.By.Class, Args: x.By.Args, State: x.State,
				HasState: true}), nil
		case *pickle.PersistentRef:
			return form("$py.persistent", x.ID), nil
		case *written.LargeBytes:
			var b bytes.Buffer
			err := x.Write(&b)
			return short("$bytes", base64Bytes(b.Bytes())), err
		case *ndarray.Array:
			if plainArray(x) {
				return e.array(x, nil), nil
			}
		}
		var f pickle.ReduceFunc
		if r, ok := v.(pickle.Reducer); ok { // of package torch
			f = func(_ any, protocol int) (any, error) { return r.PickleReduce(protocol) }
		} else if f = reconstruct.Reduce(reflect.TypeOf(v)); f == nil {
			return nil, pickle.Unsupported("no JSON for a %T", v)
		}
		var err error
		if v, err = f(v, int(pickle.HighestProtocol)); err != nil {
			return nil, err
		}
	}
}

// losslessLeaf returns the form of a value that needs no further step.
func losslessLeaf(v any) (any, bool) {
	switch x := v.(type) {
	case members, streamed, base64Bytes:
		return v, true
	case string:
		if isText(x) {
			return textForm(x), true
		}
		return short("$py.str2", base64Bytes(x)), true
	case written.Interned:
		return textForm(string(x)), true
	case written.Str:
		return textForm(string(x)), true
	case pickle.Py2String:
		return short("$py.str2", base64Bytes(x)), true
	case float64:
		return floatForm(x), true
	case complex128:
		return short("$complex", list{real(x), imag(x)}), true
	case []byte:
		return short("$bytes", base64Bytes(x)), true
	case pickle.Bytes:
		return short("$bytes", base64Bytes(x)), true
	case written.Bytes:
		return short("$bytes", base64Bytes(x)), true
	case *written.Bytes:
		return short("$bytes", base64Bytes(*x)), true
	case *types.ByteArray:
		return short("$bytearray", base64Bytes(*x)), true
	case *pickle.Buffer:
		if x.ReadOnly {
			return short("$bytes", base64Bytes(x.Data)), true
		}
		return short("$bytearray", base64Bytes(x.Data)), true
	case *written.Buffer:
		return losslessLeaf((*pickle.Buffer)(x))
	case pickle.Named:
		g := x.Global()
		return short("$global", list{g.Module, g.Name}), true
	case *types.Tuple:
		return form("$py.tuple", list(*x)), true
	case written.Tuple:
		return form("$py.tuple", list(x)), true
	case *written.Tuple:
		return form("$py.tuple", list(*x)), true
	case *pickle.Set:
		return form("$py.set", list(x.Items)), true
	case *pickle.FrozenSet:
		return form("$py.frozenset", list(x.Items)), true
	}
	return nil, false
}

// plainArray reports whether the form $ndarray represents an array completely.
func plainArray(a *ndarray.Array) bool {
	dt := a.DType()
	if a.Class() != "" || a.Extra() != nil || !a.Writeable() || a.HasObject() ||
		dt.Names() != nil || dt.Metadata() != nil || dt.ScalarClass() != "" {
		return false
	}
	base, _ := dt.Subarray()
	again, err := ndarray.ParseDType(dt.Str())
	return base == nil && err == nil && again.Equal(dt)
}

// floatForm returns f, or a special form if it is infinite or a NaN, with the bits of the NaN.
func floatForm(f float64) any {
	switch {
	case f != f:
		return short("$py.float", "0x"+strconv.FormatUint(math.Float64bits(f), 16))
	case math.IsInf(f, 1):
		return short("$py.float", "Infinity")
	case math.IsInf(f, -1):
		return short("$py.float", "-Infinity")
	}
	return f
}

// textForm returns s, or a special form with its bytes if it has a high surrogate before a low one.
// Their escapes would be one character in JSON.
func textForm(s string) any {
	if hasSplitPair(s) {
		return short("$py.str", base64Bytes(s))
	}
	return s
}

func losslessDict(d types.Dict) members {
	for i := range d {
		s, ok := d[i].Key.(string)
		if !ok || !isText(s) || reserved[s] || hasSplitPair(s) {
			return pairsForm(d)
		}
	}
	return textDict(d)
}

// formNames has the names of the opcodes that create objects.
var formNames = map[pickle.Form]string{
	pickle.FormReduce: "reduce", pickle.FormNewObj: "newobj", pickle.FormNewObjEx: "newobj_ex",
	pickle.FormInst: "inst", pickle.FormObj: "obj",
}

func losslessObject(o *pickle.Object) members {
	j := object{}
	j.add("$object", o.Class)
	j.add("opcode", formNames[o.Form])
	j.add("args", list(o.Args))
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
		j.add("dictitems", pairs(o.DictItems))
	}
	addCalls(&j, o.Calls)
	return j
}
