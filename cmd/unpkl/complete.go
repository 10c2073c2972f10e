package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/internal/checksum"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/plot"
	"github.com/unpkl/unpkl/internal/pointer"
)

// flagValues returns the values that flags take, by "COMMAND FLAG".
func flagValues() map[string][]string {
	formats := make([]string, 0, len(convert.Formats()))
	for _, f := range convert.Formats() {
		formats = append(formats, f.Name)
	}
	orders, protocols := []string{"C", "F"}, []string{"0", "1", "2", "3", "4", "5"}
	return map[string][]string{
		"to-json arrays":     {"shape", "values", "base64", "none"},
		"audit fail-on":      {"known", "unknown", "dangerous", "never"},
		"checksum algorithm": checksum.Algorithms,
		"verify sums":        checksum.Algorithms,
		"plot kind":          plot.Kinds,
		"plot pictures":      pictureNames,
		"convert from":       formats,
		"convert to":         formats,
		"convert json":       slices.Sorted(maps.Keys(jsonForms)),
		"convert names":      slices.Sorted(maps.Keys(nameChoices)),
		"convert order":      orders,
		"split order":        orders,
		"convert blob":       {"xdr", "npy"},
		"convert protocol":   protocols,
		"pack protocol":      protocols,
		"repickle protocol":  protocols,
	}
}

// flagPointers has the flags that take pointers into a file, with the position of the argument that
// names the file, counted from 0.
var flagPointers = map[string]int{"convert select": 0, "plot over": 0, "diff ignore": 0}

// pointerAt has the commands that take a pointer, with the positions of the pointer and of the file
// among the arguments, counted from 0.
var pointerAt = map[string]struct{ pointer, file int }{
	"get": {1, 0}, "head": {1, 0}, "tail": {1, 0}, "sample": {1, 0}, "stats": {1, 0},
	"diff": {2, 1}, "plot": {1, 0},
}

// addCompletion lets the shell complete values of flags and pointers into files.
func addCompletion(s *streams, root *cobra.Command) {
	addFlagCompletion(s, root)
	for _, cmd := range root.Commands() {
		if cmd.Name() == "edit" {
			cmd.ValidArgsFunction = completeEdit(s)
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
			return completePointer(s, args[at.file], begun), inPointer
		}
	}
}

// addFlagCompletion lets the shell complete the values of flags. RegisterFlagCompletionFunc fails
// only if a flag has a function already.
func addFlagCompletion(s *streams, root *cobra.Command) {
	find := func(key string) (cmd *cobra.Command, flag string) {
		name, flag, _ := strings.Cut(key, " ")
		cmd, _, _ = root.Find([]string{name})
		return cmd, flag
	}
	for key, values := range flagValues() {
		cmd, flag := find(key)
		_ = cmd.RegisterFlagCompletionFunc(flag,
			cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	for key, file := range flagPointers {
		cmd, flag := find(key)
		_ = cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, args []string,
			begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) <= file {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completePointer(s, args[file], begun), inPointer
		})
	}
}

// inPointer tells the shell to add no space after a pointer, which may go on, and to offer no
// files.
const inPointer = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace

// completeEdit completes FILE, the words set, delete and rename, and the pointers after them.
func completeEdit(s *streams) cobra.CompletionFunc {
	words := []string{"set", "delete", "rename"}
	return func(_ *cobra.Command, args []string, begun string) ([]string,
		cobra.ShellCompDirective) {
		switch {
		case len(args) == 0:
			return nil, cobra.ShellCompDirectiveDefault
		case slices.Contains(words, args[len(args)-1]):
			return completePointer(s, args[0], begun), inPointer
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// maxCompletions is the greatest number of pointers that are offered.
const maxCompletions = 200

// completePointer returns the pointers into a file that begin with what has been typed.
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
