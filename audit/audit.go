// Package audit says what a pickle would do in Python: which classes and functions it names, what
// it does with them, and what each use would mean. Nothing of a pickle is ever executed or
// imported.
//
// A use is judged, not a name: numpy.memmap is data as the class of an array and opens a file when
// it is called. What names mean is kept in names.txt beside this file, each entry with where it
// comes from.
package audit

import (
	"bufio"
	"io"
	"iter"
	"os"

	"github.com/unpkl/unpkl/internal/input"
	"github.com/unpkl/unpkl/internal/mmap"
	"github.com/unpkl/unpkl/pickle"
)

// Verdict says what a use of a name in a pickle would mean to Python.
type Verdict string

// The verdicts, from harmless to harmful.
const (
	// VerdictData: a class that this module rebuilds as data, used as its own pickler uses it.
	VerdictData Verdict = "data"
	// VerdictKnown: a vetted class or function of the field that has no effect when it is made
	// or called as it is.
	VerdictKnown Verdict = "known"
	// VerdictUnknown: inert here, but any code at all in Python: a class or function of
	// some other module, a persistent id, an extension code.
	VerdictUnknown Verdict = "unknown"
	// VerdictDangerous: known to run commands or code, to reach files or the
	// network, or to reach any attribute of anything.
	VerdictDangerous Verdict = "dangerous"
)

// Worse reports whether v is worse than other.
func (v Verdict) Worse(other Verdict) bool { return gradeOf(v) > gradeOf(other) }

// Finding is one use of a name by a pickle.
type Finding struct {
	// Pickle counts the pickles of the input from 0.
	Pickle int `json:"pickle"`
	// Member is the name of the member of an archive that holds the pickle, and of the archives
	// around it with "!" between; "" outside of archives.
	Member string `json:"member,omitempty"`
	// Offset is the position of the opcode in the (decompressed) input or member, in
	// bytes.
	Offset int64 `json:"offset"`
	// Opcode is its name in CPython's pickletools.
	Opcode string `json:"opcode"`
	// Kind is "global", "persistent id", "extension code", or "keras layer".
	Kind string `json:"kind"`
	// Name is "module.name" of a global, the text of an id, the number of a code.
	Name string `json:"name"`
	// Verdict says what the use would mean to Python.
	Verdict Verdict `json:"verdict"`
	// Called reports that the pickle calls it, or makes an instance of it.
	Called bool `json:"called"`
	// Capability is what a dangerous use could do.
	Capability Capability `json:"capability,omitempty"`
	// Reason says in words why the verdict is what it is.
	Reason string `json:"reason,omitempty"`
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
	// Err is what could not be read: malformed or empty input, a limit, a container that an audit
	// does not look into. What the findings say holds up to there, and for what could still be
	// made out behind.
	Err error `json:"-"`

	worst grade // of findings that were handed over
}

// Worst returns the worst verdict of the findings, VerdictData if there are none. Where Err is
// set, it is VerdictUnknown at least.
func (r *Report) Worst() Verdict {
	worst := r.worst
	for _, f := range r.Findings {
		worst = max(worst, gradeOf(f.Verdict))
	}
	if r.Err != nil {
		worst = max(worst, gradeUnknown)
	}
	return verdicts[worst]
}

// All returns an iterator over the findings. Where reading ended early, Err is the last pair, with
// no finding.
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
// joblib, tars, zips inside zips, a zip behind a pickle, the configuration of Keras files. A
// container that it cannot look into is named in Err.
//
// Compressed input is undone within the limits; the input is in memory as a whole. The error is
// that of r; what is malformed or cannot be undone is reported in the report's Err, with what was
// found before.
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

func scanReader(r io.Reader, to *run, opts []Option) error {
	c := newConfig(opts)
	data, err := readAll(io.LimitReader(bufio.NewReader(r), limitPlusOne(c.all.InputBytes)))
	if err != nil {
		return err
	}
	if int64(len(data)) > c.all.InputBytes {
		return &pickle.LimitError{Limit: "InputBytes", Max: c.all.InputBytes,
			Want: int64(len(data))}
	}
	scanInput(data, to, c)
	return nil
}

func limitPlusOne(n int64) int64 { return max(n, n+1) }

// scanInput audits the whole of an input.
func scanInput(data []byte, to *run, c *config) {
	s := &scan{run: to, c: c, budget: c.all.DecompressedBytes, input: int64(len(data))}
	s.data(data, place{top: true})
	for _, f := range s.formats {
		if to.Compression != "" {
			to.Compression += ", "
		}
		to.Compression += f
	}
}

// readAll is io.ReadAll with fewer copies, which are garbage: memory that is not written to
// costs nothing.
func readAll(r io.Reader) ([]byte, error) {
	data := make([]byte, 0, 16<<10)
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
			bigger := make([]byte, len(data), len(data)+max(min(16<<20, 3*len(data)), len(data)/2))
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

func scanFile(path string, to *run, opts []Option) error {
	c := newConfig(opts)
	data, err := input.Map(path, &input.Options{Limits: c.limits})
	if err != nil {
		return err
	}
	if data != nil {
		defer mmap.Unmap(data)
		scanInput(data, to, c)
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return scanReader(f, to, opts)
}
