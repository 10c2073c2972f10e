package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/internal/edit"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/pickle"
)

func init() { commands = append(commands, editCommand) }

const editLong = `edit reads the pickle FILE, changes parts of it, and writes OUT at the same protocol. What is not
named stays as it is. The changes are made one after another:

  set POINTER=JSON        put a value there; a key that is not there is added, /list/- appended
  set POINTER=@FILE       put the array or value of another file there (.npy, .pkl, .csv ...)
  delete POINTER          take a key, item or attribute out
  rename POINTER=NAME     give a key or attribute another name

JSON is what to-json writes: {"$ndarray": ...}, {"$bytes": ...} and so on are what they stand
for. Setting elements of an array (/x/0,1=5, /x/:,0=0) keeps its dtype. A POINTER that has a *
changes every match. Of a pandas table elements of columns can be set (/table/price/0=1.5), or
all of a column (/table/price=@price.npy); its columns stay. Of a column of text, a nullable
dtype, times, timedeltas or categories null is a missing element, a time a text such as
"2024-01-31T12:00:00", with Z or +01:00 in a time zone, a timedelta a number of seconds; the
table is written anew for these.

With --in-place FILE itself is written, and what it was is kept as FILE.bak. The file is complete
or is left as it was. Further pickles in FILE are written as they are.`

func editCommand(s *streams) *cobra.Command {
	out, inPlace := "", false
	cmd := &cobra.Command{
		Use:   "edit FILE (set POINTER=VALUE | delete POINTER | rename POINTER=NAME)...",
		Short: "Change values of a pickle by pointer and write it again",
		Long:  editLong,
		Example: `  unpkl edit -o new.pkl old.pkl set '/name="north"' delete /tmp rename /x=values
  unpkl edit --in-place data.pkl set /x=@x.npy set /y/0=1.5`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) < 2:
				return usageErrorf("edit takes FILE and changes; see %s --help", cmd.CommandPath())
			case (out == "") == !inPlace:
				return usageErrorf("edit needs -o OUT or --in-place; see %s --help",
					cmd.CommandPath())
			case inPlace && args[0] == "-":
				return usageErrorf("standard input is no place to write to")
			case inPlace && objects.Has(args[0]):
				return usageErrorf("--in-place is for files: -o writes objects, whole")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ops, err := edit.Parse(args[1:], readValue)
			if err != nil {
				return usageErrorf("%v", err)
			}
			if !inPlace {
				return runEdit(s, args[0], out, ops)
			}
			if err := keepBackup(args[0]); err != nil {
				return &fileError{args[0] + ".bak", err}
			}
			return runEdit(s, args[0], args[0], ops)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the `FILE` to write, - for standard output")
	cmd.Flags().BoolVar(&inPlace, "in-place", false,
		"write FILE itself and keep what it was as FILE.bak")
	return cmd
}

// readValue returns the object that a VALUE stands for: JSON, or the file after an @.
func readValue(text string) (any, error) {
	if name, ok := strings.CutPrefix(text, "@"); ok {
		v, err := convert.Read(name, convert.WithObjects())
		if err != nil {
			return nil, fmt.Errorf("%s: %s", name, detail(err))
		}
		return v, nil
	}
	v, err := jsonval.Decode([]byte(text), pickle.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%q is no JSON; a text stands in \"quotes\", a file behind @", text)
	}
	return v, nil
}

// keepBackup makes FILE.bak a link to a file, or a copy where links are not possible.
func keepBackup(name string) error {
	backup := name + ".bak"
	if err := os.Remove(backup); err != nil && !os.IsNotExist(err) {
		return err
	}
	if os.Link(name, backup) == nil {
		return nil
	}
	from, err := os.Open(name) // the file system has no links
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(backup)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if e := to.Close(); err == nil {
		err = e
	}
	return err
}

// numpySpelling returns the option to write with the module names and forms of the NumPy that wrote
// the file, so that unchanged parts are written as they were.
func numpySpelling(name string) []unpkl.Option {
	if name == "-" {
		return nil
	}
	for f, err := range audit.FileSeq(name, new(audit.Report)) {
		if err != nil {
			break
		}
		if strings.HasPrefix(f.Name, "numpy._core.") {
			return []unpkl.Option{unpkl.WithNumPy(2, 3)}
		}
	}
	return nil
}

func runEdit(s *streams, from, to string, ops []edit.Op) error {
	spelling := numpySpelling(from)
	return rewrite(s, from, to, func(in *opened, n int, v any) (any, []unpkl.Option, error) {
		protocol, ok := in.Protocol()
		if !ok {
			return nil, nil, fmt.Errorf("only pickles are edited; convert makes one of other files")
		}
		var err error
		if n == 0 {
			v, err = edit.Apply(v, ops)
		}
		return v, append(spelling, unpkl.WithProtocol(protocol)), err
	})
}
