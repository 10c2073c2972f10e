package plain

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// NOTE. An instance of a class that this module does not know stays an object in plain values, and
// so do its arguments, state and items, so that it can be written again unchanged.

// beginCall is begin for a call.
func (m *maker) beginCall(id tape.ID, at int) (any, error) {
	if known.IsMapping(m.t, id) {
		return m.beginMapping(id, at)
	}
	if !m.t.IsInert(id) {
		return m.viaObject(id)
	}
	c := m.t.Call(id)
	if !m.isOwnCall(&c) {
		return m.viaObject(id)
	}
	if m.helper {
		return nil, errLater
	}
	v, err := m.p.Object(id)
	if err != nil {
		return nil, err
	}
	if at != noSlot {
		m.record(at, v, noHeight, slotDone)
	}
	return v, nil
}

// beginMapping is begin for an instance of a subclass of dict, which becomes a map as a dict does.
func (m *maker) beginMapping(id tape.ID, at int) (any, error) {
	entries, ok := known.Entries(m.t, id)
	switch {
	case !ok:
		if err := m.checkDepth(); err != nil {
			return nil, err
		}
		dict := map[string]any{}
		m.complete(at, dict)
		return dict, nil
	case m.t.OnlyStrKeys(entries):
		return m.beginDict(entries, at)
	}
	return m.beginAnyDict(entries, at)
}

// isOwnCall reports whether a call creates an instance of a class of the program that wrote the
// pickle, as opposed to a class of a library that this module converts.
func (m *maker) isOwnCall(c *tape.CallInfo) bool {
	t := m.t
	if t.Kind(c.Fn) != tape.Class || t.Kind(c.Args) != tape.Tuple {
		return false
	}
	class := c.Fn
	if code := t.Code(class); code == known.ClassReconstructor || code == known.ClassNewObj {
		class = t.Items(c.Args)[0]
	}
	if class != m.ownClass {
		if class, ok := t.Value(class).(pickle.Named); !ok || pyvalue.IsLibrary(class.Global()) {
			return false
		}
		m.ownClass = class
	}
	if !c.HasState {
		return true
	}
	switch t.Kind(c.State) {
	case tape.Value:
		_, isDict := t.Value(c.State).(*types.Dict)
		return !isDict
	case tape.Dict:
		return !m.hasTyp(c.State)
	}
	return true
}

// hasTyp reports whether a dict may be the state of an instance of a subclass of one of pandas'
// classes, which has a key "_typ".
func (m *maker) hasTyp(state tape.ID) bool {
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
