package audit

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// NOTE. A pickle of a megabyte can use 300,000 names, and what it makes of them is of no
// interest. So a use is small until the pickle is through, a name that is used again
// is kept once, and whatever a call returns is one and the same inert value.

// An auditor records what one pickle names. The machine carries out the
// opcodes, so that a name counts however it is put together; every class stays
// inert, except that joblib's arrays need their dtype for the machine to
// find the opcodes behind their bytes.
type auditor struct {
	member string // of a zip
	base   int64  // of the pickle
	names  map[pickle.Global]*usedName
	u      *pickle.Unpickler
	inert  bool
	joblib bool // an array of joblib may follow, and what its dtype is made of
	real   bool // a class was not inert
	first  uses // of a run that went wrong
	uses   uses
	lastID *usedName
}

func (a *auditor) pickle(data []byte, c *config) (int64, error) {
	var before pickle.Tally
	if c.tally != nil {
		before = *c.tally
	}
	used, err := a.run(data, c)
	if err == nil || errors.Is(err, io.EOF) {
		return used, err
	}
	if errors.Is(err, pickle.ErrLimit) || !a.real {
		a.scan(data, offsetOf(err))
		return 0, err
	}
	// What was rebuilt for joblib's sake may have been refused where Python goes on:
	// look again with everything inert.
	a.inert, a.first, a.uses = true, a.uses, nil
	if c.tally != nil {
		*c.tally = before
	}
	inertUsed, inertErr := a.run(data, c)
	if inertErr == nil {
		return inertUsed, nil
	}
	a.scan(data, max(offsetOf(err), offsetOf(inertErr)))
	return 0, err
}

// scan lists what GLOBAL and INST opcodes name from an offset on, where the
// machine could not go: Python may have.
func (a *auditor) scan(data []byte, from int64) {
	noted := max(a.first.end(), a.uses.end())
	for op, err := range pickle.Ops(bytes.NewReader(data)) {
		if err != nil {
			return
		}
		if g, ok := op.Arg.(pickle.Global); ok && op.Offset >= from && op.Offset > noted {
			a.note(op.Op, op.Offset, a.nameOf(g))
		}
	}
}

func offsetOf(err error) int64 {
	var de *pickle.DecodeError
	if errors.As(err, &de) {
		return de.Offset
	}
	return 0
}

func (a *auditor) run(data []byte, c *config) (int64, error) {
	a.u = pickle.NewUnpicklerBytes(data)
	a.u.SharedInput = true
	a.u.Encoding = pickle.EncodingKeep
	a.u.Limits = c.limits
	a.u.Compressed = c.compressed
	a.u.Tally = c.tally
	a.u.FindClass = a.findClass
	a.u.PersistentLoad = func(pid any) (any, error) { return a.id("persistent id", pid) }
	a.u.GetExtension = func(code int) (any, error) { return a.id("extension code", code) }
	a.u.NextBuffer = func() (any, error) { return []byte{}, nil }
	_, err := a.u.Load()
	return a.u.InputOffset(), err
}

// findClass is the hook of an audit.
func (a *auditor) findClass(module, name string) (any, error) {
	op, at := a.u.HookOpcode()
	u := a.note(op, at, a.nameOf(pickle.Global{Module: module, Name: name}))
	if a.inert {
		return u, nil
	}
	a.joblib = a.joblib || isArrayWrapper(module, name)
	switch {
	case name == "dtype" && module == "numpy", name == "encode" && module == "_codecs", isArrayWrapper(module, name):
		if real, err := reconstruct.FindClass(module, name); err == nil {
			a.real = true
			return &realClass{u, real, a.joblib}, nil
		}
	case a.joblib, isReconstructor(module, name):
		a.real = true
		return &realClass{u, nil, a.joblib}, nil
	}
	return u, nil
}

// id notes a persistent id or an extension code.
func (a *auditor) id(kind string, id any) (any, error) {
	op, at := a.u.HookOpcode()
	if text := describeID(id); a.lastID == nil || a.lastID.kind != kind || a.lastID.text != text {
		a.lastID = &usedName{kind: kind, text: text, verdict: gradeUnknown}
	}
	a.note(op, at, a.lastID)
	return anything, nil
}

// nameOf returns what a class or function is.
func (a *auditor) nameOf(g pickle.Global) *usedName {
	if n, ok := a.names[g]; ok {
		return n
	}
	n := &usedName{g, "global", safeText(g.String()), verdictOf(g.Module, g.Name)}
	if len(a.names) < maxNames {
		a.names[g] = n
	}
	return n
}

// note records a use behind all others.
func (a *auditor) note(op pickle.Opcode, at int64, name *usedName) *use {
	return a.uses.add(name, op, at)
}

// report hands over the findings.
func (a *auditor) report(r *run) {
	if r.found == nil {
		r.Findings = slices.Grow(r.Findings, max(a.first.len(), a.uses.len()))
	}
	for at, u := range merged(a.first, a.uses) {
		more := r.add(Finding{
			Pickle: r.Pickles, Member: a.member, Offset: a.base + at, Opcode: u.op.String(),
			Kind: u.name.kind, Name: u.name.text, Verdict: verdicts[u.verdict], Called: u.called,
		})
		if !more {
			return
		}
	}
}
