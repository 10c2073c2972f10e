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

// An auditor records what one pickle names and what it does with that. The tape carries out the
// opcodes, so that a name counts however it is put together.
type auditor struct {
	member string // of an archive
	base   int64  // of the pickle
	names  map[pickle.Global]*usedName
	c      *config
	wraps  bool // an array of joblib may follow
	uses   uses
	inside []inside
	lastID *usedName
}

// mode says how a run takes what readers of pickles take differently.
type mode struct {
	unframed bool // frames are ignored
	anyArgs  bool // arguments need not be a tuple
	joblib   bool // arrays follow their wrappers
}

// ended is how a run over a pickle ended.
type ended struct {
	used     int64 // bytes, if err is nil
	overhang int64 // bytes of the last frame behind STOP
	err      error
	w        window.Window
}

// tapes keeps the memory of tapes from one pickle to the next.
var tapes = sync.Pool{New: func() any { return new(tape.Tape) }}

// pickle audits the pickle at the beginning of data. Where readers differ, it is read as each of
// them does, and what any of them sees is kept.
func (a *auditor) pickle(data []byte) ended {
	end := a.run(data, mode{joblib: true})
	if errors.Is(end.err, io.EOF) && !errors.Is(end.err, errkind.ErrTruncated) {
		return end
	}
	if frameError(end.err) {
		// CPython's C unpickler runs what its Python one refuses.
		a.rerun(data, mode{unframed: true, joblib: true})
		a.dropping(data, end)
	}
	if a.wraps {
		a.plain(data, end)
	}
	if end.err == nil {
		return end
	}
	from := offsetOf(end.err)
	if op := opOf(end.err); op == opcode.Reduce || op == opcode.NewObj || op == opcode.NewObjEx {
		// CPython's Python unpickler runs what its C one refuses.
		other := a.rerun(data, mode{anyArgs: true, joblib: true})
		if a.wraps {
			other = a.rerun(data, mode{anyArgs: true, unframed: true})
		}
		if other.err == nil {
			return end
		}
		from = max(from, offsetOf(other.err))
	}
	a.scan(data, from)
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

// rerun runs over the pickle once more, and keeps what either run found.
func (a *auditor) rerun(data []byte, m mode) ended {
	before := a.uses
	a.uses = nil
	end := a.run(data, m)
	a.keep(before)
	return end
}

// keep merges the uses of an earlier run into those of the last.
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

// plain reads a file of joblib as pickle.load does, which takes the bytes of arrays for opcodes.
// What it finds there counts only if it means something: bytes of numbers may look like a name.
func (a *auditor) plain(data []byte, end ended) {
	before := a.uses
	a.uses = nil
	other := a.run(data, mode{unframed: true})
	if end.err == nil && other.err != nil && a.uses.worst() < gradeDangerous {
		a.uses = before
		return
	}
	a.keep(before)
}

// run runs the opcodes of the pickle at the beginning of data.
func (a *auditor) run(data []byte, m mode) ended {
	w := window.Bytes(data)
	w.Limit, w.Shared, w.Unframed = a.c.all.InputBytes, true, m.unframed
	if w.Limit < 0 {
		w.Limit = 1<<63 - 1
	}
	if err := w.Begin(); err != nil {
		return ended{err: err}
	}
	h := &host{auditor: a, t: tapes.Get().(*tape.Tape), joblib: m.joblib}
	defer func() {
		h.t.Release()
		tapes.Put(h.t)
	}()
	opts := a.options(h)
	opts.AnyArgs = m.anyArgs
	if a.c.usage != nil {
		opts.Usage = *a.c.usage
	}
	if len(a.uses) == 0 {
		opts.Path = nothing
	}
	before, was := w, *a
	err := h.t.Read(&w, opts)
	if lacks, ok := h.t.CheckPartial(); lacks && (err != nil || !ok) {
		// What was left out may be an argument.
		w, *a, opts.Path = before, was, nil
		*h = host{auditor: a, t: h.t, joblib: m.joblib}
		err = h.t.Read(&w, opts)
	}
	if a.c.usage != nil {
		*a.c.usage = h.t.Usage()
	}
	return ended{w.Offset(), w.Overhang(), err, w}
}

// nothing is what an audit wants of the values of a pickle that none of its calls takes.
var nothing = []tape.PathStep{{Selection: &tape.Selection{ThroughTuples: true, AnyCount: true}}}

// options are those of a pass over the opcodes.
func (a *auditor) options(h *host) *tape.Options {
	l := a.c.all
	limits := tape.Limits{
		Objects: l.Objects, Memo: l.Memo, StringBytes: l.StringBytes, IntDigits: l.IntDigits,
		ValueBytes: a.c.valueBytes,
	}
	return &tape.Options{Host: h, Limits: limits, CallsAsArgs: true}
}

// scan lists what GLOBAL and INST opcodes name from an offset on, where the run could not go:
// Python may have.
func (a *auditor) scan(data []byte, from int64) {
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

// opOf returns the opcode that an error is of, 0 if of none.
func opOf(err error) opcode.Code {
	var e *tape.Error
	if errors.As(err, &e) {
		return e.Op
	}
	return 0
}

func offsetOf(err error) int64 {
	var e *tape.Error
	if errors.As(err, &e) {
		return e.Offset
	}
	return 0
}

// nameOf returns what a class or function is.
func (a *auditor) nameOf(g pickle.Global) *usedName {
	n, ok := a.names[g]
	if !ok {
		n = &usedName{global: g, kind: "global", text: safeText(g.String()),
			judged: a.c.judge(g.Module, g.Name)}
		if len(a.names) < maxNames {
			a.names[g] = n
		}
	}
	if isArrayWrapper(g.Module, g.Name) {
		a.wraps = true
	}
	return n
}

// report hands over the findings.
func (a *auditor) report(r *run) {
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
