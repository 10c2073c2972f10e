package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/pickle"
)

func init() { commands = append(commands, getCommand) }

// getFlags are the options of get.
type getFlags struct {
	json   bool
	indent int
	output string
}

const getLong = `get writes the part of FILE that POINTER leads to, and makes nothing else of the file. Without
POINTER it is the whole value.

POINTER is a JSON pointer (RFC 6901): /regions/0/values. A token is the key of a dict, the
column of a table (or index, columns), the attribute of an object, the field of a structured
array, the name of an archive's member, or a subscript as in Python: 3, -1, 0:10, ::2, and for
several axes of an array :,2. Each subscript is one of what the token before gave: /x/0:10/::2
is x[0:10][::2]. * stands for every child that has the rest. ~1 is a / in a key, ~0 a ~.

A text is written as it is, a number as Python writes it, an array as rows of its elements with
tabs between, a table as tab-separated values with the names first, and everything else as JSON;
with --json that is JSON too. JSON that would be many times as large as the values, because lists
or dicts are in it many times, has {"$ref": pointer} for those after the first. Where a * leads to
several values, each is written on a line behind its pointer.`

const getExample = `  unpkl get model.pkl /regions/0/values
  unpkl get model.pkl /regions/0/values/:10
  unpkl get table.pkl /price/-1
  unpkl get data.npz /x -o x.npy
  unpkl get model.pkl '/regions/*/name'`

func getCommand(s *streams) *cobra.Command {
	var f getFlags
	cmd := &cobra.Command{
		Use:     "get FILE [POINTER]",
		Short:   "Write one value of a file: as text or JSON, or to a file such as x.npy or x.csv",
		Long:    getLong,
		Example: getExample,
		Args:    filePointer,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := pointerArg(args[1:])
			if err != nil {
				return err
			}
			if f.indent < 0 || f.indent > maxIndent {
				return usageErrorf("--indent %d is not between 0 and %d", f.indent, maxIndent)
			}
			return get(s, &f, args[0], p)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.json, "json", false, "write JSON: to-json tells its forms")
	flags.IntVar(&f.indent, "indent", 2, "spaces per level of JSON; 0 writes one line")
	flags.StringVarP(&f.output, "output", "o", "",
		"write to `FILE` instead, in the format of its ending")
	return cmd
}

// pointerArg returns the pointer in the first of args, or nil if there is none.
func pointerArg(args []string) (pointer.Pointer, error) {
	if len(args) == 0 {
		return nil, nil
	}
	p, err := pointer.Parse(args[0])
	if err != nil {
		return nil, usageErrorf("%v", err)
	}
	return p, nil
}

// partsOf returns the values at a pointer in the first value of a file, as objects. The caller
// calls end when it no longer needs them.
func partsOf(s *streams, name string, p pointer.Pointer) (found []lookup.Match, end func(),
	err error) {
	if len(p) > 0 {
		s.gc.keepsLittle()
	}
	return readPart(s, name, &lookup.Part{Pointer: p, RepeatableHooks: true})
}

// readPart is partsOf for a lookup.Part that may have more options than a pointer.
func readPart(s *streams, name string, part *lookup.Part) (found []lookup.Match, end func(),
	err error) {
	in, err := openAny(s, name, keepers...)
	if err != nil {
		return nil, nil, err
	}
	err = in.Decode(part)
	if err == io.EOF {
		err = errEmpty
	}
	if err != nil {
		in.close()
		return nil, nil, err
	}
	return part.Matches, in.close, nil
}

func get(s *streams, f *getFlags, name string, p pointer.Pointer) error {
	found, end, err := partsOf(s, name, p)
	if err != nil {
		return &fileError{name, err}
	}
	defer end()
	several := len(found) != 1 || found[0].At.String() != p.String()
	if f.output != "" {
		return getTo(f.output, found, several)
	}
	out := newOutput(s)
	out.most = mostJSON(name)
	for _, m := range found {
		if several {
			err = out.keyed(m)
		} else {
			err = out.value(m.Value, f)
		}
		if err != nil {
			return errors.Join(&fileError{name, err}, out.w.Flush())
		}
	}
	return out.w.Flush()
}

// jsonOptions returns the options for JSON on standard output.
func jsonOptions(indent int) jsonval.Options {
	return jsonval.Options{Arrays: jsonval.ArraysValues, Indent: indent,
		Limits: pickle.Limits{OutputBytes: pickle.NoLimit}}
}
