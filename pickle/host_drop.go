package pickle

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/tape"
)

// droppedCall is a call whose result the pickle pops, and the object that the call completes; see
// drop.go of package tape.
type droppedCall struct {
	object *Object
	call   tape.ID
}

// IsObject implements [tape.Host].
func (h *host) IsObject(id tape.ID) bool {
	_, ok := h.t.Value(id).(*Object)
	return ok
}

// IsMethodCall implements [tape.Host]. dill sets an attribute by calling the result of getattr.
func (h *host) IsMethodCall(id tape.ID) bool {
	x, ok := h.t.Value(id).(*Object)
	if !ok || x.Form != FormReduce || x.HasState {
		return false
	}
	_, ok = x.Class.(*Object)
	return ok
}

// Keys implements [tape.Host].
func (h *host) Keys(dict tape.ID, max int) []string {
	d, ok := h.t.Value(dict).(*types.Dict)
	if !ok || len(*d) > max {
		return nil
	}
	keys := make([]string, 0, len(*d))
	for _, e := range *d {
		key, ok := e.Key.(string)
		if !ok {
			return nil
		}
		keys = append(keys, key)
	}
	return keys
}

// LateEntries implements [tape.Host].
func (h *host) LateEntries(dict tape.ID, keys []tape.ID) (tape.ID, error) {
	list, err := h.t.NewList(keys)
	if err != nil {
		return 0, err
	}
	args, err := h.t.NewTuple([]tape.ID{dict, list})
	if err != nil {
		return 0, err
	}
	fn := h.t.NewClass(LateItems, 0, true)
	return h.t.NewCall(tape.FormReduce, fn, args, tape.IDNone, 0, true), nil
}

// Drop implements [tape.Host]. Only at the end of the pickle is it known whether the target keeps
// the call: see keepDropped.
func (h *host) Drop(target, call tape.ID) error {
	x, ok := h.t.Value(target).(*Object)
	if !ok {
		return nil
	}
	h.dropped = append(h.dropped, droppedCall{x, call})
	_, err := h.object(call)
	return err
}

// keepDropped gives the objects their dropped calls. It leaves out a call whose result the pickle
// fetches from the memo later on, since the call is recorded there. If it were written at both
// places, a chain of such calls would take space quadratic in its length.
func (h *host) keepDropped() error {
	for _, d := range h.dropped {
		if h.t.IsShared(d.call) {
			continue
		}
		v, err := h.object(d.call)
		if err != nil {
			return err
		}
		if c, ok := v.(*Object); ok {
			d.object.Calls = append(d.object.Calls, c)
		}
	}
	h.dropped = nil
	return nil
}
