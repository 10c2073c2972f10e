package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/checksum"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/plot"
	"github.com/unpkl/unpkl/internal/pointer"
)

// flagValues are what flags take, by command and flag.
var flagValues = map[string][]string{
	"to-json arrays":     {"shape", "values", "base64", "none"},
	"audit fail-on":      {"known", "unknown", "dangerous"},
	"checksum algorithm": checksum.Algorithms,
	"verify sums":        checksum.Algorithms,
	"plot kind":          plot.Kinds,
}

// pointerAt says which argument of a command is a pointer into which file, counted from 0.
var pointerAt = map[string]struct{ pointer, file int }{
	"get": {1, 0}, "head": {1, 0}, "tail": {1, 0}, "sample": {1, 0}, "stats": {1, 0},
	"diff": {2, 1},
	"plot": {1, 0},
}

// addCompletion lets a shell complete values of flags, and pointers inside of files.
func addCompletion(s *streams, root *cobra.Command) {
	for _, cmd := range root.Commands() {
		for key, values := range flagValues {
			if name, flag, _ := strings.Cut(key, " "); name == cmd.Name() && cmd.Flag(flag) != nil {
				// The only error is that of a flag that has values already.
				_ = cmd.RegisterFlagCompletionFunc(flag,
					cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
			}
		}
		at, ok := pointerAt[cmd.Name()]
		if !ok {
			continue
		}
		cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, begun string) ([]string,
			cobra.ShellCompDirective) {
			if len(args) != at.pointer {
				return nil, cobra.ShellCompDirectiveDefault // files
			}
			return completePointer(s, args[at.file], begun),
				cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
	}
}

// maxCompletions is how many pointers a shell is offered.
const maxCompletions = 200

// completePointer returns the pointers into a file that begin as one that is being typed.
func completePointer(s *streams, name, begun string) []string {
	if name == "-" {
		return nil
	}
	parent := begun[:max(strings.LastIndexByte(begun, '/'), 0)]
	p, err := pointer.Parse(parent)
	if err != nil {
		return nil
	}
	found, end, err := partsOf(s, name, p)
	if err != nil {
		return nil
	}
	defer end()
	parts, ok := lookup.NewReader(true).Parts(found[0].Value)
	if !ok || len(found) != 1 {
		return nil
	}
	var all []string
	for i := range parts.Len {
		token, _ := parts.At(i)
		if text := p.Child(token).String(); strings.HasPrefix(text, begun) &&
			printable(text) == text {
			all = append(all, text)
		}
		if len(all) == maxCompletions {
			break
		}
	}
	return all
}
