package lookup

import (
	"errors"
	"fmt"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// Set and Delete change objects in place, so that a change shows wherever the pickle refers to the
// object, as an assignment in Python does. The pointer is followed without Resolve: a table of
// pandas is changed as the object that was read, since converting it would lose some of its state.

// ErrReadOnly is the kind of error for a value whose parts cannot be changed.
var ErrReadOnly = errors.New("cannot be changed")

// Set assigns v to the place to which p leads from root. It returns the root, which is v if p is
// empty.
func (r *Reader) Set(root any, p pointer.Pointer, v any) (any, error) {
	if len(p) == 0 {
		return v, nil
	}
	parent, err := r.objectAt(root, p[:len(p)-1])
	if err != nil {
		return nil, err
	}
	return root, setPart(parent, p, v)
}

// Delete removes the item or attribute to which p leads from root.
func (r *Reader) Delete(root any, p pointer.Pointer) error {
	if len(p) == 0 {
		return fmt.Errorf("the whole value %w", ErrReadOnly)
	}
	parent, err := r.objectAt(root, p[:len(p)-1])
	if err != nil {
		return err
	}
	return deletePart(parent, p)
}

// objectAt returns the object to which a pointer leads from v, without converting any.
func (r *Reader) objectAt(v any, p pointer.Pointer) (any, error) {
	for i, token := range p {
		next, err := r.Step(v, token)
		if err != nil {
			return nil, r.stepError(v, p[:i], token, err)
		}
		v = next
	}
	return v, nil
}

// dictsOf returns the dicts in which a value keeps its named parts. A name in an earlier dict hides
// the same name in a later one.
func dictsOf(v any) []*types.Dict {
	switch v := v.(type) {
	case *types.Dict:
		return []*types.Dict{v}
	case pickle.DictHolder:
		return []*types.Dict{v.PyDict()}
	case *pickle.Object:
		var all []*types.Dict
		if t, ok := v.State.(*types.Tuple); ok && len(*t) == 2 {
			for _, part := range slices.Backward(*t) {
				if d, ok := part.(*types.Dict); ok {
					all = append(all, d)
				}
			}
		} else if d, ok := v.State.(*types.Dict); ok {
			all = append(all, d)
		}
		if len(v.DictItems) > 0 {
			all = append([]*types.Dict{&v.DictItems}, all...)
		}
		return all
	}
	return nil
}

// itemsOf returns the positional items of a value, or nil if it has none. isTuple says that they
// are a tuple, whose length is fixed.
func itemsOf(v any) (items *[]any, isTuple bool) {
	switch v := v.(type) {
	case *types.List:
		return (*[]any)(v), false
	case *types.Tuple:
		return (*[]any)(v), true
	case *reconstruct.Deque:
		return &v.Items, false
	case *pickle.Object:
		if len(v.Items) > 0 {
			return &v.Items, false
		}
		return &v.Args, true
	}
	return nil, false
}

func setPart(parent any, p pointer.Pointer, v any) error {
	token := p[len(p)-1]
	dicts := dictsOf(parent)
	for _, d := range dicts {
		if i, ok := FindKey(*d, token); ok {
			(*d)[i].Value = v
			return nil
		}
	}
	if len(dicts) > 0 {
		last := dicts[len(dicts)-1]
		*last = append(*last, types.DictEntry{Key: token, Value: v})
		return nil
	}
	if a, ok := pyvalue.ArrayOf(parent); ok {
		return setElement(a, p, v)
	}
	items, isTuple := itemsOf(parent)
	if items == nil {
		return readOnlyError(parent, p)
	}
	if token == "-" && !isTuple { // RFC 6902: append
		*items = append(*items, v)
		return nil
	}
	i, err := itemIndex(*items, p)
	if err != nil {
		return err
	}
	(*items)[i] = v
	return nil
}

func deletePart(parent any, p pointer.Pointer) error {
	token := p[len(p)-1]
	dicts := dictsOf(parent)
	for _, d := range dicts {
		if i, ok := FindKey(*d, token); ok {
			deleteEntry(d, i)
			return nil
		}
	}
	if len(dicts) > 0 {
		return &NotFoundError{At: p[:len(p)-1], Token: token, Reason: Kind(parent) + " without it"}
	}
	items, isTuple := itemsOf(parent)
	if _, isObject := parent.(*pickle.Object); items == nil || isObject && isTuple {
		return readOnlyError(parent, p)
	}
	i, err := itemIndex(*items, p)
	if err != nil {
		return err
	}
	*items = slices.Delete(*items, i, i+1)
	return nil
}

// deleteEntry deletes an entry and all others with an equal key. The items of an object may have
// several, of which the last has the value: an earlier one must not become the value.
func deleteEntry(d *types.Dict, i int) {
	key, kept := (*d)[i].Key, make(types.Dict, 0, len(*d)-1)
	for k, e := range *d {
		if k != i && !pickle.EqualKeys(e.Key, key) {
			kept = append(kept, e)
		}
	}
	*d = kept
}

// setElement sets the element of an array to which the last token of p leads.
func setElement(a *ndarray.Array, p pointer.Pointer, v any) error {
	subs, ok := pointer.ParseSubscripts(p[len(p)-1])
	if !ok || len(subs) != a.NDim() {
		return readOnlyError(a, p)
	}
	index := make([]int, len(subs))
	for i, s := range subs {
		if index[i], ok = s.At(a.Shape()[i]); !ok {
			return &NotFoundError{At: p[:len(p)-1], Token: p[len(p)-1], Reason: Kind(a)}
		}
	}
	return a.SetAt(v, index...)
}

// itemIndex returns the index of the item to which the last token of p leads.
func itemIndex(items []any, p pointer.Pointer) (int, error) {
	token := p[len(p)-1]
	if subs, ok := pointer.ParseSubscripts(token); ok && len(subs) == 1 {
		if i, ok := subs[0].At(len(items)); ok {
			return i, nil
		}
	}
	return 0, &NotFoundError{
		At: p[:len(p)-1], Token: token, Reason: fmt.Sprintf("a sequence of %d items", len(items)),
	}
}

func readOnlyError(parent any, p pointer.Pointer) error {
	return fmt.Errorf("%s: %s %w there", p, Kind(parent), ErrReadOnly)
}
