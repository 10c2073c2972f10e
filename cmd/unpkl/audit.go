package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/unpkl/unpkl/audit"
)

func init() { commands = append(commands, auditCommand) }

// statusFound is the exit status of audit where --fail-on applies.
const statusFound = 3

func auditCommand(s *streams) *cobra.Command {
	var asJSON bool
	var failOn string
	cmd := &cobra.Command{
		Use:   "audit FILE",
		Short: "List every name that a pickle would use in Python, and what it would mean",
		Long: `audit reads all pickles of FILE without building what they describe, and lists every
class and function, persistent id and extension code that they would use in Python, with
the byte offset of the opcode and a verdict:

  data       a type that unpkl rebuilds: NumPy, builtin and other everyday types
  unknown    inert in unpkl, but any code at all in Python
  dangerous  known to run commands or code, to reach files or the network

It looks into compressed files, .npy and .npz files with arrays of objects, joblib's files and
the zips that torch.save writes, at every pickle of a file, and at data behind the last.

With --json it writes one document: {"pickles": N, "findings": [{"pickle", "member" (of a
zip), "offset", "opcode", "kind" ("global", "persistent id", "extension code"), "name",
"verdict", "called"}], "compression", "trailing": whether data that is no pickle follows,
"trailing_offset", "worst": the worst verdict, "error": why reading ended early}; keys
without a value are left out, except pickles, findings, trailing and worst.

With --fail-on=unknown or --fail-on=dangerous the exit status is 3 where a verdict is that
or worse. FILE may be "-" for standard input.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if failOn != "" && failOn != string(audit.VerdictUnknown) && failOn != string(audit.VerdictDangerous) {
				return usageErrorf("--fail-on is unknown or dangerous, not %q", failOn)
			}
			a := auditOutput{json: asJSON}
			defer a.held.close()
			a.w = bufio.NewWriter(&a.held)
			report, err := auditInput(s, args[0], a.finding)
			if err != nil {
				return &fileError{args[0], err}
			}
			if err := a.write(s.out, report); err != nil {
				return err
			}
			return auditStatus(args[0], report, audit.Verdict(failOn))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write one JSON document")
	cmd.Flags().StringVar(&failOn, "fail-on", "", "exit with status 3 on a verdict: unknown or dangerous")
	return cmd
}

// auditInput audits the named input and hands over the findings.
func auditInput(s *streams, name string, found func(audit.Finding)) (*audit.Report, error) {
	report := new(audit.Report)
	if name == "-" {
		return report, handOver(audit.ReaderSeq(s.gc.reader(s.in), report), report, found)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() {
		s.gc.file(name)
		return report, handOver(audit.FileSeq(name, report), report, found)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return report, handOver(audit.ReaderSeq(s.gc.reader(f), report), report, found)
}

// handOver hands over the findings, which end with an error of the input or the one in the report.
func handOver(findings iter.Seq2[audit.Finding, error], report *audit.Report, found func(audit.Finding)) error {
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

// auditStatus is the error that the exit status comes from. What was found
// counts before what could not be read behind it.
func auditStatus(name string, r *audit.Report, failOn audit.Verdict) error {
	worst := r.Worst()
	if failOn != "" && (worst == audit.VerdictDangerous || worst == failOn) {
		return statusError{&fileError{name, fmt.Errorf("%s names are used", worst)}, statusFound}
	}
	if r.Err != nil {
		return &fileError{name, r.Err}
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
	use := ""
	if f.Called {
		use = ", called"
	}
	if f.Member != "" {
		use += " of " + f.Member
	}
	fmt.Fprintf(a.w, "%-9s  %s %s (%s at byte %d%s)\n", f.Verdict, f.Kind, f.Name, f.Opcode, f.Offset, use)
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
	text := fmt.Sprintf("%d pickles%s, %d findings, worst: %s\n", r.Pickles, compressed, findings, r.Worst())
	if r.Trailing {
		text += fmt.Sprintf("data that is no pickle follows at byte %d\n", r.TrailingOffset)
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
