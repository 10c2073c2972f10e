package main

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/diff"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/pointer"
)

func init() { commands = append(commands, diffCommand) }

// diffFlags are the options of diff.
type diffFlags struct {
	o      diff.Options
	ignore []string
	json   bool
	brief  bool
}

const diffLong = `diff compares the first value of A with that of B by structure, or what POINTER leads to in both,
and writes a line for each difference, by pointer:

  + added    - removed    ~ changed: another type, dtype, shape or value

Of arrays it tells how many elements differ and the largest difference, absolute and relative to
B, and where it is; of tables columns are compared by name. Lists are compared position by position,
or, where something was put in or taken out, with what is the same on both sides: + has the position
in B then, - and ~ that in A.
Arrays are read as they lie in the files.

--rtol and --atol are those of numpy.allclose: numbers are the same where |a-b| <= atol + rtol*|b|.
NaNs are the same. The exit status is 0 if nothing differs, else 3.`

func diffCommand(s *streams) *cobra.Command {
	var f diffFlags
	cmd := &cobra.Command{
		Use:   "diff A B [POINTER]",
		Short: "Compare two files by structure: what was added, removed, changed, and by how much",
		Long:  diffLong,
		Example: `  unpkl diff old.pkl new.pkl
  unpkl diff --rtol 1e-5 --atol 1e-8 --ignore /created old.pkl new.pkl
  unpkl diff old.pkl new.npz /x`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 || len(args) > 3 {
				return usageErrorf("diff takes two files; see %s --help", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := pointerArg(args[2:])
			if err != nil {
				return err
			}
			if err := f.parse(); err != nil {
				return err
			}
			return runDiff(s, &f, args[0], args[1], p)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Float64Var(&f.o.RTol, "rtol", 0, "the relative tolerance of numbers")
	flags.Float64Var(&f.o.ATol, "atol", 0, "the absolute tolerance of numbers")
	flags.StringArrayVar(&f.ignore, "ignore", nil,
		"a `POINTER` to what is not compared, with * for any token; more than once")
	flags.BoolVar(&f.json, "json", false, "write JSON Lines: an object a difference")
	flags.BoolVar(&f.brief, "brief", false, "write nothing; the exit status tells")
	return cmd
}

// parse checks the flags and parses --ignore.
func (f *diffFlags) parse() error {
	if !(f.o.RTol >= 0) || !(f.o.ATol >= 0) || math.IsInf(f.o.RTol, 0) {
		return usageErrorf("--rtol and --atol are numbers of 0 or more")
	}
	for _, text := range f.ignore {
		p, err := pointer.Parse(text)
		if err != nil {
			return usageErrorf("--ignore: %v", err)
		}
		f.o.Ignore = append(f.o.Ignore, p)
	}
	return nil
}

// errDiffer stops the comparison after the first difference.
var errDiffer = statusError{errors.New("the files differ"), statusFound}

func runDiff(s *streams, f *diffFlags, nameA, nameB string, p pointer.Pointer) error {
	a, endA, err := oneValue(s, nameA, p)
	if err != nil {
		return &fileError{nameA, err}
	}
	defer endA()
	b, endB, err := oneValue(s, nameB, p)
	if err != nil {
		return &fileError{nameB, err}
	}
	defer endB()
	w := bufio.NewWriter(s.out)
	out := diffWriter{w: w, json: f.json, color: s.color(),
		enc: jsonval.NewEncoder(w, jsonOptions(0))}
	f.o.At = p
	err = diff.Compare(a, b, f.o, func(c diff.Change) error {
		out.n++
		if f.brief {
			return errDiffer
		}
		return out.change(&c)
	})
	if err != nil && !errors.As(err, new(statusError)) {
		return &fileError{nameB, err}
	}
	if out.n > 0 && !f.json && !f.brief {
		fmt.Fprintf(w, "%s %s\n", humanize.Comma(int64(out.n)),
			english.PluralWord(out.n, "difference", ""))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if out.n > 0 {
		return errSilent(statusFound)
	}
	return nil
}

// oneValue returns the one value that a pointer leads to, and the function that closes the file.
func oneValue(s *streams, name string, p pointer.Pointer) (any, func(), error) {
	found, end, err := partsOf(s, name, p)
	if err != nil {
		return nil, nil, err
	}
	if len(found) != 1 {
		end()
		return nil, nil, fmt.Errorf("%s leads to %d values", p, len(found))
	}
	return found[0].Value, end, nil
}

// diffWriter writes differences.
type diffWriter struct {
	w           *bufio.Writer
	enc         *jsonval.Encoder
	json, color bool
	n           int // the number of differences
}

func (o *diffWriter) change(c *diff.Change) error {
	if o.json {
		return o.document(c)
	}
	sign, style := "~", ansi.NewStyle().ForegroundColor(ansi.Yellow)
	text := c.Old + " → " + c.New
	switch c.Kind {
	case diff.Added:
		sign, text, style = "+", c.New, ansi.NewStyle().ForegroundColor(ansi.Green)
	case diff.Removed:
		sign, text, style = "-", c.Old, ansi.NewStyle().ForegroundColor(ansi.Red)
	case diff.Type, diff.DType, diff.Shape:
		text = string(c.Kind) + ": " + text
	}
	if e := c.Elements; e != nil {
		text = elementsText(e)
	}
	at := describe.Printable(pointerLabel(c.At))
	if o.color {
		sign, at = style.Styled(sign), ansi.NewStyle().Bold().Styled(at)
	}
	_, err := fmt.Fprintf(o.w, "%s %s  %s\n", sign, at, text)
	return err
}

// elementsText says how the elements of two arrays differ.
func elementsText(e *diff.Elements) string {
	text := fmt.Sprintf("%s of %s elements differ", humanize.Comma(int64(e.Differ)),
		humanize.Comma(int64(e.Size)))
	where := strings.ReplaceAll(fmt.Sprint(e.At), " ", ", ")
	values := describe.Printable(e.Old) + " → " + describe.Printable(e.New)
	if !e.HasNumbers {
		return text + fmt.Sprintf(", the first at %s: %s", where, values)
	}
	return text + fmt.Sprintf(", at most by %.6g, at %s: %s; relative at most %s", e.MaxAbs, where,
		values, shortText(e.MaxRel))
}

func (o *diffWriter) document(c *diff.Change) error {
	names := []string{"pointer", "kind"}
	values := []any{c.At.String(), string(c.Kind)}
	add := func(name string, v any) { names, values = append(names, name), append(values, v) }
	if c.Kind != diff.Added && c.Old != "" {
		add("old", c.Old)
	}
	if c.Kind != diff.Removed && c.New != "" {
		add("new", c.New)
	}
	if e := c.Elements; e != nil {
		add("differ", e.Differ)
		add("size", e.Size)
		if e.HasNumbers {
			add("max_abs", e.MaxAbs)
			add("max_rel", e.MaxRel)
		}
		add("at", anys(e.At))
		add("values", []any{e.Old, e.New})
	}
	return o.enc.Encode(jsonval.Object(names, values))
}
