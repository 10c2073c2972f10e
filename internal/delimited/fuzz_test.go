package delimited

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

// FuzzSplit compares with encoding/csv, if that reads the text as rows of one width.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"x\"\"y\",\"a\nb\"\n,\n", "1\n\n2\n", "a,\"b",
		"a\"b,c\n", " \n1 2\n# c\n", "é,\xff\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, d := range []Dialect{{Comment: "#"},
			{Delimiter: ',', Comment: "#", Quotes: true, Short: true}, {Delimiter: '\t'}} {
			table, err := Split([]byte(s), d, 0, 1)
			if err == nil {
				for _, c := range table.Infer(len(s)%2 == 0) {
					if n := len(c.Ints) + len(c.Uints) + len(c.Floats) + len(c.Complex) +
						len(c.Bools); c.Type < Big && n != table.Rows() {
						t.Fatalf("%d numbers in %d rows", n, table.Rows())
					}
				}
			}
		}
		r := csv.NewReader(strings.NewReader(s))
		want, err := r.ReadAll()
		if err != nil || len(want) == 0 || strings.Contains(s, "\r") {
			return
		}
		// encoding/csv takes lines of blanks for rows.
		for line := range strings.Lines(s) {
			if strings.TrimSpace(line) == "" && strings.Trim(line, "\n") != "" {
				return
			}
		}
		table, err := Split([]byte(s), Dialect{Delimiter: ',', Quotes: true}, 0, 1)
		if err != nil {
			t.Fatalf("%q: %v, encoding/csv has %q", s, err, want)
		}
		got := make([][]string, table.Rows())
		for i := range got {
			for c := range table.Cols() {
				field, _ := table.Field(i, c)
				got[i] = append(got[i], string(field))
			}
		}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("%q: %q, want %q", s, got, want)
		}
	})
}

// TestPieces: a text that is split in pieces gives the same fields, whatever quotes and lines are
// at the cuts.
func TestPieces(t *testing.T) {
	t.Parallel()
	row := []byte("1.5,\"a \"\"quoted\"\"\ntext, of two lines\",x\n")
	text := bytes.Repeat(row, 3*blockSize/len(row)+5)
	table, err := Split(text, Dialect{Delimiter: ',', Quotes: true}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.blocks) < 3 || table.Rows() != len(text)/len(row) || table.Cols() != 3 {
		t.Fatalf("%d blocks, %d rows, %d columns", len(table.blocks), table.Rows(), table.Cols())
	}
	for i := range table.Rows() {
		if f, quoted := table.Field(i, 1); string(f) != "a \"quoted\"\ntext, of two lines" ||
			!quoted {
			t.Fatalf("row %d: %q", i, f)
		}
	}
	data, offsets := table.Texts(2, nil)
	if len(offsets) != table.Rows()+1 || len(data) != table.Rows() {
		t.Errorf("%d texts of %d bytes", len(offsets)-1, len(data))
	}
}

// FuzzFloat: the fast parser returns the same as strconv.
func FuzzFloat(f *testing.F) {
	for _, s := range []string{"1", "-0.5e10", "1.7976931348623157e308", "5e-324", "nan", "1e400",
		"+.5", "1_0", "0x1p4", "9007199254740993"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, ok := fastFloat([]byte(s))
		if !ok {
			return
		}
		want, err := parseFloat(s)
		if err != nil || x != want {
			t.Fatalf("%q: %v, want %v, %v", s, x, want, err)
		}
	})
}
