package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/pickle"
)

func fillCollections(t table) {
	t.add("collections", "OrderedDict",
		&entry{call: readOrderedDict, construct: readOrderedDict, code: known.ClassOrderedDict})
	t.add("collections", "defaultdict",
		&entry{call: readDefaultDict, construct: readDefaultDict, code: known.ClassDefaultDict})
	t.add("collections", "Counter",
		&entry{call: readCounter, construct: readCounter, code: known.ClassCounter})
	t.add("collections", "deque", &entry{call: readDeque, construct: readDeque})
}

// dictOf returns a new dict of the entries of argument i, a dict or an iterable of pairs. The dict
// is empty if there is no such argument.
func (a argReader) dictOf(i int) (types.Dict, error) {
	if i >= len(a.vals) {
		return types.Dict{}, nil
	}
	if d, ok := a.vals[i].(*types.Dict); ok {
		return distinct(*d)
	}
	items, err := a.iterate(i, "iterable")
	if err != nil {
		return nil, err
	}
	entries := make([]types.DictEntry, len(items))
	for k, item := range items {
		var pair []any
		switch p := item.(type) {
		case *types.List:
			pair = *p
		case *types.Tuple:
			pair = *p
		}
		if len(pair) != 2 {
			return nil, a.errorf("item %d is %s, want a pair", k, typeName(item))
		}
		entries[k] = types.DictEntry{Key: pair[0], Value: pair[1]}
	}
	return distinct(entries)
}

// distinct returns a dict of entries, in which a key may occur more than once.
func distinct(entries []types.DictEntry) (types.Dict, error) {
	d, err := pickle.NewDict(entries...)
	if err != nil {
		return nil, err
	}
	return *d, nil
}

// mapping is embedded in the types for Python's subclasses of dict.
type mapping struct {
	// Dict has the items in order, with distinct keys.
	Dict types.Dict
	// Attrs is the state of the instance, or nil: for example a dict of attributes that a program
	// has set.
	Attrs any
}

// PyDict implements [pickle.DictHolder].
func (m *mapping) PyDict() *types.Dict { return &m.Dict }

// Set implements gopickle's types.DictSetter, which gopickle's Unpickler uses. An equal key keeps
// its place and gets the new value.
func (m *mapping) Set(key, value any) {
	for i := range m.Dict {
		if pickle.EqualKeys(m.Dict[i].Key, key) {
			m.Dict[i].Value = value
			return
		}
	}
	m.Dict.Set(key, value)
}

// Get returns the value of a key and whether the key is present. It takes time proportional to the
// number of items.
func (m *mapping) Get(key any) (any, bool) {
	for i := range m.Dict {
		if pickle.EqualKeys(m.Dict[i].Key, key) {
			return m.Dict[i].Value, true
		}
	}
	return nil, false
}

// Len returns the number of items.
func (m *mapping) Len() int { return len(m.Dict) }

// PySetState implements gopickle's types.PyStateSettable.
func (m *mapping) PySetState(state any) error {
	if m.Attrs != nil {
		return pickle.Malformed("state of a dict subclass set twice")
	}
	m.Attrs = state
	return nil
}

// PyKey implements [pickle.KeyValue]. A dict is unhashable.
func (m *mapping) PyKey() (any, error) { return nil, pickle.Malformed("unhashable key: dict") }

// OrderedDict is a Python collections.OrderedDict.
type OrderedDict struct{ mapping }

// DefaultDict is a Python collections.defaultdict.
type DefaultDict struct {
	mapping
	// Factory is the function that makes missing values, usually a class that is a [pickle.Named].
	// It may be nil.
	Factory any
}

// Counter is a Python collections.Counter.
type Counter struct{ mapping }

var (
	_ pickle.DictHolder     = (*OrderedDict)(nil)
	_ pickle.KeyValue       = (*OrderedDict)(nil)
	_ types.DictSetter      = (*DefaultDict)(nil)
	_ types.PyStateSettable = (*Counter)(nil)
)

// readOrderedDict implements OrderedDict([pairs]). Python 3 creates it empty and adds items by
// SETITEMS; Python 2 passes a list of items, each a list of two.
func readOrderedDict(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(0, 1); err != nil {
		return nil, err
	}
	d, err := a.dictOf(0)
	if err != nil {
		return nil, err
	}
	return &OrderedDict{mapping{Dict: d}}, nil
}

func readCounter(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(0, 1); err != nil {
		return nil, err
	}
	d, err := a.dictOf(0)
	if err != nil {
		return nil, err
	}
	return &Counter{mapping{Dict: d}}, nil
}

func readDefaultDict(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(0, 2); err != nil {
		return nil, err
	}
	d, err := a.dictOf(1)
	if err != nil {
		return nil, err
	}
	return &DefaultDict{mapping: mapping{Dict: d}, Factory: a.optional(0, nil)}, nil
}

// Deque is a Python collections.deque.
type Deque struct {
	// Items are the items from left to right.
	Items []any
	// MaxLen is the maximum number of items, or -1 for no bound. When the deque is full, Append
	// drops the leftmost item.
	MaxLen int
	// Attrs is the state of the instance, or nil.
	Attrs any
}

// Append implements gopickle's types.ListAppender.
func (d *Deque) Append(v any) {
	if d.MaxLen == 0 {
		return
	}
	if len(d.Items) == d.MaxLen {
		d.Items = d.Items[1:]
	}
	d.Items = append(d.Items, v)
}

// Len returns the number of items.
func (d *Deque) Len() int { return len(d.Items) }

// PySetState implements gopickle's types.PyStateSettable.
func (d *Deque) PySetState(state any) error {
	if d.Attrs != nil {
		return pickle.Malformed("state of a deque set twice")
	}
	d.Attrs = state
	return nil
}

// PyKey implements [pickle.KeyValue]. A deque is unhashable.
func (d *Deque) PyKey() (any, error) { return nil, pickle.Malformed("unhashable key: deque") }

var _ types.ListAppender = (*Deque)(nil)

// readDeque implements deque([iterable[, maxlen]]).
func readDeque(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(0, 2); err != nil {
		return nil, err
	}
	d := &Deque{MaxLen: -1}
	if len(args) == 2 && args[1] != nil {
		var err error
		if d.MaxLen, err = a.integer(1, "maxlen"); err != nil {
			return nil, err
		}
		if d.MaxLen < 0 {
			return nil, a.errorf("negative maxlen %d", d.MaxLen)
		}
	}
	if len(args) > 0 {
		items, err := a.iterate(0, "iterable")
		if err != nil {
			return nil, err
		}
		if d.MaxLen >= 0 && len(items) > d.MaxLen {
			items = items[len(items)-d.MaxLen:]
		}
		d.Items = append([]any{}, items...)
	}
	return d, nil
}
