//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// bashWords returns what bash offers if Tab is pressed after the last of its arguments. It defines
// the functions of the package bash-completion that cobra's script uses, since not every machine
// has that package.
const bashWords = `
_get_comp_words_by_ref() {
    words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD
    cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD-1]}
}
__ltrim_colon_completions() { :; }
compopt() { :; }
source <(unpkl completion bash)
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
COMP_TYPE=9; COMP_KEY=9
$(complete -p unpkl | sed 's/.*-F \([^ ]*\).*/\1/') unpkl
printf '%s\n' "${COMPREPLY[@]}"
`

// TestBashCompletes checks that bash completes commands, flags, their values, and pointers into a
// file.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	mix := filepath.Join(commandFiles, "mix.pkl")
	for _, c := range []struct {
		line string
		want []string // all that is offered
		some []string // of what is offered
	}{
		{line: "unpkl chec", want: []string{"checksum"}},
		{line: "unpkl che", some: []string{"checksum"}},
		{line: "unpkl get --js", some: []string{"--json"}},
		{line: "unpkl checksum --algorithm ", want: []string{"blake3", "crc32", "md5", "sha256",
			"xxh3"}},
		{line: "unpkl checksum -a b", want: []string{"blake3"}},
		{line: "unpkl convert --to pa", want: []string{"parquet"}},
		{line: "unpkl convert --json re", want: []string{"records"}},
		{line: "unpkl plot --pictures si", want: []string{"sixel"}},
		{line: "unpkl repickle --protocol ", want: []string{"0", "1", "2", "3", "4", "5"}},
		{line: "unpkl get FILE /mo", want: []string{"/model"}},
		{line: "unpkl get FILE /model/", some: []string{"/model/coef_"}},
		{line: "unpkl diff FILE FILE --ignore /mo", want: []string{"/model"}},
		{line: "unpkl plot FILE --over /x", some: []string{"/x"}},
		{line: "unpkl edit FILE ", want: []string{"delete", "rename", "set"}},
		{line: "unpkl edit FILE delete /mo", want: []string{"/model"}},
		{line: "unpkl edit FILE delete /model ren", want: []string{"rename"}},
		{line: "unpkl get nosuch.pkl /", want: []string{""}},
	} {
		words := strings.Split(strings.ReplaceAll(c.line, "FILE", mix), " ")
		cmd := exec.Command(bash, append([]string{"--norc", "-c", bashWords, "bash"}, words...)...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
		}
		var got []string
		for line := range strings.Lines(string(out)) {
			got = append(got, strings.TrimSpace(line))
		}
		slices.Sort(got)
		if c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("%s: offered %q, want %q", c.line, got, c.want)
		}
		for _, word := range c.some {
			if !slices.Contains(got, word) {
				t.Errorf("%s: offered %q, not %q", c.line, got, word)
			}
		}
	}
}

// TestFlagsComplete checks that completion knows only existing flags, and offers the values that
// the help of a flag lists.
func TestFlagsComplete(t *testing.T) {
	t.Parallel()
	root := newRoot(&streams{})
	values := flagValues()
	keys := map[string]bool{}
	for key := range values {
		keys[key] = true
	}
	for key := range flagPointers {
		keys[key] = true
	}
	for key := range keys {
		name, flag, _ := strings.Cut(key, " ")
		if cmd, _, err := root.Find([]string{name}); err != nil || cmd.Flag(flag) == nil {
			t.Errorf("there is no %s --%s", name, flag)
		}
	}
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			_, listed, _ := strings.Cut(f.Usage, ": ")
			list := regexp.MustCompile(`^\w+, \w+`).MatchString(listed)
			if f.Name != "errors" && f.Value.Type() == "string" && list &&
				values[cmd.Name()+" "+f.Name] == nil {
				t.Errorf("%s --%s takes %s, which is not offered", cmd.Name(), f.Name, listed)
			}
		})
	}
}
