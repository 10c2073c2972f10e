package pickle

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// keySet has the sorted keys of a map[string]any, and their memo indices. Records mostly have the
// same keys, so the keySets used last are kept.
type keySet struct {
	keys  []string
	memo  []uint32 // memo index plus 1 of each key, or 0 if it is not known
	users int      // number of tasks that use the keySet, which must not change meanwhile
}

// anyMapTask is the map of a taskAnyMap. Its values are in taskStack.mapValues from index first on,
// in the order of the keys in set.
type anyMapTask struct {
	set   *keySet
	first int
}

const (
	numKeySets       = 16  // number of keySets that are kept
	maxKeySetLen     = 256 // number of keys up to which a keySet is kept
	insertionSortMax = 8   // number of keys up to which they are sorted together with the values
)

var (
	anyMapType  = reflect.TypeFor[map[string]any]()
	textMapType = reflect.TypeFor[map[string]string]()
)

// saveMap writes a map, and does it without reflection for the most frequent types.
func (p *pickling) saveMap(pl *plan, v reflect.Value, box any) error {
	if p.PersistentID == nil && v.CanInterface() {
		switch {
		case sameType(pl.typ, anyMapType):
			if box == nil {
				box = v.Interface()
			}
			return p.saveAnyMap(box.(map[string]any), boxID(box))
		case sameType(pl.typ, textMapType):
			if box == nil {
				box = v.Interface()
			}
			if done, err := p.saveTextMap(box.(map[string]string), boxID(box)); done || err != nil {
				return err
			}
		}
	}
	return p.saveGoMap(pl, v)
}

// textPair is an entry of a map[string]string.
type textPair struct{ key, value string }

// saveTextMap writes a map whose keys and values are short. done is false for any other map.
func (p *pickling) saveTextMap(m map[string]string, id objectID) (done bool, err error) {
	if len(m) == 0 {
		return false, nil
	}
	if idx, known := p.memo.lookup(id); known {
		p.get(idx)
		return true, nil
	}
	pairs := p.texts[:0]
	defer func() {
		clear(pairs)
		p.texts = pairs[:0]
	}()
	for k, v := range m {
		if len(k) >= frameTarget || len(v) >= frameTarget {
			return false, nil
		}
		pairs = append(pairs, textPair{k, v})
	}
	slices.SortFunc(pairs, func(a, b textPair) int { return strings.Compare(a.key, b.key) })
	p.beginDict(id)
	t := task{op: OpSetItems, n: len(pairs), exact: true}
	for t.i < t.n {
		p.beginItem(&t)
		pair := &pairs[t.i-1]
		p.checkFrame()
		if err := p.saveShared(pair.key); err != nil {
			return false, err
		}
		p.checkFrame()
		if err := p.saveGoString(pair.value); err != nil {
			return false, err
		}
		p.endItem(&t)
	}
	return true, nil
}

// saveAnyMap writes a map[string]any, which is the type of decoded JSON and plain values.
func (p *pickling) saveAnyMap(m map[string]any, id objectID) error {
	if len(m) == 0 {
		p.beginDict(objectID{})
		return nil
	}
	if !p.beginDict(id) {
		return nil
	}
	first := len(p.stack.mapValues)
	p.stack.mapValues = slices.Grow(p.stack.mapValues, len(m))[:first+len(m)]
	values := p.stack.mapValues[first:]
	set := p.keySet(values, m)
	t := task{kind: taskAnyMap, op: OpSetItems, n: len(m), exact: true}
	if p.atomMap(&t, set, values) {
		p.stack.popMapValues(first)
	} else {
		set.users++
		p.stack.tasks.push(t)
		p.stack.maps.push(anyMapTask{set, first})
	}
	return nil
}

// keySet returns the keys of m, and sets values to the values of m in the order of the keys.
func (p *pickling) keySet(values []any, m map[string]any) *keySet {
	i := len(m) % numKeySets
	set := p.keySets[i]
	if set != nil && set.takeValues(values, m) {
		return set
	}
	if set == nil || set.users > 0 || len(m) > maxKeySetLen {
		set = new(keySet)
	}
	if len(m) > maxKeySetLen {
		p.memo.strings.reserve(len(m))
	}
	if len(m) <= maxKeySetLen {
		p.keySets[i] = set
		p.usedSets |= 1 << i
	}
	set.assign(values, m)
	return set
}

// stepAnyMap runs a task for a map[string]any.
func (p *pickling) stepAnyMap(t *task) error {
	m := p.stack.maps.top()
	var err error
	for depth := p.stack.depth(); err == nil && p.stack.depth() == depth; {
		values := p.stack.mapValues[m.first : m.first+t.n]
		switch t.phase {
		case itemBegun:
			t.phase = itemKey
			err = p.saveAnyMapKey(m.set, t.i-1)
		case itemKey:
			t.phase = itemWritten
			err = p.saveGoAny(values[t.i-1])
		default:
			if p.atomMap(t, m.set, values) {
				p.stack.pop()
				return nil
			}
		}
	}
	return err
}

// assign sets s to the keys of m, and values to the values of m in the order of the keys.
func (s *keySet) assign(values []any, m map[string]any) {
	s.empty()
	s.keys = slices.Grow(s.keys, len(m))
	if len(m) > insertionSortMax {
		for k := range m {
			s.keys = append(s.keys, k)
		}
		slices.Sort(s.keys)
		for i, k := range s.keys {
			values[i] = m[k]
		}
	} else {
		for k, v := range m {
			i := len(s.keys)
			s.keys = append(s.keys, k)
			for ; i > 0 && s.keys[i-1] > k; i-- {
				s.keys[i], values[i] = s.keys[i-1], values[i-1]
			}
			s.keys[i], values[i] = k, v
		}
	}
	s.memo = slices.Grow(s.memo, len(m))[:len(m)]
	clear(s.memo)
}

// empty removes the keys.
func (s *keySet) empty() {
	clear(s.keys)
	s.keys, s.memo = s.keys[:0], s.memo[:0]
}

// takeValues sets values to the values of m in the order of the keys, and returns false if the keys
// of m are not those of s.
func (s *keySet) takeValues(values []any, m map[string]any) bool {
	if len(s.keys) != len(m) {
		return false
	}
	for i, k := range s.keys {
		v, ok := m[k]
		if !ok {
			return false
		}
		values[i] = v
	}
	return true
}

// saveAnyMapKey writes the i-th key of a map.
func (p *pickling) saveAnyMapKey(set *keySet, i int) error {
	p.checkFrame()
	if idx := set.memo[i]; idx != 0 {
		p.get(idx - 1)
		return nil
	}
	if err := p.saveShared(set.keys[i]); err != nil {
		return err
	}
	if len(set.keys) > maxKeySetLen { // the keySet is not kept
		return nil
	}
	if idx, ok := p.memo.strings.get(set.keys[i]); ok {
		set.memo[i] = idx + 1
	}
	return nil
}

// goPair is an entry of a Go map. Most keys are ints or strings, which are kept apart so that they
// are compared without reflection.
type goPair struct {
	key, value reflect.Value
	keyKind    uint8  // intKeyKind, strKeyKind, or 0 for any other key
	intKey     int64  // the key if it is an int
	strKey     string // the key if it is a string
}

const (
	intKeyKind = 1 + iota
	strKeyKind
)

// newPair returns an entry of a Go map.
func newPair(key, value reflect.Value) goPair {
	pair := goPair{key: key, value: value}
	if key.Kind() == reflect.Interface {
		key = key.Elem()
	}
	switch {
	case key.CanInt():
		pair.keyKind, pair.intKey = intKeyKind, key.Int()
	case key.Kind() == reflect.String:
		pair.keyKind, pair.strKey = strKeyKind, key.String()
	}
	return pair
}

// compare compares the keys of two entries as compareKeys does.
func (a *goPair) compare(b *goPair) (order int) {
	if a.keyKind == b.keyKind {
		switch a.keyKind {
		case intKeyKind:
			order = cmp.Compare(a.intKey, b.intKey)
		case strKeyKind:
			order = strings.Compare(a.strKey, b.strKey)
		}
	}
	if order == 0 { // for example, the keys are of different types
		order = compareKeys(a.key, b.key)
	}
	return order
}

// saveGoMap writes a map as a dict in the order of its sorted keys.
func (p *pickling) saveGoMap(pl *plan, v reflect.Value) error {
	if pl.typ.Elem() == emptyStructType {
		return p.saveGoSet(v)
	}
	if v.Len() == 0 {
		p.beginDict(objectID{})
		return nil
	}
	if !p.beginDict(pointerID(v)) {
		return nil
	}
	pairs := make([]goPair, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		pairs = append(pairs, newPair(it.Key(), it.Value()))
	}
	slices.SortFunc(pairs, func(a, b goPair) int { return a.compare(&b) })
	t := task{kind: taskGoMap, op: OpSetItems, n: len(pairs), exact: true}
	p.stack.pushValue(t, goTask{plan: pl, pairs: pairs})
	return nil
}

var emptyStructType = reflect.TypeFor[struct{}]()

// saveGoSet writes a map whose values are struct{} as the set of its sorted keys.
func (p *pickling) saveGoSet(v reflect.Value) error {
	if v.Len() == 0 {
		return p.saveValue(&Set{})
	}
	keys := v.MapKeys()
	if !keys[0].CanInterface() {
		return Unsupported("a set in a field that is not exported")
	}
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		x, y := newPair(a, a), newPair(b, b)
		return x.compare(&y)
	})
	items := make([]any, len(keys))
	for i, k := range keys {
		items[i] = setMember(k)
	}
	return p.saveSet(items, pointerID(v))
}

// setMember returns a map key as a member of a set. An array becomes a tuple, since a list cannot
// be a member.
func setMember(k reflect.Value) any {
	if k.Kind() == reflect.Interface {
		k = k.Elem()
	}
	if !k.IsValid() {
		return nil
	}
	if !isTupleKey(k.Type()) {
		return k.Interface()
	}
	t := make(types.Tuple, k.Len())
	for i := range t {
		t[i] = setMember(k.Index(i))
	}
	return &t
}

// stepGoMap runs a task for a Go map.
func (p *pickling) stepGoMap(t *task, m *goTask) error {
	var err error
	for depth := p.stack.depth(); err == nil && p.stack.depth() == depth; {
		if t.phase == itemKey {
			t.phase = itemWritten
			err = p.saveGo(m.plan.elem, m.pairs[t.i-1].value)
			continue
		}
		p.endItem(t)
		if t.i == t.n {
			p.stack.pop()
			return nil
		}
		p.beginItem(t)
		t.phase = itemKey
		err = p.saveGoKey(m.plan, m.pairs[t.i-1])
	}
	return err
}

// saveGoKey writes the key of an entry of a Go map.
func (p *pickling) saveGoKey(pl *plan, pair goPair) error {
	key := pair.key
	if pl.key.kind == goInterface {
		key = key.Elem()
	}
	if key.IsValid() && key.Kind() == reflect.String && p.PersistentID == nil {
		k := pl.key
		if k.kind == goInterface {
			k = p.planOf(key.Type())
		}
		if k.kind == goString {
			p.checkFrame()
			return p.saveShared(key.String())
		}
	}
	if key.IsValid() && key.Kind() == reflect.Array && pl.key.kind == goInterface {
		if k := p.planOf(key.Type()); k.kind == goArray {
			p.checkFrame()
			return p.saveGoTuple(k, key)
		}
	}
	if !key.IsValid() {
		return p.save(nil)
	}
	if pl.key.kind == goInterface {
		return p.save(key.Interface())
	}
	return p.saveGo(pl.key, key)
}
