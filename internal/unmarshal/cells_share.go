package unmarshal

import (
	"reflect"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/tape"
)

// sharing is what an assigner knows of containers that were put into Go values.
type sharing struct {
	// cells are the Go values of the containers that may be met again, of each for every Go type.
	cells map[tape.ID][]sharedCell
	// within is how many of the containers around may be met again. What they hold may be then,
	// too: where it is read into another type, or into structs, which are values.
	within int
	// noted are the containers of cells in the order in which they came there, and notedObjects
	// those of assigner.shared: of each how many of noted there were when it was put into a Go
	// value.
	noted        []tape.ID
	notedObjects []notedObject
	reread       int64 // values that were read twice: see assigner.restore
	// claimed is the memory of the target that was decoded into. What a caller's value held twice,
	// since an earlier pickle did, must not be so for what this pickle holds once each.
	claimed map[uintptr]struct{}
}

type sharedCell struct {
	value reflect.Value
	at    int // in noted
}

type notedObject struct {
	key shareKey
	at  int
}

// mayMeet reports whether a cell is a container that may be met more than once. The empty tuple is
// none, see isShareable, nor is a scalar or array that was put off.
func (a *assigner) mayMeet(id tape.ID) bool {
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

// isOnce reports whether nothing else refers to a cell.
func (a *assigner) isOnce(id tape.ID) bool { return a.within == 0 && !a.t.IsShared(id) }

// enterCell is enter for the container id.
func (a *assigner) enterCell(id tape.ID) error {
	if a.within > 0 || a.t.IsShared(id) {
		a.within++
	}
	return a.enter()
}

// leaveCell takes enterCell back.
func (a *assigner) leaveCell() {
	a.within = max(a.within-1, 0)
	a.leave()
}

// recallCell is recall for cells.
func (a *assigner) recallCell(id tape.ID, dst reflect.Value) bool {
	if !a.mayMeet(id) {
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
	if !a.mayMeet(id) {
		return
	}
	if a.cells == nil {
		a.cells = make(map[tape.ID][]sharedCell)
	}
	a.t.MarkShared(id) // so that it has one object
	s := sharedCell{reflect.ValueOf(v.Interface()), len(a.noted)}
	a.cells[id] = append(a.cells[id], s)
	a.noted = append(a.noted, id)
}

// forget takes back what was remembered since so many were.
func (a *assigner) forget(cells, objects int) {
	for ; len(a.noted) > cells; a.noted = a.noted[:len(a.noted)-1] {
		id := a.noted[len(a.noted)-1]
		if s := a.cells[id]; len(s) > 0 { // or it was moved to an object
			a.cells[id] = s[:len(s)-1]
		}
	}
	later := a.notedObjects[objects:]
	a.notedObjects = a.notedObjects[:objects]
	for _, o := range later {
		if o.at >= cells {
			delete(a.shared, o.key)
		} else { // a cell of before, which has an object only now
			a.notedObjects = append(a.notedObjects, o)
		}
	}
}

// hasObject makes what is known of a cell known of its object, once it has one.
func (a *assigner) hasObject(id tape.ID, object any) {
	for _, s := range a.cells[id] {
		a.remember(object, s.value)
		if n := len(a.notedObjects); n > 0 {
			a.notedObjects[n-1].at = s.at
		}
	}
	delete(a.cells, id)
}

// claim reports whether memory that a target has may be decoded into: the first time.
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
