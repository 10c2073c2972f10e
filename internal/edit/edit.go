// Package edit changes parts of the object of a pickle by pointer: it sets, deletes and renames.
package edit

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Op is one change of the value at a pointer.
type Op struct {
	Name string // "set", "delete" or "rename"
	At   pointer.Pointer
	// Value is the object that set puts at the pointer. NewName is the new key for rename.
	Value   any
	NewName string
}

// Parse reads changes from the words of a command line: set POINTER=VALUE, delete POINTER and
// rename POINTER=NAME in any order. value converts the text of a VALUE to an object.
func Parse(words []string, value func(text string) (any, error)) ([]Op, error) {
	var ops []Op
	for len(words) > 0 {
		name := words[0]
		if name != "set" && name != "delete" && name != "rename" {
			return nil, fmt.Errorf("%q is none of set, delete, rename", name)
		}
		if len(words) < 2 {
			return nil, fmt.Errorf("%s needs a POINTER", name)
		}
		op, err := parseOp(name, words[1], value)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", name, words[1], err)
		}
		ops = append(ops, op)
		words = words[2:]
	}
	return ops, nil
}

func parseOp(name, word string, value func(text string) (any, error)) (Op, error) {
	at, text, found := word, "", false
	if name != "delete" {
		if at, text, found = strings.Cut(word, "="); !found {
			return Op{}, errors.New("there is no = in it")
		}
	}
	p, err := pointer.Parse(at)
	if err != nil {
		return Op{}, err
	}
	op := Op{Name: name, At: p, NewName: text}
	switch {
	case name == "set":
		op.Value, err = value(text)
	case len(p) == 0:
		err = errors.New("the whole value cannot be that")
	}
	return op, err
}

// Apply applies changes to an object in place and returns the object, or another one if a change
// replaces the whole.
func Apply(v any, ops []Op) (any, error) {
	for _, op := range ops {
		if len(op.At) == 0 {
			v = op.Value
			continue
		}
		parent, last := op.At[:len(op.At)-1], op.At[len(op.At)-1]
		found, err := lookup.NewReader(true).Values(v, parent)
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			err := apply(m.Value, last, &op)
			if err == nil {
				err = checkTable(v, m)
			}
			if errors.Is(err, errColumn) || errors.Is(err, lookup.ErrReadOnly) {
				v, err = replaceTable(v, m, last, &op)
			}
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", op.Name, m.At.Child(last), err)
			}
		}
	}
	return v, nil
}

// apply applies a change to the part of a value that a token names.
func apply(v any, token string, op *Op) error {
	switch v := v.(type) {
	case *types.Dict:
		return applyDict(v, token, op)
	case pickle.DictHolder:
		return applyDict(v.PyDict(), token, op)
	case *types.List:
		return applyList((*[]any)(v), token, op)
	case *types.Tuple:
		if op.Name != "set" {
			return errors.New("a tuple keeps its items")
		}
		return applyList((*[]any)(v), token, op)
	case *ndarray.Array:
		return applyArray(v, token, op)
	case *frame.Series:
		return applySeries(v, token, op)
	case *frame.Frame:
		return applyFrame(v, token, op)
	case *pickle.Object:
		return applyObject(v, token, op)
	}
	return fmt.Errorf("not in %s", lookup.Kind(v))
}

// applyDict sets, deletes or renames a key. Setting a new key appends it.
func applyDict(d *types.Dict, token string, op *Op) error {
	i, ok := lookup.FindKey(*d, token)
	if op.Name == "set" {
		if ok {
			(*d)[i].Value = op.Value
		} else {
			*d = append((*d)[:len(*d):len(*d)], types.DictEntry{Key: token, Value: op.Value})
		}
		return nil
	}
	if !ok {
		return fmt.Errorf("%w: no such key", lookup.ErrNotFound)
	}
	if op.Name == "delete" {
		*d = slices.Delete(slices.Clone(*d), i, i+1)
		return nil
	}
	if _, taken := lookup.FindKey(*d, op.NewName); taken && op.NewName != token {
		return fmt.Errorf("there is a key %q", op.NewName)
	}
	(*d)[i].Key = op.NewName
	return nil
}

// applyList sets or deletes an item. The token - stands for the position after the last item, as in
// RFC 6901.
func applyList(l *[]any, token string, op *Op) error {
	if op.Name == "rename" {
		return errors.New("an item of a list has no name")
	}
	if token == "-" && op.Name == "set" {
		*l = append((*l)[:len(*l):len(*l)], op.Value)
		return nil
	}
	subs, ok := pointer.ParseSubscripts(token)
	if !ok || len(subs) != 1 || subs[0].IsSlice {
		return errors.New("no index of one item")
	}
	i, ok := subs[0].At(len(*l))
	if !ok {
		return fmt.Errorf("%w: there are %d items", lookup.ErrNotFound, len(*l))
	}
	if op.Name == "delete" {
		*l = slices.Delete(slices.Clone(*l), i, i+1)
		return nil
	}
	(*l)[i] = op.Value
	return nil
}

// applyArray sets the elements that a subscript selects to a number or text.
func applyArray(a *ndarray.Array, token string, op *Op) error {
	if op.Name != "set" {
		return errors.New("an array keeps its elements")
	}
	subs, ok := pointer.ParseSubscripts(token)
	if !ok {
		return errors.New("no subscript of an array")
	}
	part, err := lookup.View(a, subs...)
	if err != nil {
		return err
	}
	part.SetWriteable(true)
	value := op.Value
	if s, ok := value.(*ndarray.Scalar); ok {
		value = s.Value()
	}
	for index := range part.Indexed() {
		if err := part.SetAt(value, index...); err != nil {
			return elementError(err, value, a.DType())
		}
	}
	return nil
}

// elementError names a value that is no element of an array as Python does.
func elementError(err error, v any, dt *ndarray.DType) error {
	switch v.(type) {
	case nil, bool, int, *big.Int, float64, complex128, string:
		return err
	}
	return fmt.Errorf("%s does not fit into dtype %s", pyvalue.Describe(v), dt)
}

// applyObject changes an attribute, or an item of an object that has items in place of attributes.
func applyObject(o *pickle.Object, token string, op *Op) error {
	d, ok := o.State.(*types.Dict)
	if t, isTuple := o.State.(*types.Tuple); isTuple && len(*t) == 2 {
		if d, ok = (*t)[0].(*types.Dict); !ok {
			d, ok = (*t)[1].(*types.Dict)
		}
	}
	switch {
	case ok:
		return applyDict(d, token, op)
	case len(o.DictItems) > 0:
		return applyDict(&o.DictItems, token, op)
	case len(o.Items) > 0:
		return applyList(&o.Items, token, op)
	}
	return fmt.Errorf("the attributes of %s are not in a dict", lookup.Kind(o))
}
