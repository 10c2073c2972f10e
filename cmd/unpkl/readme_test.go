package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/cases"
)

const moduleRoot = "../.."

// readme returns the content of the fenced block of README.md that follows the
// comment <!-- readme:name -->.
func readme(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(moduleRoot, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)<!-- readme:" + name + " -->\n```[a-z]*\n(.*?)```\n")
	m := block.FindSubmatch(data)
	if m == nil {
		t.Fatalf("README.md has no block %q", name)
	}
	return string(m[1])
}

// setReadme replaces a block of README.md.
func setReadme(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(moduleRoot, "README.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)(<!-- readme:" + name + " -->\n```[a-z]*\n).*?(```\n)")
	content = strings.ReplaceAll(content, "$", "$$")
	if err := os.WriteFile(path, block.ReplaceAll(data, []byte("${1}"+content+"${2}")),
		0o644); err != nil {
		t.Fatal(err)
	}
}

// checkReadme compares a block with got.
func checkReadme(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		setReadme(t, name, got)
	}
	if want := readme(t, name); got != want {
		t.Errorf("README.md promises\n%s\nand gets\n%s", want, got)
	}
}

// TestReadmeBlocks checks that every fenced block is one that a test below runs.
func TestReadmeBlocks(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(moduleRoot, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	marked := strings.Count(string(data), "<!-- readme:")
	if fences := strings.Count(string(data), "\n```"); fences != 2*marked {
		t.Errorf("%d marked blocks, %d fences", marked, fences)
	}
}

// TestReadmeCommand runs the first command in this process.
func TestReadmeCommand(t *testing.T) {
	line, ok := strings.CutPrefix(readme(t, "command"), "$ go run ./cmd/unpkl ")
	if !ok {
		t.Fatal("the command is not go run ./cmd/unpkl")
	}
	args := strings.Fields(line)
	t.Chdir(moduleRoot)
	got := mustRun(t, "", args...)
	t.Chdir("cmd/unpkl")
	checkReadme(t, "output", got)
}

// TestReadmeTest compares the test command, which is running this test, with the README.
func TestReadmeTest(t *testing.T) {
	if got := readme(t, "test"); got != "$ go test ./...\n" {
		t.Errorf("the test command is %q", got)
	}
}

// TestReadmePrograms compiles and runs the Go programs. They are linked as one, which saves most of
// the time: each is a file whose main function has another name.
func TestReadmePrograms(t *testing.T) {
	t.Parallel()
	names := []string{"program", "write"}
	if cases.Long() {
		names = append(names, "convert") // which takes ten times as long to link
	}
	folder := t.TempDir()
	args := []string{"run", "-ldflags=-s -w"}
	add := func(name, text string) {
		path := filepath.Join(folder, name+".go")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	all := "package main\n\nfunc main() {\n"
	for _, name := range names {
		text, program := readme(t, name), name+"Program"
		if strings.Count(text, "\nfunc main() {") != 1 {
			t.Fatalf("%s is no program", name)
		}
		add(name, strings.Replace(text, "\nfunc main() {", "\nfunc "+program+"() {", 1))
		all += "\t" + program + "()\n\tprintln()\n" // to standard error, which is read too
	}
	add("main", all+"}\n")
	cmd := exec.Command("go", args...)
	cmd.Dir = moduleRoot
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	printed := strings.Split(string(out), "\n\n")
	if len(printed) != len(names)+1 || printed[len(names)] != "" {
		t.Fatalf("%d programs, %q", len(names), out)
	}
	for i, name := range names {
		checkReadme(t, name+"-output", printed[i]+"\n")
	}
}
