package main

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/batch"
	"github.com/unpkl/unpkl/internal/checksum"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/spec"
)

func init() { commands = append(commands, verifyCommand) }

// verifyFlags are the options of verify.
type verifyFlags struct {
	write, json bool
	sums        string
	many        manyFlags
	out         lineFlags
}

const verifyLong = `verify checks the first value of FILE against SPEC, a file in YAML or JSON, and writes a line for
everything that is not as it says, by pointer. The exit status is 3 then.

  unpkl: 1
  exact: true            # refuse keys, columns and attributes that no pointer names
  values:
    /x: {kind: ndarray, dtype: float64, shape: [n, 250], min: 0, max: 1, missing: 0}
    /y: {shape: [n], mean: {is: 0.5, within: 0.1}}
    /version: {is: 2}
    /names: {kind: list, len: n}
    /extra: {optional: true, sha256: 3cdb84...}
    "/records/*/id": {kind: int}

A length of a shape is a number, a range (1..100, >=1), a name, which is the same number
wherever it stands, or "*". min and max bound every element. kind and dtype are as unpkl FILE
shows them, order is C or F, is the value of a text, number, bool or None, crc32, md5, xxh3,
blake3 and sha256 are sums of an array's bytes as checksum writes them.

Several FILEs, folders, patterns and --files-from are checked one by one: each line begins with the
file, and an object of --json has it. A file that cannot be read is told, and the others go on.

With --write, verify makes SPEC from FILE instead, "-" for standard output: of everything kind,
dtype, shape, bounds. What may be different in other files is to be taken out by hand.`

func verifyCommand(s *streams) *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify FILE... SPEC",
		Short: "Check files against a specification of keys, dtypes, shapes and bounds",
		Long:  verifyLong,
		Example: `  unpkl verify --write good.pkl spec.yaml
  unpkl verify new.pkl spec.yaml
  unpkl verify --errors errors.jsonl 'in/**/*.pkl' spec.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 && (len(args) < 1 || f.many.sources.list == "") {
				return usageErrorf("verify takes FILE and SPEC; see %s --help", cmd.CommandPath())
			}
			if f.write && len(args) != 2 {
				return usageErrorf("verify --write takes one FILE and SPEC")
			}
			if f.write && f.out != (lineFlags{}) {
				return usageErrorf("-o is for what verify finds, not for --write")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.sums != "" && !slices.Contains(checksum.Algorithms, f.sums) {
				return usageErrorf("--sums=%s is none of %s", f.sums,
					strings.Join(checksum.Algorithms, ", "))
			}
			if f.write {
				return writeSpec(s, &f, args[0], args[1])
			}
			return runVerify(s, cmd, &f, args[:len(args)-1], args[len(args)-1])
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.write, "write", false, "make SPEC from FILE")
	flags.StringVar(&f.sums, "sums", "",
		"with --write, add sums of arrays: crc32, md5, xxh3, blake3 or sha256")
	flags.BoolVar(&f.json, "json", false, "write JSON Lines: an object with pointer and failure")
	f.many.add(cmd)
	f.out.add(cmd)
	return cmd
}

func writeSpec(s *streams, f *verifyFlags, name, to string) error {
	found, end, err := partsOf(s, name, nil)
	if err != nil {
		return &fileError{name, err}
	}
	defer end()
	made, err := spec.Make(found[0].Value, f.sums)
	if err != nil {
		return &fileError{name, err}
	}
	if err := writeOutput(s, to, func(w io.Writer) error { return made.Write(w) }); err != nil {
		return &fileError{to, err}
	}
	return nil
}

func readSpec(name string) (*spec.Spec, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return spec.Read(file)
}

// verified is the result for a file.
type verified struct {
	failures []spec.Failure
	err      error
}

func runVerify(s *streams, cmd *cobra.Command, f *verifyFlags, names []string,
	specName string) error {
	if err := f.out.check(f.json, "verify --json"); err != nil {
		return err
	}
	want, err := readSpec(specName)
	if err != nil {
		return &fileError{specName, err}
	}
	m, err := f.many.begin(s, cmd, listing, names)
	if err != nil {
		return err
	}
	work := func(source batch.Source) (v verified) {
		v.failures, v.err = verifyFile(s, source.Path, want)
		return v
	}
	if f.out.output != "" {
		return verifyToFile(m, f, specName, work)
	}
	out := newVerifyWriter(s.out, f.json, f.many.several(listing, names))
	err = eachFile(m, work, func(source batch.Source, v verified) error {
		if isOther(source, v.err) && len(v.failures) == 0 {
			m.other++
			return nil
		}
		if err := out.file(source.Path, v.failures); err != nil {
			return err
		}
		if v.err != nil {
			return m.failed(source, v.err)
		}
		return nil
	})
	if err == nil {
		m.tellNone()
		err = out.end()
	}
	if err = m.end(err); err == nil && out.found > 0 {
		return errSilent(statusFound)
	}
	return err
}

// verifyToFile writes the failures of each file to the file of -o.
func verifyToFile(m *many, f *verifyFlags, specName string,
	work func(batch.Source) verified) error {
	text, err := os.ReadFile(specName)
	if err != nil {
		return m.end(&fileError{specName, err})
	}
	found := false
	err = m.end(toFile(m, &f.out, fmt.Sprintf("verify by %x", sha256.Sum256(text)),
		&lineCodec[verified]{
			work: work,
			lines: func(w io.Writer, source batch.Source, v verified) error {
				if isOther(source, v.err) && len(v.failures) == 0 {
					return nil
				}
				return cmp.Or(newVerifyWriter(w, true, true).file(source.Path, v.failures), v.err)
			},
			accept: func(lines []byte) error {
				found = found || len(lines) > 0
				return nil
			},
		}))
	if err == nil && found {
		return errSilent(statusFound)
	}
	return err
}

// verifyFile checks the first value of a file.
func verifyFile(s *streams, name string, want *spec.Spec) ([]spec.Failure, error) {
	found, end, err := partsOf(s, name, nil)
	if err != nil {
		return nil, err
	}
	defer end()
	return want.Check(found[0].Value)
}

// verifyWriter writes the failures of files.
type verifyWriter struct {
	w             *bufio.Writer
	enc           *jsonval.Encoder
	json, several bool
	files, found  int64 // the number of files with failures, and of failures
}

func newVerifyWriter(to io.Writer, asJSON, several bool) *verifyWriter {
	w := bufio.NewWriter(to)
	return &verifyWriter{w: w, enc: jsonval.NewEncoder(w, jsonOptions(0)), json: asJSON,
		several: several}
}

// file writes the failures of a file.
func (o *verifyWriter) file(name string, failures []spec.Failure) error {
	if len(failures) > 0 {
		o.files++
	}
	for _, failure := range failures {
		o.found++
		names, values := []string{"pointer", "failure"}, []any{failure.At.String(), failure.Message}
		if o.several {
			names, values = append([]string{"file"}, names...), append([]any{name}, values...)
		}
		if o.json {
			if err := o.enc.Encode(jsonval.Object(names, values)); err != nil {
				return err
			}
			continue
		}
		if o.several {
			fmt.Fprintf(o.w, "%s: ", describe.Printable(name))
		}
		fmt.Fprintf(o.w, "%s %s\n", describe.Printable(pointerLabel(failure.At)),
			describe.Printable(failure.Message))
	}
	return o.w.Flush()
}

// end writes the numbers of failures and files.
func (o *verifyWriter) end() error {
	if o.found > 0 && !o.json {
		fmt.Fprintf(o.w, "%s of what the specification says is not so",
			humanize.Comma(o.found))
		if o.several {
			fmt.Fprintf(o.w, ", in %s files", humanize.Comma(o.files))
		}
		o.w.WriteString("\n")
	}
	return o.w.Flush()
}
