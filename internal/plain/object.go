package plain

import (
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// NOTE. A maker converts some cells by way of their objects. Then a container can be reached in two
// ways, as a cell and as an object, and must be the same plain value in both. In one direction this
// holds because the object of a shared cell replaces the cell on the tape, and a Converter
// remembers the objects that it converted. In the other direction, maker.object tells the Converter
// about the plain values of cells that are about to become objects.

// viaObject returns the plain value of a cell by way of its object.
func (m *maker) viaObject(id tape.ID) (any, error) {
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
	m.c.unshared = !m.c.hooked && !m.t.IsShared(id) && isFreshContainer(v)
	plain, height, err := m.c.convertAt(v, m.base+len(m.stack))
	if err == nil && height > 0 {
		m.raiseHeight(int32(height - 1))
	}
	return plain, err
}

// isFreshContainer reports whether v is a container of which package reconstruct creates a new one
// for each call.
func isFreshContainer(v any) bool {
	switch v.(type) {
	case *reconstruct.OrderedDict, *reconstruct.DefaultDict, *reconstruct.Counter,
		*reconstruct.Deque, *pickle.Set, *pickle.FrozenSet:
		return true
	}
	return false
}

// sharedBytes returns a bytes object to which the pickle refers more than once. An object may be
// among the references, so the slice is that of the object.
func (m *maker) sharedBytes(id tape.ID) (any, error) {
	return m.viaObject(id)
}

// object returns the object of a cell. The Converter gets to know the containers inside that have
// plain values already.
func (m *maker) object(id tape.ID) (any, error) {
	if m.containers == 0 {
		return m.p.Object(id)
	}
	found := m.convertedParts(id)
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
		n := node{plain: s.plain, height: int(s.height), open: s.state == slotOpen}
		s.node = m.c.addNode(m.t.Value(id), n) + 1
	}
	return v, nil
}

// convertedParts returns those cells in the cell id, itself included, that have plain containers as
// values but are not known to the Converter yet.
func (m *maker) convertedParts(id tape.ID) (found []tape.ID) {
	visited := map[tape.ID]bool{}
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
			if visited[id] {
				continue
			}
			visited[id] = true
			if m.slots[slot].state != slotEmpty && m.slots[slot].node == 0 {
				found = append(found, id)
			}
		}
		todo = m.appendParts(todo, id)
	}
	return found
}

// appendParts appends the cells that the cell id refers to.
func (m *maker) appendParts(to []tape.ID, id tape.ID) []tape.ID {
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
