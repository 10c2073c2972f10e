package known

import "github.com/unpkl/unpkl/internal/tape"

// newInstance recognises copyreg._reconstructor(cls, base, state) and copyreg.__newobj__(cls,
// *args) of a class that nobody knows: the call is only recorded.
func newInstance(t *tape.Tape, form tape.Form, fn, args tape.ID) (tape.ID, bool) {
	a := t.Items(args)
	if form != tape.FormReduce || len(a) == 0 || !isUnknown(t, a[0]) {
		return 0, false
	}
	if t.Code(fn) == ClassReconstructor && (len(a) != 3 || t.Kind(a[1]) != tape.Class) {
		return 0, false
	}
	return t.NewCall(form, fn, args, tape.IDNone, 0, true), true
}

func isUnknown(t *tape.Tape, id tape.ID) bool {
	return t.Kind(id) == tape.Class && t.IsInert(id) && t.Code(id) == 0
}

// set recognises set(list) and frozenset(list), which is how protocols 0 to 3 write sets. A list
// that is met again is left to package reconstruct, as in Call.
func set(t *tape.Tape, class uint16, form tape.Form, a []tape.ID) (tape.ID, bool) {
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

// mapping recognises the calls of dict's subclasses that begin without items, which SETITEMS adds,
// and Counter(dict). The dict is another from then on, so its items are noted as they are now; one
// that is met again is left to package reconstruct, as in Call.
func mapping(t *tape.Tape, form tape.Form, fn, args tape.ID) (tape.ID, bool) {
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

// IsMapping reports whether a cell is a call of a subclass of dict that was put off. Its items are
// its entries; its only argument, if there is one, is the factory of a defaultdict, or a dict that
// the entries were taken from.
func IsMapping(t *tape.Tape, id tape.ID) bool {
	return t.Kind(id) == tape.Call && t.Code(id) == CallMapping && !t.IsInert(id)
}

// Entries returns the dict of the items of a mapping, if it has any.
func Entries(t *tape.Tape, id tape.ID) (dict tape.ID, ok bool) {
	c := t.Call(id)
	return c.Entries, c.HasEntries
}

// SetItems adds pairs to a call that was put off, if it is a mapping.
func SetItems(t *tape.Tape, target tape.ID, pairs []tape.ID) (done bool, err error) {
	if !IsMapping(t, target) {
		return false, nil
	}
	return true, t.AddEntries(target, pairs)
}
