package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/pickle"
)

func init() { commands = append(commands, toJSONCommand) }

// toJSON is one run of unpkl to-json.
type toJSON struct {
	json   jsonval.Options
	part   jsonval.Pointer
	all    bool
	outMax size
}

// maxIndent is the greatest value of --indent.
const maxIndent = 64

func toJSONCommand(s *streams) *cobra.Command {
	t := &toJSON{outMax: pickle.DefaultOutputBytes}
	arrays, part := "shape", ""
	cmd := &cobra.Command{
		Use:   "to-json FILE",
		Short: "Show a pickle as JSON; an array as its dtype and shape",
		Long: `to-json writes the first pickle of FILE as one JSON document. FILE may be "-" for
standard input, which is read into memory; a file is mapped, and arrays are not
read unless an option asks for their values.

What JSON has no form for is an object with one key that begins with '$', such as
{"$bytes": "base64"} or {"$ndarray": {"dtype": "<f8", "shape": [3], ...}}.`,
		Example: `  unpkl to-json data.pkl
  unpkl to-json --arrays=values --select /regions/0 data.pkl
  unpkl to-json --all --indent 0 log.pkl > log.jsonl
  unpkl to-json --lossless data.pkl > data.json && unpkl pack -o again.pkl data.json`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.parse(arrays, part); err != nil {
				return err
			}
			if err := t.run(s, args[0]); err != nil {
				return &fileError{args[0], err}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&arrays, "arrays", arrays,
		"what to write of arrays: `shape`, values, base64 (the bytes in C order), none")
	f.BoolVar(&t.json.Stats, "stats", false,
		"add min, max, mean and the number of NaNs to arrays of numbers")
	f.IntVar(&t.json.Indent, "indent", 2, "spaces per level; 0 writes one line")
	f.StringVar(&part, "select", "",
		"only the part that the JSON `POINTER` (RFC 6901) leads to, such as /regions/0/values")
	f.BoolVar(&t.json.Refs, "refs", false,
		"write a container that is met again as {\"$ref\": pointer}; "+
			"without it, only one inside itself")
	f.BoolVar(&t.json.Lossless, "lossless", false,
		"write everything so that pack makes an equal pickle of it; "+
			"with --arrays=base64 and --refs")
	f.BoolVar(&t.all, "all", false,
		"every pickle in the file, one document each; JSON Lines with --indent 0")
	f.Var(&t.outMax, "max-output", "fail when the JSON would be larger")
	return cmd
}

// parse checks the flags and converts them to options.
func (t *toJSON) parse(arrays, part string) error {
	form, ok := map[string]jsonval.Arrays{
		"shape": jsonval.ArraysShape, "values": jsonval.ArraysValues,
		"base64": jsonval.ArraysBase64, "none": jsonval.ArraysNone,
	}[arrays]
	if !ok {
		return usageErrorf("--arrays=%s is none of shape, values, base64, none", arrays)
	}
	t.json.Arrays = form
	if t.json.Indent < 0 || t.json.Indent > maxIndent {
		return usageErrorf("--indent %d is not between 0 and %d", t.json.Indent, maxIndent)
	}
	var err error
	if t.part, err = jsonval.ParsePointer(part); err != nil {
		return usageErrorf("--select: %v", err)
	}
	t.json.Limits.OutputBytes = int64(t.outMax)
	return nil
}

// run writes the documents while it encodes them. It writes the first byte of a document when the
// document is complete or longer than heldBack bytes. A longer document that then fails is left
// incomplete.
func (t *toJSON) run(s *streams, name string) error {
	opts := keepers
	if !t.json.Lossless { // show extension codes under a name for people
		opts = append(opts[:len(opts):len(opts)], unpkl.WithExtension(func(code int) (any, error) {
			return pickle.Global{Module: "extension code", Name: strconv.Itoa(code)}, nil
		}))
	}
	in, err := openInput(s, name, opts...)
	if err != nil {
		return err
	}
	defer in.close()
	out := &jsonOutput{w: s.out}
	refs := false // whether some document was written with references that were not asked for
	for n := 0; ; n++ {
		part := lookup.Part{Pointer: t.part, JSONTokens: true}
		err := in.Decode(&part)
		if err == io.EOF && n > 0 {
			break
		}
		if err == io.EOF {
			return errEmpty
		}
		if err != nil {
			return err
		}
		v, err := jsonval.SelectFrom(part.Matches[0].Value, t.part, part.TokensUsed, t.json)
		if err != nil {
			return err
		}
		t.json.Once = nil
		if shared := part.SharedContainers; shared != nil {
			t.json.Once = func(container any) bool { return !shared[container] }
		}
		with, err := t.encode(out, v, in.InputOffset())
		if err != nil {
			return err
		}
		if err := out.flush(); err != nil {
			return err
		}
		refs = refs || with
		if !t.all {
			break
		}
	}
	if refs && !s.quiet {
		fmt.Fprintln(s.err, errorLine(&fileError{name, errRefs}))
	}
	if t.all {
		return nil
	}
	if more, err := in.More(); more && err == nil && !s.quiet {
		fmt.Fprintln(s.err, errorLine(&fileError{name, errMore}))
	}
	return nil
}

// A document is measured against the size of the values in it, to see how much sharing it repeats,
// when it is refsTimes as large as the pickle, and at least refsFrom bytes.
const (
	refsTimes = 16
	refsFrom  = 4 << 20
)

// encode writes v as the next document. read is the number of bytes of input up to the end of its
// pickle. encode reports whether it wrote references although --refs was not given.
func (t *toJSON) encode(out *jsonOutput, v any, read int64) (refs bool, err error) {
	o, begin := t.json, out.size
	o.RefsAt = refsFrom + refsTimes*read
	o.Limits.OutputBytes = max(o.Limits.OutputBytes-begin, 1)
	refs, err = out.encode(v, o)
	var limit *pickle.LimitError
	if errors.As(err, &limit) && limit.Limit == "OutputBytes" {
		limit.Max = t.json.Limits.OutputBytes
	}
	return refs, err
}

// errRefs is the note on standard error about references that were not asked for.
var errRefs = errors.New("containers that are met again are written as $ref, as with --refs: " +
	"the document would be many times as large without")

// errMore is the note on standard error if to-json shows only the first of several pickles.
var errMore = errors.New("there is more behind the first pickle, which --all shows")
