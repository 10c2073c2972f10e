package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/unpkl/unpkl/audit"
)

func init() { commands = append(commands, auditCommand) }

// statusFound is the exit status of audit where --fail-on applies.
const statusFound = 3

// failNever is the value of --fail-on by which no verdict fails.
const failNever = "never"

// auditFlags are the options of audit.
type auditFlags struct {
	json, lines, sarif bool
	failOn, rules      string
	many               manyFlags
	out                lineFlags
}

func auditCommand(s *streams) *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use:   "audit FILE...",
		Short: "List every name that a pickle would use in Python, and what it would mean",
		Long: `audit reads all pickles of each FILE without building what they describe, and lists every
class and function, persistent id and extension code that they would use in Python, with
the byte offset of the opcode, a verdict and the reason for it:

  data       a class that unpkl rebuilds, used as its own pickler uses it
  known      a class of the field (scikit-learn, torch ...) that has no effect when it is made
  unknown    inert in unpkl, but any code at all in Python
  dangerous  known to run commands or code, to import, to reach files or the network, or to
             change the process; what of that is named

It looks into compressed files, .npy and .npz files with arrays of objects, joblib's files, the
zips and older files that torch.save writes, tars, zips inside zips, Keras files, at every
pickle of a file, and at data behind the last. What it cannot look into, and a file that ends in
an error or is empty, is unknown at least.

FILE may be "-" for standard input, several, or a folder, of which every file is audited that is
or may be a pickle. Files are read in parallel.

With --json it writes one document: {"pickles": N, "findings": [{"pickle", "member" (of an
archive), "offset", "opcode", "kind" ("global", "persistent id", "extension code", "keras
layer"), "name", "verdict", "called", "capability", "reason"}], "compression", "trailing":
whether data that is no pickle follows, "trailing_offset", "worst": the worst verdict, "error":
what could not be read}; keys without a value are left out, except pickles, findings, trailing
and worst. Of several files, or of a folder, it is a list of such documents, each with "file".
With --jsonl each document stands on a line of its own, as soon as it is there. With --sarif it
is SARIF 2.1.0, which code scanning takes.

--rules names a file of lines "allow NAME" and "deny NAME": what is allowed is known, what is
denied dangerous. NAME is module.name, in which * stands for any text.

The exit status is 3 where a verdict is dangerous, or that of --fail-on=known or unknown or
worse; with --fail-on=never only what cannot be read changes it.`,
		Example: `  unpkl audit model.pkl
  unpkl audit --fail-on=unknown models/
  unpkl audit --sarif models/ > findings.sarif
  unpkl audit --jsonl --resume -o findings.jsonl 's3://bucket/**/*.pkl'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && f.many.sources.list == "" {
				return usageErrorf("audit takes a FILE; see %s --help", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runAudit(s, cmd, &f, args) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.json, "json", false, "write one JSON document")
	flags.BoolVar(&f.lines, "jsonl", false, "write a JSON document a line for each file")
	flags.BoolVar(&f.sarif, "sarif", false, "write SARIF for code scanning")
	flags.StringVar(&f.failOn, "fail-on", string(audit.VerdictDangerous),
		"exit with status 3 on a verdict: known, unknown or dangerous; never")
	flags.StringVar(&f.rules, "rules", "", "a file with lines allow NAME and deny NAME")
	f.many.add(cmd)
	f.out.add(cmd)
	return cmd
}

// check returns an error for flags that contradict each other.
func (f *auditFlags) check() error {
	switch audit.Verdict(f.failOn) {
	case failNever, audit.VerdictKnown, audit.VerdictUnknown, audit.VerdictDangerous:
	default:
		return usageErrorf("--fail-on is known, unknown, dangerous or never, not %q", f.failOn)
	}
	if f.json && f.lines || f.json && f.sarif || f.lines && f.sarif {
		return usageErrorf("--json, --jsonl and --sarif exclude each other")
	}
	return f.out.check(f.lines, "audit --jsonl")
}

// options returns the options of the audits.
func (f *auditFlags) options() ([]audit.Option, error) {
	if f.rules == "" {
		return nil, nil
	}
	file, err := os.Open(f.rules)
	if err != nil {
		return nil, &fileError{f.rules, err}
	}
	defer file.Close()
	rules, err := audit.ReadRules(file)
	if err != nil {
		return nil, &fileError{f.rules, err}
	}
	return []audit.Option{rules}, nil
}

func runAudit(s *streams, cmd *cobra.Command, f *auditFlags, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	opts, err := f.options()
	if err != nil {
		return err
	}
	if !f.many.several(auditListing, args) && !f.lines && !f.sarif {
		return auditOne(s, f, args[0], opts)
	}
	m, err := f.many.begin(s, cmd, auditListing, args)
	if err != nil {
		return err
	}
	if f.out.output != "" {
		return auditToFile(s, f, m, opts)
	}
	return auditMany(s, f, m, opts)
}

// auditStatus returns the error that determines the exit status of one audit. A verdict by which
// the audit fails takes precedence over an error that ended the audit.
func auditStatus(name string, r *audit.Report, failOn audit.Verdict) error {
	worst := r.Worst()
	if failOn != failNever && !failOn.Worse(worst) {
		if r.Err != nil && worst == audit.VerdictUnknown {
			return statusError{&fileError{name, r.Err}, statusFound}
		}
		return statusError{&fileError{name, fmt.Errorf("%s names are used", worst)}, statusFound}
	}
	if r.Err != nil {
		return &fileError{name, r.Err}
	}
	return nil
}

// modelEndings are the endings of files that are or contain pickles.
var modelEndings = []string{
	".pkl", ".pickle", ".pck", ".pcl", ".p", ".joblib", ".dill", ".pt", ".pth", ".ckpt", ".bin",
	".npy",
	".npz", ".model", ".sav", ".h5", ".hdf5", ".keras", ".zip", ".tar", ".gz", ".bz2", ".xz",
	".zst",
	".lz4", ".lzma", ".z", ".7z", ".mar", ".nemo", ".pdparams", ".data", ".dat", ".cls",
}

func isModel(ending string) bool { return slices.Contains(modelEndings, ending) }
