package main

import (
	"bufio"
	"bytes"
	"encoding/json"
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
		return unpkl.Audit(s.gc.reader(s.in))
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() {
		s.gc.file(name)
		return unpkl.AuditFile(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return unpkl.Audit(s.gc.reader(f))
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

func writeAudit(out io.Writer, r *unpkl.AuditReport) error {
	w := bufio.NewWriter(out)
	for _, f := range r.Findings {
		use := ""
		if f.Called {
			use = ", called"
		}
		if f.Member != "" {
			use += " of " + f.Member
		}
		fmt.Fprintf(w, "%-9s  %s %s (%s at byte %d%s)\n", f.Verdict, f.Kind, f.Name, f.Opcode, f.Offset, use)
	}
	compressed := ""
	if r.Compression != "" {
		compressed = ", " + r.Compression
	}
	fmt.Fprintf(w, "%d pickles%s, %d findings, worst: %s\n", r.Pickles, compressed, len(r.Findings), r.Worst())
	if r.Trailing {
		fmt.Fprintf(w, "data that is no pickle follows at byte %d\n", r.TrailingOffset)
	}
	return w.Flush()
}

// writeAuditJSON writes the findings one by one: there may be more of them than their JSON has
// room for in memory.
func writeAuditJSON(out io.Writer, r *unpkl.AuditReport) error {
	rest := struct {
		unpkl.AuditReport
		Worst unpkl.Verdict `json:"worst"`
		Error string        `json:"error,omitempty"`
	}{AuditReport: *r, Worst: r.Worst()}
	rest.Findings = []unpkl.Finding{}
	if r.Err != nil {
		rest.Error = printable(detail(r.Err))
	}
	doc, err := json.MarshalIndent(rest, "", "  ")
	if err != nil {
		return err
	}
	before, after, _ := bytes.Cut(doc, []byte("[]"))
	w := bufio.NewWriter(out)
	w.Write(before)
	w.WriteByte('[')
	for i, f := range r.Findings {
		finding, err := json.MarshalIndent(f, "    ", "  ")
		if err != nil {
			return err
		}
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteString("\n    ")
		w.Write(finding)
	}
	if len(r.Findings) > 0 {
		w.WriteString("\n  ")
	}
	w.WriteByte(']')
	w.Write(after)
	w.WriteByte('\n')
	return w.Flush()
}
