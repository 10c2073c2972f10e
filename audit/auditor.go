package audit

import (
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/internal/window"
	"github.com/unpkl/unpkl/pickle"
)

// An auditor records which names one pickle uses and what it does with them. It reads the pickle
// with a tape, which executes the stack and memo opcodes, so that it sees a name in whatever way
// the pickle puts it together.
type auditor struct {
	member      string                      // name of the archive member, made printable
	base        int64                       // offset of the pickle in its input, in bytes
	names       map[pickle.Global]*usedName // shared by the pickles of one input
	config      *config
	hasWrappers bool // the pickle names joblib's array wrapper, so raw array bytes may follow
	uses        uses
	embedded    []embeddedFile
	lastID      *usedName // the last persistent id or extension code: repeated ids share it
}

// mode selects one of the ways in which unpicklers are known to differ.
type mode struct {
	unframed bool // ignore frames
	anyArgs  bool // accept arguments of a call that are not a tuple
	joblib   bool // skip the array bytes that follow joblib's array wrappers
}

// outcome is the result of one pass over a pickle.
type outcome struct {
	length   int64 // of the pickle in bytes, valid if err is nil
	overhang int64 // number of bytes of the last frame behind STOP
	err      error
	window   window.Window
}

// tapes lets one pickle use the memory of an earlier pickle's tape again.
var tapes = sync.Pool{New: func() any { return new(tape.Tape) }}

// pickle audits the pickle at the beginning of data. Where unpicklers differ, it reads the pickle
// in each of their ways, and keeps the uses that any of them would see.
func (a *auditor) pickle(data []byte) outcome {
	end := a.run(data, mode{joblib: true})
	if errors.Is(end.err, io.EOF) && !errors.Is(end.err, errkind.ErrTruncated) {
		return end
	}
	if frameError(end.err) {
		// CPython's C unpickler accepts frames that its Python unpickler refuses.
		a.rerun(data, mode{unframed: true, joblib: true})
		a.rereadAsC(data, end)
	}
	if a.hasWrappers {
		a.readAsPickle(data, end)
	}
	if end.err == nil {
		return end
	}
	from := offsetOf(end.err)
	if op := opOf(end.err); op == opcode.Reduce || op == opcode.NewObj || op == opcode.NewObjEx {
		// CPython's Python unpickler accepts arguments that its C unpickler refuses.
		other := a.rerun(data, mode{anyArgs: true, joblib: true})
		if a.hasWrappers {
			other = a.rerun(data, mode{anyArgs: true, unframed: true})
		}
		if other.err == nil {
			return end
		}
		from = max(from, offsetOf(other.err))
	}
	a.listGlobals(data, from)
	return end
}

// frameError reports whether an error is about a frame.
func frameError(err error) bool {
	var e *tape.Error
	if !errors.As(err, &e) {
		return false
	}
	return window.IsFrameError(err) ||
		errors.Is(err, errkind.ErrTruncated) && (e.Op == opcode.Frame || e.Op == opcode.Stop)
}

// rerun reads the pickle again in another mode, and adds the uses that it finds to the earlier
// ones.
func (a *auditor) rerun(data []byte, m mode) outcome {
	before := a.uses
	a.uses = nil
	end := a.run(data, m)
	a.keep(before)
	return end
}

// keep merges the uses of earlier passes into those of the last pass.
func (a *auditor) keep(before uses) {
	if len(before) == 0 {
		return
	}
	var all uses
	for at, u := range merged(before, a.uses) {
		*all.add(u.name, u.op, at) = use{u.name, u.reason, uint32(at - all[len(all)-1].base), u.op,
			u.called}
	}
	a.uses = all
}

// readAsPickle reads a joblib file as pickle.load does, which takes the bytes of arrays for
// opcodes. The bytes of numbers may look like a name by chance, so if only this reading fails, its
// uses count only when one of them is dangerous.
func (a *auditor) readAsPickle(data []byte, end outcome) {
	before := a.uses
	a.uses = nil
	other := a.run(data, mode{unframed: true})
	if end.err == nil && other.err != nil && a.uses.worst() < gradeDangerous {
		a.uses = before
		return
	}
	a.keep(before)
}

// run makes one pass over the opcodes of the pickle at the beginning of data.
func (a *auditor) run(data []byte, m mode) outcome {
	w := window.Bytes(data)
	w.Limit, w.Shared, w.Unframed = a.config.effective.InputBytes, true, m.unframed
	if w.Limit < 0 {
		w.Limit = 1<<63 - 1
	}
	if err := w.Begin(); err != nil {
		return outcome{err: err}
	}
	h := &host{auditor: a, t: tapes.Get().(*tape.Tape), joblib: m.joblib}
	defer func() {
		h.t.Release()
		tapes.Put(h.t)
	}()
	opts := a.options(h)
	opts.AnyArgs = m.anyArgs
	if a.config.usage != nil {
		opts.Usage = *a.config.usage
	}
	if len(a.uses) == 0 {
		opts.Path = skipValues
	}
	before, was := w, *a
	err := h.t.Read(&w, opts)
	if omitted, ok := h.t.CheckPartial(); omitted && (err != nil || !ok) {
		// A part that was left out may be the argument of a call: read all of it.
		w, *a, opts.Path = before, was, nil
		*h = host{auditor: a, t: h.t, joblib: m.joblib}
		err = h.t.Read(&w, opts)
	}
	if a.config.usage != nil {
		*a.config.usage = h.t.Usage()
	}
	return outcome{w.Offset(), w.Overhang(), err, w}
}

// skipValues tells the tape to leave out every value that is not an argument of a call.
var skipValues = []tape.PathStep{{Selection: &tape.Selection{ThroughTuples: true, AnyCount: true}}}

// options returns the tape's options for one pass.
func (a *auditor) options(h *host) *tape.Options {
	l := a.config.effective
	limits := tape.Limits{
		Objects: l.Objects, Memo: l.Memo, StringBytes: l.StringBytes, IntDigits: l.IntDigits,
		ValueBytes: a.config.valueBytes,
	}
	return &tape.Options{Host: h, Limits: limits, CallsAsArgs: true}
}

// listGlobals adds the names in GLOBAL and INST opcodes from an offset on. It is for the part of a
// pickle that the tape could not reach, because Python may reach it.
func (a *auditor) listGlobals(data []byte, from int64) {
	noted := a.uses.end()
	for op, err := range pickle.OpsBytes(data) {
		if err != nil {
			return
		}
		if g, ok := op.Arg.(pickle.Global); ok && op.Offset >= from && op.Offset > noted {
			a.uses.add(a.nameOf(g), opcode.Code(op.Op), op.Offset)
		}
	}
}

// opOf returns the opcode that an error names, or 0.
func opOf(err error) opcode.Code {
	var e *tape.Error
	if errors.As(err, &e) {
		return e.Op
	}
	return 0
}

// offsetOf returns the offset that an error names, or 0.
func offsetOf(err error) int64 {
	var e *tape.Error
	if errors.As(err, &e) {
		return e.Offset
	}
	return 0
}

// nameOf returns what is known of the name of a class or function.
func (a *auditor) nameOf(g pickle.Global) *usedName {
	n, ok := a.names[g]
	if !ok {
		n = &usedName{global: g, kind: "global", text: safeText(g.String()),
			judgement: a.config.judge(g.Module, g.Name)}
		if len(a.names) < maxNames {
			a.names[g] = n
		}
	}
	if isArrayWrapper(g.Module, g.Name) {
		a.hasWrappers = true
	}
	return n
}

// report passes the findings to the collector, in the order of their offsets.
func (a *auditor) report(r *collector) {
	if r.found == nil {
		r.Findings = slices.Grow(r.Findings, a.uses.len())
	}
	for at, u := range a.uses.all() {
		more := r.add(Finding{
			Pickle: r.Pickles, Member: a.member, Offset: a.base + at, Opcode: opName(u.op),
			Kind: u.name.kind, Name: u.name.text, Verdict: verdicts[u.reason.grade],
			Called: u.called, Capability: u.reason.capability, Reason: u.reason.text,
		})
		if !more {
			return
		}
	}
}
