package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl"
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
			if failOn != "" && failOn != string(unpkl.VerdictUnknown) && failOn != string(unpkl.VerdictDangerous) {
				return usageErrorf("--fail-on is unknown or dangerous, not %q", failOn)
			}
			report, err := audit(s, args[0])
			if err != nil {
				return &fileError{args[0], err}
			}
			if asJSON {
				err = writeAuditJSON(s.out, report)
			} else {
				err = writeAudit(s.out, report)
			}
			if err != nil {
				return err
			}
			return auditStatus(args[0], report, unpkl.Verdict(failOn))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write one JSON document")
	cmd.Flags().StringVar(&failOn, "fail-on", "", "exit with status 3 on a verdict: unknown or dangerous")
	return cmd
}

func audit(s *streams, name string) (*unpkl.AuditReport, error) {
	if name == "-" {
		return unpkl.Audit(s.in)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() {
		return unpkl.AuditFile(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return unpkl.Audit(f)
}

// auditStatus is the error that the exit status comes from. What was found
// counts before what could not be read behind it.
func auditStatus(name string, r *unpkl.AuditReport, failOn unpkl.Verdict) error {
	worst := r.Worst()
	if failOn != "" && (worst == unpkl.VerdictDangerous || worst == failOn) {
		return statusError{&fileError{name, fmt.Errorf("%s names are used", worst)}, statusFound}
	}
	if r.Err != nil {
		return &fileError{name, r.Err}
	}
	return nil
}

func writeAudit(w io.Writer, r *unpkl.AuditReport) error {
	var errs []error
	line := func(format string, args ...any) {
		_, err := fmt.Fprintf(w, format+"\n", args...)
		errs = append(errs, err)
	}
	for _, f := range r.Findings {
		use := ""
		if f.Called {
			use = ", called"
		}
		if f.Member != "" {
			use += " of " + f.Member
		}
		line("%-9s  %s %s (%s at byte %d%s)", f.Verdict, f.Kind, f.Name, f.Opcode, f.Offset, use)
	}
	compressed := ""
	if r.Compression != "" {
		compressed = ", " + r.Compression
	}
	line("%d pickles%s, %d findings, worst: %s", r.Pickles, compressed, len(r.Findings), r.Worst())
	if r.Trailing {
		line("data that is no pickle follows at byte %d", r.TrailingOffset)
	}
	return errors.Join(errs...)
}

func writeAuditJSON(w io.Writer, r *unpkl.AuditReport) error {
	doc := struct {
		*unpkl.AuditReport
		Worst unpkl.Verdict `json:"worst"`
		Error string        `json:"error,omitempty"`
	}{AuditReport: r, Worst: r.Worst()}
	if doc.Findings == nil {
		doc.AuditReport.Findings = []unpkl.Finding{}
	}
	if r.Err != nil {
		doc.Error = printable(detail(r.Err))
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}
