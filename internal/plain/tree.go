package plain

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// NOTE. Nearly every pickle is a tree: nothing that holds other values is met
// twice, and the machine says so. Its objects are then nobody else's, and become plain values
// without an identity for each, and where it can be in their own memory. Where a few containers are met
// more than once, the machine says which; they are converted in the general way, with all that they hold. The
// general way in plain.go is the oracle: FuzzFastPaths of package fastread.
//
// A list of leaves stays where it is. It may lie side by side with others in one slab, which
// then lives as long as any of them; so a small list that holds containers moves out and
// leaves nothing behind, lest it keep all that its neighbours refer to. A big one has memory
// of its own, and is converted in place, as inert objects are.

// ownItems is the length from which on the items of a list are in no slab.
const ownItems = 65

// branch is a container of a tree that is being filled.
type branch struct {
	next   int
	items  []any // still to be converted into list, which may be the same
	list   []any
	dict   types.Dict // still to be converted into one of these
	byStr  map[string]any
	byAny  map[any]any
	object *pickle.Object // whose parts are to be converted in place
}

// partsOf returns how many values an inert object holds.
func partsOf(o *pickle.Object) int {
	n := len(o.Args) + 1 + len(o.Items) + len(o.DictItems)
	if o.Kwargs != nil {
		n += len(*o.Kwargs)
	}
	return n
}

// partAt returns the place of one of them.
func partAt(o *pickle.Object, i int) *any {
	if i < len(o.Args) {
		return &o.Args[i]
	}
	i -= len(o.Args)
	if o.Kwargs != nil {
		if i < len(*o.Kwargs) {
			return &(*o.Kwargs)[i].Value
		}
		i -= len(*o.Kwargs)
	}
	switch {
	case i == 0:
		return &o.State
	case i <= len(o.Items):
		return &o.Items[i-1]
	}
	return &o.DictItems[i-1-len(o.Items)].Value
}

// convertTree is convert for the root of a tree or a part of one.
func (p *Converter) convertTree(v any) (any, error) {
	out, err := p.openBranch(v)
	for err == nil && len(p.branches) > 0 {
		err = p.grow()
	}
	return out, err
}

// grow converts what the innermost branch holds, up to a container that becomes the
// innermost one.
func (p *Converter) grow() error {
	top := len(p.branches) - 1
	f := &p.branches[top]
	n := len(f.items) + len(f.dict)
	if f.object != nil {
		n = partsOf(f.object)
	}
	for f.next < n {
		i := f.next
		f.next++
		var child any
		switch {
		case f.dict != nil:
			child = f.dict[i].Value
		case f.object != nil:
			child = *partAt(f.object, i)
		default:
			child = f.items[i]
		}
		plain, ok := quickLeaf(child)
		if !ok {
			var err error
			if plain, err = p.openBranch(child); err != nil {
				return err
			}
			f = &p.branches[top] // which may have moved
		}
		if err := p.keep(f, i, plain); err != nil {
			return err
		}
		if len(p.branches) > top+1 {
			return nil
		}
	}
	if len(f.items) < ownItems {
		clear(f.items)
	}
	p.branches[top] = branch{}
	p.branches = p.branches[:top]
	return nil
}

// keep stores the plain value of child i.
func (p *Converter) keep(f *branch, i int, plain any) error {
	switch {
	case f.list != nil:
		f.list[i] = plain
	case f.byStr != nil:
		f.byStr[f.dict[i].Key.(string)] = plain
	case f.object != nil:
		*partAt(f.object, i) = plain
	default:
		return p.putKey(f.byAny, f.dict[i].Key, plain)
	}
	return nil
}

// openBranch returns the plain value of v, with a branch to fill it if need be.
func (p *Converter) openBranch(v any) (any, error) {
	var items []any
	if p.Repeater != nil && pyvalue.IsContainer(v) && p.Repeater.Repeats(v) {
		return p.repeated(v)
	}
	switch c := v.(type) {
	case *types.List:
		if items = *c; onlyLeaves(items) {
			return listInPlace(c), p.deepEnough()
		}
	case *types.Tuple:
		if items = *c; onlyLeaves(items) {
			return tupleInPlace(c), p.deepEnough()
		}
	case *types.Dict, *reconstruct.OrderedDict, *reconstruct.DefaultDict, *reconstruct.Counter:
		entries, _ := pyvalue.EntriesOf(c) // no DictHolder of a hook, which stays what it is
		return p.openDict(entries)
	default:
		if plain, ok, err := p.graph(v); ok || err != nil {
			return plain, err
		}
		if o, ok := v.(*pickle.Object); ok {
			return o, p.push(branch{object: o})
		}
		if !pyvalue.IsContainer(v) {
			return leaf(v), nil
		}
		items, _ = pyvalue.ItemsOf(v)
	}
	list := items
	if len(items) < ownItems {
		list = make([]any, len(items))
	}
	return list, p.push(branch{items: items, list: list})
}

// graph returns the plain value of an object of pandas or SciPy, which is converted in the
// general way; ok is false where v is none.
func (p *Converter) graph(v any) (plain any, ok bool, err error) {
	p.base += len(p.branches)
	if plain, ok, err = p.library(v); err == nil {
		err = p.fill()
	}
	p.base -= len(p.branches)
	return plain, ok, err
}

// repeated returns the plain value of a container that is met more than once.
func (p *Converter) repeated(v any) (plain any, err error) {
	p.base += len(p.branches)
	if plain, err = p.begin(v); err == nil {
		err = p.fill()
	}
	p.base -= len(p.branches)
	return plain, err
}

func (p *Converter) openDict(dict types.Dict) (any, error) {
	if AllStrings(dict) {
		m := make(map[string]any, len(dict))
		return m, p.push(branch{dict: dict, byStr: m})
	}
	m := make(map[any]any, len(dict))
	return m, p.push(branch{dict: dict, byAny: m})
}

func (p *Converter) push(b branch) error {
	err := p.deepEnough()
	p.branches = append(p.branches, b)
	return err
}

// deepEnough checks that another level of containers is within the limit.
func (p *Converter) deepEnough() error {
	if depth := p.base + len(p.branches) + 1; depth > p.maxDepth {
		return pyvalue.LimitError("Depth", int64(p.maxDepth), int64(depth))
	}
	return nil
}

// onlyLeaves reports whether all items are their own plain values.
func onlyLeaves(items []any) bool {
	for _, v := range items {
		if _, ok := quickLeaf(v); !ok {
			return false
		}
	}
	return true
}
