package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func init() { commands = append(commands, manCommand) }

// manHeader is the head of the manual pages. Without a date they are the same whenever they are
// made.
func manHeader() *doc.GenManHeader {
	return &doc.GenManHeader{Section: "1", Source: "unpkl", Manual: "unpkl"}
}

func manCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "man [FOLDER]",
		Short: "Write the manual page, or one of each command into a folder",
		Long: `man writes the manual page of unpkl, in the form that man reads, to standard output; with FOLDER
it writes one of each command there, made of the same text as --help.`,
		Example: `  unpkl man | man -l -
  unpkl man ~/.local/share/man/man1`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageErrorf("man takes one FOLDER; see %s --help", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			root.DisableAutoGenTag = true
			if len(args) == 0 {
				root.Long = asMarkdown(root.Long)
				return doc.GenMan(root, manHeader(), s.out)
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return &fileError{args[0], err}
			}
			for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
				if err := writeManual(c, args[0]); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// asMarkdown makes code of the indented lines of a text, so that a manual page has them as they
// are.
func asMarkdown(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "  ") {
			lines[i] = "\t" + line
		}
	}
	return strings.Join(lines, "\n")
}

func writeManual(c *cobra.Command, folder string) error {
	c.DisableAutoGenTag = true
	c.Long = asMarkdown(c.Long)
	name := filepath.Join(folder, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1")
	f, err := os.Create(name)
	if err != nil {
		return &fileError{name, err}
	}
	err = doc.GenMan(c, manHeader(), f)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return &fileError{name, err}
	}
	return nil
}
