package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// documented returns the commands that the documentation lists.
func documented() []*cobra.Command {
	var all []*cobra.Command
	for _, c := range newRoot(&streams{}).Commands() {
		switch c.Name() {
		case "help", "completion", "version":
		default:
			all = append(all, c)
		}
	}
	return all
}

// commandTable returns the table of commands for README.md.
func commandTable() string {
	var b strings.Builder
	b.WriteString("| | |\n|---|---|\n")
	for _, c := range documented() {
		fmt.Fprintf(&b, "| `unpkl %s` | %s |\n", strings.ReplaceAll(c.Use, "|", `\|`), c.Short)
	}
	return b.String()
}

const commandsIntro = `# The commands of unpkl

This is what ` + "`unpkl help COMMAND`" + ` prints. FILE may be "-" for standard input, and be compressed. Results go to
standard output, everything else to standard error. The exit status is 0, 1 for a file that cannot be read or
written, 2 for wrong usage, 3 where audit, verify, diff or checksum --check found something.

`

// commandDocs returns the content of docs/commands.md.
func commandDocs() string {
	var b strings.Builder
	b.WriteString(commandsIntro)
	for _, c := range documented() {
		fmt.Fprintf(&b, "## unpkl %s\n\n%s.\n\n```text\n%s\n\nUsage:\n  %s\n", c.Name(), c.Short,
			c.Long, c.UseLine())
		if c.Example != "" {
			fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
		}
		if flags := c.LocalFlags().FlagUsages(); flags != "" {
			fmt.Fprintf(&b, "\nOptions:\n%s", flags)
		}
		b.WriteString("```\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// TestCommandDocs checks that docs/commands.md has the help of the commands.
func TestCommandDocs(t *testing.T) {
	path := filepath.Join(moduleRoot, "docs", "commands.md")
	want := commandDocs()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/commands.md is not what the commands say; go test ./cmd/unpkl -run Docs -update writes it")
	}
}

// TestReadmeCommands checks the table of commands in README.md.
func TestReadmeCommands(t *testing.T) {
	path := filepath.Join(moduleRoot, "README.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "<!-- commands -->\n"
	before, rest, ok := bytes.Cut(data, []byte(mark))
	if !ok {
		t.Fatal("README.md has no place for the commands")
	}
	end := bytes.Index(rest, []byte("\n\n"))
	if *update {
		text := string(before) + mark + commandTable() +
			strings.TrimPrefix(string(rest[end:]), "\n")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got := string(rest[:end+1]); got != commandTable() {
		t.Errorf("README.md lists\n%s\nthe commands are\n%s", got, commandTable())
	}
}

// TestEveryCommandHasExamples checks that the help of each command has examples, and that its lines
// fit into a terminal.
func TestEveryCommandHasExamples(t *testing.T) {
	for _, c := range documented() {
		if c.Example == "" {
			t.Errorf("%s has no examples", c.Name())
		}
		for line := range strings.Lines(c.Long) {
			if len([]rune(line)) > 130 {
				t.Errorf("%s has a line of %d characters", c.Name(), len([]rune(line)))
			}
		}
	}
}
