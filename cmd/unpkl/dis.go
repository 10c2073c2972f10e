package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/compress"
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
		f, err := os.Open(name)
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
	err = pickle.Disassemble(&held, plain)
	if err == io.EOF {
		err = errEmpty
	}
	if err != nil {
		return err
	}
	return held.copyTo(s.out)
}
