package known

import "github.com/unpkl/unpkl/internal/tape"

// matchInstance recognises copyreg._reconstructor(cls, base, state) and copyreg.__newobj__(cls,
// *args) of a class that no hook knows, and records the call.
func matchInstance(t *tape.Tape, form tape.Form, fn, args tape.ID) (tape.ID, bool) {
	a := t.Items(args)
	if form != tape.FormReduce || len(a) == 0 || !isUnknown(t, a[0]) {
		return 0, false
	}
	if t.Code(fn) == ClassReconstructor && (len(a) != 3 || t.Kind(a[1]) != tape.Class) {
		return 0, false
	}
	return t.NewCall(form, fn, args, tape.IDNone, 0, true), true
}

// isUnknown reports whether a cell is a class that no hook knows.
func isUnknown(t *tape.Tape, id tape.ID) bool {
	return t.Kind(id) == tape.Class && t.IsInert(id) && t.Code(id) == 0
}

// matchSet recognises set(list) and frozenset(list), which is how protocols 0 to 3 write sets. A
// shared list is left to package reconstruct, for the same reason as in Call.
func matchSet(t *tape.Tape, class uint16, form tape.Form, a []tape.ID) (tape.ID, bool) {
	if form != tape.FormReduce || len(a) != 1 {
		return 0, false
	}
	list := a[0]
	switch t.Kind(list) {
	case tape.List, tape.Tuple:
	default:
		return 0, false
	}
	if list != tape.IDEmptyTuple && t.IsShared(list) || t.HasRuns(list) {
		return 0, false
	}
	kind := tape.Set
	if class == ClassFrozenSet {
		kind = tape.FrozenSet
	}
	id, err := t.NewMembers(kind, t.Items(list))
	return id, err == nil
}

// matchMapping recognises calls of dict's subclasses that make an empty mapping, to which SETITEMS
// adds items, and Counter(dict). The Counter takes the entries that the dict has now, since the
// dict may change later on. A shared dict is left to package reconstruct, for the same reason as in
// Call.
func matchMapping(t *tape.Tape, form tape.Form, fn, args tape.ID) (tape.ID, bool) {
	a := t.Items(args)
	if form != tape.FormReduce || len(a) > 1 {
		return 0, false
	}
	var dict tape.ID
	if len(a) == 1 {
		switch t.Code(fn) {
		case ClassDefaultDict:
			if t.Kind(a[0]) != tape.Class && t.Kind(a[0]) != tape.None {
				return 0, false
			}
		case ClassCounter:
			dict = a[0]
			if t.Kind(dict) != tape.Dict || t.IsShared(dict) || t.IsShared(args) {
				return 0, false
			}
		default:
			return 0, false
		}
	}
	id := t.NewCall(form, fn, args, tape.IDNone, CallMapping, false)
	if dict == 0 || t.Size(dict) == 0 {
		return id, true
	}
	return id, t.AddEntries(id, t.Items(dict)) == nil
}

// IsMapping reports whether a cell is a deferred call of a subclass of dict. The items of the
// mapping are the entries of the call. The call has at most one argument: the factory of a
// defaultdict, or the dict from which the entries were taken.
func IsMapping(t *tape.Tape, id tape.ID) bool {
	return t.Kind(id) == tape.Call && t.Code(id) == CallMapping && !t.IsInert(id)
}

// Entries returns the Dict of the items of a mapping, if it has any.
func Entries(t *tape.Tape, id tape.ID) (dict tape.ID, ok bool) {
	c := t.Call(id)
	return c.Entries, c.HasEntries
}

// SetItems adds pairs, which are keys and values by turns, to a mapping. done is false if target is
// none.
func SetItems(t *tape.Tape, target tape.ID, pairs []tape.ID) (done bool, err error) {
	if !IsMapping(t, target) {
		return false, nil
	}
	return true, t.AddEntries(target, pairs)
}
