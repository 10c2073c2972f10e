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

// place is the position of a container in the document: a member, called token, of another
// container. A place refers to the one around it, because a whole path for each container would
// take memory quadratic in the depth.
type place struct {
	in    *place // nil for the document itself
	token string
}

// identity returns a value that tells a container from other, equal containers, or nil if v is not
// a container. The empty tuple has no identity, because Python has only one.
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

// identity is the function identity, but with Lossless, all objects except str, int and so on have
// an identity, because Python may refer to any of them twice.
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

// isOnce reports whether v is a container that occurs only once in the document, according to
// Options.Once.
func (e *Encoder) isOnce(v any) bool {
	switch v.(type) {
	case *types.List, *types.Tuple, *types.Dict, *pickle.Set, *pickle.FrozenSet, *pickle.Object:
		return e.o.Once != nil && !e.o.Lossless && e.o.Once(v)
	}
	return false
}

// enter records the place of a container f that begins as the current member of the innermost one.
func (e *Encoder) enter(f *frame) {
	if e.places != nil {
		f.place = &place{}
		if n := len(e.stack); n > 0 {
			f.place.in, f.place.token = e.stack[n-1].place, e.stack[n-1].token()
		}
	}
	if f.id == nil {
		return
	}
	e.inside[f.id] = len(e.stack)
	if e.places != nil {
		e.places[f.id] = f.place
	}
}

// token returns the JSON pointer token of the current member.
func (f *frame) token() string {
	if f.object {
		return f.key
	}
	return strconv.Itoa(f.next - 1)
}

// reference returns a $ref to the container id, if that is to be written in its place.
func (e *Encoder) reference(id any) (members, bool) {
	if e.places != nil {
		p, ok := e.places[id]
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

// pointer returns the JSON pointer to p.
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
