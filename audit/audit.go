// Package audit says what a pickle would do in Python: which classes and functions it names, which of
// them it calls, and what each would mean. Nothing of a pickle is ever executed or imported.
package audit

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"os"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/input"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
)

// Option says how an input is audited.
type Option func(*config)

// config is what the options say.
type config struct {
	limits     pickle.Limits
	compressed func() int64  // see pickle.Unpickler.Compressed
	tally      *pickle.Tally // of an archive
}

// WithLimits sets the limits; a field that is zero keeps its default.
func WithLimits(limits pickle.Limits) Option {
	return func(c *config) { c.limits = limits }
}

func newConfig(opts []Option) *config {
	c := new(config)
	for _, o := range opts {
		if o != nil {
			o(c)
		}
	}
	return c
}

// npy returns the options for package npy. Arrays of objects are audited as pickles, not read.
func (c *config) npy() *npy.Options { return (&input.Options{Limits: c.limits}).NPY() }

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

// Report is what [Reader] or [File] found.
type Report struct {
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

	worst grade // of findings that were handed over
}

// Worst returns the worst verdict of the findings, VerdictData if there are none.
func (r *Report) Worst() Verdict {
	worst := r.worst
	for _, f := range r.Findings {
		worst = max(worst, gradeOf(f.Verdict))
	}
	return verdicts[worst]
}

// All returns an iterator over the findings. Where reading ended early, Err is the last pair, with no
// finding.
func (r *Report) All() iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		for _, f := range r.Findings {
			if !yield(f, nil) {
				return
			}
		}
		if r.Err != nil {
			yield(Finding{}, r.Err)
		}
	}
}

// A run is a report that is being made.
type run struct {
	*Report
	found   func(Finding) bool // nil: into the report
	n       int                // findings
	stopped bool               // found wants no more
}

// add adds a finding, and reports whether more are wanted.
func (r *run) add(f Finding) bool {
	r.n++
	if r.found == nil {
		r.Findings = append(r.Findings, f)
		return true
	}
	r.worst = max(r.worst, gradeOf(f.Verdict))
	r.stopped = !r.found(f)
	return !r.stopped
}

// Reader reads all pickles of r without building what they describe, and lists
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
func Reader(r io.Reader, opts ...Option) (*Report, error) {
	report := new(Report)
	if err := scanReader(r, &run{Report: report}, opts); err != nil {
		return nil, err
	}
	return report, nil
}

// ReaderSeq is [Reader] without a list of the findings in memory, which takes 100 bytes for a
// finding, and a pickle can have one for each byte: it yields each, in the order of the input, once
// the pickle that it is in has been read. The rest of the report is complete when the iteration is;
// it has no Findings, and Worst is that of all that were yielded.
//
// An error is the last pair, with no finding: that of r or of undoing the compression, or the
// report's Err.
func ReaderSeq(r io.Reader, report *Report, opts ...Option) iter.Seq2[Finding, error] {
	return seq(report, func(to *run) error { return scanReader(r, to, opts) })
}

// seq yields what scan finds.
func seq(report *Report, scan func(to *run) error) iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		*report = Report{}
		to := &run{Report: report, found: func(f Finding) bool { return yield(f, nil) }}
		err := scan(to)
		if err == nil {
			err = report.Err
		}
		if err != nil && !to.stopped {
			yield(Finding{}, err)
		}
	}
}

func scanReader(r io.Reader, report *run, opts []Option) error {
	c := newConfig(opts)
	b := bufio.NewReader(r)
	if head, _ := b.Peek(len(input.ZipMagic)); string(head) == input.ZipMagic {
		limit := c.limits.WithDefaults().InputBytes
		z, size, err := input.ZipOf(b, limit)
		if err != nil {
			return err
		}
		data, err := readAll(io.NewSectionReader(z, 0, size))
		if err != nil {
			return err
		}
		scanData(data, report, c)
		return nil
	}
	in, err := compress.NewReader(b, c.limits)
	if err != nil {
		return err
	}
	defer in.Close()
	if in.Taken() > 0 {
		c.compressed = in.Taken
	}
	data, err := readAll(in)
	if err != nil {
		return err
	}
	scanData(data, report, c)
	for _, f := range in.Formats() {
		if report.Compression != "" {
			report.Compression += ", "
		}
		report.Compression += f.String()
	}
	return nil
}

// readAll is io.ReadAll with fewer copies, which are garbage: memory that is not written to
// costs nothing.
func readAll(r io.Reader) ([]byte, error) {
	data := make([]byte, 0, 64<<10)
	for {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
		if len(data) == cap(data) {
			// Not slices.Grow, which writes to all of it.
			bigger := make([]byte, len(data), len(data)+max(16<<20, len(data)/2))
			copy(bigger, data)
			data = bigger
		}
	}
}

// File is [Reader] of a file. One that is not compressed is mapped: what its
// arrays hold is not read.
func File(path string, opts ...Option) (*Report, error) {
	report := new(Report)
	if err := scanFile(path, &run{Report: report}, opts); err != nil {
		return nil, err
	}
	return report, nil
}

// FileSeq is [File] in the manner of [ReaderSeq].
func FileSeq(path string, report *Report, opts ...Option) iter.Seq2[Finding, error] {
	return seq(report, func(to *run) error { return scanFile(path, to, opts) })
}

func scanFile(path string, report *run, opts []Option) error {
	c := newConfig(opts)
	data, err := input.Map(path, &input.Options{Limits: c.limits})
	if err != nil {
		return err
	}
	if data != nil {
		defer input.Unmap(data)
		scanData(data, report, c)
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return scanReader(f, report, opts)
}

// scanPickles audits the pickles in data, one after another; from has the member and
// the offset at which they begin.
func scanPickles(report *run, from auditor, data []byte, c *config) {
	pos, first := int64(0), report.Pickles
	names := map[pickle.Global]*usedName{}
	for {
		a := from
		a.names, a.base = names, from.base+pos
		before := report.n
		used, err := a.pickle(data[pos:], c)
		a.report(report)
		switch {
		case report.stopped:
			return
		case err == nil:
			report.Pickles++
			pos += used
			continue
		case errors.Is(err, io.EOF):
			return
		case report.Pickles > first && report.n == before && !looksLikePickle(data[pos:]):
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
