package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/table"
)

func init() {
	commands = append(commands,
		func(s *streams) *cobra.Command { return rowsCommand(s, "head", "the first", firstRows) },
		func(s *streams) *cobra.Command { return rowsCommand(s, "tail", "the last", lastRows) },
		func(s *streams) *cobra.Command {
			return rowsCommand(s, "sample", "randomly chosen", sampleRows)
		})
}

// rowsFlags are the options of head, tail and sample.
type rowsFlags struct {
	n         int
	seed      int64
	csv, json bool
}

// chooseRows returns the ascending positions of the rows to show of a table with the given number
// of rows. It returns the same each time it is called with the same arguments.
type chooseRows func(f *rowsFlags, rows int) []int

func firstRows(f *rowsFlags, rows int) []int { return span(0, min(f.n, rows)) }
func lastRows(f *rowsFlags, rows int) []int  { return span(max(rows-f.n, 0), rows) }

// span returns the numbers from from to to-1.
func span(from, to int) []int {
	rows := make([]int, to-from)
	for i := range rows {
		rows[i] = from + i
	}
	return rows
}

// sampleRows returns distinct rows chosen with equal probability, by Floyd's method.
func sampleRows(f *rowsFlags, rows int) []int {
	r := rand.New(rand.NewPCG(uint64(f.seed), 0))
	n := min(f.n, rows)
	chosen := make(map[int]bool, n)
	for i := rows - n; i < rows; i++ {
		k := r.IntN(i + 1)
		if chosen[k] {
			k = i
		}
		chosen[k] = true
	}
	out := make([]int, 0, n)
	for row := range chosen {
		out = append(out, row)
	}
	slices.Sort(out)
	return out
}

func rowsCommand(s *streams, name, which string, choose chooseRows) *cobra.Command {
	f := &rowsFlags{}
	cmd := &cobra.Command{
		Use:   name + " FILE [POINTER]",
		Short: "Show " + which + " rows of a table, an array or a list",
		Long: name + ` shows ` + which + ` rows of what POINTER leads to in FILE as a table: of a pandas DataFrame, a
structured array, a list of dicts or objects, a dict of up to 1,000 arrays of one length, any other
dict as its keys and values, an array, a list. Of a list or dict only the rows that are shown are
made, and the first 1,000, which tell the columns. Below the names of the columns stand their dtypes
or types; numbers stand to the right, what is missing is faint. A table that is wider than the
terminal folds. FILE may be "-" for standard input; get --help tells what a POINTER is.`,
		Example: fmt.Sprintf(`  unpkl %[1]s table.pkl
  unpkl %[1]s -n 3 data.pkl /records
  unpkl %[1]s --csv table.pkl > rows.csv`, name),
		Args: filePointer,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := pointerArg(args[1:])
			if err != nil {
				return err
			}
			if f.n < 0 {
				return usageErrorf("-n %d is less than 0", f.n)
			}
			if f.csv && f.json {
				return usageErrorf("--csv and --json exclude each other")
			}
			if f.seed < 0 { // sampleRows is called more than once and has to choose the same rows
				f.seed = rand.Int64()
			}
			return showRows(s, f, choose, args[0], p)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVarP(&f.n, "rows", "n", 10, "how many rows")
	if name == "sample" {
		flags.Int64Var(&f.seed, "seed", -1,
			"a number that the choice follows from; without it each run has its own")
	}
	flags.BoolVar(&f.csv, "csv", false, "write comma-separated values")
	flags.BoolVar(&f.json, "json", false,
		"write JSON Lines: an object a row, a list of an array's row")
	return cmd
}

func showRows(s *streams, f *rowsFlags, choose chooseRows, name string, p pointer.Pointer) error {
	s.gc.keepsLittle()
	found, end, err := readPart(s, name, &lookup.Part{
		Pointer: p, RepeatableHooks: true, FirstRows: table.SampleSize, ShallowRows: !f.json,
		Rows: func(n int) []int { return rowsToRead(choose(f, n), n) },
	})
	if err != nil {
		return &fileError{name, err}
	}
	defer end()
	for i, m := range found {
		if i > 0 && !f.csv && !f.json {
			io.WriteString(s.out, "\n")
		}
		if err := showTable(s, f, choose, name, m); err != nil {
			return &fileError{name, err}
		}
	}
	return nil
}

// rowsToRead returns the rows to read of n: the ascending rows to show, and the first ones, from
// which package table tells the columns.
func rowsToRead(rows []int, n int) []int {
	all := span(0, min(n, table.SampleSize))
	at, _ := slices.BinarySearch(rows, len(all))
	return append(all, rows[at:]...)
}

func showTable(s *streams, f *rowsFlags, choose chooseRows, name string, m lookup.Match) error {
	t, ok := table.OfPart(m.Value, m.Len)
	if !ok {
		return fmt.Errorf("%s has no rows: it is %s", pointerName(m.At), lookup.Kind(m.Value))
	}
	all := max(t.Rows, m.Len)
	rows := choose(f, all)
	if t.Index = m.Index; m.Index != nil {
		for i, row := range rows {
			rows[i], _ = slices.BinarySearch(m.Index, row)
		}
	}
	out := s.out
	if f.csv {
		out = s.dataOut()
	}
	w := bufio.NewWriter(out)
	var err error
	switch {
	case f.csv:
		err = t.WriteCSV(w, slices.Values(rows), ',')
	case f.json:
		lines := &valueOutput{w: w, most: mostJSON(name)}
		err = t.WriteJSON(slices.Values(rows), func(v any) error { return lines.json(v, 0) })
	default:
		if err = t.WriteText(w, rows, table.Style{Width: s.width(),
			Color: s.color()}); err == nil && len(rows) < all {
			_, err = fmt.Fprintf(w, "%s of %s rows\n", humanize.Comma(int64(len(rows))),
				humanize.Comma(int64(all)))
		}
	}
	if err != nil {
		return err
	}
	return w.Flush()
}

// pointerName returns a pointer for the text of an error.
func pointerName(p pointer.Pointer) string {
	if len(p) == 0 {
		return "the value"
	}
	return p.String()
}
