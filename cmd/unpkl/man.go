package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func init() { commands = append(commands, manCommand) }

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
			if len(args) == 0 {
				_, err := io.WriteString(s.out, manual(root))
				return err
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return &fileError{args[0], err}
			}
			for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
				name := filepath.Join(args[0], manualName(c)+".1")
				if err := os.WriteFile(name, []byte(manual(c)), 0o644); err != nil {
					return &fileError{name, err}
				}
			}
			return nil
		},
	}
}

// manualName returns the name of a command's page, such as unpkl-get.
func manualName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manual returns the page of a command in the macros of man(7). It has no date, so that it does not
// change from build to build.
//
// cobra's own generator of manual pages goes by Markdown. Linking its parser would make every
// command start slower.
func manual(c *cobra.Command) string {
	c.InitDefaultHelpFlag()
	var b strings.Builder
	name := manualName(c)
	b.WriteString(".TH " + quoteRoff(strings.ToUpper(name)) + " \"1\" \"\" \"unpkl\" \"unpkl\"\n")
	b.WriteString(".nh\n.SH NAME\n" + escapeRoff(name) + " \\- " + escapeRoff(c.Short) + "\n")
	b.WriteString(".SH SYNOPSIS\n\\fB" + escapeRoff(c.UseLine()) + "\\fP\n.SH DESCRIPTION\n")
	long := c.Long
	if long == "" {
		long = c.Short
	}
	writeProse(&b, long)
	writeOptions(&b, "OPTIONS", c.NonInheritedFlags())
	writeOptions(&b, "OPTIONS OF EVERY COMMAND", c.InheritedFlags())
	if c.Example != "" {
		b.WriteString(".SH EXAMPLE\n.EX\n" + escapeRoff(c.Example) + "\n.EE\n")
	}
	writeSeeAlso(&b, c)
	return b.String()
}

// writeProse writes paragraphs. It writes indented lines unchanged.
func writeProse(b *strings.Builder, text string) {
	asIs := false
	for line := range strings.SplitSeq(text, "\n") {
		if indented := strings.HasPrefix(line, "  "); indented != asIs && line != "" {
			if asIs = indented; asIs {
				b.WriteString(".EX\n")
			} else {
				b.WriteString(".EE\n")
			}
		}
		if line == "" && !asIs {
			b.WriteString(".PP\n")
			continue
		}
		b.WriteString(escapeRoff(line) + "\n")
	}
	if asIs {
		b.WriteString(".EE\n")
	}
}

func writeOptions(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	b.WriteString(".SH " + title + "\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		b.WriteString(".TP\n\\fB")
		if f.Shorthand != "" {
			b.WriteString(escapeRoff("-" + f.Shorthand + ", "))
		}
		b.WriteString(escapeRoff("--" + f.Name))
		b.WriteString("\\fP")
		if value != "" {
			b.WriteString(" \\fI" + escapeRoff(value) + "\\fP")
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" {
			usage += " (default " + f.DefValue + ")"
		}
		b.WriteString("\n" + escapeRoff(usage) + "\n")
	})
}

// writeSeeAlso refers to the pages of the parent and the subcommands.
func writeSeeAlso(b *strings.Builder, c *cobra.Command) {
	var others []string
	if c.HasParent() {
		others = append(others, manualName(c.Parent()))
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			others = append(others, manualName(sub))
		}
	}
	if len(others) == 0 {
		return
	}
	b.WriteString(".SH SEE ALSO\n")
	for i, name := range others {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString("\\fB" + escapeRoff(name) + "\\fP(1)")
	}
	b.WriteByte('\n')
}

// escapeRoff escapes what roff would interpret: backslashes, hyphens, which it would make dashes
// of, and a dot or a quote at the beginning of a line.
func escapeRoff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

func quoteRoff(text string) string { return `"` + escapeRoff(text) + `"` }
