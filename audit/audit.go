// Package audit reports what a pickle would do in Python: which classes and functions it names,
// what it does with them, and what each use would mean. An audit never executes a pickle and never
// imports what a pickle names.
//
// The verdict is on a use, not on a name alone: numpy.memmap is data as the class of an array, but
// opens a file when it is called. The file names.txt beside this one lists the names that the
// package knows, and the source of each entry.
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
	// VerdictKnown: a vetted class or function of scientific Python that has no side effect
	// when it is called, or when an instance is made, in the way that the pickle does it.
	VerdictKnown Verdict = "known"
	// VerdictUnknown: inert in this module, but possibly any code at all in Python: a class or
	// function of some other module, a persistent id, an extension code.
	VerdictUnknown Verdict = "unknown"
	// VerdictDangerous: known to run commands or code, to reach files or the network, or to
	// reach any attribute of any object.
	VerdictDangerous Verdict = "dangerous"
)

// Worse reports whether v is worse than other.
func (v Verdict) Worse(other Verdict) bool { return gradeOf(v) > gradeOf(other) }

// Finding is one use of a name by a pickle.
type Finding struct {
	// Pickle is the index, from 0, of the pickle within the input.
	Pickle int `json:"pickle"`
	// Member is the name of the archive member that holds the pickle, "" outside of archives.
	// In nested archives the names of the enclosing members come first, separated by "!".
	Member string `json:"member,omitempty"`
	// Offset is the position of the opcode in the (decompressed) input or member, in
	// bytes.
	Offset int64 `json:"offset"`
	// Opcode is the name of the opcode in CPython's pickletools.
	Opcode string `json:"opcode"`
	// Kind is "global", "persistent id", "extension code", or "keras layer".
	Kind string `json:"kind"`
	// Name is "module.name" of a global, the text of a persistent id, or the number of an
	// extension code.
	Name string `json:"name"`
	// Verdict says what the use would mean to Python.
	Verdict Verdict `json:"verdict"`
	// Called reports whether the pickle calls the name, or makes an instance of it.
	Called bool `json:"called"`
	// Capability is what a dangerous use could do.
	Capability Capability `json:"capability,omitempty"`
	// Reason explains the verdict in words.
	Reason string `json:"reason,omitempty"`
}

// Report is what [Reader] or [File] found.
type Report struct {
	// Pickles is the number of pickles that were read to their STOP.
	Pickles int `json:"pickles"`
	// Findings are in the order of the input.
	Findings []Finding `json:"findings"`
	// Compression names the compression formats of the input, outermost first; "" if it was
	// not compressed.
	Compression string `json:"compression,omitempty"`
	// Trailing reports whether bytes that are no pickle follow the last STOP: data that
	// pickle.load does not look at.
	Trailing bool `json:"trailing"`
	// TrailingOffset is the offset in bytes at which the trailing data begins.
	TrailingOffset int64 `json:"trailing_offset,omitempty"`
	// Err is the first thing that could not be read: malformed or empty input, a limit that was
	// reached, a container that an audit does not look into. The findings are complete up to
	// that point; behind it they hold what could still be recognised.
	Err error `json:"-"`

	worst grade // the worst verdict of findings that were yielded instead of kept in Findings
}

// Worst returns the worst verdict of the findings, or VerdictData if there are none. If Err is
// set, the result is at least VerdictUnknown.
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

// All returns an iterator over the findings. If Err is set, the last pair is an empty finding with
// that error.
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

// A collector builds a report. It keeps the findings in the report, or hands each to yield.
type collector struct {
	*Report
	found   func(Finding) bool // receives each finding; nil: append it to the report
	count   int                // number of findings so far
	stopped bool               // found returned false: the caller wants no more findings
}

// add records a finding, and reports whether the caller wants more.
func (r *collector) add(f Finding) bool {
	r.count++
	if r.found == nil {
		r.Findings = append(r.Findings, f)
		return true
	}
	r.worst = max(r.worst, gradeOf(f.Verdict))
	r.stopped = !r.found(f)
	return !r.stopped
}

// Reader reads all pickles of r without building what they describe, and lists every class and
// function, persistent id and extension code that they would use in Python, in whatever way the
// pickle obtains the name. A report without bad findings does not prove that a pickle is harmless
// in Python: Python runs the code of the classes, and the list can only name them.
//
// Besides pickles one after another, Reader looks into the files that hold pickles: .npy files and
// .npz archives (only their arrays of objects are pickles), the zip that torch.save writes, joblib
// files, tars, zips inside zips, a zip behind a pickle, and the configuration in Keras files. Err
// names a container that it cannot look into.
//
// Compressed input is decompressed within the limits. The whole input is held in memory. The
// returned error is that of reading r; malformed input and failed decompression are reported in
// the report's Err, together with the findings up to there.
func Reader(r io.Reader, opts ...Option) (*Report, error) {
	report := new(Report)
	if err := scanReader(r, &collector{Report: report}, opts); err != nil {
		return nil, err
	}
	return report, nil
}

// ReaderSeq is [Reader] for pickles with very many findings: a finding takes about 100 bytes of
// memory, and a pickle can have one for each of its bytes. Instead of collecting the findings it
// yields them in the order of the input, those of a pickle once that pickle has been read. The
// other fields of report are complete when the iteration ends; its Findings stay empty, and Worst
// is the worst of the verdicts that were yielded.
//
// An error of reading r or of decompressing, or the report's Err, is yielded as the last pair, with
// an empty finding.
func ReaderSeq(r io.Reader, report *Report, opts ...Option) iter.Seq2[Finding, error] {
	return seq(report, func(to *collector) error { return scanReader(r, to, opts) })
}

// seq returns an iterator over the findings that scan passes to its collector.
func seq(report *Report, scan func(to *collector) error) iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		*report = Report{}
		to := &collector{Report: report, found: func(f Finding) bool { return yield(f, nil) }}
		err := scan(to)
		if err == nil {
			err = report.Err
		}
		if err != nil && !to.stopped {
			yield(Finding{}, err)
		}
	}
}

func scanReader(r io.Reader, to *collector, opts []Option) error {
	c := newConfig(opts)
	data, err := readAll(io.LimitReader(bufio.NewReader(r), limitPlusOne(c.effective.InputBytes)))
	if err != nil {
		return err
	}
	if int64(len(data)) > c.effective.InputBytes {
		return &pickle.LimitError{Limit: "InputBytes", Max: c.effective.InputBytes,
			Want: int64(len(data))}
	}
	scanInput(data, to, c)
	return nil
}

// limitPlusOne returns n+1, or n if that would overflow: reading one byte more than a limit tells
// whether the limit is exceeded.
func limitPlusOne(n int64) int64 { return max(n, n+1) }

// scanInput audits a whole input, which may be compressed or an archive.
func scanInput(data []byte, to *collector, c *config) {
	s := &scan{collector: to, config: c, budget: c.effective.DecompressedBytes,
		input: int64(len(data))}
	s.audit(data, place{top: true})
	for _, f := range s.compressions {
		if to.Compression != "" {
			to.Compression += ", "
		}
		to.Compression += f
	}
}

// readAll is io.ReadAll with fewer and larger growth steps, because each step copies the data and
// leaves the old buffer to the collector. Large capacities cost nothing until they are written to.
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
			// Not slices.Grow, which clears all of the new memory.
			bigger := make([]byte, len(data), len(data)+max(min(16<<20, 3*len(data)), len(data)/2))
			copy(bigger, data)
			data = bigger
		}
	}
}

// File is [Reader] for the file at path. A file that is not compressed is mapped, so that the
// bytes of its arrays are never read from disk.
func File(path string, opts ...Option) (*Report, error) {
	report := new(Report)
	if err := scanFile(path, &collector{Report: report}, opts); err != nil {
		return nil, err
	}
	return report, nil
}

// FileSeq is [File] with the findings as an iterator, as in [ReaderSeq].
func FileSeq(path string, report *Report, opts ...Option) iter.Seq2[Finding, error] {
	return seq(report, func(to *collector) error { return scanFile(path, to, opts) })
}

func scanFile(path string, to *collector, opts []Option) error {
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
