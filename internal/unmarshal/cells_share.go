package unmarshal

import (
	"reflect"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/tape"
)

// sharing records which containers were decoded into which Go values, so that a container to which
// the pickle refers twice is one Go value. Values of cells are in cells; once a cell has an object,
// they move to assigner.shared.
type sharing struct {
	// cells holds the Go values of containers that may be read again, one for each Go type.
	cells map[tape.ID][]sharedCell
	// within is the number of containers around the current value that may be read again. If such
	// a container is read into another Go type, or into a struct, which is a value, then the
	// containers inside it are read again too, although the pickle refers to them once.
	within int
	// noted lists the keys of cells, and notedObjects those of assigner.shared, in the order in
	// which they were added. restore removes the last ones.
	noted        []tape.ID
	notedObjects []notedObject
	reread       int64 // number of values that were decoded again, see assigner.restore
	// claimed holds the addresses of the caller's memory that was reused. If the caller's value
	// refers to the same memory twice, the second reference must get new memory: the values that
	// this pickle stores there need not be shared.
	claimed map[uintptr]struct{}
}

// sharedCell is one Go value of a container.
type sharedCell struct {
	value reflect.Value
	at    int // its index in noted
}

// notedObject is a key that was added to assigner.shared.
type notedObject struct {
	key shareKey
	at  int // length of noted when the container was first stored in a Go value
}

// mayReadAgain reports whether a cell is a container that may be read more than once. Not included
// are the empty tuple, see isShareable, and the NumPy scalars and arrays that the tape recognised.
func (a *assigner) mayReadAgain(id tape.ID) bool {
	if a.within == 0 && !a.t.IsShared(id) {
		return false
	}
	switch a.t.Kind(id) {
	case tape.List, tape.Dict, tape.Set, tape.FrozenSet:
		return true
	case tape.Tuple:
		return a.t.Size(id) > 0
	case tape.Call:
		return a.t.IsInert(id) || known.IsMapping(a.t, id)
	}
	return false
}

// isOnce reports whether a cell is read only once.
func (a *assigner) isOnce(id tape.ID) bool { return a.within == 0 && !a.t.IsShared(id) }

// enterCell is enter for the container id.
func (a *assigner) enterCell(id tape.ID) error {
	if a.within > 0 || a.t.IsShared(id) {
		a.within++
	}
	return a.enter()
}

// leaveCell is the counterpart of enterCell.
func (a *assigner) leaveCell() {
	a.within = max(a.within-1, 0)
	a.leave()
}

// recallCell is recall for cells.
func (a *assigner) recallCell(id tape.ID, dst reflect.Value) bool {
	if !a.mayReadAgain(id) {
		return false
	}
	for _, s := range a.cells[id] {
		if s.value.Type() == dst.Type() {
			dst.Set(s.value)
			return true
		}
	}
	return false
}

// rememberCell is remember for cells.
func (a *assigner) rememberCell(id tape.ID, v reflect.Value) {
	if !a.mayReadAgain(id) {
		return
	}
	if a.cells == nil {
		a.cells = make(map[tape.ID][]sharedCell)
	}
	a.t.MarkShared(id) // If the cell gets an object, then only one, which hasObject is told of.
	s := sharedCell{reflect.ValueOf(v.Interface()), len(a.noted)}
	a.cells[id] = append(a.cells[id], s)
	a.noted = append(a.noted, id)
}

// forget removes the last entries of noted and notedObjects, down to the given lengths, and the
// values that they are keys of.
func (a *assigner) forget(cells, objects int) {
	for ; len(a.noted) > cells; a.noted = a.noted[:len(a.noted)-1] {
		id := a.noted[len(a.noted)-1]
		if s := a.cells[id]; len(s) > 0 { // Otherwise hasObject has moved it.
			a.cells[id] = s[:len(s)-1]
		}
	}
	removed := a.notedObjects[objects:]
	a.notedObjects = a.notedObjects[:objects]
	for _, o := range removed {
		if o.at >= cells {
			delete(a.shared, o.key)
		} else { // The cell was noted before; only its object is new.
			a.notedObjects = append(a.notedObjects, o)
		}
	}
}

// hasObject moves the Go values of a cell from cells to shared. The tape calls it when the cell
// gets an object.
func (a *assigner) hasObject(id tape.ID, object any) {
	for _, s := range a.cells[id] {
		a.remember(object, s.value)
		if n := len(a.notedObjects); n > 0 {
			a.notedObjects[n-1].at = s.at
		}
	}
	delete(a.cells, id)
}

// claim reports whether the memory at p, which the target refers to, may be reused. It is true only
// once for each p.
func (a *assigner) claim(p uintptr) bool {
	if _, claimed := a.claimed[p]; claimed {
		return false
	}
	if a.claimed == nil {
		a.claimed = make(map[uintptr]struct{})
	}
	a.claimed[p] = struct{}{}
	return true
}
