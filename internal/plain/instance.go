package plain

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// NOTE. An object of a class that nothing here knows stays the object that it was, with all that is
// in it: its arguments, state and items are objects, so that it is written again as it was read.

// beginCall is begin for a call of a class.
func (m *maker) beginCall(id tape.ID, at int) (any, error) {
	if known.IsMapping(m.t, id) {
		return m.beginMapping(id, at)
	}
	if !m.t.IsInert(id) {
		return m.cross(id)
	}
	c := m.t.Call(id)
	if !m.isOwnCall(&c) {
		return m.cross(id)
	}
	if m.helper {
		return nil, errLater
	}
	v, err := m.p.Object(id)
	if err != nil {
		return nil, err
	}
	if at != once {
		m.keep(at, v, noLevel, made)
	}
	return v, nil
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

// isOwnCall reports whether a call is of a class of the program that wrote the pickle, whose
// instances no library here turns into anything else.
func (m *maker) isOwnCall(c *tape.CallInfo) bool {
	t := m.t
	if t.Kind(c.Fn) != tape.Class || t.Kind(c.Args) != tape.Tuple {
		return false
	}
	class := c.Fn
	if code := t.Code(class); code == known.ClassReconstructor || code == known.ClassNewObj {
		class = t.Items(c.Args)[0]
	}
	if class != m.foreign {
		if class, ok := t.Value(class).(pickle.Named); !ok || pyvalue.IsLibrary(class.Global()) {
			return false
		}
		m.foreign = class
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
