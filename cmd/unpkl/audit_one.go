package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/unpkl/unpkl/audit"
)

// auditOne audits one input. It formats the findings one by one, since they may not fit into
// memory.
func auditOne(s *streams, f *auditFlags, name string, opts []audit.Option) error {
	a := auditOutput{json: f.json}
	defer a.held.close()
	a.w = bufio.NewWriter(&a.held)
	report, err := auditInput(s, name, a.finding, opts)
	if err != nil {
		return &fileError{name, err}
	}
	if err := a.write(s.out, report); err != nil {
		return err
	}
	return auditStatus(name, report, audit.Verdict(f.failOn))
}

// auditInput audits the named input and calls found with each finding.
func auditInput(s *streams, name string, found func(audit.Finding),
	opts []audit.Option) (*audit.Report, error) {
	report := new(audit.Report)
	if name == "-" {
		return report, handOver(audit.ReaderSeq(s.gc.reader(s.in), report, opts...), report, found)
	}
	info, err := statAny(name)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() && !objects.Has(name) {
		s.gc.file(name)
		return report, handOver(audit.FileSeq(name, report, opts...), report, found)
	}
	f, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return report, handOver(audit.ReaderSeq(s.gc.reader(f), report, opts...), report, found)
}

// handOver calls found with each finding. It returns an error of the input; an error that the
// report has is left there.
func handOver(findings iter.Seq2[audit.Finding, error], report *audit.Report,
	found func(audit.Finding)) error {
	for f, err := range findings {
		switch {
		case err == nil:
			found(f)
		case report.Err == nil:
			return err
		}
	}
	return nil
}

// auditOutput is the output of audit for one input. It holds the findings in a spool, because what
// precedes them depends on whether all of the input could be read.
type auditOutput struct {
	json bool
	n    int // the number of findings
	held spool
	w    *bufio.Writer // writes to held
	err  error         // the first error of formatting
}

// finding adds a finding.
func (a *auditOutput) finding(f audit.Finding) {
	a.n++
	if a.json {
		text, err := json.MarshalIndent(f, "    ", "  ")
		if err != nil && a.err == nil {
			a.err = err
		}
		if a.n > 1 {
			a.w.WriteByte(',')
		}
		a.w.WriteString("\n    ")
		a.w.Write(text)
		return
	}
	fmt.Fprintln(a.w, auditLine(f))
}

// auditLine returns a finding as a line of text.
func auditLine(f audit.Finding) string {
	use := ""
	if f.Called {
		use = ", called"
	}
	if f.Member != "" {
		use += " of " + f.Member
	}
	why := f.Reason
	if f.Capability != "" {
		why = string(f.Capability) + ": " + why
	}
	if why != "" {
		why = ": " + why
	}
	return fmt.Sprintf("%-9s  %s %s (%s at byte %d%s)%s", f.Verdict, f.Kind, f.Name, f.Opcode,
		f.Offset, use, why)
}

// write writes the findings with what precedes and follows them.
func (a *auditOutput) write(out io.Writer, r *audit.Report) error {
	if err := errors.Join(a.err, a.w.Flush()); err != nil {
		return err
	}
	before, after, err := "", auditSummary(r, a.n), error(nil)
	if a.json {
		before, after, err = auditDocument(r, a.n)
	}
	if err != nil {
		return err
	}
	if _, err := io.WriteString(out, before); err != nil {
		return err
	}
	if err := a.held.copyTo(out); err != nil {
		return err
	}
	_, err = io.WriteString(out, after)
	return err
}

// auditSummary returns the lines that follow the findings.
func auditSummary(r *audit.Report, findings int) string {
	compressed := ""
	if r.Compression != "" {
		compressed = ", " + r.Compression
	}
	text := fmt.Sprintf("%d pickles%s, %d findings, worst: %s\n", r.Pickles, compressed, findings,
		r.Worst())
	if r.Trailing {
		text += fmt.Sprintf("data that is no pickle follows at byte %d\n", r.TrailingOffset)
	}
	if r.Err != nil {
		text += fmt.Sprintf("not all could be read: %s\n", printable(detail(r.Err)))
	}
	return text
}

// auditDocument returns the JSON before and after the list of findings.
func auditDocument(r *audit.Report, findings int) (before, after string, err error) {
	rest := struct {
		audit.Report
		Worst audit.Verdict `json:"worst"`
		Error string        `json:"error,omitempty"`
	}{Report: *r, Worst: r.Worst()}
	rest.Findings = []audit.Finding{}
	if r.Err != nil {
		rest.Error = printable(detail(r.Err))
	}
	doc, err := json.MarshalIndent(rest, "", "  ")
	if err != nil {
		return "", "", err
	}
	before, after, _ = strings.Cut(string(doc), "[]")
	if findings > 0 {
		after = "\n  ]" + after
	} else {
		after = "]" + after
	}
	return before + "[", after + "\n", nil
}
