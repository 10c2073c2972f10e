package main

import (
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/pickle"
)

func init() { commands = append(commands, repickleCommand) }

// outputFlags say how pickles are written.
type outputFlags struct {
	protocol int
	numpy    string
}

func (o *outputFlags) add(cmd *cobra.Command, protocol int, what string) {
	cmd.Flags().IntVar(&o.protocol, "protocol", protocol,
		"the pickle protocol to write, 0 to 5"+what)
	cmd.Flags().StringVar(&o.numpy, "numpy", "",
		"use the names and forms that this `VERSION` of NumPy writes, such as 1.26 or 2.3; "+
			"default: what all versions load")
}

// options returns the options that the flags stand for, without the protocol.
func (o *outputFlags) options() ([]unpkl.Option, error) {
	if o.protocol < -1 || o.protocol > int(pickle.HighestProtocol) {
		return nil, usageErrorf("--protocol %d is not between 0 and %d", o.protocol,
			pickle.HighestProtocol)
	}
	if o.numpy == "" {
		return nil, nil
	}
	major, minor, _ := strings.Cut(o.numpy, ".")
	minor, _, _ = strings.Cut(minor, ".")
	x, err1 := strconv.Atoi(major)
	y, err2 := strconv.Atoi(minor)
	if err1 != nil || err2 != nil || x < 1 || y < 0 {
		return nil, usageErrorf("--numpy=%s is not a version such as 1.26", o.numpy)
	}
	return []unpkl.Option{unpkl.WithNumPy(x, y)}, nil
}

func repickleCommand(s *streams) *cobra.Command {
	var flags outputFlags
	cmd := &cobra.Command{
		Use:   "repickle IN OUT",
		Short: "Read a pickle and write it again, at another protocol or without its compression",
		Long: `repickle reads every pickle in IN, which may be whatever to-json reads, and writes them to
OUT. Objects of unknown classes are written as they were read; nothing is executed. IN may
be "-" for standard input, OUT "-" for standard output. The ending of OUT chooses a
compression: .gz, .z, .xz, .lzma, .zst, .lz4, .zip, .tar, .tar.gz or .tar.xz. OUT is complete or is left as it was.`,
		Example: `  unpkl repickle --protocol 2 new.pkl old.pkl
  unpkl repickle data.pkl.gz data.pkl`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageErrorf("%s takes IN and OUT; see %[1]s --help", cmd.CommandPath())
			}
			return checkPickleName(args[1])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := flags.options()
			if err != nil {
				return err
			}
			return repickle(s, args[0], args[1], flags.protocol, opts)
		},
	}
	flags.add(cmd, -1, "; default: that of IN")
	return cmd
}

func repickle(s *streams, from, to string, protocol int, opts []unpkl.Option) error {
	return rewrite(s, from, to, func(in *opened, _ int, v any) (any, []unpkl.Option, error) {
		use := protocol
		if use < 0 {
			var ok bool
			if use, ok = in.Protocol(); !ok {
				use = pickle.DefaultProtocol
			}
		}
		return v, append([]unpkl.Option{unpkl.WithProtocol(use)}, opts...), nil
	})
}

// rewrite reads every pickle in a file and writes the value and options that change returns for it.
// n is the number of the pickle, counted from 0.
func rewrite(s *streams, from, to string, change func(in *opened, n int, v any) (any,
	[]unpkl.Option, error)) error {
	in, err := openInput(s, from, keepers...)
	if err != nil {
		return &fileError{from, err}
	}
	defer in.close()
	var readErr error
	err = writeOutput(s, to, func(w io.Writer) error {
		for n := 0; ; n++ {
			v, err := in.next()
			if err == io.EOF && n > 0 {
				return nil
			}
			if err == io.EOF {
				err = errEmpty
			}
			var opts []unpkl.Option
			if err == nil {
				v, opts, err = change(in, n, v)
			}
			if err != nil {
				readErr = err
				return err
			}
			opts = append(opts[:len(opts):len(opts)], unpkl.WithExtensionCode(extensionCode))
			if err := unpkl.NewEncoder(w, opts...).Encode(v); err != nil {
				return err
			}
		}
	})
	switch {
	case readErr != nil:
		return &fileError{from, readErr}
	case err != nil:
		return &fileError{to, err}
	}
	return nil
}

// keepers are options that keep persistent ids and extension codes, which only Python could
// resolve, so that they can be written again.
var keepers = []unpkl.Option{
	unpkl.WithPersistentLoad(func(pid any) (any, error) {
		return &pickle.PersistentRef{ID: pid}, nil
	}),
	unpkl.WithExtension(func(code int) (any, error) {
		return pickle.Global{Module: extensionModule, Name: strconv.Itoa(code)}, nil
	}),
}

// extensionModule is the module of the globals that stand for extension codes. No pickle can have a
// module of that name.
const extensionModule = "extension code\n"

// extensionCode returns the extension code for which keepers made a global, or 0 for any other
// global.
func extensionCode(g pickle.Global) int {
	if g.Module != extensionModule {
		return 0
	}
	code, _ := strconv.Atoi(g.Name) // keepers made it from a number
	return code
}
