package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// lineCommands are the command lines that write lines for each file. SPEC stands for a
// specification.
var lineCommands = [][]string{
	{"audit", "--jsonl"},
	{"audit", "--jsonl", "--fail-on", "unknown"},
	{"info", "--jsonl"},
	{"--jsonl", "--stats"},
	{"stats", "--json"},
	{"checksum"},
	{"checksum", "--json", "--algorithm", "xxh3"},
	{"verify", "--json", "SPEC"},
}

// lineFiles returns a folder of files and a list of them. One is no pickle. The first has 64 MiB,
// so that it is a part of its own.
func lineFiles(t *testing.T) (folder, list string) {
	t.Helper()
	folder = t.TempDir()
	var names []string
	for name, from := range map[string]string{"b.pkl": "mix.pkl", "c.pkl": "table.pkl",
		"d.pkl": "cases.json", "e.npz": "arrays.npz"} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(readAll(t, filepath.Join(commandFiles, from))),
			0o644); err != nil {
			t.Fatal(err)
		}
		names = append(names, path)
	}
	large := filepath.Join(folder, "a.pkl")
	writeLarge(t, large, "mix.pkl")
	return folder, strings.Join(append([]string{large}, names...), "\n") + "\n"
}

// writeLarge writes a file of 64 MiB that begins with the content of another and always has the
// same modification time.
func writeLarge(t *testing.T, path, from string) {
	t.Helper()
	err := os.WriteFile(path, []byte(readAll(t, filepath.Join(commandFiles, from))), 0o644)
	if err == nil {
		err = os.Truncate(path, batchPart)
	}
	at := time.Unix(1e9, 0)
	if err = errors.Join(err, os.Chtimes(path, at, at)); err != nil {
		t.Fatal(err)
	}
}

// TestLinesToFile checks that -o writes the lines that standard output would get, with the same
// exit status, and that --resume continues a run that ended early: it does not repeat the complete
// part, and the file equals that of one run.
func TestLinesToFile(t *testing.T) {
	folder, list := lineFiles(t)
	spec := filepath.Join(t.TempDir(), "spec.yaml")
	mustRun(t, "", "verify", "--write", filepath.Join(commandFiles, "mix.pkl"), spec)
	first := list[:strings.IndexByte(list, '\n')+1]
	for i, line := range lineCommands {
		writeLarge(t, filepath.Join(folder, "a.pkl"), "mix.pkl")
		words, tail := line, []string(nil)
		if line[len(line)-1] == "SPEC" {
			words, tail = line[:len(line)-1], []string{spec}
		}
		work := t.TempDir()
		out, errs := filepath.Join(work, "out.jsonl"), filepath.Join(work, "errors.jsonl")
		args := func(more ...string) []string {
			all := append(append([]string{}, words...), "--files-from", "-", "--errors", errs)
			return append(append(all, more...), tail...)
		}
		status, want, _ := command(list, args()...)
		wantErrors := readAll(t, errs)

		// The list of this run ends with an error after the first file, which is a part.
		in, feed := io.Pipe()
		go func() {
			io.WriteString(feed, first)
			manifest := filepath.Join(work, ".out.jsonl.parts", "part-00000.json")
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
				if _, err := os.Stat(manifest); err == nil {
					break
				}
				time.Sleep(time.Millisecond)
			}
			feed.CloseWithError(errors.New("the list breaks off"))
		}()
		s := &streams{in: in, out: output{w: io.Discard}, err: io.Discard}
		if got := s.run(args("-o", out)); got != 1 {
			t.Errorf("%d %q: the broken run has status %d", i, line, got)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%d %q: the broken run has an output", i, line)
		}
		// The first file would give another result now, which shows that it is not read again.
		writeLarge(t, filepath.Join(folder, "a.pkl"), "table.pkl")
		got, text, errText := command(list, args("-o", out, "--resume")...)
		if got != status || text != "" || readAll(t, out) != want || len(want) == 0 {
			t.Errorf("%d %q: status %d, want %d; %s%s\n%.1000s\nwant\n%.1000s", i, line, got, status,
				text, errText, readAll(t, out), want)
		}
		if readAll(t, errs) != wantErrors || !strings.Contains(wantErrors, "d.pkl") {
			t.Errorf("%d %q: errors\n%swant\n%s", i, line, readAll(t, errs), wantErrors)
		}
		if left, _ := os.ReadDir(work); len(left) != 2 {
			t.Errorf("%d %q: %v is left", i, line, left)
		}
	}
}

// TestLinesUsage checks the errors for wrong uses of -o and --resume.
func TestLinesUsage(t *testing.T) {
	t.Parallel()
	mix := filepath.Join(commandFiles, "mix.pkl")
	for _, args := range [][]string{
		{"audit", "-o", "x", mix}, {"info", "-o", "x", mix}, {"-o", "x", "--json", mix},
		{"info", "--json", "--jsonl", mix}, {"stats", "-o", "x", mix}, {"verify", "-o", "x", mix, "y"},
		{"verify", "--write", "-o", "x", mix, "y"}, {"checksum", "--check", "-o", "x", mix},
		{"audit", "--jsonl", "--resume", mix},
	} {
		if status, out, errText := command("", args...); status != statusUsage || out != "" ||
			errText == "" {
			t.Errorf("%q: status %d, %s%s", args, status, out, errText)
		}
	}
}
