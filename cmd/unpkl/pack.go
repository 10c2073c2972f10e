package main

import (
	"io"
	"os"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/pickle"
)

func init() { commands = append(commands, packCommand) }

func packCommand(s *streams) *cobra.Command {
	var flags outputFlags
	out := ""
	cmd := &cobra.Command{
		Use:   "pack -o OUT [FILE.json] [KEY=FILE.npy]...",
		Short: "Make a pickle of a JSON document and .npy arrays",
		Long: `pack writes a pickle of a JSON document, and of arrays as items of its dict. Without a document
the dict has the arrays only. What to-json --arrays=base64 writes is read back: an object with
one key such as "$ndarray", "$bytes", "$complex", "$dict" or "$object" is what it stands for;
what is plain text or a list there, such as a date or a tuple, stays one. Of what to-json
--lossless writes, the pickle is equal to the one that it was made of. FILE.json may be "-" for
standard input, OUT "-" for standard output; the ending of OUT chooses a compression, as with
repickle.`,
		Example: `  unpkl pack -o data.pkl settings.json x=x.npy y=y.npy
  echo '{"a": [1, 2]}' | unpkl pack -o data.pkl -`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case out == "":
				return usageErrorf("%s needs -o OUT; see %[1]s --help", cmd.CommandPath())
			case len(args) == 0:
				return usageErrorf("%s needs a JSON document or KEY=FILE.npy; see %[1]s --help",
					cmd.CommandPath())
			}
			return checkPickleName(out)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := flags.options()
			if err != nil {
				return err
			}
			v, err := pack(s, args)
			if err != nil {
				return err
			}
			opts = append(opts, unpkl.WithProtocol(flags.protocol),
				unpkl.WithExtensionCode(extensionCode))
			if err := writeOutput(s, out, func(w io.Writer) error {
				return unpkl.NewEncoder(w, opts...).Encode(v)
			}); err != nil {
				return &fileError{out, err}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the `FILE` to write")
	flags.add(cmd, pickle.DefaultProtocol, "")
	return cmd
}

// pack returns the value that the arguments describe.
func pack(s *streams, args []string) (any, error) {
	var doc any = &types.Dict{}
	if key, _, found := strings.Cut(args[0], "="); !found || strings.ContainsAny(key, `/\`) {
		data, err := readInput(s, args[0])
		if err == nil {
			doc, err = jsonval.Decode(data, pickle.Limits{})
		}
		if err != nil {
			return nil, &fileError{args[0], err}
		}
		args = args[1:]
	}
	for _, arg := range args {
		key, name, found := strings.Cut(arg, "=")
		if !found {
			return nil, usageErrorf("%q is not KEY=FILE.npy", arg)
		}
		dict, ok := doc.(*types.Dict)
		if !ok {
			return nil, usageErrorf("the JSON document is no object that %q could be an item of",
				key)
		}
		s.gc.file(name)
		a, err := unpkl.LoadFile(name, unpkl.WithObjects())
		if err != nil {
			return nil, &fileError{name, err}
		}
		replaced, err := pickle.NewDict(append(*dict, types.DictEntry{Key: key, Value: a})...)
		if err != nil {
			return nil, err
		}
		*dict = *replaced
	}
	return doc, nil
}

// readInput returns the content of a file. "-" stands for standard input.
func readInput(s *streams, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(s.gc.reader(s.in))
	}
	s.gc.file(name)
	return os.ReadFile(name)
}
