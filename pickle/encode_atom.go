package pickle

import (
	"github.com/nlpodyssey/gopickle/types"
)

// Most items of containers are atoms: numbers, short text and None, which can be written at once
// and without an error. The loops of this file write such items one after another. They leave any
// other item to the task of the container.

// saveAtom writes v and returns true if v is an atom. goText says that a string is written as that
// of a Go value and not of an object tree.
func (p *pickling) saveAtom(v any, goText bool) bool {
	if p.PersistentID != nil {
		return false
	}
	p.checkFrame()
	switch x := v.(type) {
	case string:
		switch {
		case len(x) >= frameTarget:
			return false
		case goText:
			return p.saveGoString(x) == nil
		}
		return p.saveString(x) == nil
	case int:
		p.saveInt(int64(x))
	case float64:
		p.saveFloat(x)
	case bool:
		p.saveBool(x)
	case nil:
		p.op(OpNone)
	default:
		return false
	}
	return true
}

// The phases of a task for items or pairs.
const (
	itemIdle    uint8 = iota // no item is begun
	itemWritten              // an item was written; endItem must be called
	itemBegun                // beginItem was called; the item, or the key of a pair, comes next
	itemKey                  // the key of a pair was written; its value comes next
)

// atomItems writes the remaining items of a task, up to one that is not an atom. It returns true if
// it wrote all of them.
func (p *pickling) atomItems(t *task, items []any) bool {
	for {
		p.endItem(t)
		if t.i == t.n {
			return true
		}
		p.beginItem(t)
		if !p.saveAtom(items[t.i-1], t.kind == taskAnys) {
			t.phase = itemBegun
			return false
		}
	}
}

// atomPairs is atomItems for the pairs of a dict.
func (p *pickling) atomPairs(t *task, pairs types.Dict) bool {
	for {
		p.endItem(t)
		if t.i == t.n {
			return true
		}
		p.beginItem(t)
		pair := &pairs[t.i-1]
		if !p.saveAtom(pair.Key, false) {
			t.phase = itemBegun
			return false
		}
		if !p.saveAtom(pair.Value, false) {
			t.phase = itemKey
			return false
		}
	}
}

// atomMap is atomItems for the pairs of a map[string]any.
func (p *pickling) atomMap(t *task, set *keySet, values []any) bool {
	for {
		p.endItem(t)
		if t.i == t.n {
			return true
		}
		p.beginItem(t)
		if len(set.keys[t.i-1]) >= frameTarget || p.saveAnyMapKey(set, t.i-1) != nil {
			t.phase = itemBegun
			return false
		}
		if !p.saveAtom(values[t.i-1], true) {
			t.phase = itemKey
			return false
		}
	}
}
