package plain

import (
	"math"
	"math/big"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// NOTE. Python compares keys by value and across types: 1 == 1.0 == True. Most keys are simple:
// text, bytes, None, numbers of one type, and tuples of those. Such keys are equal in Go exactly if
// they are in Python. Where the keys of a dict are anything else they become objects, which package
// pickle compares as Python does.

// maxCellKey is how many items a tuple has at most that is a simple key.
const maxCellKey = 16

// keyKinds are the types of the numbers among simple keys; in tuples they are counted apart.
type keyKinds struct {
	bare, inTuples uint8
	tuples         bool
}

const (
	boolKey uint8 = 1 << iota
	intKey
	floatKey
)

func isSingle(kinds uint8) bool { return kinds&(kinds-1) == 0 }

// areSimple reports whether every step-th cell is a simple key.
func (m *maker) areSimple(ids []tape.ID, step int) (k keyKinds, ok bool) {
	for i := 0; i < len(ids); i += step {
		if m.t.Kind(ids[i]) == tape.Tuple {
			k.tuples = true
			if !m.isSimpleTuple(ids[i], &k.inTuples) {
				return k, false
			}
		} else if !m.isSimple(ids[i], &k.bare) {
			return k, false
		}
	}
	return k, isSingle(k.bare) && isSingle(k.inTuples)
}

func (m *maker) isSimpleTuple(id tape.ID, kinds *uint8) bool {
	n := m.t.Size(id)
	if n > maxCellKey || int64(1+n) > m.c.expansion {
		return false
	}
	for _, item := range m.t.Items(id) {
		if !m.isSimple(item, kinds) {
			return false
		}
	}
	return true
}

// isSimple reports whether a cell that is no tuple is a simple key.
func (m *maker) isSimple(id tape.ID, kinds *uint8) bool {
	switch m.t.Kind(id) {
	case tape.Str, tape.None, tape.Bytes:
	case tape.False, tape.True:
		*kinds |= boolKey
	case tape.Int, tape.BigInt: // which never are equal
		*kinds |= intKey
	case tape.Float:
		// A NaN is equal to itself alone, and of the two zeros the first stays the key.
		bits := m.t.FloatBits(id)
		f := math.Float64frombits(bits)
		*kinds |= floatKey
		return f == f && bits != 1<<63
	default:
		return false
	}
	return true
}

// simpleKey returns the key of a map for a simple key that is no tuple.
func (m *maker) simpleKey(id tape.ID) (any, error) {
	switch m.t.Kind(id) {
	case tape.Bytes:
		return pickle.Bytes(m.t.Span(id)), nil
	case tape.BigInt:
		return m.c.bigKey(m.t.Value(id).(*big.Int))
	}
	v, _ := m.leaf(id)
	return v, nil
}

// tupleKey is simpleKey for a tuple.
func (m *maker) tupleKey(id tape.ID) (any, error) {
	ids := m.t.Items(id)
	items := m.keyItems[:len(ids)]
	for i, item := range ids {
		var err error
		if items[i], err = m.simpleKey(item); err != nil {
			return nil, err
		}
	}
	return arrayKey(items)
}

// putAny stores the next value of a dict with simple keys.
func (m *maker) putAny(f *cellFrame, v any) error {
	id := f.ids[f.next]
	f.next += 2
	k, err := m.anyKey(id)
	if err == nil {
		f.byAny[k] = v
	}
	return err
}

// anyKey returns the key of a map for a simple key.
func (m *maker) anyKey(id tape.ID) (k any, err error) {
	switch m.t.Kind(id) {
	case tape.Tuple:
		if k, err = m.tupleKey(id); err != nil {
			return nil, err
		}
		return k, m.c.charge(int64(1 + m.t.Size(id)))
	case tape.Value: // of a tuple, of which an object was made since
		return m.c.Key(m.t.Value(id))
	}
	return m.simpleKey(id)
}

// beginOther is begin for a dict with keys that are no text.
func (m *maker) beginOther(id tape.ID, at int) (any, error) {
	if err := m.level(); err != nil {
		return nil, err
	}
	ids := m.t.Items(id)
	kinds, ok := m.areSimple(ids, 2)
	if m.helper && (!ok || kinds.tuples) {
		return nil, errLater
	}
	if !ok || m.careful {
		return m.beginKeyed(id, ids, at)
	}
	if m.maySplit(id) {
		return m.splitDict(id, at)
	}
	dict := make(map[any]any, len(ids)/2)
	m.push(dict, cellFrame{kind: anyFrame, slot: at, ids: ids, byAny: dict})
	return dict, nil
}

// beginKeyed is beginOther by way of the objects of the keys.
func (m *maker) beginKeyed(id tape.ID, ids []tape.ID, at int) (any, error) {
	entries := make([]types.DictEntry, len(ids)/2)
	for i := range entries {
		key, err := m.object(ids[2*i])
		if err != nil {
			return nil, err
		}
		entries[i] = types.DictEntry{Key: key, Value: i}
	}
	different, err := pickle.NewDict(entries...)
	if err != nil {
		if _, err := m.p.Object(id); err != nil {
			return nil, err // which says where it is
		}
		return nil, err
	}
	keys, values := make([]any, len(*different)), make([]tape.ID, len(*different))
	for i, e := range *different {
		keys[i], values[i] = e.Key, ids[2*e.Value.(int)+1]
	}
	if AllStrings(*different) { // of Python 2
		return m.beginTexts(keys, values, at)
	}
	dict := make(map[any]any, len(keys))
	m.push(dict, cellFrame{kind: keyedFrame, slot: at, ids: values, byAny: dict, keys: keys})
	return dict, nil
}

// beginTexts is beginKeyed for keys that are strings.
func (m *maker) beginTexts(keys []any, values []tape.ID, at int) (any, error) {
	dict := make(map[string]any, len(keys))
	m.push(dict, cellFrame{kind: textsFrame, slot: at, ids: values, byStr: dict, keys: keys})
	return dict, nil
}

// charge counts what a key that is a tuple expands to.
func (p *Converter) charge(cost int64) error {
	if p.budget -= cost; p.budget < 0 {
		return pyvalue.LimitError("Expansion", p.expansion, p.expansion-p.budget)
	}
	return nil
}

// beginSet is begin for a set.
func (m *maker) beginSet(id tape.ID, at int) (any, error) {
	if err := m.level(); err != nil {
		return nil, err
	}
	ids := m.t.Items(id)
	if len(ids) == 0 {
		m.flat(at, emptyList)
		return emptyList, nil
	}
	if len(ids) == 1 {
		return m.beginIDs(ids, at)
	}
	if _, ok := m.areSimple(ids, 1); !ok {
		return m.cross(id)
	}
	ids, err := m.members(ids)
	if err != nil {
		return nil, err
	}
	return m.beginIDs(ids, at)
}

// members returns the first ones of equal simple cells.
func (m *maker) members(ids []tape.ID) ([]tape.ID, error) {
	met := make(map[any]struct{}, len(ids))
	for i, id := range ids {
		k, err := m.memberKey(id)
		if err != nil {
			return nil, err
		}
		met[k] = struct{}{}
		if len(met) == i+1 {
			continue
		}
		// From here on some are left out.
		out := append(make([]tape.ID, 0, len(ids)), ids[:i]...)
		for _, id := range ids[i+1:] {
			k, err := m.memberKey(id)
			if err != nil {
				return nil, err
			}
			if met[k] = struct{}{}; len(met) > len(out) {
				out = append(out, id)
			}
		}
		return out, nil
	}
	return ids, nil
}

// memberKey is what tells a simple member of a set from others.
func (m *maker) memberKey(id tape.ID) (any, error) {
	if m.t.Kind(id) == tape.Tuple {
		return m.tupleKey(id)
	}
	return m.simpleKey(id)
}
