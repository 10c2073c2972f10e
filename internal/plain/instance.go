package plain

import (
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// objectFrame is an object that is being filled: its parts are in one list, which ends with State
// if it has one, and the values of Kwargs and DictItems.
type objectFrame struct {
	o      *pickle.Object
	kwargs int // where the values of Kwargs begin in the list
	state  int // where State is, or the next
	items  int // where Items begin
	dict   int // where the values of DictItems begin
}

// finish gives the object those parts that are not in the list's memory.
func (f *objectFrame) finish(list []any) {
	if f.o.Kwargs != nil {
		for i := range *f.o.Kwargs {
			(*f.o.Kwargs)[i].Value = list[f.kwargs+i]
		}
	}
	if f.o.HasState {
		f.o.State = list[f.state]
	}
	for i := range f.o.DictItems {
		f.o.DictItems[i].Value = list[f.dict+i]
	}
}

// beginCall is begin for a call of a class.
func (m *maker) beginCall(id tape.ID, at int) (any, error) {
	if known.IsMapping(m.t, id) {
		return m.beginMapping(id, at)
	}
	if !m.t.IsInert(id) {
		return m.cross(id)
	}
	c := m.t.Call(id)
	if !m.isPlainCall(&c) {
		return m.cross(id)
	}
	if err := m.level(); err != nil {
		return nil, err
	}
	f := &objectFrame{o: &pickle.Object{Class: m.t.Value(c.Fn), Form: pickle.Form(c.Form)}}
	o := f.o
	ids := append(make([]tape.ID, 0, 4), m.t.Items(c.Args)...)
	f.kwargs = len(ids)
	if c.HasKwargs {
		ids = m.entries(ids, c.Kwargs, &o.Kwargs)
	}
	f.state = len(ids)
	if o.HasState = c.HasState; c.HasState {
		ids = append(ids, c.State)
	}
	f.items = len(ids)
	if c.HasItems {
		ids = append(ids, m.t.Items(c.Items)...)
	}
	f.dict = len(ids)
	if c.HasEntries {
		var entries *types.Dict
		ids = m.entries(ids, c.Entries, &entries)
		o.DictItems = *entries
	}
	list := make([]any, len(ids))
	o.Args = list[:f.kwargs:f.kwargs]
	if c.HasItems {
		o.Items = list[f.items:f.dict:f.dict]
	}
	m.push(o, cellFrame{kind: objectParts, slot: at, ids: ids, list: list, object: f})
	return o, nil
}

// beginMapping is begin for an instance of a subclass of dict, which becomes a map like a dict.
func (m *maker) beginMapping(id tape.ID, at int) (any, error) {
	entries, ok := known.Entries(m.t, id)
	switch {
	case !ok:
		if err := m.level(); err != nil {
			return nil, err
		}
		dict := map[string]any{}
		m.flat(at, dict)
		return dict, nil
	case m.t.OnlyStrKeys(entries):
		return m.beginDict(entries, at)
	}
	return m.beginOther(entries, at)
}

// entries makes entries with the keys of a dict, and appends the cells of the values.
func (m *maker) entries(ids []tape.ID, dict tape.ID, to **types.Dict) []tape.ID {
	pairs := m.t.Items(dict)
	d := make(types.Dict, len(pairs)/2)
	for i := range d {
		d[i].Key = m.text(pairs[2*i])
		ids = append(ids, pairs[2*i+1])
	}
	*to = &d
	return ids
}

// isPlainCall reports whether a call becomes an object whose parts are plain values, and which no
// library has: those are read from objects.
func (m *maker) isPlainCall(c *tape.CallInfo) bool {
	t := m.t
	if t.Kind(c.Fn) != tape.Class || t.Kind(c.Args) != tape.Tuple || c.HasDropped {
		return false
	}
	class := c.Fn
	if code := t.Code(class); code == known.ClassReconstructor || code == known.ClassNewObj {
		class = t.Items(c.Args)[0]
	}
	if class != m.foreign {
		if class, ok := t.Value(class).(pickle.Named); !ok || isLibrary(class.Global()) {
			return false
		}
		m.foreign = class
	}
	if c.HasKwargs && (t.Kind(c.Kwargs) != tape.Dict || !m.areNames(c.Kwargs, true)) {
		return false
	}
	if c.HasEntries && !m.areNames(c.Entries, false) {
		return false
	}
	if !c.HasState {
		return true
	}
	switch t.Kind(c.State) {
	case tape.Value:
		_, isDict := t.Value(c.State).(*types.Dict)
		return !isDict
	case tape.Dict:
		return !m.isTyped(c.State)
	}
	return true
}

// isLibrary reports whether calls of a class are looked at by package reconstruct, as objects.
func isLibrary(g pickle.Global) bool {
	return strings.HasPrefix(g.Module, "pandas") || strings.HasPrefix(g.Module, "scipy") ||
		strings.HasPrefix(g.Module, "copy") || strings.HasPrefix(g.Module, "numpy")
}

// areNames reports whether all keys of a dict are text, and if need be few different ones.
func (m *maker) areNames(dict tape.ID, different bool) bool {
	if !m.t.OnlyStrKeys(dict) {
		return false
	}
	if !different {
		return true
	}
	const few = 16
	ids := m.t.Items(dict)
	if len(ids) > 2*few {
		return false
	}
	for i := 2; i < len(ids); i += 2 {
		for j := 0; j < i; j += 2 {
			if string(m.t.Span(ids[i])) == string(m.t.Span(ids[j])) {
				return false
			}
		}
	}
	return true
}

// isTyped reports whether a dict may be the state of a subclass of one of pandas' classes.
func (m *maker) isTyped(state tape.ID) bool {
	const mark = "_typ"
	w := m.t.Children(state)
	for b := w.Batch(); b != nil; b = w.Batch() {
		for i := 0; i < len(b); i += 2 {
			switch m.t.Kind(b[i]) {
			case tape.Str, tape.Py2Str, tape.Bytes:
				if m.t.Size(b[i]) == len(mark) && string(m.t.Span(b[i])) == mark {
					return true
				}
			case tape.Value:
				return true
			}
		}
	}
	return false
}
