package plain

import (
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// NOTE. Some values are converted from objects. An object that is made of a cell which may be met
// again takes the place of the cell, and Converter knows the objects that it has converted. Where a
// plain container was made of a cell before, Converter is told so: see reach.

// cross returns the plain value of a cell by way of its object.
func (m *maker) cross(id tape.ID) (any, error) {
	if m.helper {
		return nil, errLater
	}
	v, err := m.object(id)
	if err != nil {
		return nil, err
	}
	if plain, ok := quickLeaf(v); ok {
		return plain, nil
	}
	m.c.single = !m.c.hooked && !m.t.IsShared(id) && isOwn(v)
	plain, height, err := m.c.convertAt(v, m.base+len(m.stack))
	if err == nil && height > 0 {
		m.holds(int32(height - 1))
	}
	return plain, err
}

// isOwn reports whether v is a container that package reconstruct makes anew for each call.
func isOwn(v any) bool {
	switch v.(type) {
	case *reconstruct.OrderedDict, *reconstruct.DefaultDict, *reconstruct.Counter,
		*reconstruct.Deque, *pickle.Set, *pickle.FrozenSet:
		return true
	}
	return false
}

// sharedBytes returns bytes that may be met again, also in objects: they are one slice.
func (m *maker) sharedBytes(id tape.ID) (any, error) {
	return m.cross(id)
}

// object returns the object of a cell.
func (m *maker) object(id tape.ID) (any, error) {
	if m.containers == 0 {
		return m.p.Object(id)
	}
	found := m.reach(id)
	v, err := m.p.Object(id)
	if err != nil {
		return nil, err
	}
	for _, id := range found {
		slot, ok := m.t.Shared(id)
		if !ok || m.t.Kind(id) != tape.Value {
			continue
		}
		s := &m.slots[slot]
		n := node{plain: s.plain, height: int(s.height), open: s.state == open}
		s.node = m.c.know(m.t.Value(id), n) + 1
	}
	return v, nil
}

// reach returns the cells that objects will be made of with that of the cell id, and of which plain
// containers were made before.
func (m *maker) reach(id tape.ID) (found []tape.ID) {
	met := map[tape.ID]bool{}
	todo := []tape.ID{id}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch m.t.Kind(id) {
		case tape.Tuple, tape.List, tape.Dict, tape.Set, tape.FrozenSet, tape.Call:
		default:
			continue
		}
		if slot, ok := m.t.Shared(id); ok {
			if met[id] {
				continue
			}
			met[id] = true
			if m.slots[slot].state != unmade && m.slots[slot].node == 0 {
				found = append(found, id)
			}
		}
		todo = m.parts(todo, id)
	}
	return found
}

// parts appends what a cell holds.
func (m *maker) parts(to []tape.ID, id tape.ID) []tape.ID {
	if m.t.Kind(id) == tape.Call {
		c := m.t.Call(id)
		to = append(to, c.Fn, c.Args)
		if c.HasKwargs {
			to = append(to, c.Kwargs)
		}
		if c.HasState {
			to = append(to, c.State)
		}
		if c.HasItems {
			to = append(to, c.Items)
		}
		if c.HasEntries {
			to = append(to, c.Entries)
		}
		if c.HasDropped {
			to = append(to, c.Dropped)
		}
		return to
	}
	w := m.t.Children(id)
	for b := w.Batch(); b != nil; b = w.Batch() {
		to = append(to, b...)
	}
	return to
}
