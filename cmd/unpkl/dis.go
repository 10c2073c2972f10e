package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/input"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/pickle"
)

func init() { commands = append(commands, disCommand) }

func disCommand(s *streams) *cobra.Command {
	outMax := size(pickle.DefaultOutputBytes)
	cmd := &cobra.Command{
		Use:   "dis FILE",
		Short: "Show the opcodes of a pickle with their byte offsets, as Python's pickletools does",
		Long: `dis writes what "python -m pickletools FILE" writes for the first pickle of FILE,
which may be compressed. FILE may be "-" for standard input.`,
		Example: `  unpkl dis data.pkl | less`,
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := dis(s, args[0], int64(outMax)); err != nil {
				return &fileError{args[0], err}
			}
			return nil
		},
	}
	cmd.Flags().Var(&outMax, "max-output", "fail when the text would be larger")
	return cmd
}

func dis(s *streams, name string, outMax int64) error {
	in := s.in
	if name != "-" {
		f, err := openFile(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	plain, err := compress.NewReader(s.gc.reader(in), pickle.Limits{})
	if err != nil {
		return err
	}
	defer plain.Close()
	held := spool{max: outMax}
	defer held.close()
	r := input.NewHeadReader(plain)
	head, err := r.Look()
	if err != nil {
		return err
	}
	head = bytes.Clone(head)
	err = pickle.Disassemble(&held, r)
	if err == io.EOF {
		err = errEmpty
	}
	if err != nil {
		return noOpcodes(head, err)
	}
	return held.copyTo(s.out)
}

// noOpcodes returns the error for an input, beginning with head, whose disassembly failed with err.
// It names the format that the input seems to have if that is no pickle.
func noOpcodes(head []byte, err error) error {
	var at *pickle.DecodeError
	if f, ok := magic.Of(head); ok && f.Prefix == magic.NPY && errors.As(err, &at) {
		return fmt.Errorf("%w: this looks like %s", unpkl.ErrNotPickle, f.Name)
	}
	return input.NotPickle(head, err)
}
