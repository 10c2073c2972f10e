package table_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/table"
	"github.com/unpkl/unpkl/ndarray"
)

func list(items ...any) *types.List { return types.NewListFromSlice(items) }

func array(t *testing.T, n int, shape ...int) *ndarray.Array {
	t.Helper()
	values := make([]int32, n)
	for i := range values {
		values[i] = int32(i)
	}
	a, err := ndarray.FromSlice(values, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// rows returns the texts of a table: first the names and types of the columns, then each row.
func rows(t *testing.T, v any) []string {
	t.Helper()
	of, ok := table.Of(v)
	if !ok {
		return nil
	}
	var names []string
	for _, c := range of.Columns {
		names = append(names, c.Name+":"+c.Type)
	}
	out := []string{strings.Join(names, " ")}
	for row := range of.AllRows() {
		var cells []string
		for i := range of.Columns {
			cells = append(cells, of.Cell(row, i).Text)
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

// TestOf checks which values are tables, and their rows.
func TestOf(t *testing.T) {
	record := func(keyValues ...any) *types.Dict {
		d := types.Dict{}
		for i := 0; i < len(keyValues); i += 2 {
			d = append(d, types.DictEntry{Key: keyValues[i], Value: keyValues[i+1]})
		}
		return &d
	}
	for _, c := range []struct {
		name  string
		value any
		want  []string
	}{
		{"numbers", list(1, 2.5, nil), []string{":float", "1", "2.5", "None"}},
		{"records", list(record("id", 1, "v", "x"), record("id", 2, "w", true)),
			[]string{"id:int v:str w:bool", "1 x null", "2 null True"}},
		{"rows", list(list(1, "a"), list(2)), []string{"0:int 1:str", "1 a", "2 null"}},
		{"columns", record("x", array(t, 2), "y", array(t, 2)),
			[]string{"x:int32 y:int32", "0 0", "1 1"}},
		{"a dict", record("k", 1, 2, "v"), []string{"key: value:", "k 1", "2 v"}},
		{"a matrix", array(t, 4, 2, 2), []string{"0:int32 1:int32", "0 1", "2 3"}},
		{"three axes", array(t, 4, 1, 2, 2),
			[]string{"0,0:int32 0,1:int32 1,0:int32 1,1:int32", "0 1 2 3"}},
		{"of one kind only", list(1, "x"), []string{":object", "1", "x"}},
		{"no rows", "text", nil},
	} {
		if got := rows(t, c.value); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestWriteText checks that columns fold at the width of the terminal and control characters are
// escaped.
func TestWriteText(t *testing.T) {
	of, _ := table.Of(list(list("a\x1b[31m", strings.Repeat("y", 90), 3, 4, 5, 6, 7, 8, 9, 10),
		list("b", "", 1, 2, 3, 4, 5, 6, 7, 8)))
	var out bytes.Buffer
	if err := of.WriteText(&out, []int{0, 1}, table.Style{Width: 60}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if n := ansi.StringWidth(line); n > 60 {
			t.Errorf("%d cells: %q", n, line)
		}
	}
	if strings.Contains(out.String(), "\x1b") || strings.Count(out.String(), "\n\n") == 0 {
		t.Errorf("got %q", out.String())
	}
}

// TestWriteCSV checks that encoding/csv reads what WriteCSV writes.
func TestWriteCSV(t *testing.T) {
	of, _ := table.Of(list(list(`a"b,c`, "d\ne"), list("", "x")))
	var out bytes.Buffer
	if err := of.WriteCSV(&out, of.AllRows(), ','); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) < 2 || !slices.Equal(got[len(got)-2], []string{`a"b,c`, "d\ne"}) {
		t.Errorf("got %q", got)
	}
}

// TestWriteJSON checks that a row is an object by the names of the columns, or a list.
func TestWriteJSON(t *testing.T) {
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	for _, v := range []any{list(&types.Dict{{Key: "id", Value: 1}}), array(t, 4, 2, 2), list(1)} {
		of, _ := table.Of(v)
		if err := of.WriteJSON(of.AllRows(),
			jsonval.NewEncoder(w, jsonval.Options{}).Encode); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	if got, want := out.String(), "{\"id\":1}\n[0,1]\n[2,3]\n1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLevels: the levels of a MultiIndex stand in columns of their own.
func TestLevels(t *testing.T) {
	letters, err := frame.NewSeries("letter", []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	values, err := frame.NewSeries("v", []int64{5, 6, 7})
	if err != nil {
		t.Fatal(err)
	}
	f, err := frame.New(values)
	if err != nil {
		t.Fatal(err)
	}
	codes := func(c ...int8) *ndarray.Array {
		a, err := ndarray.FromSlice(c)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	f.Index = &frame.Index{Class: "MultiIndex", Names: []any{"letter", nil},
		Levels: []*frame.Index{frame.NewIndex(letters), frame.NewRangeIndex(2)},
		Codes:  []*ndarray.Array{codes(0, 1, 1), codes(0, 1, -1)}}
	if err := f.Validate(); err != nil {
		t.Fatal(err)
	}
	of, ok := table.Of(f)
	if !ok {
		t.Fatal("no table")
	}
	all := slices.Values([]int{0, 1, 2})
	for want, write := range map[string]func(w io.Writer) error{
		"letter,,v\na,0,5\nb,1,6\nb,,7\n": func(w io.Writer) error {
			return of.WriteCSV(w, all, ',')
		},
		"letter           v\n             int64\na       0        5\nb       1        6\n" +
			"b       NaN      7\n": func(w io.Writer) error {
			return of.WriteText(w, []int{0, 1, 2}, table.Style{})
		},
		`{"letter":"a","level_1":0,"v":5}` + "\n" + `{"letter":"b","level_1":1,"v":6}` + "\n" +
			`{"letter":"b","level_1":null,"v":7}` + "\n": func(w io.Writer) error {
			return of.WriteJSON(all, jsonval.NewEncoder(w, jsonval.Options{}).Encode)
		},
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", out.String(), want)
		}
	}
}
