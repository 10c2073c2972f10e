package unpkl

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
	names  map[pickle.Global]*auditName
	u      *pickle.Unpickler
	inert  bool
	joblib bool    // an array of joblib may follow, and what its dtype is made of
	uses   [][]use // in chunks, by offset
	lastID *auditName
}

// use is one use of a name; that of a class is what stands for the class.
type use struct {
	name    *auditName
	offset  int64
	op      pickle.Opcode
	verdict grade
	called  bool
}

// auditName is what a name in a pickle is.
type auditName struct {
	global  pickle.Global
	kind    string
	text    string
	verdict grade
}

// grade is a Verdict, in order.
type grade uint8

var verdicts = [...]Verdict{VerdictData, VerdictUnknown, VerdictDangerous}

const (
	gradeData grade = iota
	gradeUnknown
	gradeDangerous
)

const (
	useFirst = 8       // uses in the first chunk; later ones are up to 32 times as long
	maxNames = 1 << 10 // that are kept to be used again
)

func (a *auditor) pickle(data []byte, c *config) (int64, error) {
	used, err := a.run(data, c)
	if err == nil || errors.Is(err, io.EOF) {
		return used, err
	}
	if errors.Is(err, ErrLimit) {
		a.scan(data, offsetOf(err))
		return 0, err
	}
	// What was rebuilt for joblib's sake may have been refused where Python goes on:
	// look again with everything inert.
	first := a.uses
	a.inert, a.uses = true, nil
	inertUsed, inertErr := a.run(data, c)
	a.uses = mergeUses(first, a.uses)
	if inertErr == nil {
		return inertUsed, nil
	}
	a.scan(data, max(offsetOf(err), offsetOf(inertErr)))
	return 0, err
}

// scan lists what GLOBAL and INST opcodes name from an offset on, where the
// machine could not go: Python may have.
func (a *auditor) scan(data []byte, from int64) {
	noted := int64(-1)
	if n := len(a.uses); n > 0 {
		noted = a.uses[n-1][len(a.uses[n-1])-1].offset
	}
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
			return &realClass{u, real, a.joblib}, nil
		}
	case a.joblib, isReconstructor(module, name):
		return &realClass{u, nil, a.joblib}, nil
	}
	return u, nil
}

// id notes a persistent id or an extension code.
func (a *auditor) id(kind string, id any) (any, error) {
	op, at := a.u.HookOpcode()
	if text := describeID(id); a.lastID == nil || a.lastID.kind != kind || a.lastID.text != text {
		a.lastID = &auditName{kind: kind, text: text, verdict: gradeUnknown}
	}
	a.note(op, at, a.lastID)
	return anything, nil
}

// nameOf returns what a class or function is.
func (a *auditor) nameOf(g pickle.Global) *auditName {
	if n, ok := a.names[g]; ok {
		return n
	}
	n := &auditName{g, "global", safeText(g.String()), verdictOf(g.Module, g.Name)}
	if len(a.names) < maxNames {
		a.names[g] = n
	}
	return n
}

// note records a use behind all others.
func (a *auditor) note(op pickle.Opcode, at int64, name *auditName) *use {
	return addUse(&a.uses, use{name: name, offset: at, op: op, verdict: name.verdict})
}

// addUse adds a use where it stays.
func addUse(uses *[][]use, u use) *use {
	n := len(*uses)
	if n == 0 || len((*uses)[n-1]) == cap((*uses)[n-1]) {
		*uses = append(*uses, make([]use, 0, useFirst<<min(n, 5)))
		n++
	}
	last := &(*uses)[n-1]
	*last = append(*last, u)
	return &(*last)[len(*last)-1]
}

// mergeUses returns the uses of two runs, each once: as it was called, and by the worse verdict if it
// was in both.
func mergeUses(a, b [][]use) (merged [][]use) {
	next := func(uses *[][]use) *use {
		for len(*uses) > 0 && len((*uses)[0]) == 0 {
			*uses = (*uses)[1:]
		}
		if len(*uses) == 0 {
			return nil
		}
		return &(*uses)[0][0]
	}
	skip := func(uses [][]use) { uses[0] = uses[0][1:] }
	for {
		x, y := next(&a), next(&b)
		switch {
		case x == nil && y == nil:
			return merged
		case y == nil || x != nil && x.offset < y.offset:
			addUse(&merged, *x)
			skip(a)
		case x == nil || y.offset < x.offset:
			addUse(&merged, *y)
			skip(b)
		default:
			if !x.called || y.called && y.verdict > x.verdict {
				x = y
			}
			addUse(&merged, *x)
			skip(a)
			skip(b)
		}
	}
}

// report adds the uses to the findings.
func (a *auditor) report(r *AuditReport) {
	n := 0
	for _, chunk := range a.uses {
		n += len(chunk)
	}
	r.Findings = slices.Grow(r.Findings, n)
	for _, chunk := range a.uses {
		for _, u := range chunk {
			r.Findings = append(r.Findings, Finding{
				Pickle: r.Pickles, Member: a.member, Offset: a.base + u.offset, Opcode: u.op.String(),
				Kind: u.name.kind, Name: u.name.text, Verdict: verdicts[u.verdict], Called: u.called,
			})
		}
	}
}
