package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// consoleBlock matches a block of a document that shows a command and its output.
var consoleBlock = regexp.MustCompile("(?s)```console\n\\$ unpkl ([^\n]*)\n(.*?)```\n")

// shellWord matches a word of a command line, with or without quotes.
var shellWord = regexp.MustCompile(`'[^']*'|[^ ']+`)

// TestComparison runs the commands in docs/comparison.md and compares their output. With -update it
// writes the output into the document.
func TestComparison(t *testing.T) {
	path, err := filepath.Abs(filepath.Join(moduleRoot, "docs", "comparison.md"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(moduleRoot)
	n := 0
	now := consoleBlock.ReplaceAllStringFunc(string(data), func(block string) string {
		n++
		parts := consoleBlock.FindStringSubmatch(block)
		var args []string
		for _, word := range shellWord.FindAllString(parts[1], -1) {
			args = append(args, strings.Trim(word, "'"))
		}
		_, stdout, stderr := command("", args...)
		if stderr != "" {
			t.Errorf("unpkl %s: %s", parts[1], stderr)
		}
		if parts[2] != stdout && !*update {
			t.Errorf("unpkl %s prints\n%s\nthe document says\n%s", parts[1], stdout, parts[2])
		}
		return "```console\n$ unpkl " + parts[1] + "\n" + stdout + "```\n"
	})
	if n == 0 {
		t.Error("the document shows no command")
	}
	if *update {
		if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
