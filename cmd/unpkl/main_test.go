package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden files of this package")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"unpkl": main})
}

// TestScripts runs the command as a shell does. FILES is testdata/command, FIXTURES testdata.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Abs(commandFiles)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("FILES", files)
			env.Setenv("FIXTURES", filepath.Dir(files))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"status": status},
	})
}

// status implements "status N COMMAND...": it runs a command that must end with exit status N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s\n%s%s", got, args[0], ts.ReadFile("stdout"),
			ts.ReadFile("stderr"))
	}
}

// command runs a command line with input as standard input.
func command(input string, args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = (&streams{in: strings.NewReader(input), out: &out, err: &err}).run(args)
	return status, out.String(), err.String()
}

// mustRun returns the output of a command line that succeeds.
func mustRun(t *testing.T, input string, args ...string) string {
	t.Helper()
	status, stdout, stderr := command(input, args...)
	if status != 0 || stderr != "" {
		t.Fatalf("unpkl %s: status %d, %s", strings.Join(args, " "), status, stderr)
	}
	return stdout
}

// mustFail checks that a command line ends with the status, with one line on
// standard error and nothing on standard output; it returns the line.
func mustFail(t *testing.T, want int, input string, args ...string) string {
	t.Helper()
	status, stdout, stderr := command(input, args...)
	if status != want || stdout != "" || !strings.HasPrefix(stderr, "unpkl: ") ||
		strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") {
		t.Errorf("unpkl %s: status %d, want %d; stdout %.200q, stderr %q", strings.Join(args, " "),
			status, want, stdout, stderr)
	}
	return stderr
}

// golden compares got with testdata/name, or with -update writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// writeFile returns the path of a new file.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"nosuch"}, {"help", "nosuch"}, {"version", "x"}, {"--nosuch"},
		{"to-json"}, {"to-json", "a", "b"}, {"to-json", "--nosuch", "-"},
		{"to-json", "--arrays=all", "-"},
		{"to-json", "--indent=-1", "-"}, {"to-json", "--indent=x", "-"},
		{"to-json", "--indent=65", "-"},
		{"to-json", "--select=a", "-"}, {"to-json", "--select=/~x", "-"},
		{"to-json", "--max-output=0", "-"}, {"to-json", "--max-output=-1", "-"},
		{"to-json", "--max-output=1XB", "-"},
		{"dis"}, {"dis", "a", "b"},
	} {
		mustFail(t, 2, "N.", args...)
	}
}

func TestHelp(t *testing.T) {
	help := mustRun(t, "", "help")
	for _, command := range []string{"to-json", "dis", "version", "help"} {
		if !strings.Contains(help, "\n  "+command+" ") {
			t.Errorf("help does not name %s:\n%s", command, help)
		}
	}
	golden(t, "help_to-json.txt", mustRun(t, "", "help", "to-json"))
	if got, want := mustRun(t, "", "to-json", "--help"),
		mustRun(t, "", "help", "to-json"); got != want {
		t.Errorf("to-json --help: got\n%s\nwant\n%s", got, want)
	}
}

func TestVersion(t *testing.T) {
	if got := mustRun(t, "", "version"); !strings.HasPrefix(got, "unpkl ") ||
		strings.Count(got, "\n") != 1 {
		t.Errorf("got %q", got)
	}
}
