package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// columns are the columns of the table. All readers of this module share one.
var columns = []struct {
	title   string
	readers func(r reader) bool
}{
	{"unpkl", func(r reader) bool { return r.ours }},
	{"gopickle", func(r reader) bool { return r.name == "gopickle" }},
	{"gopickle with our hook", func(r reader) bool {
		return strings.HasPrefix(r.name, "gopickle with")
	}},
	{"og-rek", func(r reader) bool { return r.name == "og-rek" }},
}

// A tally is a cell of the table.
type tally struct {
	outcomes map[string]int
	peak     int64 // in bytes
	took     time.Duration
	peakOf   string // the input with the greatest peak, and its reader
	tookOf   string // the input that took longest, and its reader
}

func (t *tally) add(in input, r reader, res result) {
	if t.outcomes == nil {
		t.outcomes = map[string]int{}
	}
	t.outcomes[res.outcome]++
	if res.peak > t.peak {
		t.peak, t.peakOf = res.peak, in.Name+" by "+r.name
	}
	if res.took > t.took {
		t.took, t.tookOf = res.took, in.Name+" by "+r.name
	}
}

func (t *tally) String() string {
	if len(t.outcomes) == 0 {
		return ""
	}
	var parts []string
	for _, o := range []struct{ outcome, short string }{{"panic", "panic"}, {"fatal", "fatal"},
		{"hang", "hang"}, {"broken", "broken"}} {
		if n := t.outcomes[o.outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("**%s %d**", o.short, n))
		}
	}
	parts = append(parts, fmt.Sprintf("%d MiB", (t.peak+1<<20-1)>>20),
		t.took.Round(10*time.Millisecond).String())
	return strings.Join(parts, ", ")
}

// progress writes the results of a class for people, with the inputs that determine the table.
func progress(w io.Writer, class string, inputs []input, results [][]result) {
	cells, _ := cellsOf(class, inputs, results)
	for c, column := range columns {
		t := &cells[c]
		fmt.Fprintf(w, "%s: %s: %v; most memory %d MiB: %s; most time %v: %s\n", class,
			column.title, t.outcomes,
			t.peak>>20, t.peakOf, t.took.Round(time.Millisecond), t.tookOf)
	}
	for _, s := range wrongs(class, inputs, results) {
		fmt.Fprintln(w, "WRONG", s)
	}
}

// cellsOf returns the cells of a class and the number of its inputs.
func cellsOf(class string, inputs []input, results [][]result) (cells []tally, n int) {
	cells = make([]tally, len(columns))
	for i, in := range inputs {
		if in.Class != class {
			continue
		}
		n++
		for r, rd := range readers {
			for c, column := range columns {
				if column.readers(rd) && rd.takes(class) {
					cells[c].add(in, rd, results[i][r])
				}
			}
		}
	}
	return cells, n
}

// wrongs lists the results of our readers that are not acceptable.
func wrongs(class string, inputs []input, results [][]result) (wrong []string) {
	for i, in := range inputs {
		for r, rd := range readers {
			if in.Class == class && rd.ours && rd.takes(class) {
				if s := verdict(in, rd, results[i][r]); s != "" {
					wrong = append(wrong, fmt.Sprintf("%s: %s: %s: %s", in.Class, in.Name, rd.name,
						s))
				}
			}
		}
	}
	return wrong
}

// report writes the table to w and, if write is not empty, into that file. It returns an error if a
// result of ours is not acceptable.
func report(w io.Writer, inputs []input, results [][]result, classes []string, write string) error {
	counts := map[string]int{}
	cells := map[string][]tally{}
	wrong := 0
	for _, class := range classes {
		cells[class], counts[class] = cellsOf(class, inputs, results)
		wrong += len(wrongs(class, inputs, results))
	}
	table := tableOf(classes, counts, cells)
	fmt.Fprint(w, table)
	if write != "" {
		if err := insert(write, table); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d results are not as they must be", wrong)
	}
	return nil
}

// verdict says what is wrong with a result of ours. It is empty if nothing is.
func verdict(in input, r reader, res result) string {
	switch {
	case res.outcome == "panic" || res.outcome == "fatal" || res.outcome == "hang" ||
		res.outcome == "broken":
		return res.outcome + ": " + res.text
	case res.peak > allowed(in, r) && in.Size < 1<<20:
		return fmt.Sprintf("%d MiB for %d bytes", res.peak>>20, in.Size)
	case r.name == "Load" && in.Want == "error" && res.outcome == "value":
		return "accepted"
	case r.name == "Load" && in.Want == "value" && res.outcome == "error":
		return "refused: " + res.text
	}
	return ""
}

func tableOf(classes []string, counts map[string]int, cells map[string][]tally) string {
	var b strings.Builder
	b.WriteString("| class | inputs |")
	for _, c := range columns {
		b.WriteString(" " + c.title + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(columns)) + "\n")
	total := 0
	sums := make([]tally, len(columns))
	for _, class := range classes {
		total += counts[class]
		fmt.Fprintf(&b, "| %s | %d |", class, counts[class])
		for c := range columns {
			t := &cells[class][c]
			fmt.Fprintf(&b, " %s |", t)
			if sums[c].outcomes == nil {
				sums[c].outcomes = map[string]int{}
			}
			for o, n := range t.outcomes {
				sums[c].outcomes[o] += n
			}
			sums[c].peak, sums[c].took = max(sums[c].peak, t.peak), max(sums[c].took, t.took)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "| **all** | %d |", total)
	for c := range columns {
		fmt.Fprintf(&b, " %s |", &sums[c])
	}
	fmt.Fprintf(&b, "\n\nMeasured %s with %s on %s/%s.\n", time.Now().UTC().Format("2006-01-02"),
		runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return b.String()
}

const (
	beginMark = "<!-- table: make hostile -->\n"
	endMark   = "<!-- end of table -->\n"
)

// insert puts the table between the marks in a file.
func insert(path, table string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok1 := strings.Cut(string(data), beginMark)
	_, after, ok2 := strings.Cut(rest, endMark)
	if !ok1 || !ok2 {
		return fmt.Errorf("%s has no marks for the table", path)
	}
	return os.WriteFile(path, []byte(before+beginMark+table+endMark+after), 0o644)
}
