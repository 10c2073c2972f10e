package audit

import (
	"github.com/unpkl/unpkl/internal/tape"
)

// call describes a call that the pickle makes, or that a callable makes in turn.
type call struct {
	form       tape.Form
	args       []tape.ID // the positional arguments that are known
	incomplete bool      // there may be arguments that args does not hold
	keywords   bool      // there are, or may be, keyword arguments
}

// bare reports whether the call makes an instance without arguments, so that no __init__ runs.
func (c call) bare() bool {
	return (c.form == tape.FormNewObj || c.form == tape.FormNewObjEx) && len(c.args) == 0 &&
		!c.incomplete && !c.keywords
}

// anyCall is a call whose arguments are not known.
var anyCall = call{incomplete: true}

var (
	becauseBuilt = &reason{gradeDangerous, CapabilityProcess,
		"BUILD changes the class, function or module itself, for all of the process"}
	becauseFilled = &reason{gradeDangerous, CapabilityProcess,
		"items are put into what the name stands for, for all of the process"}
	becauseResult = &reason{gradeUnknown, "", "what it returns is called"}
	becauseDeep   = &reason{gradeDangerous, CapabilityCode,
		"calls are hidden in calls too deep to follow"}
	becauseExtension = &reason{gradeUnknown, "",
		"an extension code stands for whatever the reading program has registered"}
	becausePersistent = &reason{gradeUnknown, "",
		"a persistent id stands for whatever the reading program makes of it"}
	becauseStorage = &reason{gradeKnown, "", "the persistent id of a storage of torch"}
	becauseModule  = &reason{gradeKnown, "",
		"the persistent id of a class of a torch module, which is judged by itself"}
	becauseComputed = &reason{gradeDangerous, CapabilityReach,
		"the name is itself the result of a call"}
	becauseSets = &reason{gradeUnknown, "", "its state gives it a method of its own"}
)

// maxHidden bounds the depth of calls of the results of calls.
const maxHidden = 32

// called judges a call of fn.
func (h *host) called(fn tape.ID, c call, depth int) {
	switch h.t.Kind(fn) {
	case tape.Class:
		u := h.use(fn)
		u.addCall(h.judgeCall(u, c, depth))
	case tape.Call:
		h.resultCalled(fn, c, depth)
	}
}

// judgeCall returns the reason for the verdict on a call of a name.
func (h *host) judgeCall(u *use, c call, depth int) *reason {
	if depth > maxHidden {
		return becauseDeep
	}
	j := &u.name.judgement
	if j.rule != nil {
		if r := j.rule(h, c, depth+1); r != nil {
			return r
		}
	}
	if j.kind == kindNew {
		if c.bare() {
			return j.newReason
		}
		return becauseCalled
	}
	if j.kind == kindData && j.reason != becauseData {
		return becauseData
	}
	return j.reason
}

// resultCalled judges a call of what another call returned.
func (h *host) resultCalled(id tape.ID, c call, depth int) {
	info := h.t.Call(id)
	root := info.Fn
	for n := 0; h.t.Kind(root) == tape.Call; n++ {
		next := h.t.Call(root).Fn
		if n > maxHidden {
			break
		}
		root = next
	}
	if h.t.Kind(root) != tape.Class {
		return
	}
	u := h.use(root)
	if root == info.Fn {
		if result := u.name.result; result != nil {
			if depth > maxHidden {
				u.worsen(becauseDeep)
			} else if r := result(h, info, c, depth+1); r != nil {
				u.worsen(r)
			}
			return
		}
	}
	u.worsen(becauseResult)
}

// argsOf returns the arguments of a call on the tape, or nil if they are not a tuple.
func (h *host) argsOf(info tape.CallInfo) []tape.ID {
	if h.t.Kind(info.Args) == tape.Tuple {
		return h.t.Items(info.Args)
	}
	return nil
}

// namedOnly notes that a class is only named, as the class of an array for example: its own code
// does not run, so the use is data even if a call of the class would not be.
func (h *host) namedOnly(id tape.ID) {
	if h.t.Kind(id) != tape.Class {
		return
	}
	if u := h.use(id); !u.called && u.name.kind == "global" && u.name.judgement.kind == kindData {
		u.reason = becauseData
	}
}

// judgeState judges the state that a BUILD gives to an instance.
func (h *host) judgeState(target, state tape.ID) {
	info := h.t.Call(target)
	if r := buildRules[h.classOf(info)]; r != nil {
		if why := r(h, state); why != nil && h.t.Kind(info.Fn) == tape.Class {
			h.use(info.Fn).worsen(why)
		}
	}
	h.judgeAttributes(info.Fn, state)
	if h.t.Kind(state) == tape.Tuple && h.t.Size(state) == 2 {
		for _, id := range h.t.Items(state) {
			h.judgeAttributes(info.Fn, id)
		}
	}
}

// stateAttributes is what setsMethods found in the dict of a state. It is kept so that a dict which
// is the state of many objects is read once; items is the length of the dict at that time, because
// a pickle may add items later.
type stateAttributes struct {
	items       int
	setsMethods bool
}

// judgeAttributes judges the attributes that a state sets on an instance of class: one of them may
// be a method that the opcodes call later.
func (h *host) judgeAttributes(class, state tape.ID) {
	if h.t.Kind(state) != tape.Dict {
		return
	}
	if n := h.t.Rollbacks(); n != h.statesTaken { // the tape uses its IDs again: forget the old ones
		h.states, h.statesTaken = nil, n
	}
	found := h.states[state]
	if n := h.t.Size(state); n != found.items {
		found = stateAttributes{n, h.setsMethods(state)}
		if h.states == nil {
			h.states = map[tape.ID]stateAttributes{}
		}
		h.states[state] = found
	}
	if found.setsMethods && h.t.Kind(class) == tape.Class {
		h.use(class).worsen(becauseSets)
	}
}

// setsMethods reports whether a state replaces a special method, or a method that opcodes call.
func (h *host) setsMethods(state tape.ID) (sets bool) {
	w := h.t.Children(state)
	for b := w.Batch(); b != nil; b = w.Batch() {
		for i := 0; i+1 < len(b); i += 2 {
			if k := h.t.Kind(b[i+1]); k != tape.Class && k != tape.Call {
				continue
			}
			name, _ := h.Text(b[i])
			switch {
			case name == "__setstate__", name == "append", name == "extend", name == "add":
				h.called(b[i+1], anyCall, 1)
				sets = true
			case len(name) > 4 && name[:2] == "__" && name[len(name)-2:] == "__":
				sets = true
			}
		}
	}
	return sets
}

// persistentClass returns the class in a persistent id of the form ("module", class, file, source).
// Torch's older files write such an id to compare the source of a module's class; the id stands for
// the class itself, so a use of the id is judged as a use of the class.
//
// Reference: torch/serialization.py, _legacy_load, persistent_load.
func (h *host) persistentClass(pid tape.ID) (class tape.ID, ok bool) {
	if h.t.Kind(pid) != tape.Tuple || h.t.Size(pid) != 4 {
		return 0, false
	}
	items := h.t.Items(pid)
	kind, _ := h.Text(items[0])
	return items[1], kind == "module" && h.t.Kind(items[1]) == tape.Class
}

// persistentReason judges a persistent id. Torch writes the ids of its storages as tuples.
func (h *host) persistentReason(pid tape.ID) *reason {
	if h.t.Kind(pid) != tape.Tuple || h.t.Size(pid) < 5 || h.t.Size(pid) > 6 {
		return becausePersistent
	}
	items := h.t.Items(pid)
	kind, _ := h.Text(items[0])
	if kind != "storage" || h.t.Kind(items[1]) != tape.Class {
		return becausePersistent
	}
	g := h.use(items[1]).name.global
	if h.use(items[1]).reason.grade > gradeKnown || !storageClass(g.Module, g.Name) {
		return becausePersistent
	}
	return becauseStorage
}
