package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/batch"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/framehook"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/stats"
	"github.com/unpkl/unpkl/internal/table"
	"github.com/unpkl/unpkl/ndarray"
)

func init() { commands = append(commands, statsCommand) }

// statsFlags are the options of stats.
type statsFlags struct {
	json bool
	axis int
	many manyFlags
	out  lineFlags
}

// noAxis is the --axis that is not given; axes count from the end below 0.
const noAxis = math.MinInt

const statsLong = `stats sums up every array, column of a table and list of single values in FILE, or in what
POINTER leads to: how many elements there are and are missing (NaN, NaT, None, masked), how many
are different, the least and greatest, mean, standard deviation (numpy.std), quantiles, and a
histogram. Arrays are read once, by several cores, as they lie in the file.

Of more than about 16,000 different elements their number is an estimate, marked ~. Of more than a
million elements quantiles and histogram are of a sample of 130,000 of them.

Where FILE is a folder or a pattern, or with --files-from, each file is summed up: its name and its
table, or with --json objects with file in them. A file that cannot be read is told, and the others
go on.

With --axis the elements along that axis of an array are summed up, for each index of the others.`

func statsCommand(s *streams) *cobra.Command {
	f := statsFlags{axis: noAxis}
	cmd := &cobra.Command{
		Use:   "stats FILE [POINTER]",
		Short: "Sum up arrays, columns and lists: count, missing, min, max, mean, std, quantiles",
		Long:  statsLong,
		Example: `  unpkl stats data.pkl
  unpkl stats table.pkl /price
  unpkl stats --axis 0 data.npz /x
  unpkl stats --json data.pkl | jq -r .mean
  unpkl stats --json 'in/**/*.pkl' /price`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.many.sources.list != "" && len(args) < 2 {
				return nil
			}
			return filePointer(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			files, pointers := args[:min(1, len(args))], args[min(1, len(args)):]
			if f.many.sources.list != "" {
				files, pointers = nil, args
			}
			p, err := pointerArg(pointers)
			if err != nil {
				return err
			}
			return runStats(s, cmd, &f, files, p)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.json, "json", false, "write JSON Lines: an object an array, by pointer")
	flags.IntVar(&f.axis, "axis", noAxis, "sum up along this axis of one array, -1 is the last")
	flags.Lookup("axis").DefValue = ""
	f.many.add(cmd)
	f.out.add(cmd)
	return cmd
}

// filePointer is the Args of a command that takes FILE and perhaps a POINTER.
func filePointer(cmd *cobra.Command, args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return usageErrorf("%s takes FILE and POINTER; see %[1]s --help", cmd.CommandPath())
	}
	return nil
}

// summed is what came of a file.
type summed struct {
	all []stats.Named
	err error
}

func runStats(s *streams, cmd *cobra.Command, f *statsFlags, files []string,
	p pointer.Pointer) error {
	if err := f.out.check(f.json, "stats --json"); err != nil {
		return err
	}
	m, err := f.many.begin(s, cmd, listing, files)
	if err != nil {
		return err
	}
	work := func(source batch.Source) (r summed) {
		r.all, r.err = sumUp(s, source.Path, p, f.axis)
		return r
	}
	if f.out.output != "" {
		options := fmt.Sprintf("stats of %q, axis %d", p, f.axis)
		codec := &lineCodec[summed]{work: work, lines: statsFileLines}
		return m.end(toFile(m, &f.out, options, codec))
	}
	several := f.many.several(listing, files)
	w := bufio.NewWriter(s.out)
	err = eachFile(m, work, func(source batch.Source, r summed) error {
		if isOther(source, r.err) {
			m.other++
			return nil
		}
		if r.err != nil {
			return m.failed(source, r.err)
		}
		name := ""
		if several {
			name = source.Path
		}
		return writeStats(s, w, f.json, name, r.all)
	})
	if err == nil {
		m.tellNone()
	}
	return m.end(err)
}

// statsFileLines writes the summaries of a file for -o.
func statsFileLines(to io.Writer, source batch.Source, r summed) error {
	if r.err != nil {
		if isOther(source, r.err) {
			return nil
		}
		return r.err
	}
	w := bufio.NewWriter(to)
	return errors.Join(statsJSON(w, source.Path, r.all), w.Flush())
}

// writeStats writes the summaries of a file, with its name if there are several.
func writeStats(s *streams, w *bufio.Writer, asJSON bool, name string, all []stats.Named) error {
	var err error
	switch {
	case asJSON:
		err = statsJSON(w, name, all)
	default:
		if name != "" {
			fmt.Fprintln(w, printable(name))
		}
		t := statsTable(all)
		err = t.WriteText(w, span(0, t.Rows), table.Style{Width: s.width(), Color: s.color()})
	}
	if err != nil {
		return err
	}
	return w.Flush()
}

// sumUp sums up what a pointer leads to in a file.
func sumUp(s *streams, name string, p pointer.Pointer, axis int) ([]stats.Named, error) {
	found, end, err := partsOf(s, name, p)
	if err != nil {
		return nil, err
	}
	defer end()
	var all []stats.Named
	r := lookup.NewReader(true)
	for _, m := range found {
		var some []stats.Named
		if axis == noAxis {
			some, err = stats.Of(r, m.Value, m.At)
		} else {
			some, err = alongAxis(m, axis)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no array, column or list of single values is in %s", pointerName(p))
	}
	return all, nil
}

// alongAxis sums up along an axis of an array.
func alongAxis(m lookup.Match, axis int) ([]stats.Named, error) {
	var a, mask *ndarray.Array
	switch v := m.Value.(type) {
	case *ndarray.Array:
		a = v
	case *ndarray.Masked:
		a, mask = v.Data, v.Mask
	default:
		return nil, fmt.Errorf("--axis is for an array; %s is %s", pointerName(m.At),
			lookup.Kind(v))
	}
	if a.NDim() < 1 || axis < -a.NDim() || axis >= a.NDim() {
		return nil, fmt.Errorf("%s has no axis %d: it has %d", pointerName(m.At), axis, a.NDim())
	}
	sums, shape, err := stats.Axis(a, mask, axis)
	if err != nil {
		return nil, err
	}
	along := (axis + a.NDim()) % a.NDim()
	all := make([]stats.Named, len(sums))
	for i, s := range sums {
		all[i] = stats.Named{
			At: m.At.Child(laneToken(i, shape, along)), DType: a.DType().String(),
			Shape: []int{a.Shape()[along]}, Summary: s,
		}
	}
	return all, nil
}

// laneToken is the subscript of what lies along an axis at index i of the others.
func laneToken(i int, shape []int, along int) string {
	index := make([]int, len(shape))
	for k := len(shape) - 1; k >= 0; k-- {
		index[k] = i % shape[k]
		i /= shape[k]
	}
	token := ""
	for k := range len(shape) + 1 {
		if k > 0 {
			token += ","
		}
		switch {
		case k == along:
			token += ":"
		case k < along:
			token += strconv.Itoa(index[k])
		default:
			token += strconv.Itoa(index[k-1])
		}
	}
	return token
}

// statsColumns are the names of what is summed up.
var statsColumns = []string{
	"", "dtype", "count", "missing", "distinct", "min", "5%", "25%", "50%", "75%", "95%", "max",
	"mean", "std", "histogram",
}

// statsTable shows summaries as a table.
func statsTable(all []stats.Named) *table.Table {
	rows := make([][]string, len(all))
	columns := make([]table.Column, len(statsColumns)-1)
	for i, n := range all {
		rows[i] = statsRow(&n)
	}
	for i, name := range statsColumns[1:] {
		columns[i] = table.Column{Name: name, Number: i > 0 && i < len(statsColumns)-2}
	}
	return &table.Table{
		Columns: columns, Rows: len(rows), Labels: statsColumns[:1],
		Label: func(row, _ int) table.Cell { return table.Cell{Text: pointerLabel(all[row].At)} },
		Cell: func(row, column int) table.Cell {
			text := rows[row][column]
			return table.Cell{Text: text, Null: text == "-"}
		},
	}
}

func pointerLabel(p pointer.Pointer) string {
	if len(p) == 0 {
		return "(all)"
	}
	return p.String()
}

func statsRow(n *stats.Named) []string {
	text := func(v any) string { return shortText(asTime(v, n.Unit)) }
	distinct := strconv.FormatInt(n.Distinct, 10)
	if n.DistinctEstimated {
		distinct = "~" + distinct
	}
	row := []string{n.DType, strconv.FormatInt(n.Count, 10), strconv.FormatInt(n.Missing, 10),
		distinct, text(n.Min)}
	about := ""
	if n.Sampled > 0 {
		about = "~"
	}
	for i := range stats.Fractions {
		cell := "-"
		if n.Quantiles != nil {
			cell = about + text(n.Quantiles[i])
		}
		row = append(row, cell)
	}
	std := any(n.Std)
	if math.IsNaN(n.Std) && n.Quantiles == nil {
		std = nil
	}
	mean := n.Mean
	if f, ok := mean.(float64); ok && math.IsNaN(f) && std == nil {
		mean = nil
	}
	return append(row, text(n.Max), text(mean), text(std), spark(n.Bins))
}

// asTime returns ticks of a unit as a length of time, and anything else as it is.
func asTime(v any, unit ndarray.DatetimeUnit) any {
	if f, ok := v.(float64); ok && unit.Base != "" && math.Abs(f) < math.MaxInt64 {
		return ndarray.Timedelta64{Value: int64(math.Round(f)), Unit: unit}
	}
	return v
}

// shortText is a number of six digits, a text of a few characters.
func shortText(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case float64:
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(v, 'g', 6, 64), "+"))
	case complex128:
		return strconv.FormatComplex(v, 'g', 6, 128)
	case ndarray.Timedelta64:
		return framehook.TimedeltaText(v)
	case ndarray.Datetime64:
		return shortTime(v.String())
	case time.Time:
		return v.Format("2006-01-02T15:04:05.999999999-07:00")
	case string:
		if r := []rune(v); len(r) > 16 {
			v = string(r[:15]) + "…"
		}
		return v
	}
	return describe.Text(v)
}

// shortTime leaves out what a time has of nothing: the fractions of a second, or all of midnight.
func shortTime(iso string) string {
	if whole, fraction, ok := strings.Cut(iso, "."); ok && strings.Trim(fraction, "0") == "" {
		iso = whole
	}
	return strings.TrimSuffix(iso, "T00:00:00")
}

// spark draws counts as bars.
func spark(counts []int) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	most := 0
	for _, n := range counts {
		most = max(most, n)
	}
	line := make([]rune, len(counts))
	for i, n := range counts {
		line[i] = ' '
		if n > 0 {
			line[i] = bars[min(n*len(bars)/most, len(bars)-1)]
		}
	}
	return string(line)
}

// statsJSON writes summaries as JSON Lines, with the file in them if it has a name.
func statsJSON(w *bufio.Writer, file string, all []stats.Named) error {
	enc := jsonval.NewEncoder(w, jsonOptions(0))
	for _, n := range all {
		var names []string
		var values []any
		add := func(name string, v any) { names, values = append(names, name), append(values, v) }
		if file != "" {
			add("file", file)
		}
		add("pointer", n.At.String())
		add("dtype", n.DType)
		add("shape", anys(n.Shape))
		add("count", int(n.Count))
		add("missing", int(n.Missing))
		add("distinct", int(n.Distinct))
		if n.DistinctEstimated {
			add("distinct_estimated", true)
		}
		if n.Min != nil {
			add("min", element(n.Min))
			add("max", element(n.Max))
		}
		if n.Count > 0 && n.HasMean() {
			add("mean", element(n.Mean))
			add("std", n.Std)
		}
		if n.Quantiles != nil {
			fractions := make([]string, len(stats.Fractions))
			for i, f := range stats.Fractions {
				fractions[i] = strconv.FormatFloat(f, 'g', -1, 64)
			}
			add("quantiles", jsonval.Object(fractions, elements(n.Quantiles)))
			if n.Sampled > 0 {
				add("sampled", n.Sampled)
			}
		}
		if n.Bins != nil {
			add("histogram", anys(n.Bins))
		}
		if err := enc.Encode(jsonval.Object(names, values)); err != nil {
			return err
		}
	}
	return nil
}

func anys[T any](s []T) []any {
	out := make([]any, len(s))
	for i, v := range s {
		out[i] = v
	}
	return out
}

func elements(s []any) []any {
	out := make([]any, len(s))
	for i, v := range s {
		out[i] = element(v)
	}
	return out
}

// element is a value as an element of an array is written.
func element(v any) any {
	switch v := v.(type) {
	case ndarray.Datetime64:
		return v.String()
	case ndarray.Timedelta64:
		return v.Value
	case complex128:
		return []any{real(v), imag(v)}
	}
	return v
}
