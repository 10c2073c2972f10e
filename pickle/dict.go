package pickle

import "github.com/nlpodyssey/gopickle/types"

// Dicts are slices of entries, as gopickle's are. Setting an item has to know
// whether the key is there already; a few short strings are compared, more keys go
// through an index.

var errOddItems = malformed("an odd number of keys and values")

const (
	smallDict = 10 // keys that are compared one by one
	shortKey  = 32 // bytes of a string that is compared at once
)

// dictIndex finds the entries of a dict by the keys' comparable forms.
type dictIndex struct {
	at map[any]int
}

func (s *slabs) emptyDict() *types.Dict {
	d := s.dicts.One(headerSize)
	*d = noEntries
	return d
}

var noEntries = types.Dict{}

// setItems sets the pairs of items in d. A key that is there already keeps its
// place and gets the last value, as in Python.
func (m *machine) setItems(d *types.Dict, items []any) error {
	if len(items)%2 != 0 {
		return errOddItems
	}
	n := len(items) / 2
	if n == 0 {
		return nil
	}
	if len(*d)+n <= smallDict && m.dicts[d] == nil && shortStrings(*d, items) {
		m.setFew(d, items)
		return nil
	}
	return m.setMany(d, items)
}

// shortStrings reports that all keys can be compared one by one.
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

// room makes d have room for n more entries.
func (m *machine) room(d *types.Dict, n int) types.Dict {
	old := *d
	if len(old) == 0 && n > cap(old) {
		return m.slabs.entries.Many(n, entrySize)[:0]
	}
	return old
}

func (m *machine) setFew(d *types.Dict, items []any) {
	entries := m.room(d, len(items)/2)
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

func (m *machine) setMany(d *types.Dict, items []any) error {
	index := m.dicts[d]
	if index == nil {
		var err error
		if index, err = m.newIndex(*d, len(items)/2); err != nil {
			return err
		}
		if len(*d) > 0 || len(items) > 2*smallDict {
			if m.dicts == nil {
				m.dicts = make(map[*types.Dict]*dictIndex)
			}
			m.dicts[d] = index
		}
	}
	entries := m.room(d, len(items)/2)
	for i := 0; i < len(items); i += 2 {
		key, err := m.keys.key(items[i])
		if err != nil {
			*d = entries
			return err
		}
		if at, there := index.at[key]; there {
			entries[at].Value = items[i+1]
			continue
		}
		index.at[key] = len(entries)
		entries = append(entries, types.DictEntry{Key: items[i], Value: items[i+1]})
	}
	*d = entries
	return nil
}

// newIndex returns an index of what is in d, with room for n more.
func (m *machine) newIndex(d types.Dict, n int) (*dictIndex, error) {
	index := &dictIndex{at: make(map[any]int, len(d)+n)}
	for i := range d {
		key, err := m.keys.key(d[i].Key)
		if err != nil {
			return nil, err
		}
		index.at[key] = i
	}
	return index, nil
}

// DictHolder is implemented by a value of a hook that holds its items in a dict,
// such as an OrderedDict. SETITEM and SETITEMS set them there as in a dict: of
// equal keys the first keeps its place and the last its value, and an unhashable
// key is an error. A value that is only a gopickle types.DictSetter gets every
// pair as it comes.
type DictHolder interface {
	PyDict() *types.Dict
}

// NewDict returns a dict of the entries in order. Of equal keys, see [EqualKeys], the
// first keeps its place and the last its value; an unhashable key is an error of
// the kind [ErrMalformed].
func NewDict(entries ...types.DictEntry) (*types.Dict, error) {
	var k keyer
	d := make(types.Dict, 0, len(entries))
	at := make(map[any]int, len(entries))
	for _, e := range entries {
		key, err := k.key(e.Key)
		if err != nil {
			return nil, err
		}
		if i, there := at[key]; there {
			d[i].Value = e.Value
			continue
		}
		at[key] = len(d)
		d = append(d, e)
	}
	return &d, nil
}
