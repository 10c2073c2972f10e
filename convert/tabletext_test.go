//go:build linux || darwin

package convert_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/internal/cases"
)

// textCases are texts whose rows near the end deviate from the rows before.
func textCases() map[string]string {
	many := func(head, row, last string) string {
		return head + strings.Repeat(row, 500) + last
	}
	labelled := ",a\n"
	for i := range 900 {
		labelled += fmt.Sprintf("%d,%d.5\n", i, i)
	}
	return map[string]string{
		"numbers.csv":  many("a,b\n", "1,2.5\n", "3,4\n"),
		"missing.csv":  many("a,b,c\n", "1,x,True\n", ",,True\n"),
		"text.csv":     many("a,b\n", "1,2\n", "x,\n"),
		"quotes.csv":   many("a,b\n", "1,\"x, y\nz\"\n", "2,\"\"\"\"\n"),
		"empty.csv":    many("a,b,c\n", "1,,\n", "2,x,5\n"),
		"labels.csv":   labelled,
		"names.csv":    many(",a\n", "r,1\n", "s,2\n"),
		"numbered.csv": many(",a\n", "5,1\n", "6,2\n"),
		"big.csv":      many("a,b\n", "1,2\n", "99999999999999999999,18446744073709551615\n"),
		"bools.csv":    many("a\n", "True\n", "NA\n"),
		"comment.csv":  "# about\n" + many("a,b\n", "1,x\n", "2,y\n"),
		"same.csv":     many("a,a,\n", "1,2,3\n", "1,2,x\n"),
		"matrix.csv":   many("", "1,2.5\n", "3,4\n"),
		"tabs.tsv":     many("a\tb\n", "1\tx y\n", "\t\n"),
		"short.csv":    many("a,b,c\n", "1,2\n", "1,2,3\n"),
		"records.jsonl": many("", "{\"a\": 1, \"b\": \"x\", \"c\": true}\n",
			"{\"a\": 2.5, \"c\": false, \"d\": 7}\n"),
		"nested.jsonl": many("", "{\"a\": 1}\n", "{\"a\": [1, 2]}\n"),
		"nulls.jsonl":  many("", "{\"a\": null, \"b\": 1}\n", "{\"a\": \"x\", \"b\": null}\n"),
	}
}

// TestTextInParts: a text that is read in parts gives the same table as a text that is read whole,
// and a table that is written in parts the same text.
func TestTextInParts(t *testing.T) {
	for name, text := range textCases() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := func(name string) string { return filepath.Join(dir, name) }
			if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			v, err := convert.Read(path(name), convert.WithObjects())
			if err != nil {
				t.Fatal(err)
			}
			for _, ending := range []string{"csv", "jsonl", "parquet", "feather"} {
				end := convert.ReadInParts(1000)
				err := convert.File(path(name), path("parts."+ending), convert.WithLossy())
				end()
				wholeErr := convert.Write(path("whole."+ending), v, convert.WithLossy())
				if fmt.Sprint(err) != fmt.Sprint(wholeErr) {
					t.Fatalf("%s: %v, as a whole %v", ending, err, wholeErr)
				}
				if err != nil {
					continue
				}
				sameFiles(t, path("parts."+ending), path("whole."+ending))
			}
			for _, to := range []string{"csv", "tsv", "jsonl"} {
				if _, err := os.Stat(path("parts.parquet")); err != nil {
					continue
				}
				whole, err := convert.Read(path("parts.parquet"), convert.WithObjects())
				if err := errors.Join(err,
					convert.Write(path("again."+to), whole, convert.WithLossy()),
					convert.File(path("parts.parquet"), path("streamed."+to),
						convert.WithLossy())); err != nil {
					t.Fatal(err)
				}
				sameFiles(t, path("streamed."+to), path("again."+to))
			}
		})
	}
}

// sameFiles compares text files byte for byte, and tables by their values.
func sameFiles(t *testing.T, got, want string) {
	t.Helper()
	if ending := filepath.Ext(want); ending == ".parquet" || ending == ".feather" {
		v, err := convert.Read(want, convert.WithObjects())
		if err == nil {
			err = convert.Verify(got, v)
		}
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(got), err)
		}
		return
	}
	g, err1 := os.ReadFile(got)
	w, err2 := os.ReadFile(want)
	if err := errors.Join(err1, err2); err != nil || !bytes.Equal(g, w) {
		t.Errorf("%s: %v, %d and %d bytes\n%.300s\n%.300s", filepath.Base(got), err, len(g), len(w),
			g[max(len(g)-300, 0):], w[max(len(w)-300, 0):])
	}
}

// TestTextMemory converts a text to a table of Arrow and back, in memory that does not depend on
// the length of the text.
func TestTextMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	var b bytes.Buffer
	b.WriteString("number,text,float\n")
	n := 600_000
	if cases.Long() {
		n = 1_500_000
	}
	for i := range n {
		fmt.Fprintf(&b, "%d,row %d,%d.25\n", i, i%1000, i)
	}
	if err := os.WriteFile(path("x.csv"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, way := range [][2]string{{"x.csv", "y.feather"}, {"y.feather", "z.csv"}} {
		most := convertInChild(t, path(way[0]), path(way[1]))
		if limit := 64 << 20; most > limit {
			t.Errorf("%s to %s: %d MB", way[0], way[1], most>>20)
		}
	}
	z, err := os.ReadFile(path("z.csv"))
	if err != nil || !bytes.Equal(z, b.Bytes()) {
		t.Errorf("%v, %d bytes, want %d", err, len(z), b.Len())
	}
}
