package convert_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/convert"
)

var update = flag.Bool("update", false, "write the tables of docs/formats.md again")

// python returns the interpreter that has the libraries of all formats, and skips the test if none
// is set.
func python(t *testing.T) string {
	t.Helper()
	name := os.Getenv("UNPKL_CONVERT_PYTHON")
	if name == "" {
		t.Skip("UNPKL_CONVERT_PYTHON names no Python with the libraries of the formats")
	}
	return name
}

// runPython runs a script of testdata and returns its output.
func runPython(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(python(t), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stderr.Bytes())
	}
	return out
}

// endings are the usual endings of the formats in the table.
var endings = strings.Fields("joblib npy npz bin csv tsv txt json jsonl h5 safetensors feather parquet db")

// kinds are the values in the table, in its order.
var kinds = strings.Fields("float64 nan float32 float16 int64 uint64 int8 bool complex128 fortran bigendian three scalar " +
	"empty bytes text datetime structured masked objects arrays nested list frame indexed types")

// interopOptions returns the options for an ending: raw bytes have a sidecar, and JSON is of the
// form that Python reads.
func interopOptions(ending string) []convert.Option {
	opts := []convert.Option{convert.WithObjects(), convert.WithRaw(convert.Raw{Sidecar: true})}
	if ending == "json" {
		opts = append(opts, convert.WithJSON(convert.JSON{Form: convert.FormPlain}))
	}
	return opts
}

// TestInterop writes each kind of value in each format and lets Python's library read it, reads the
// file that Python's library writes, and reads its own file. The results are the table in
// docs/formats.md.
func TestInterop(t *testing.T) {
	dir := t.TempDir()
	runPython(t, "testdata/interop.py", "make", dir)
	cells := map[string]string{}
	for _, kind := range kinds {
		v, err := convert.Read(filepath.Join(dir, kind+".pkl"), convert.WithObjects())
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		for _, ending := range endings {
			interopCell(t, dir, kind, ending, v, cells)
		}
	}
	scan := bufio.NewScanner(bytes.NewReader(runPython(t, "testdata/interop.py", "check", dir)))
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		var r struct{ File, Result, Got string }
		if err := json.Unmarshal(scan.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Result == "differs" {
			t.Errorf("%s: Python has %s", r.File, r.Got)
		}
		cells[r.File] = r.Result
	}
	table := interopTable(cells)
	if n := strings.Count(table, "="); n < 100 {
		t.Errorf("only %d cells are equal:\n%s", n, table)
	}
	compareDocs(t, "interop", table)
}

// interopCell writes and reads the files for one kind of value and one format.
func interopCell(t *testing.T, dir, kind, ending string, v any, cells map[string]string) {
	t.Helper()
	opts := interopOptions(ending)
	own := filepath.Join(dir, kind+".go."+ending)
	err := convert.Write(own, v, opts...)
	var hold *convert.HoldError
	switch {
	case errors.As(err, &hold):
		cells[kind+".go."+ending] = "held"
		if len(hold.Could) == 0 {
			t.Errorf("%s.%s: %v: it does not say which formats could", kind, ending, err)
		}
	case err != nil:
		t.Errorf("%s.%s: %v", kind, ending, err)
	default:
		readBack(t, own, filepath.Join(dir, kind+".own."+ending+".pkl"), opts)
	}
	theirs := filepath.Join(dir, kind+".py."+ending)
	if _, err := os.Stat(theirs); err == nil {
		readBack(t, theirs, filepath.Join(dir, kind+".back."+ending+".pkl"), opts)
	}
}

// readBack reads a file and writes the value as a pickle.
func readBack(t *testing.T, from, to string, opts []convert.Option) {
	t.Helper()
	v, err := convert.Read(from, opts...)
	if err != nil {
		t.Errorf("%s: %v", filepath.Base(from), err)
		return
	}
	to = strings.TrimSuffix(to, ".pkl")
	if err := convert.Write(to, v, convert.WithTo("pickle")); err != nil {
		t.Errorf("%s: %v", filepath.Base(from), err)
	}
}

// interopTable returns the table in Markdown. A cell has three signs: our file read by Python's
// library, Python's file read by us, our file read by us.
func interopTable(cells map[string]string) string {
	signs := map[string]string{"same": "=", "alike": "~", "differs": "!", "held": "-", "": "."}
	var b strings.Builder
	fmt.Fprintf(&b, "| | %s |\n|---|%s\n", strings.Join(endings, " | "),
		strings.Repeat("---|", len(endings)))
	for _, kind := range kinds {
		fmt.Fprintf(&b, "| %s |", kind)
		for _, ending := range endings {
			cell := ""
			for _, who := range []string{"go", "back", "own"} {
				cell += signs[cells[kind+"."+who+"."+ending]]
			}
			if cells[kind+".go."+ending] == "held" && strings.HasSuffix(cell, "..") {
				cell = ""
			}
			fmt.Fprintf(&b, " `%s` |", cell)
		}
		b.WriteByte('\n')
	}
	return strings.ReplaceAll(b.String(), " `` |", " |")
}

// compareDocs compares a part of docs/formats.md with the text want, or with -update writes it.
func compareDocs(t *testing.T, part, want string) {
	t.Helper()
	const path = "../docs/formats.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+part+" -->\n", "<!-- end of "+part+" -->"
	head, rest, ok1 := strings.Cut(string(data), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	switch {
	case !ok1 || !ok2:
		t.Fatalf("%s has no part %q", path, part)
	case *update:
		if err := os.WriteFile(path, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	case old != want:
		t.Errorf("%s: the table %q is not what the test found; go test -run %s -update writes it. Want\n%s", path, part, t.Name(), want)
	}
}
