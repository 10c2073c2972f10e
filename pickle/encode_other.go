package pickle

import (
	"math/big"
	"reflect"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
)

// saveOther writes a value for which saveValue has no case.
func (p *pickling) saveOther(v any) error {
	if boxPointer(v) == nil {
		return p.saveForeign(v) // a nil pointer or map; its plan says how it is written
	}
	switch x := v.(type) {
	case Global:
		return p.saveGlobal(x, nameRead)
	case programGlobal:
		return p.saveProgramGlobal(x)
	case *Object:
		return p.saveReduce(x, boxID(v))
	case *Set:
		return p.saveSet(x.Items, boxID(v))
	case *FrozenSet:
		return p.saveFrozenSet(x.Items, boxID(v))
	case *types.ByteArray:
		return p.saveByteArray(*x, boxID(v))
	case *big.Int:
		return p.saveLargeInt(x, boxID(v))
	case complex128:
		return p.saveComplex(x, boxID(v))
	case Py2String:
		return p.savePy2String(string(x))
	case Bytes:
		return p.saveBytesAs([]byte(x), objectID{})
	case written.Interned:
		return p.saveShared(string(x))
	case written.Bytes:
		return p.saveBytesAs(x, objectID{})
	case written.Str:
		if p.Strings == StringsByValue {
			return p.saveShared(string(x))
		}
		return p.saveText(string(x), objectID{})
	case *Buffer:
		return p.saveBuffer(x, boxID(v))
	case *written.Buffer:
		return p.saveBuffer((*Buffer)(x), objectID{})
	case *written.LargeBytes:
		return p.saveLargeBytes(x, boxID(v))
	case *written.Trailer:
		return p.saveTrailer(x, boxID(v))
	case *PersistentRef:
		return p.savePID(x.ID)
	case written.Tuple:
		return p.saveTupleAs(x, objectID{})
	case *written.Tuple:
		return p.saveTupleAs(*x, objectID{})
	case *written.Bytes:
		return p.saveBytesAs(*x, objectID{})
	case *written.Constructed:
		return p.saveConstructed(x, boxID(v))
	default:
		return p.saveForeign(v)
	}
}

// saveComplex writes a complex number, as copyreg.pickle_complex does.
func (p *pickling) saveComplex(c complex128, id objectID) error {
	return p.saveNewObject(&Object{
		Class: programGlobal{Module: "builtins", Name: "complex"}, Args: []any{real(c), imag(c)},
	}, id)
}

// saveForeign writes a value by the plan of its type.
func (p *pickling) saveForeign(v any) error {
	return p.saveGoAs(p.planOf(reflect.TypeOf(v)), reflect.ValueOf(v), v)
}

// objectTypes are the types of object trees. They have a case in saveValue or saveOther, and are
// written in the same way wherever they occur.
var objectTypes = func() map[reflect.Type]bool {
	m := map[reflect.Type]bool{}
	for _, v := range []any{
		(*types.List)(nil), (*types.Dict)(nil), (*types.Tuple)(nil), (*types.ByteArray)(nil),
		Global{}, programGlobal{}, (*Object)(nil), (*Set)(nil), (*FrozenSet)(nil), (*big.Int)(nil),
		complex128(0),
		Py2String(""), Bytes(""), written.Interned(""), written.Bytes(nil), written.Str(""),
		(*Buffer)(nil), (*written.Buffer)(nil), (*written.LargeBytes)(nil), (*written.Trailer)(nil),
		(*PersistentRef)(nil), written.Tuple(nil), (*written.Tuple)(nil), (*written.Bytes)(nil),
		(*written.Constructed)(nil),
	} {
		m[reflect.TypeOf(v)] = true
	}
	return m
}()

// saveTrailer writes the object of t. stepReduce writes the data that follows.
func (p *pickling) saveTrailer(t *written.Trailer, id objectID) error {
	o, ok := t.Object.(*Object)
	if !ok || o == nil || !o.HasState || t.Write == nil || t.Size < 0 || t.Align < 0 ||
		t.Align > 4096 {
		return Unsupported("a Trailer without an object that has a state, or without content")
	}
	if p.proto < 2 {
		return Unsupported("a Trailer at protocol %d", p.proto)
	}
	if p.trailers == nil {
		p.trailers = make(map[*Object]*written.Trailer)
	}
	p.trailers[o] = t
	return p.saveReduce(o, id)
}
