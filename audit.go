package unpkl

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/pickle"
)

// Verdict says what a name in a pickle would mean to Python.
type Verdict string

// The verdicts, from harmless to harmful.
const (
	// VerdictData: a type that this module rebuilds as data.
	VerdictData Verdict = "data"
	// VerdictUnknown: inert here, but any code at all in Python: a class or function of
	// some other module, a persistent id, an extension code.
	VerdictUnknown Verdict = "unknown"
	// VerdictDangerous: known to run commands or code, to reach files or the
	// network, or to reach any attribute of anything.
	VerdictDangerous Verdict = "dangerous"
)

// Finding is one use of a name by a pickle.
type Finding struct {
	// Pickle counts the pickles of the input from 0.
	Pickle int `json:"pickle"`
	// Member is the name of the member of a zip (.npz, or what torch.save writes) that
	// holds the pickle; "" outside of zips.
	Member string `json:"member,omitempty"`
	// Offset is the position of the opcode in the (decompressed) input or member, in
	// bytes.
	Offset int64 `json:"offset"`
	// Opcode is its name in CPython's pickletools.
	Opcode string `json:"opcode"`
	// Kind is "global", "persistent id" or "extension code".
	Kind string `json:"kind"`
	// Name is "module.name" of a global, the text of an id, the number of a code.
	Name string `json:"name"`
	// Verdict says what the name would mean to Python.
	Verdict Verdict `json:"verdict"`
	// Called reports that the pickle calls it, or makes an instance of it.
	Called bool `json:"called"`
}

// AuditReport is what [Audit] found.
type AuditReport struct {
	// Pickles is the number of pickles that were read to their STOP.
	Pickles int `json:"pickles"`
	// Findings are in the order of the input.
	Findings []Finding `json:"findings"`
	// Compression names how the input was compressed, "" if it was not.
	Compression string `json:"compression,omitempty"`
	// Trailing reports that bytes follow the last STOP that are no pickle: data
	// that pickle.load does not look at.
	Trailing bool `json:"trailing"`
	// TrailingOffset is where they begin.
	TrailingOffset int64 `json:"trailing_offset,omitempty"`
	// Err is what ended the reading early: malformed input, a limit. What the
	// findings say holds up to there, and for what could still be made out behind.
	Err error `json:"-"`
}

// Worst returns the worst verdict of the findings, VerdictData if there are none.
func (r *AuditReport) Worst() Verdict {
	worst := VerdictData
	for _, f := range r.Findings {
		switch {
		case f.Verdict == VerdictDangerous:
			return VerdictDangerous
		case f.Verdict == VerdictUnknown:
			worst = VerdictUnknown
		}
	}
	return worst
}

// Audit reads all pickles of r without building what they describe, and lists
// every class and function, persistent id and extension code that they would
// use in Python, however the pickle comes by the name. It is no proof of
// harmlessness for Python, which runs code that this list can only name.
//
// Besides pickles one after another it reads what holds pickles: .npy files and .npz
// archives, of which only arrays of objects do, the zip that torch.save writes, files of
// joblib, and a zip behind a pickle.
//
// Compressed input is undone within the limits, which are the one option that
// counts; the input is then in memory as a whole. The error is that of r or of
// undoing the compression; a pickle that is malformed is reported in the report's
// Err, with what was found before.
func Audit(r io.Reader, opts ...Option) (*AuditReport, error) {
	c := newConfig(opts)
	b := bufio.NewReader(r)
	if head, _ := b.Peek(len(zipMagic)); string(head) == zipMagic {
		limit := c.limits.WithDefaults().InputBytes
		z, size, err := zipOf(b, limit)
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(io.NewSectionReader(z, 0, size))
		if err != nil {
			return nil, err
		}
		return auditData(data, c), nil
	}
	in, err := compress.NewReader(b, c.limits)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	report := auditData(data, c)
	for _, f := range in.Formats() {
		if report.Compression != "" {
			report.Compression += ", "
		}
		report.Compression += f.String()
	}
	return report, nil
}

// AuditFile is [Audit] of a file. One that is not compressed is mapped: what its
// arrays hold is not read.
func AuditFile(path string, opts ...Option) (*AuditReport, error) {
	m, err := Open(path, opts...)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if m.data != nil {
		return auditData(m.data, m.c), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Audit(f, opts...)
}

// auditPickles audits the pickles in data, one after another; from has the member and
// the offset at which they begin.
func auditPickles(report *AuditReport, from auditor, data []byte, c *config) {
	pos, first := int64(0), report.Pickles
	for {
		a := from
		a.report, a.base, a.seen = report, from.base+pos, map[int64]int{}
		used, err := a.pickle(data[pos:], c)
		switch {
		case err == nil:
			report.Pickles++
			pos += used
			continue
		case errors.Is(err, io.EOF):
			return
		case report.Pickles > first && len(a.seen) == 0 && !looksLikePickle(data[pos:]):
			report.Trailing, report.TrailingOffset = true, from.base+pos
			return
		}
		if report.Err == nil {
			report.Err = shiftError(err, from.base+pos)
		}
		return
	}
}

// looksLikePickle tells a damaged pickle from other data behind a STOP.
func looksLikePickle(data []byte) bool {
	return len(data) >= 2 && data[0] == byte(pickle.OpProto) && data[1] <= pickle.HighestProtocol
}

// shiftError makes the offset of an error count from the start of the input.
func shiftError(err error, by int64) error {
	var de *pickle.DecodeError
	if !errors.As(err, &de) || by == 0 {
		return err
	}
	return &pickle.DecodeError{Op: de.Op, Offset: de.Offset + by, Err: de.Err}
}

// An auditor records what one pickle names. The machine carries out the
// opcodes, so that a name counts however it is put together; every class stays
// inert, except that joblib's arrays need their dtype for the machine to
// find the opcodes behind their bytes.
type auditor struct {
	report *AuditReport
	member string // of a zip
	base   int64  // of the pickle
	u      *pickle.Unpickler
	inert  bool
	seen   map[int64]int // findings by offset
}

func (a *auditor) pickle(data []byte, c *config) (int64, error) {
	used, err := a.run(data, c)
	if err == nil || errors.Is(err, io.EOF) {
		return used, err
	}
	// What was rebuilt for joblib's sake may have been refused where Python goes on:
	// look again with everything inert.
	a.inert = true
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
	for op, err := range pickle.Ops(bytes.NewReader(data)) {
		if err != nil {
			return
		}
		if g, ok := op.Arg.(pickle.Global); ok && op.Offset >= from {
			a.noteAt(op.Op, op.Offset, "global", safeText(g.String()), verdictOf(g.Module, g.Name))
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
	a.u.FindClass = a.findClass
	a.u.PersistentLoad = func(pid any) (any, error) {
		a.note("persistent id", describeID(pid), VerdictUnknown)
		return pickle.Global{Module: "persistent id", Name: describeID(pid)}, nil
	}
	a.u.GetExtension = func(code int) (any, error) {
		a.note("extension code", describeID(code), VerdictUnknown)
		return pickle.Global{Module: "extension code", Name: describeID(code)}, nil
	}
	a.u.NextBuffer = func() (any, error) { return []byte{}, nil }
	_, err := a.u.Load()
	return a.u.InputOffset(), err
}

// note records a finding once for each opcode and returns its place.
func (a *auditor) note(kind, name string, v Verdict) int {
	op, at := a.u.HookOpcode()
	return a.noteAt(op, at, kind, name, v)
}

func (a *auditor) noteAt(op pickle.Opcode, at int64, kind, name string, v Verdict) int {
	at += a.base
	if i, ok := a.seen[at]; ok {
		return i
	}
	i := len(a.report.Findings)
	a.report.Findings = append(a.report.Findings, Finding{
		Pickle: a.report.Pickles, Member: a.member, Offset: at, Opcode: op.String(), Kind: kind, Name: name, Verdict: v,
	})
	a.seen[at] = i
	return i
}
