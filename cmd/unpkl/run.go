package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// The exit statuses.
const (
	statusOK     = 0
	statusFailed = 1 // a file that cannot be read, decoded or written
	statusUsage  = 2
)

// streams are what a command reads and writes besides files.
type streams struct {
	in       io.Reader
	out, err io.Writer
	gc       *collector
}

// commands makes the subcommands. Each stands in a file of its own, which adds
// itself in an init function.
var commands []func(s *streams) *cobra.Command

// run carries out one command line and returns the exit status.
func (s *streams) run(args []string) int {
	root := newRoot(s)
	root.SetArgs(args)
	err := root.Execute()
	if err == nil {
		return statusOK
	}
	fmt.Fprintln(s.err, errorLine(err))
	return exitStatus(err)
}

func newRoot(s *streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "unpkl",
		Short: "Read Python pickles without Python",
		Long: `unpkl shows what is in a Python pickle: dicts, NumPy arrays, objects of any class.
Nothing of the file is executed. FILE may be "-" for standard input.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return usageErrorf("no command given; see unpkl help")
		},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageErrorf("unknown command %q; see unpkl help", args[0])
			}
			return nil
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageErrorf("%v; see %s --help", err, cmd.CommandPath())
	})
	root.SetHelpCommand(helpCommand())
	for _, command := range commands {
		root.AddCommand(command(s))
	}
	return root
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show what a command does and its options",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
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
		return usageErrorf("%s takes one FILE, not %d; see %[1]s --help", cmd.CommandPath(), len(args))
	}
	return nil
}

// usageError is an error of the command line rather than of a file.
type usageError string

func (e usageError) Error() string { return string(e) }

func usageErrorf(format string, args ...any) error {
	return usageError(fmt.Sprintf(format, args...))
}

// statusError asks for an exit status of its own.
type statusError struct {
	error
	status int
}

func (e statusError) Unwrap() error { return e.error }

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
