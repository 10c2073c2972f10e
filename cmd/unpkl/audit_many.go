package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/internal/batch"
	"github.com/unpkl/unpkl/pickle"
)

// auditListing lists the files of audit, info and checksum. It includes hidden files.
var auditListing = batch.Listing{Hidden: true, Remote: &objects}

// audited is the result of the audit of one file.
type audited struct {
	name   string
	walked bool          // found in a folder, so it need not be a pickle
	report *audit.Report // nil if err is not
	err    error         // why the audit could not begin
}

// isOther reports whether the file is no pickle and was not expected to be one: it was found in a
// folder, its name is not that of a model, and nothing in it looks like a pickle.
func (a *audited) isOther() bool {
	if !a.walked || a.err != nil || isModel(strings.ToLower(filepath.Ext(a.name))) {
		return false
	}
	r := a.report
	return r.Pickles == 0 && len(r.Findings) == 0 && (r.Err == nil ||
		errors.Is(r.Err, pickle.ErrMalformed) || errors.Is(r.Err, pickle.ErrTruncated))
}

// auditSource audits one of several files.
func auditSource(s *streams, name string, opts []audit.Option) (*audit.Report, error) {
	if name == "-" {
		return audit.Reader(s.in, opts...)
	}
	if !objects.Has(name) {
		return audit.File(name, opts...)
	}
	r, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return audit.Reader(r, opts...)
}

// auditMany audits several files and writes the results. It returns the first of the errors with
// the greatest exit status. --errors gets each file that could not be read.
func auditMany(s *streams, f *auditFlags, m *many, opts []audit.Option) error {
	out := newAuditWriter(f, s.out)
	var status error
	err := eachFile(m, func(source batch.Source) *audited {
		a := &audited{name: source.Path, walked: source.Walked}
		a.report, a.err = auditSource(s, a.name, opts)
		return a
	}, func(source batch.Source, a *audited) error {
		if a.isOther() {
			out.skipped++
			return nil
		}
		one := a.err
		if one != nil {
			one = &fileError{a.name, one}
		} else {
			one = auditStatus(a.name, a.report, audit.Verdict(f.failOn))
		}
		if one != nil && (status == nil || exitStatus(one) > exitStatus(status)) {
			status = one
		}
		if failure := cmp.Or(a.err, a.reportErr()); failure != nil && m.fails.w != nil {
			if err := m.failed(source, failure); err != nil {
				return err
			}
		}
		return out.file(a)
	})
	err = errors.Join(err, out.end())
	if e := m.end(err); err != nil || status == nil {
		return e
	}
	return status
}

// auditToFile writes a line of JSON for each file to the file of -o. Each file that could not be
// read is reported.
func auditToFile(s *streams, f *auditFlags, m *many, opts []audit.Option) error {
	options, err := auditOptions(f)
	if err != nil {
		return m.end(err)
	}
	var found error
	err = toFile(m, &f.out, options, &lineCodec[*audited]{
		work: func(source batch.Source) *audited {
			a := &audited{name: source.Path, walked: source.Walked}
			a.report, a.err = auditSource(s, a.name, opts)
			return a
		},
		lines: func(w io.Writer, _ batch.Source, a *audited) error {
			if a.isOther() {
				return nil
			}
			err := json.NewEncoder(w).Encode(a.document())
			return cmp.Or(a.err, a.reportErr(), err)
		},
		accept: func(line []byte) error {
			var doc struct {
				File  string
				Worst audit.Verdict
			}
			if len(line) == 0 || found != nil || f.failOn == failNever {
				return nil
			}
			err := json.Unmarshal(line, &doc)
			if err == nil && !audit.Verdict(f.failOn).Worse(doc.Worst) {
				what := fmt.Errorf("%s names are used", doc.Worst)
				found = statusError{&fileError{doc.File, what}, statusFound}
			}
			return err
		},
	})
	if e := m.end(err); err != nil || found == nil {
		return e
	}
	return found
}

// auditOptions identifies everything but the files that the lines of an audit depend on, so that
// --resume does not mix different audits.
func auditOptions(f *auditFlags) (string, error) {
	if f.rules == "" {
		return "audit", nil
	}
	rules, err := os.ReadFile(f.rules)
	if err != nil {
		return "", &fileError{f.rules, err}
	}
	return fmt.Sprintf("audit by rules %x", sha256.Sum256(rules)), nil
}

// reportErr returns the error that ended the audit of a file early, or nil.
func (a *audited) reportErr() error {
	if a.report == nil {
		return nil
	}
	return a.report.Err
}

// auditWriter writes the results for several files.
type auditWriter struct {
	f              *auditFlags
	w              io.Writer
	n, skipped     int // the numbers of files written and left out
	worst          audit.Verdict
	results, rules []any           // the results and rules of SARIF
	seen           map[string]bool // the ids of rules
}

func newAuditWriter(f *auditFlags, w io.Writer) *auditWriter {
	return &auditWriter{f: f, w: w, worst: audit.VerdictData, seen: map[string]bool{}}
}

// document returns the JSON document of a file.
func (a *audited) document() any {
	doc := struct {
		File string `json:"file"`
		audit.Report
		Worst audit.Verdict `json:"worst"`
		Error string        `json:"error,omitempty"`
	}{File: a.name, Worst: audit.VerdictUnknown}
	if a.report != nil {
		doc.Report, doc.Worst = *a.report, a.report.Worst()
	}
	if doc.Findings == nil {
		doc.Findings = []audit.Finding{}
	}
	if err := errors.Join(a.err, doc.Report.Err); err != nil {
		doc.Error = printable(detail(err))
	}
	return doc
}

func (o *auditWriter) file(a *audited) error {
	o.n++
	worst := audit.VerdictUnknown
	if a.report != nil {
		worst = a.report.Worst()
	}
	if worst.Worse(o.worst) {
		o.worst = worst
	}
	switch {
	case o.f.sarif:
		o.sarif(a)
		return nil
	case o.f.json || o.f.lines:
		return o.json(a)
	}
	return o.text(a, worst)
}

func (o *auditWriter) json(a *audited) error {
	text, err := json.Marshal(a.document())
	if err != nil {
		return err
	}
	before := ""
	if o.f.json {
		before = "[\n"
		if o.n > 1 {
			before = ",\n"
		}
	}
	end := ""
	if o.f.lines {
		end = "\n"
	}
	_, err = fmt.Fprintf(o.w, "%s%s%s", before, text, end)
	return err
}

func (o *auditWriter) text(a *audited, worst audit.Verdict) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", printable(a.name), worst)
	if a.err != nil {
		fmt.Fprintf(&b, "  %s\n", printable(detail(a.err)))
	} else {
		for _, f := range a.report.Findings {
			if f.Verdict.Worse(audit.VerdictKnown) {
				fmt.Fprintf(&b, "  %s\n", auditLine(f))
			}
		}
		if a.report.Err != nil {
			fmt.Fprintf(&b, "  not all could be read: %s\n", printable(detail(a.report.Err)))
		}
	}
	_, err := io.WriteString(o.w, b.String())
	return err
}

// end writes what follows the last file.
func (o *auditWriter) end() error {
	var err error
	switch {
	case o.f.sarif:
		err = o.endSARIF()
	case o.f.json && o.n == 0:
		_, err = io.WriteString(o.w, "[]\n")
	case o.f.json:
		_, err = io.WriteString(o.w, "\n]\n")
	case !o.f.lines:
		_, err = fmt.Fprintf(o.w, "%d files, %d others without a pickle, worst: %s\n", o.n,
			o.skipped, o.worst)
	}
	return err
}
