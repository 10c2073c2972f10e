package unmarshal

import (
	"reflect"
	"slices"

	"github.com/unpkl/unpkl/internal/tape"
)

// sharing is what an assigner knows of containers that were put into Go values.
type sharing struct {
	// cells are the Go values of the containers that the pickle refers to more than once, by slot, of
	// each for every Go type.
	cells map[int][]sharedCell
	// claimed is the memory of the target that was decoded into. What a caller's value held twice, since
	// an earlier pickle did, must not be so for what this pickle holds once each.
	claimed map[uintptr]struct{}
}

type sharedCell struct {
	value reflect.Value
}

// unitSlot is the slot of the empty tuple, of which Python has one.
const unitSlot = -1

// slotOf returns the slot of a container that may be met more than once.
func (a *assigner) slotOf(id tape.ID) (int, bool) {
	if id == tape.IDEmptyTuple {
		return unitSlot, true
	}
	if !a.t.IsShared(id) || a.t.Kind(id) < tape.Tuple {
		return 0, false
	}
	return a.t.Shared(id)
}

// recallCell is recall for cells.
func (a *assigner) recallCell(id tape.ID, dst reflect.Value) bool {
	slot, shared := a.slotOf(id)
	if !shared {
		return false
	}
	for _, s := range a.cells[slot] {
		if s.value.Type() == dst.Type() {
			dst.Set(s.value)
			return true
		}
	}
	return false
}

// rememberCell is remember for cells.
func (a *assigner) rememberCell(id tape.ID, v reflect.Value) {
	slot, shared := a.slotOf(id)
	if !shared {
		return
	}
	if a.cells == nil {
		a.cells = make(map[int][]sharedCell)
	}
	s := sharedCell{reflect.ValueOf(v.Interface())}
	a.cells[slot] = append(a.cells[slot], s)
}

// forgetCell takes back what rememberCell noted for a type.
func (a *assigner) forgetCell(id tape.ID, t reflect.Type) {
	if slot, shared := a.slotOf(id); shared {
		a.cells[slot] = slices.DeleteFunc(a.cells[slot], func(s sharedCell) bool {
			return s.value.Type() == t
		})
	}
}

// watch makes what is known of a cell known of its object, once it has one.
func (a *assigner) watch() {
	a.t.Watch(func(id tape.ID, object any) {
		if len(a.cells) == 0 {
			return
		}
		slot, shared := a.t.Shared(id)
		if !shared {
			return
		}
		for _, s := range a.cells[slot] {
			a.remember(object, s.value)
		}
		delete(a.cells, slot)
	})
}

// claim reports whether memory that a target has may be decoded into: the first time.
func (a *assigner) claim(p uintptr) bool {
	if _, again := a.claimed[p]; again {
		return false
	}
	if a.claimed == nil {
		a.claimed = make(map[uintptr]struct{})
	}
	a.claimed[p] = struct{}{}
	return true
}
