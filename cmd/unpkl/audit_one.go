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

// auditOne audits one input. Its findings are handed on as they come, since there may be more of
// them than memory has room for.
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

// auditInput audits the named input and hands over the findings.
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

// handOver hands over the findings, which end with an error of the input or the one in the report.
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

// auditOutput is what audit writes. The findings come before it is known whether all could be read,
// and there may be more of them than memory has room for.
type auditOutput struct {
	json bool
	n    int // findings
	held spool
	w    *bufio.Writer // to held
	err  error
}

// finding writes a finding.
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

// auditLine is a finding as text.
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

// write writes the findings with what stands before and behind them.
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

// auditSummary returns the lines behind the findings.
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

// auditDocument returns the JSON before and behind the findings.
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
