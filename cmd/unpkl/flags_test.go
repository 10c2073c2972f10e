package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// scriptedLines returns the command lines in the scripts, without the name of the program.
func scriptedLines(t *testing.T) [][]string {
	t.Helper()
	names, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	var lines [][]string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			if i := slices.Index(words, "unpkl"); i >= 0 && len(words) > i+1 &&
				!strings.HasPrefix(line, "#") {
				lines = append(lines, words[i+1:])
			}
		}
	}
	return lines
}

// names reports whether the words of a command line name a flag.
func names(words []string, f *pflag.Flag) bool {
	for _, word := range words {
		word = strings.Trim(word, "'")
		if word == "--" {
			return false
		}
		if word == "--"+f.Name || strings.HasPrefix(word, "--"+f.Name+"=") ||
			f.Shorthand != "" && strings.HasPrefix(word, "-"+f.Shorthand) {
			return true
		}
	}
	return false
}

// TestEveryFlagScripted checks that a script of testdata/script uses every flag of every command.
func TestEveryFlagScripted(t *testing.T) {
	t.Parallel()
	root := newRoot(&streams{})
	root.InitDefaultVersionFlag()
	lines := scriptedLines(t)
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		var own [][]string
		for _, words := range lines {
			if found, _, err := root.Find(words); err == nil && found == c {
				own = append(own, words)
			}
		}
		if len(own) == 0 && c.Name() != "completion" {
			t.Errorf("no script runs %s", c.CommandPath())
		}
		check := func(f *pflag.Flag) {
			if !f.Hidden && !slices.ContainsFunc(own, func(words []string) bool {
				return names(words, f)
			}) {
				t.Errorf("no script runs %s --%s", c.CommandPath(), f.Name)
			}
		}
		c.LocalFlags().VisitAll(check)
		if c != root {
			continue
		}
		c.PersistentFlags().VisitAll(check)
	}
}
