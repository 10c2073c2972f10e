package lookup

import (
	"errors"
	"fmt"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// indexError says that an index is out of range; its text describes the value.
type indexError struct{ text string }

func (e indexError) Error() string { return e.text }

// errNoName is the error for a token that is neither a name in a value nor a subscript of it.
var errNoName = errors.New("no such name")

// Step returns the part of v to which a token leads. v is a value that Resolve returned.
func (r *Reader) Step(v any, token string) (any, error) {
	if next, ok, err := r.named(v, token); ok || err != nil {
		return next, err
	}
	subs, ok := pointer.ParseSubscripts(token)
	if !ok {
		return nil, errNoName
	}
	return r.subscript(v, subs)
}

// named returns the part of v with a name; ok is false if v has no such name.
func (r *Reader) named(v any, token string) (next any, ok bool, err error) {
	switch v := v.(type) {
	case *ndarray.Array:
		return fieldOf(v, token)
	case *ndarray.Masked:
		return maskedField(v, token)
	case *ndarray.Scalar:
		if v.DType().Fields() == nil {
			return nil, false, nil
		}
		return fieldOf(v.Array(), token)
	case *frame.Frame:
		return frameName(v, token)
	case *frame.Series:
		return seriesName(v, token)
	case *frame.Index:
		return indexName(v, token)
	case *pickle.Object:
		if next, ok := objectName(v, token); ok {
			return next, true, nil
		}
		return nil, false, nil
	}
	p, ok := r.Parts(v)
	if !ok || !p.Named {
		return nil, false, nil
	}
	if d, ok := pyvalue.EntriesOf(v); ok {
		if i, ok := FindKey(d, token); ok {
			return d[i].Value, true, nil
		}
		return nil, false, nil
	}
	for i := range p.Len {
		if name, next := p.At(i); name == token {
			return next, true, nil
		}
	}
	return nil, false, nil
}

func frameName(f *frame.Frame, token string) (any, bool, error) {
	for i, c := range f.Columns {
		if KeyToken(c.Name) == token {
			return column(f, i), true, nil
		}
	}
	switch {
	case token == "index" && f.Index != nil:
		return f.Index, true, nil
	case token == "columns" && f.Labels != nil:
		return f.Labels, true, nil
	}
	return nil, false, nil
}

// seriesName returns a part of a series by its name in pandas, or the element whose label is token.
func seriesName(s *frame.Series, token string) (any, bool, error) {
	switch {
	case token == "index" && s.Index != nil:
		return s.Index, true, nil
	case token == "values" && s.Values != nil && s.Valid == nil &&
		(s.Kind == frame.Numpy || s.Kind == frame.Datetime || s.Kind == frame.Timedelta):
		return s.Values, true, nil
	case token == "categories" && s.Categories != nil:
		return s.Categories, true, nil
	}
	if s.Index == nil || s.Index.IsRange() {
		return nil, false, nil
	}
	for i := range s.Index.Len() {
		if label, ok := s.Index.At(i).(string); ok && label == token {
			return s.At(i), true, nil
		}
	}
	return nil, false, nil
}

func indexName(x *frame.Index, token string) (any, bool, error) {
	if token == "levels" && x.IsMulti() {
		levels := make(types.List, len(x.Levels))
		for i, l := range x.Levels {
			levels[i] = l
		}
		return &levels, true, nil
	}
	if token == "values" && x.Values != nil && x.Values.Values != nil {
		return x.Values.Values, true, nil
	}
	return nil, false, nil
}

// objectName returns an attribute of an object, an item by its key, or the args, kwargs, state or
// items of the object, which are the names that to-json gives them.
func objectName(o *pickle.Object, token string) (any, bool) {
	n := reconstruct.Normalize(o)
	if attrs, ok := pyvalue.AttributesOf(&n); ok {
		if i, ok := FindKey(attrs, token); ok {
			return attrs[i].Value, true
		}
	}
	switch {
	case token == "args" && len(n.Args) > 0:
		return types.NewTupleFromSlice(n.Args), true
	case token == "kwargs" && n.Kwargs != nil:
		return n.Kwargs, true
	case token == "state" && n.HasState:
		return n.State, true
	case token == "items" && len(n.Items) > 0:
		return types.NewListFromSlice(n.Items), true
	}
	return nil, false
}

// subscript is v[subs] in Python.
func (r *Reader) subscript(v any, subs []pointer.Subscript) (any, error) {
	if a, ok := pyvalue.ArrayOf(v); ok {
		part, err := subscriptArray(a, subs)
		if err != nil {
			return nil, err
		}
		return element(part), nil
	}
	if m, ok := v.(*ndarray.Masked); ok {
		return subscriptMasked(m, subs)
	}
	if len(subs) != 1 {
		return nil, errNoName
	}
	switch v := v.(type) {
	case *frame.Frame:
		return subscriptFrame(v, subs[0])
	case *frame.Series:
		return subscriptSeries(v, subs[0])
	case *frame.Index:
		return subscriptIndex(v, subs[0])
	case *ndarray.Scalar:
		return nil, errNoName
	case *pickle.Object:
		n := reconstruct.Normalize(v)
		if len(n.Items) > 0 {
			return subscriptList(n.Items, subs[0])
		}
		if items, ok := pyvalue.Positional(&n); ok {
			return subscriptList(items, subs[0])
		}
		return nil, errNoName
	}
	if _, isDict := pyvalue.EntriesOf(v); isDict {
		return nil, errNoName
	}
	if items, ok := pyvalue.ItemsOf(v); ok {
		return subscriptList(items, subs[0])
	}
	return nil, errNoName
}

// stepError returns the error for a token that leads nowhere from v; err is the error of Step.
func (r *Reader) stepError(v any, at pointer.Pointer, token string, err error) error {
	var out indexError
	switch {
	case errors.As(err, &out):
		return &NotFoundError{At: at, Token: token, Reason: out.text}
	case err != nil && err != errNoName:
		return fmt.Errorf("%s: %w", at.Child(token), err)
	}
	p, ok := r.Parts(v)
	if !ok {
		return &NotFoundError{At: at, Token: token, Reason: Kind(v) + ", which has no parts"}
	}
	if !p.Named {
		return &NotFoundError{At: at, Token: token, Reason: fmt.Sprintf(
			"%s of %d items: their numbers count from 0, * is all of them", Kind(v), p.Len)}
	}
	near := pointer.NewNearest(token)
	for i := range p.Len {
		name, _ := p.At(i)
		near.Add(name)
	}
	return nameError(at, token, Kind(v), near)
}
