package pickle

import (
	"github.com/nlpodyssey/gopickle/types"
)

// NOTE on atoms. Most of what containers hold is written at once: numbers, short text, None. The
// loops here write such items one after another, and where there is another they leave it to the
// steps of the container's task.

// saveAtom writes v if it can be written at once and without an error, and returns whether it
// has; with goText, text is that of a Go value.
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

// Phases of the tasks of items and pairs.
const (
	itemIdle    uint8 = iota // none is begun
	itemWritten              // one was written and wants its closing opcode
	itemBegun                // one is to be written: of a pair, the key
	itemKey                  // the key of a pair was written
)

// atomItems writes the items from where t is. It returns true if that was all of them, and false at
// one that is no atom.
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
