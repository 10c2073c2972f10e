package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// The exit statuses. statusFound and statusInterrupted are defined elsewhere.
const (
	statusOK     = 0
	statusFailed = 1 // a file that cannot be read, decoded or written
	statusUsage  = 2
)

// streams are the standard streams of a command, with what determines how it uses them.
type streams struct {
	in       io.Reader
	out, err io.Writer
	gc       *collector
	quiet    bool // write nothing but errors to standard error
	noPager  bool
	pager    *pager // between out and the terminal, or nil
}

// commands has the constructors of the subcommands. Each subcommand has a file of its own, whose
// init function adds it here.
var commands []func(s *streams) *cobra.Command

// run runs a command line and returns the exit status.
func (s *streams) run(args []string) int {
	root := newRoot(s)
	help := &helpWriter{w: s.out}
	root.SetOut(help)
	root.SetArgs(args)
	err := root.Execute()
	if err == nil {
		err = help.err
	}
	if err = s.endPager(err); err == nil {
		return statusOK
	}
	var silent errSilent
	if errors.As(err, &silent) {
		return int(silent)
	}
	var files fileErrors
	if errors.As(err, &files) {
		for _, one := range files {
			fmt.Fprintln(s.err, errorLine(one))
		}
		return exitStatus(files[0])
	}
	fmt.Fprintln(s.err, errorLine(err))
	return exitStatus(err)
}

// helpWriter is the writer of the help texts. Cobra ignores the errors of writing them, so it keeps
// the first.
type helpWriter struct {
	w   io.Writer
	err error
}

func (h *helpWriter) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	if h.err == nil {
		h.err = err
	}
	return n, err
}

const rootLong = `unpkl shows, checks, compares and converts what is in Python pickles, NumPy's files and the
like: dicts, arrays, tables, objects of any class. Nothing of a file is executed.

FILE may be "-" for standard input, compressed, an .npy, an .npz or a joblib file. A POINTER leads
to a part of it: keys, columns, attributes and subscripts as in /regions/0/values/:10. What is read
and what is written may be objects of a store, s3://BUCKET/KEY or gs://BUCKET/KEY.`

func newRoot(s *streams) *cobra.Command {
	var info infoFlags
	root := &cobra.Command{
		Use:           "unpkl FILE...",
		Short:         "Show what is in Python pickles without Python",
		Long:          rootLong,
		Example:       infoExample,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && info.many.sources.list == "" {
				return cmd.Help()
			}
			if len(args) > 0 {
				if err := unknownCommand(cmd, args[0]); err != nil {
					return err
				}
			}
			return runInfo(s, cmd, &info, args)
		},
	}
	info.add(root)
	root.SuggestionsMinimumDistance = 2
	root.Version = versionText()
	root.SetVersionTemplate("{{.Version}}\n")
	root.PersistentFlags().BoolVarP(&s.quiet, "quiet", "q", false,
		"no progress and no warnings on standard error")
	root.PersistentFlags().BoolVar(&s.noPager, "no-pager", false,
		"write to the terminal itself rather than through PAGER or less")
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) { s.page(cmd) }
	root.SetIn(s.in)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageErrorf("%v; see %s --help", err, cmd.CommandPath())
	})
	root.SetHelpCommand(helpCommand())
	for _, command := range commands {
		root.AddCommand(command(s))
	}
	addCompletion(s, root)
	return root
}

// unknownCommand returns an error if a word is neither a file nor looks like the name of one.
func unknownCommand(root *cobra.Command, word string) error {
	if _, err := os.Stat(word); word == "-" || err == nil || strings.ContainsAny(word, `./\`) {
		return nil
	}
	near := ""
	if names := root.SuggestionsFor(word); len(names) > 0 {
		near = "; did you mean " + strings.Join(names, " or ") + "?"
	}
	return usageErrorf("%q is neither a command nor a file%s see unpkl help", word,
		cmp.Or(near, ";"))
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show what a command does and its options",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 || len(args) > 0 && about == cmd.Root() {
				return usageErrorf("unknown command %q; see unpkl help", args[0])
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// oneFile is the Args of a command that takes one FILE.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageErrorf("%s takes one FILE, not %d; see %[1]s --help", cmd.CommandPath(),
			len(args))
	}
	return nil
}

// usageError is an error of the command line rather than of a file.
type usageError string

func (e usageError) Error() string { return string(e) }

func usageErrorf(format string, args ...any) error {
	return usageError(fmt.Sprintf(format, args...))
}

// errSilent is an exit status whose reason has already been written, so that there is no line for
// it.
type errSilent int

func (e errSilent) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// statusError is an error with an exit status of its own.
type statusError struct {
	error
	status int
}

func (e statusError) Unwrap() error { return e.error }

// exitStatus returns the exit status for an error.
func exitStatus(err error) int {
	var usage usageError
	var own statusError
	switch {
	case errors.As(err, &own):
		return own.status
	case errors.As(err, &usage):
		return statusUsage
	}
	return statusFailed
}

// warn writes a warning to standard error.
func (s *streams) warn(text string) {
	if !s.quiet {
		fmt.Fprintln(s.err, "unpkl: warning: "+printable(text))
	}
}
