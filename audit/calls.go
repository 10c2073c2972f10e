package audit

import (
	"github.com/unpkl/unpkl/internal/tape"
)

// call is a call that a pickle makes, or that what it calls makes.
type call struct {
	form     tape.Form
	args     []tape.ID
	open     bool // there may be other arguments than args
	keywords bool
}

// bare reports that an instance is made without arguments: no __init__ runs.
func (c call) bare() bool {
	return (c.form == tape.FormNewObj || c.form == tape.FormNewObjEx) && len(c.args) == 0 &&
		!c.open && !c.keywords
}

// anyCall is a call of which only the fact is known.
var anyCall = call{open: true}

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

// maxHidden bounds calls of results of calls.
const maxHidden = 32

// called judges that fn is called.
func (h *host) called(fn tape.ID, c call, depth int) {
	switch h.t.Kind(fn) {
	case tape.Class:
		u := h.use(fn)
		u.call(h.judgeCall(u, c, depth))
	case tape.Call:
		h.resultCalled(fn, c, depth)
	}
}

// judgeCall judges the call of a name.
func (h *host) judgeCall(u *use, c call, depth int) *reason {
	if depth > maxHidden {
		return becauseDeep
	}
	j := &u.name.judged
	if j.rule != nil {
		if r := j.rule(h, c, depth+1); r != nil {
			return r
		}
	}
	if j.kind == kindNew {
		if c.bare() {
			return j.made
		}
		return becauseCalled
	}
	if j.kind == kindData && j.reason != becauseData {
		return becauseData
	}
	return j.reason
}

// resultCalled judges that what a call returned is called.
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

// argsOf are the arguments of a call on the tape.
func (h *host) argsOf(info tape.CallInfo) []tape.ID {
	if h.t.Kind(info.Args) == tape.Tuple {
		return h.t.Items(info.Args)
	}
	return nil
}

// placed notes that a class is where it is harmless, whatever it does when it is called.
func (h *host) placed(id tape.ID) {
	if h.t.Kind(id) != tape.Class {
		return
	}
	if u := h.use(id); !u.called && u.name.kind == "global" && u.name.judged.kind == kindData {
		u.reason = becauseData
	}
}

// state judges the argument of a BUILD of an instance.
func (h *host) state(target, state tape.ID) {
	info := h.t.Call(target)
	if r := builds[h.classOf(info)]; r != nil {
		if why := r(h, state); why != nil && h.t.Kind(info.Fn) == tape.Class {
			h.use(info.Fn).worsen(why)
		}
	}
	h.attributes(info.Fn, state)
	if h.t.Kind(state) == tape.Tuple && h.t.Size(state) == 2 {
		for _, id := range h.t.Items(state) {
			h.attributes(info.Fn, id)
		}
	}
}

// looked is what was found in the dict of a state, so that one which is the state of many is read
// once.
type looked struct {
	size int
	sets bool
}

// attributes judges the attributes that a state sets. What the opcodes themselves call on an
// instance may be one of them.
func (h *host) attributes(class, state tape.ID) {
	if h.t.Kind(state) != tape.Dict {
		return
	}
	if n := h.t.Rollbacks(); n != h.taken {
		h.looked, h.taken = nil, n
	}
	found := h.looked[state]
	if n := h.t.Size(state); n != found.size {
		found = looked{n, h.setsMethods(state)}
		if h.looked == nil {
			h.looked = map[tape.ID]looked{}
		}
		h.looked[state] = found
	}
	if found.sets && h.t.Kind(class) == tape.Class {
		h.use(class).worsen(becauseSets)
	}
}

// setsMethods reports whether a state sets what Python or the opcodes call.
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

// persistentClass returns the class in the persistent id by which torch's older files name the
// class of a module beside the source of it, which is only compared. What the id is used for, the
// class is used for.
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

// persistentReason judges a persistent id: torch writes those of its storages as tuples.
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
