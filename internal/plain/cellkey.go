package plain

import (
	"math"
	"math/big"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// NOTE. Python compares keys by value and across types: 1 == 1.0 == True. Most dicts have simple
// keys: text, bytes, None, numbers of one type, and tuples of those. Simple keys are equal in Go if
// and only if they are equal in Python. If a dict has any other key, its keys are converted to
// objects, which package pickle compares as Python does.

// maxCellKey is the largest number of items of a tuple that is a simple key.
const maxCellKey = 16

// keyKinds is a summary of the simple keys of one dict.
type keyKinds struct {
	// scalars and inTuples are the kinds of the numbers that are keys, and of those inside keys
	// that are tuples: sums of boolKey, intKey and floatKey.
	scalars, inTuples uint8
	tuples            bool // whether some key is a tuple
}

// Kinds of numbers.
const (
	boolKey uint8 = 1 << iota
	intKey
	floatKey
)

// isOneKind reports whether kinds contains at most one kind.
func isOneKind(kinds uint8) bool { return kinds&(kinds-1) == 0 }

// areSimple reports whether every step-th cell of ids, from the first, is a simple key.
func (m *maker) areSimple(ids []tape.ID, step int) (k keyKinds, ok bool) {
	for i := 0; i < len(ids); i += step {
		if m.t.Kind(ids[i]) == tape.Tuple {
			k.tuples = true
			if !m.isSimpleTuple(ids[i], &k.inTuples) {
				return k, false
			}
		} else if !m.isSimple(ids[i], &k.scalars) {
			return k, false
		}
	}
	return k, isOneKind(k.scalars) && isOneKind(k.inTuples)
}

// isSimpleTuple reports whether a tuple is a simple key, and adds the kinds of its numbers to
// kinds.
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

// isSimple reports whether a cell that is not a tuple is a simple key, and adds its kind to kinds
// if it is a number.
func (m *maker) isSimple(id tape.ID, kinds *uint8) bool {
	switch m.t.Kind(id) {
	case tape.Str, tape.None, tape.Bytes:
	case tape.False, tape.True:
		*kinds |= boolKey
	case tape.Int, tape.BigInt: // A BigInt is never equal to an Int.
		*kinds |= intKey
	case tape.Float:
		// A NaN may be equal to itself in Python, but not in Go. A dict that has a key 0.0 keeps it
		// if -0.0 is stored.
		bits := m.t.FloatBits(id)
		f := math.Float64frombits(bits)
		*kinds |= floatKey
		return f == f && bits != 1<<63
	default:
		return false
	}
	return true
}

// simpleKey returns the map key for a simple key that is not a tuple.
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

// tupleKey returns the map key for a tuple that is a simple key.
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

// putAny stores v as the next value of a dict with simple keys.
func (m *maker) putAny(f *cellFrame, v any) error {
	id := f.ids[f.next]
	f.next += 2
	k, err := m.anyKey(id)
	if err == nil {
		f.byAny[k] = v
	}
	return err
}

// anyKey returns the map key for a simple key.
func (m *maker) anyKey(id tape.ID) (k any, err error) {
	switch m.t.Kind(id) {
	case tape.Tuple:
		if k, err = m.tupleKey(id); err != nil {
			return nil, err
		}
		return k, m.c.charge(int64(1 + m.t.Size(id)))
	case tape.Value: // A tuple that has become an object since areSimple saw it.
		return m.c.Key(m.t.Value(id))
	}
	return m.simpleKey(id)
}

// beginAnyDict is begin for a dict with a key that is not text.
func (m *maker) beginAnyDict(id tape.ID, at int) (any, error) {
	if err := m.checkDepth(); err != nil {
		return nil, err
	}
	ids := m.t.Items(id)
	kinds, ok := m.areSimple(ids, 2)
	if m.helper && (!ok || kinds.tuples) {
		return nil, errLater
	}
	if !ok || m.careful {
		return m.beginObjectKeys(id, ids, at)
	}
	if m.maySplit(id) {
		return m.splitDict(id, at)
	}
	dict := make(map[any]any, len(ids)/2)
	m.push(dict, cellFrame{kind: anyFrame, slot: at, ids: ids, byAny: dict})
	return dict, nil
}

// beginObjectKeys is beginAnyDict if the keys must be converted to objects.
func (m *maker) beginObjectKeys(id tape.ID, ids []tape.ID, at int) (any, error) {
	entries := make([]types.DictEntry, len(ids)/2)
	for i := range entries {
		key, err := m.object(ids[2*i])
		if err != nil {
			return nil, err
		}
		entries[i] = types.DictEntry{Key: key, Value: i}
	}
	distinct, err := pickle.NewDict(entries...)
	if err != nil {
		if _, err := m.p.Object(id); err != nil {
			return nil, err // This error has the position in the pickle.
		}
		return nil, err
	}
	keys, values := make([]any, len(*distinct)), make([]tape.ID, len(*distinct))
	for i, e := range *distinct {
		keys[i], values[i] = e.Key, ids[2*e.Value.(int)+1]
	}
	if AllStrings(*distinct) { // They can be str of Python 2.
		return m.beginTextKeys(keys, values, at)
	}
	dict := make(map[any]any, len(keys))
	m.push(dict, cellFrame{kind: keyedFrame, slot: at, ids: values, byAny: dict, keys: keys})
	return dict, nil
}

// beginTextKeys is beginObjectKeys for keys that are all strings.
func (m *maker) beginTextKeys(keys []any, values []tape.ID, at int) (any, error) {
	dict := make(map[string]any, len(keys))
	m.push(dict, cellFrame{kind: textsFrame, slot: at, ids: values, byStr: dict, keys: keys})
	return dict, nil
}

// charge subtracts cost, the number of values that a tuple key expands to, from the budget.
func (p *Converter) charge(cost int64) error {
	if p.budget -= cost; p.budget < 0 {
		return pyvalue.LimitError("Expansion", p.expansion, p.expansion-p.budget)
	}
	return nil
}

// beginSet is begin for a set, whose plain value is a list.
func (m *maker) beginSet(id tape.ID, at int) (any, error) {
	if err := m.checkDepth(); err != nil {
		return nil, err
	}
	ids := m.t.Items(id)
	if len(ids) == 0 {
		m.complete(at, emptyList)
		return emptyList, nil
	}
	if len(ids) == 1 {
		return m.beginIDs(ids, at)
	}
	if _, ok := m.areSimple(ids, 1); !ok {
		return m.viaObject(id)
	}
	ids, err := m.uniqueMembers(ids)
	if err != nil {
		return nil, err
	}
	return m.beginIDs(ids, at)
}

// uniqueMembers returns ids, which are simple, without members that are equal to an earlier one.
func (m *maker) uniqueMembers(ids []tape.ID) ([]tape.ID, error) {
	seen := make(map[any]struct{}, len(ids))
	for i, id := range ids {
		k, err := m.memberKey(id)
		if err != nil {
			return nil, err
		}
		seen[k] = struct{}{}
		if len(seen) == i+1 {
			continue
		}
		// The member i is a duplicate, so the result must be a new slice.
		out := append(make([]tape.ID, 0, len(ids)), ids[:i]...)
		for _, id := range ids[i+1:] {
			k, err := m.memberKey(id)
			if err != nil {
				return nil, err
			}
			if seen[k] = struct{}{}; len(seen) > len(out) {
				out = append(out, id)
			}
		}
		return out, nil
	}
	return ids, nil
}

// memberKey returns the map key for a simple member of a set.
func (m *maker) memberKey(id tape.ID) (any, error) {
	if m.t.Kind(id) == tape.Tuple {
		return m.tupleKey(id)
	}
	return m.simpleKey(id)
}
