package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/fixture"
)

func fixturePath(t *testing.T, name string, protocol int) string {
	t.Helper()
	f, err := fixture.Find("py313-np2", name, protocol)
	if err != nil {
		t.Fatal(err)
	}
	return f.Path
}

// TestLayout fixes the layout of the JSON. Other tests compare its content with Python.
func TestLayout(t *testing.T) {
	regions, mixed := fixturePath(t, "example_regions", 5), fixturePath(t, "example_mixed", 4)
	golden(t, "regions.json", mustRun(t, "", "to-json", regions))
	golden(t, "regions_line.json", mustRun(t, "", "to-json", "--indent=0", regions))
	golden(t, "regions_values.json", mustRun(t, "", "to-json", "--arrays=values", "--stats",
		regions))
	golden(t, "regions_base64.json", mustRun(t, "", "to-json", "--arrays=base64", "--indent=4",
		regions))
	golden(t, "regions_none.json", mustRun(t, "", "to-json", "--arrays=none", regions))
	golden(t, "mixed_values.json", mustRun(t, "", "to-json", "--arrays=values", mixed))
	golden(t, "objects.json", mustRun(t, "", "to-json", fixturePath(t, "subclasses", 4)))
}

// TestStandIns checks that persistent ids and extension codes, which only the writer's program
// knows, are shown as such. The pickles are CPython 3.13's, of a Pickler whose persistent_id is
// ("storage", "0", len) for a bytearray, and after copyreg.add_extension("fractions", "Fraction",
// 300).
func TestStandIns(t *testing.T) {
	for data, want := range map[string]string{
		"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01X\x07\x00\x00\x00storageq\x02X\x01\x00\x00\x000q\x03K\x03\x87q\x04QX\t\x00\x00\x00itertoolsq\x05K\x01u.": `{"a":{"$py.persistent":["storage","0",3]},"itertools":1}`,
		"\x80\x02]q\x00(\x83,\x01K\x01K\x02\x86q\x01Rq\x02\x83,\x01e.":                                                                                  `[{"$object":"extension code.300","args":[1,2]},{"$global":"extension code.300"}]`,
		// The names of Python 2.
		"\x80\x02]q\x00(citertools\nizip\nq\x01curllib2\nurlopen\nq\x02e.": `[{"$global":"builtins.zip"},{"$global":"urllib.request.urlopen"}]`,
	} {
		if got := mustRun(t, data, "to-json", "--indent=0", "-"); got != want+"\n" {
			t.Errorf("got %s want %s", got, want)
		}
	}
}

func TestSelect(t *testing.T) {
	regions := fixturePath(t, "example_regions", 5)
	tests := []struct{ pointer, want string }{
		{"/regions/1/name", `"south"`},
		{"/regions/0/values/$ndarray/shape", "[3]"},
		{"/regions/0/values/$ndarray/shape/0", "3"},
		{"/regions/0/values/$ndarray/data/1", "0.5"},
		{"/regions/0/values/$ndarray/data", `[0.0,0.5,"NaN"]`},
		{"#/regions/0/created", `"2023-01-15T10:00:00"`},
	}
	for _, tt := range tests {
		got := mustRun(t, "", "to-json", "--indent=0", "--arrays=values", "--select", tt.pointer,
			regions)
		if got != tt.want+"\n" {
			t.Errorf("%s: got %s want %s", tt.pointer, got, tt.want)
		}
	}
	whole := mustRun(t, "", "to-json", regions)
	if got := mustRun(t, "", "to-json", "--select=", regions); got != whole {
		t.Errorf("the empty pointer: got %s", got)
	}
	for _, missing := range []string{"/nope", "/regions/9", "/regions/0/name/x",
		"/regions/0/values/$ndarray/data"} {
		line := mustFail(t, 1, "", "to-json", "--select", missing, regions)
		if !strings.Contains(line, missing) {
			t.Errorf("%s: %s", missing, line)
		}
	}
}

func TestAll(t *testing.T) {
	const three = "K\x01.K\x02.]\x94h\x00a."
	if got := mustRun(t, three, "to-json", "--all", "--indent=0",
		"-"); got != "1\n2\n[{\"$ref\":\"#\"}]\n" {
		t.Errorf("got %q", got)
	}
	status, stdout, stderr := command(three, "to-json", "-")
	if status != 0 || stdout != "1\n" ||
		stderr != "unpkl: -: there is more behind the first pickle, which --all shows\n" {
		t.Errorf("without --all: %d, %q, %q", status, stdout, stderr)
	}
	// The pickles before the broken one are written as they are read, and the exit status says that
	// there is more.
	status, stdout, stderr = command("K\x01.K", "to-json", "--all", "-")
	if status != 1 || stdout != "1\n" || !strings.Contains(stderr, "(BININT1 at byte 3)") {
		t.Errorf("with a broken one: %d, %q, %q", status, stdout, stderr)
	}
	mustFail(t, 1, "", "to-json", "--all", "-")
}

// TestCompressed reads a gzip file, by its content alone.
func TestCompressed(t *testing.T) {
	plain := fixturePath(t, "example_regions", 4)
	data, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := writeFile(t, "regions.pkl", packed.String())
	for _, command := range []string{"to-json", "dis"} {
		want := mustRun(t, "", command, plain)
		if got := mustRun(t, "", command, path); got != want {
			t.Errorf("%s: got %s", command, got)
		}
		if got := mustRun(t, packed.String(), command, "-"); got != want {
			t.Errorf("%s of standard input: got %s", command, got)
		}
		mustFail(t, 1, packed.String()[:packed.Len()/2], command, "-")
	}
}

func TestRefs(t *testing.T) {
	const shared = "]\x94(]\x94K\x01ah\x01e." // x = [1]; [x, x]
	if got := mustRun(t, shared, "to-json", "--indent=0", "-"); got != "[[1],[1]]\n" {
		t.Errorf("got %s", got)
	}
	if got := mustRun(t, shared, "to-json", "--indent=0", "--refs",
		"-"); got != "[[1],{\"$ref\":\"#/0\"}]\n" {
		t.Errorf("with --refs: got %s", got)
	}
}

// TestUnfolding checks that a small file whose JSON would be huge without references is written
// with references, that standard error says so, and that it reads back as with --refs. A smaller
// file of the kind is written without references.
func TestUnfolding(t *testing.T) {
	bomb := doubled(40)
	status, stdout, stderr := command(bomb, "to-json", "-")
	if status != 0 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "$ref") {
		t.Errorf("%d, %q", status, stderr)
	}
	if want := mustRun(t, bomb, "to-json", "--refs", "-"); stdout != want {
		t.Errorf("%d bytes, with --refs %d", len(stdout), len(want))
	}
	status, stdout, stderr = command("K\x01."+bomb+"K\x02.", "to-json", "--all", "--indent=0", "-")
	if status != 0 || !strings.HasPrefix(stdout, "1\n[[") || !strings.HasSuffix(stdout, "\n2\n") ||
		stderr == "" {
		t.Errorf("--all: %d, %d bytes, %q", status, len(stdout), stderr)
	}
	if got := mustRun(t, doubled(12), "to-json", "-"); strings.Contains(got, "$ref") {
		t.Error("a small document has references")
	}
}

// TestMaxOutput checks a small file whose JSON exceeds a limit.
func TestMaxOutput(t *testing.T) {
	bomb := doubled(40)
	line := mustFail(t, 1, bomb, "to-json", "--max-output=1kB", "-")
	if !strings.Contains(line, "1000 B; --max-output allows more") {
		t.Errorf("got %s", line)
	}
	small := doubled(10)
	size := len(mustRun(t, small, "to-json", "--indent=0", "--max-output=1MiB", "-"))
	if size < 1<<10 || size > 1<<14 {
		t.Errorf("%d bytes", size)
	}
	if got := mustRun(t, bomb, "to-json", "--refs", "-"); len(got) > 1<<14 {
		t.Errorf("--refs wrote %d bytes", len(got))
	}
	mustFail(t, 1, small, "dis", "--max-output=100", "-")
}

// doubled returns a pickle of n levels of pairs of the same tuple.
func doubled(n int) string {
	p := "K\x07\x85\x94" // (7,)
	for i := range n {
		p += "h" + string([]byte{byte(i)}) + "\x86\x94"
	}
	return p + "."
}

// TestSpilled writes more than a spool holds in memory.
func TestSpilled(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	text := strings.Repeat("é", 3*spoolMemory)
	data, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	pickled := "X" + string([]byte{byte(len(text)), byte(len(text) >> 8), byte(len(text) >> 16),
		byte(len(text) >> 24)}) + text + "."
	if got := mustRun(t, pickled, "to-json", "-"); got != string(data)+"\n" {
		t.Errorf("%d bytes, want %d", len(got), len(data)+1)
	}
	mustFail(t, 1, pickled, "to-json", "--max-output=10MB", "-")
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, error %v", left, err)
	}
}

func TestDeepNesting(t *testing.T) {
	const n = 1_000_000
	for _, pickled := range []string{
		strings.Repeat("]", n) + strings.Repeat("a", n-1) + ".",
		strings.Repeat("(", n) + strings.Repeat("t", n) + ".",
	} {
		if line := mustFail(t, 1, pickled, "to-json", "-"); !strings.Contains(line, "Depth") {
			t.Errorf("got %s", line)
		}
	}
	levels := strings.Repeat("]", 10_000) + strings.Repeat("a", 9_999) + "."
	got := mustRun(t, levels, "to-json", "--indent=0", "-")
	if !json.Valid([]byte(got)) || len(got) != 20_001 {
		t.Errorf("%d bytes", len(got))
	}
}

// TestFailures checks the error lines for files that cannot be read.
func TestFailures(t *testing.T) {
	dir := t.TempDir()
	evil := "a\x1b[31m\n\u202eb.pkl"
	writeIn := filepath.Join(dir, evil)
	if err := os.WriteFile(writeIn, []byte("garbage"), 0o600); err != nil {
		t.Skip(err)
	}
	tests := []struct {
		args []string
		in   string
		want string
	}{
		{[]string{"to-json", filepath.Join(dir, "none")}, "",
			"unpkl: " + filepath.Join(dir, "none") + ": no such file or directory\n"},
		{[]string{"dis", filepath.Join(dir, "none")}, "",
			"unpkl: " + filepath.Join(dir, "none") + ": no such file or directory\n"},
		{[]string{"to-json", dir}, "", "unpkl: " + dir + ": is a directory\n"},
		{[]string{"to-json", "-"}, "", "unpkl: -: the input is empty, there is no pickle in it\n"},
		{[]string{"to-json", "-"}, "\xff", "unpkl: -: unknown opcode (0xff at byte 0)\n"},
		{[]string{"to-json", "-"}, "K",
			"unpkl: -: truncated: unexpected EOF (BININT1 at byte 0)\n"},
		{[]string{"to-json", writeIn}, "", "unpkl: " + dir + `/a\x1b[31m\n\u202eb.pkl: `},
		{[]string{"to-json", "-"}, "cevil\x1b[31m\nname\x07\n0.", `unpkl: -: `},
	}
	for _, tt := range tests {
		line := mustFail(t, 1, tt.in, tt.args...)
		if !strings.HasPrefix(line, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.args, line, tt.want)
		}
		if strings.ContainsAny(line, "\x1b\x07\u202e") {
			t.Errorf("%q: control characters in %q", tt.args, line)
		}
	}
}

// TestFilesBeside checks that the arrays that joblib before 0.10 keeps in files beside the pickle
// are found.
func TestFilesBeside(t *testing.T) {
	files, err := filepath.Glob("../../reconstruct/testdata/joblib/joblib-0.[89]*.pkl")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		if got := mustRun(t, "", "to-json", "--arrays=values", "--select=/ints/$ndarray/data",
			"--indent=0", path); got != "[0,1,2,3,4]\n" {
			t.Errorf("%s: %s", path, got)
		}
	}
}
