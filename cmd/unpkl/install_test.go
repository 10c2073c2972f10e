package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/cases"
)

// TestMakeInstall installs into a folder, as a packager does. The command must run from there, each
// command must have its manual page, and each shell its completion. The test builds everything once
// more without cgo.
func TestMakeInstall(t *testing.T) {
	if !cases.Long() {
		t.Skip("takes minutes; UNPKL_LONG runs it")
	}
	t.Parallel()
	folder := t.TempDir()
	cmd := exec.Command("make", "install", "DESTDIR="+folder, "PREFIX=/opt/unpkl")
	cmd.Dir = moduleRoot
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make install: %v\n%s", err, out)
	}
	prefix := filepath.Join(folder, "opt", "unpkl")
	binary := filepath.Join(prefix, "bin", "unpkl")
	mix := filepath.Join(commandFiles, "mix.pkl")
	out, err := exec.Command(binary, mix).Output()
	if err != nil || string(out) != mustRun(t, "", mix) {
		t.Errorf("%s %s: %v\n%s", binary, mix, err, out)
	}
	for path, holds := range map[string]string{
		"share/bash-completion/completions/unpkl":    "__start_unpkl",
		"share/zsh/site-functions/_unpkl":            "#compdef unpkl",
		"share/fish/vendor_completions.d/unpkl.fish": "complete -c unpkl",
		"share/man/man1/unpkl.1":                     ".TH ",
		"share/man/man1/unpkl-checksum.1":            ".TH ",
		"share/man/man1/unpkl-to-json.1":             "arrays",
		"share/man/man1/unpkl-completion.1":          ".TH ",
	} {
		text, err := os.ReadFile(filepath.Join(prefix, path))
		if err != nil || !strings.Contains(string(text), holds) {
			t.Errorf("%s: %v, without %q", path, err, holds)
		}
	}
	pages, err := filepath.Glob(filepath.Join(prefix, "share", "man", "man1", "*.1"))
	if err != nil {
		t.Fatal(err)
	}
	root := newRoot(&streams{})
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		page := filepath.Join(prefix, "share", "man", "man1", "unpkl-"+c.Name()+".1")
		if _, err := os.Stat(page); err != nil && !c.Hidden && c.Name() != "help" {
			t.Errorf("%s has no manual page among %d", c.Name(), len(pages))
		}
	}
}
