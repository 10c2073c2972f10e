package audit

import (
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// host answers the tape's questions for an audit. Every call gives an inert Call cell, and no
// operation on one fails: CPython would go on there, so the audit judges the operation and goes on
// too.
type host struct {
	*auditor
	t           *tape.Tape
	placeholder tape.ID                     // the cell of every persistent id and extension code, or 0
	states      map[tape.ID]stateAttributes // by the dict of the state
	statesTaken int                         // the tape's Taken when states was last emptied
	nested      int                         // depth of pickles inside arrays of objects
	joblib      bool                        // array wrappers are followed by their arrays
}

var _ tape.Host = (*host)(nil)

// Class implements [tape.Host].
func (h *host) Class(module, name string) (tape.ID, error) {
	op, at := h.t.Op()
	n := h.nameOf(pickle.Global{Module: module, Name: name})
	return h.t.NewClass(h.uses.add(n, op, at), 0, false), nil
}

// Call implements [tape.Host].
func (h *host) Call(form tape.Form, fn, args, kwargs tape.ID) (tape.ID, error) {
	c := call{form: form, keywords: kwargs != tape.IDNone}
	if h.t.Kind(args) == tape.Tuple {
		c.args = h.t.Items(args)
	} else {
		c.incomplete = true
	}
	h.called(fn, c, 0)
	return h.t.NewCall(form, fn, args, kwargs, 0, false), nil
}

// Build implements [tape.Host].
func (h *host) Build(target, state tape.ID) (tape.ID, error) {
	switch h.t.Kind(target) {
	case tape.Class:
		h.use(target).worsen(becauseBuilt)
	case tape.Call:
		h.judgeState(target, state)
		h.t.SetState(target, state)
		if h.joblib && h.isWrapper(target) {
			return target, h.passArray(state)
		}
	}
	return target, nil
}

// Append implements [tape.Host].
func (h *host) Append(target tape.ID, _ []tape.ID) error { return h.itemsAdded(target) }

// SetItems implements [tape.Host].
func (h *host) SetItems(target tape.ID, _ []tape.ID) error { return h.itemsAdded(target) }

// Add implements [tape.Host].
func (h *host) Add(target tape.ID, _ []tape.ID) error { return h.itemsAdded(target) }

// itemsAdded judges that the pickle adds items to target, which may be a class or function.
func (h *host) itemsAdded(target tape.ID) error {
	if h.t.Kind(target) == tape.Class {
		h.use(target).worsen(becauseFilled)
	}
	return nil
}

// CheckHashable implements [tape.Host].
func (h *host) CheckHashable(tape.ID) error { return nil }

// Persistent implements [tape.Host].
func (h *host) Persistent(pid tape.ID) (tape.ID, error) {
	if class, ok := h.persistentClass(pid); ok {
		_, err := h.id("persistent id", h.describe(pid, 0), becauseModule)
		return class, err
	}
	return h.id("persistent id", h.describe(pid, 0), h.persistentReason(pid))
}

// Extension implements [tape.Host].
func (h *host) Extension(code int) (tape.ID, error) {
	return h.id("extension code", describeInt(int64(code)), becauseExtension)
}

// id records the use of a persistent id or an extension code, and returns the placeholder.
func (h *host) id(kind, text string, why *reason) (tape.ID, error) {
	if h.lastID == nil || h.lastID.kind != kind || h.lastID.text != text || h.lastID.reason != why {
		h.lastID = &usedName{kind: kind, text: text, judgement: judgement{reason: why}}
	}
	op, at := h.t.Op()
	h.uses.add(h.lastID, op, at)
	if h.placeholder == 0 {
		h.placeholder = h.t.NewCall(tape.FormReduce, tape.IDNone, tape.IDEmptyTuple, tape.IDNone, 0,
			false)
		h.t.PinBatches()
	}
	return h.placeholder, nil
}

// NextBuffer implements [tape.Host].
func (h *host) NextBuffer() (tape.ID, error) { return h.t.NewSpan(tape.Bytes, nil) }

// ReadOnly implements [tape.Host].
func (h *host) ReadOnly(buffer tape.ID) (tape.ID, error) { return buffer, nil }

// Str implements [tape.Host].
func (h *host) Str(b []byte) (tape.ID, error) { return h.t.NewSpan(tape.Py2Str, b) }

// computed stands for a module or name that is the result of a call, and so is not known.
const computed = "(computed)"

// Text implements [tape.Host].
func (h *host) Text(id tape.ID) (string, bool) {
	switch h.t.Kind(id) {
	case tape.Str, tape.Py2Str:
		return string(h.t.Span(id)), true
	case tape.Call:
		if h.isInstance(id) {
			return "", false
		}
		return computed, true
	}
	return "", false
}

// isInstance reports whether a Call makes an instance, without arguments, of a class that is data
// or known. Such an instance cannot be a name, since a str made in this way is empty. Without this
// test the bytes of joblib's arrays, read as opcodes, often seem to compute names.
func (h *host) isInstance(id tape.ID) bool {
	info := h.t.Call(id)
	if info.Form != tape.FormNewObj || h.t.Kind(info.Args) != tape.Tuple ||
		h.t.Size(info.Args) > 0 || h.t.Kind(info.Fn) != tape.Class {
		return false
	}
	k := h.use(info.Fn).name.judgement.kind
	return k == kindData || k == kindKnown || k == kindNew
}

// TypeName implements [tape.Host].
func (h *host) TypeName(id tape.ID) string {
	if k := h.t.Kind(id); int(k) < len(typeNames) && typeNames[k] != "" {
		return typeNames[k]
	}
	return "object"
}

var typeNames = [...]string{
	tape.None: "None", tape.False: "bool", tape.True: "bool", tape.Int: "int", tape.BigInt: "int",
	tape.Float: "float", tape.Class: "a class", tape.Str: "str", tape.Py2Str: "str",
	tape.Bytes: "bytes", tape.ByteArray: "bytearray", tape.Tuple: "tuple", tape.List: "list",
	tape.Dict: "dict", tape.Set: "set", tape.FrozenSet: "frozenset", tape.Call: "an object",
}

// use returns the use that a Class cell stands for.
func (h *host) use(class tape.ID) *use { return h.t.Value(class).(*use) }

// isClass reports whether a cell is a Class, and returns its global.
func (h *host) isClass(id tape.ID) (g pickle.Global, ok bool) {
	if h.t.Kind(id) != tape.Class {
		return g, false
	}
	return h.use(id).name.global, true
}

// opName returns the name of an opcode in findings.
func opName(op opcode.Code) string { return pickle.Opcode(op).String() }

// Drop implements [tape.Host]. The call was judged when it was made; what becomes of its result
// does not change the verdict.
func (h *host) Drop(target, call tape.ID) error { return nil }

// IsObject implements [tape.Host].
func (h *host) IsObject(id tape.ID) bool { return false }

// IsMethodCall implements [tape.Host].
func (h *host) IsMethodCall(id tape.ID) bool { return false }

// Keys implements [tape.Host].
func (h *host) Keys(dict tape.ID, max int) []string { return nil }

// LateEntries implements [tape.Host].
func (h *host) LateEntries(dict tape.ID, keys []tape.ID) (tape.ID, error) {
	return tape.IDNone, nil
}
