package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

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

With --write, verify makes SPEC from FILE instead, "-" for standard output: of everything kind,
dtype, shape, bounds. What may be different in other files is to be taken out by hand.`

func verifyCommand(s *streams) *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify FILE SPEC",
		Short: "Check a file against a specification of keys, dtypes, shapes and bounds",
		Long:  verifyLong,
		Example: `  unpkl verify --write good.pkl spec.yaml
  unpkl verify new.pkl spec.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageErrorf("verify takes FILE and SPEC; see %s --help", cmd.CommandPath())
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
			return runVerify(s, &f, args[0], args[1])
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.write, "write", false, "make SPEC from FILE")
	flags.StringVar(&f.sums, "sums", "",
		"with --write, add sums of arrays: crc32, md5, xxh3, blake3 or sha256")
	flags.BoolVar(&f.json, "json", false, "write JSON Lines: an object with pointer and failure")
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

func runVerify(s *streams, f *verifyFlags, name, specName string) error {
	want, err := readSpec(specName)
	if err != nil {
		return &fileError{specName, err}
	}
	found, end, err := partsOf(s, name, nil)
	if err != nil {
		return &fileError{name, err}
	}
	defer end()
	failures, err := want.Check(found[0].Value)
	w := bufio.NewWriter(s.out)
	enc := jsonval.NewEncoder(w, jsonOptions(0))
	for _, failure := range failures {
		if f.json {
			enc.Encode(jsonval.Object([]string{"pointer", "failure"},
				[]any{failure.At.String(), failure.What}))
			continue
		}
		fmt.Fprintf(w, "%s %s\n", describe.Printable(pointerLabel(failure.At)),
			describe.Printable(failure.What))
	}
	if len(failures) > 0 && !f.json {
		fmt.Fprintf(w, "%s of what the specification says is not so\n",
			humanize.Comma(int64(len(failures))))
	}
	if e := w.Flush(); e != nil {
		return e
	}
	if err != nil {
		return &fileError{name, err}
	}
	if len(failures) > 0 {
		return errSilent(statusFound)
	}
	return nil
}
