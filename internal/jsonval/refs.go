package jsonval

import (
	"math/big"
	"reflect"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// place is where a container stands in the document: which member of which.
// It is a list towards the root, since whole paths would be quadratic in the
// depth.
type place struct {
	in    *place
	token string
}

// identity returns what tells a container from others that are equal, or nil
// where v is none. An empty tuple is none: Python has but one of it.
func identity(v any) any {
	switch v := v.(type) {
	case maskedData:
		return v.data
	case *types.Tuple:
		if len(*v) == 0 {
			return nil
		}
		return v
	case *types.List, *types.Dict, *pickle.Set, *pickle.FrozenSet, *pickle.Object, *ndarray.Array,
		*ndarray.Masked,
		*reconstruct.OrderedDict, *reconstruct.DefaultDict, *reconstruct.Counter,
		*reconstruct.Deque:
		return v
	}
	return nil
}

// identity is the function identity, and for lossless JSON everything else that Python has one
// object of.
func (e *Encoder) identity(v any) any {
	if e.isOnce(v) {
		return nil
	}
	if e.o.Lossless {
		switch t := reflect.TypeOf(v); {
		case t == nil || t == reflect.TypeFor[*big.Int]():
			return nil
		case t.Kind() == reflect.Pointer && t != reflect.TypeFor[*types.Tuple]():
			return v
		}
	}
	return identity(v)
}

// isOnce reports whether a value is a container that is in the document once.
func (e *Encoder) isOnce(v any) bool {
	switch v.(type) {
	case *types.List, *types.Tuple, *types.Dict, *pickle.Set, *pickle.FrozenSet, *pickle.Object:
		return e.o.Once != nil && !e.o.Lossless && e.o.Once(v)
	}
	return false
}

// enter notes that a container begins as the member being written of the
// innermost one.
func (e *Encoder) enter(f *frame) {
	if e.met != nil {
		f.place = &place{}
		if n := len(e.stack); n > 0 {
			f.place.in, f.place.token = e.stack[n-1].place, e.stack[n-1].token()
		}
	}
	if f.id == nil {
		return
	}
	e.inside[f.id] = len(e.stack)
	if e.met != nil {
		e.met[f.id] = f.place
	}
}

// token is the step of a JSON pointer to the member being written.
func (f *frame) token() string {
	if f.object {
		return f.key
	}
	return strconv.Itoa(f.next - 1)
}

// reference returns a $ref to the container id, if one is to be written in its
// place.
func (e *Encoder) reference(id any) (members, bool) {
	if e.met != nil {
		p, ok := e.met[id]
		if !ok {
			return nil, false
		}
		return refForm(p.pointer()), true
	}
	depth, ok := e.inside[id]
	if !ok {
		return nil, false
	}
	p := make(Pointer, depth)
	for i := range p {
		p[i] = e.stack[i].token()
	}
	return refForm(p), true
}

func (p *place) pointer() Pointer {
	n := 0
	for q := p; q.in != nil; q = q.in {
		n++
	}
	tokens := make(Pointer, n)
	for q := p; q.in != nil; q = q.in {
		n--
		tokens[n] = q.token
	}
	return tokens
}

func refForm(p Pointer) members { return short("$ref", p.Fragment()) }
