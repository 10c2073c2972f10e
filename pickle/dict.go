package pickle

import "github.com/nlpodyssey/gopickle/types"

// Dicts are slices of entries, as in gopickle. To set an item, the entry of an equal key must be
// found. In a small dict whose keys are short strings they are compared one by one; for any other
// dict there is an index.

var errOddItems = malformed("an odd number of keys and values")

const (
	smallDict = 10 // number of keys up to which they are compared one by one
	shortKey  = 32 // length in bytes up to which strings are compared one by one
)

// emptyDict returns a new empty dict.
func (s *slabs) emptyDict() *types.Dict {
	d := s.dicts.One(headerSize)
	*d = noEntries
	return d
}

var noEntries = types.Dict{}

// setItems sets items, which are keys and values by turns, in d. As in Python, a key that is
// already in d keeps its place and gets the new value. more says that later calls may set more
// items.
func (o *objects) setItems(d *types.Dict, items []any, more bool) error {
	if len(items)%2 != 0 {
		return errOddItems
	}
	n := len(items) / 2
	if n == 0 {
		return nil
	}
	if len(*d)+n <= smallDict && o.dicts[d] == nil && shortStrings(*d, items) {
		o.setFew(d, items)
		return nil
	}
	return o.setMany(d, items, more)
}

// shortStrings reports whether all keys are short strings.
func shortStrings(d types.Dict, items []any) bool {
	for i := range d {
		if s, ok := d[i].Key.(string); !ok || len(s) > shortKey {
			return false
		}
	}
	for i := 0; i < len(items); i += 2 {
		if s, ok := items[i].(string); !ok || len(s) > shortKey {
			return false
		}
	}
	return true
}

// room returns d with room for n more entries. An empty dict gets room for exactly n, since most
// dicts get all their entries at once; later on the room is doubled.
func (o *objects) room(d *types.Dict, n int) types.Dict {
	old := *d
	switch {
	case cap(old)-len(old) >= n:
		return old
	case len(old) == 0:
		return o.slabs.entries.Many(n, entrySize)[:0]
	}
	return append(make(types.Dict, 0, max(len(old)+n, 2*cap(old))), old...)
}

// setFew is setItems for a small dict whose keys are short strings.
func (o *objects) setFew(d *types.Dict, items []any) {
	entries := o.room(d, len(items)/2)
next:
	for i := 0; i < len(items); i += 2 {
		key := items[i].(string)
		for j := range entries {
			if entries[j].Key.(string) == key {
				entries[j].Value = items[i+1]
				continue next
			}
		}
		entries = append(entries, types.DictEntry{Key: items[i], Value: items[i+1]})
	}
	*d = entries
}

// setMany is setItems with an index, which is kept if more items may follow.
func (o *objects) setMany(d *types.Dict, items []any, more bool) error {
	n := len(items) / 2
	entries := *d
	keyAt := func(i int) any { return entries[i].Key }
	index := o.dicts[d]
	if index == nil || index.n != len(*d) { // a hook may have changed the dict
		var err error
		if index, err = newKeyIndex(&o.keys, len(*d), n, keyAt); err != nil {
			return err
		}
		if more && (len(*d) > 0 || n > smallDict) {
			if o.dicts == nil {
				o.dicts = make(map[*types.Dict]*keyIndex)
			}
			o.dicts[d] = index
		}
	}
	index.reserve(len(*d) + n)
	entries = o.room(d, n)
	for i := 0; i < len(items); i += 2 {
		at, err := index.find(&o.keys, len(entries), keyAt, items[i])
		if err != nil {
			*d = entries
			return err
		}
		if at < len(entries) {
			entries[at].Value = items[i+1]
			continue
		}
		entries = append(entries, types.DictEntry{Key: items[i], Value: items[i+1]})
	}
	*d = entries
	return nil
}

// DictHolder is implemented by a value of a hook that keeps its items in a dict, such as an
// OrderedDict. SETITEM and SETITEMS set the items in that dict: a key that is equal to an earlier
// one replaces its value and keeps its place, and an unhashable key is an error. A value that is
// only a gopickle types.DictSetter receives every pair, also with equal keys.
type DictHolder interface {
	PyDict() *types.Dict
}

// NewDict returns a dict of the entries in order. If keys are equal (see [EqualKeys]), the dict has
// the first of them, at its place, with the last value. An unhashable key is an error of the kind
// [ErrMalformed].
func NewDict(entries ...types.DictEntry) (*types.Dict, error) {
	var k keyer
	d := make(types.Dict, 0, len(entries))
	keyAt := func(i int) any { return d[i].Key }
	index, err := newKeyIndex(&k, 0, len(entries), keyAt)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		at, err := index.find(&k, len(d), keyAt, e.Key)
		if err != nil {
			return nil, err
		}
		if at < len(d) {
			d[at].Value = e.Value
			continue
		}
		d = append(d, e)
	}
	return &d, nil
}
