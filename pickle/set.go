package pickle

import "sync/atomic"

// Set is a Python set. Its members are compared as [EqualKeys] does.
type Set struct {
	// Items are the members in the order of the stream. They must not be changed; use Add to add
	// members.
	Items []any
	index memberIndex
}

// FrozenSet is a Python frozenset. Its members are compared as [EqualKeys] does.
type FrozenSet struct {
	// Items are the members in the order of the stream. They must not be changed.
	Items []any
	index memberIndex
}

// NewSet returns a set of the items, without those that are equal to an earlier one. An unhashable
// item is an error of the kind [ErrMalformed].
func NewSet(items ...any) (*Set, error) {
	s := new(Set)
	var k keyer
	return s, s.index.addAll(&k, &s.Items, items)
}

// NewFrozenSet is [NewSet] for a frozenset.
func NewFrozenSet(items ...any) (*FrozenSet, error) {
	s := new(FrozenSet)
	var k keyer
	return s, s.index.addAll(&k, &s.Items, items)
}

// Len returns the number of members.
func (s *Set) Len() int { return len(s.Items) }

// Len returns the number of members.
func (s *FrozenSet) Len() int { return len(s.Items) }

// Has reports whether v is a member. Several goroutines may call it at once.
func (s *Set) Has(v any) bool { return s.index.has(s.Items, v) }

// Has reports whether v is a member. Several goroutines may call it at once.
func (s *FrozenSet) Has(v any) bool { return s.index.has(s.Items, v) }

// Add implements gopickle's types.SetAdder: it adds v unless the set has an equal member. An
// unhashable v, which is an error in Python, is ignored; see [Set.Insert].
func (s *Set) Add(v any) { _ = s.Insert(v) }

// Insert adds v unless the set has an equal member. An unhashable v is an error of the kind
// [ErrMalformed].
func (s *Set) Insert(v any) error {
	var k keyer
	return s.index.addAll(&k, &s.Items, []any{v})
}

// smallSet is the number of members up to which a set has no index.
const smallSet = 8

// memberIndex finds the members of a set by their keys.
type memberIndex struct {
	keys atomic.Pointer[keyIndex]
}

// build returns the index of items. If there is none yet, it makes one with room for more.
func (x *memberIndex) build(k *keyer, items []any, more int) (*keyIndex, error) {
	if m := x.keys.Load(); m != nil && m.n == len(items) {
		return m, nil
	}
	m, err := newKeyIndex(k, len(items), more, func(i int) any { return items[i] })
	if err != nil {
		return nil, err
	}
	x.keys.Store(m)
	return m, nil
}

// has reports whether an item is equal to v.
func (x *memberIndex) has(items []any, v any) bool {
	var k keyer
	if len(items) <= smallSet {
		key, err := k.key(v)
		return err == nil && smallHas(&k, items, key)
	}
	m, err := x.build(&k, items, 0)
	if err != nil {
		return false
	}
	h, err := k.hash(m.seed, v)
	if err != nil {
		return false
	}
	at, _, err := m.lookup(&k, h, func(i int) any { return items[i] }, v)
	return at >= 0 && err == nil
}

// smallHas reports whether an item has a comparable form, without an index.
func smallHas(k *keyer, items []any, key any) bool {
	for _, item := range items {
		if other, err := k.key(item); err == nil && other == key {
			return true
		}
	}
	return false
}

// addAll appends to *items the values of more that are not equal to an earlier one.
func (x *memberIndex) addAll(k *keyer, items *[]any, more []any) error {
	if *items == nil {
		*items = make([]any, 0, len(more))
	}
	if len(*items)+len(more) <= smallSet {
		for _, v := range more {
			key, err := k.key(v)
			if err != nil {
				return err
			}
			if !smallHas(k, *items, key) {
				*items = append(*items, v)
			}
		}
		return nil
	}
	m, err := x.build(k, *items, len(more))
	if err != nil {
		return err
	}
	m.reserve(len(*items) + len(more))
	if n := len(*items) + len(more); n > cap(*items) {
		*items = append(make([]any, 0, max(n, 2*cap(*items))), *items...)
	}
	keyAt := func(i int) any { return (*items)[i] }
	for _, v := range more {
		at, err := m.find(k, len(*items), keyAt, v)
		if err != nil {
			return err
		}
		if at == len(*items) {
			*items = append(*items, v)
		}
	}
	return nil
}
