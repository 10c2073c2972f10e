package main

import (
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/convert"
)

func init() { commands = append(commands, splitCommand, joinCommand) }

func splitCommand(s *streams) *cobra.Command {
	var flags convertFlags
	size, axis := "", 0
	cmd := &cobra.Command{
		Use:   "split FILE.npy PATTERN.npy",
		Short: "Cut a large array into files, with a manifest",
		Long: `split cuts the array in FILE.npy, or in raw bytes, along an axis into .npy files of the names that PATTERN
gives: {n} or {n:03} is the number of a part, {date} the date, {name} the name of FILE. The manifest beside them says
their shapes and checksums; its path is printed. No file is overwritten.`,
		Example: `  unpkl split --chunk-size 500MB big.npy 'big_{n:03}.npy'`,
		Args:    exactly(2, "FILE.npy and PATTERN.npy"),
		RunE: func(cmd *cobra.Command, args []string) error {
			bytes, err := humanize.ParseBytes(size)
			if err != nil || bytes == 0 || bytes > 1<<60 {
				return usageErrorf("--chunk-size=%s is not a size such as 500MB", size)
			}
			opts, err := flags.options(s)
			if err != nil {
				return err
			}
			manifest, err := convert.Split(args[0], args[1],
				convert.Chunks{Bytes: int64(bytes), Axis: axis}, opts...)
			if err != nil {
				return &fileError{args[0], err}
			}
			fmt.Fprintln(s.out, manifest)
			return nil
		},
	}
	cmd.Flags().StringVar(&size, "chunk-size", "512MiB", "the most bytes of elements in a part")
	cmd.Flags().IntVar(&axis, "axis", 0, "the axis to cut")
	flags.addRaw(cmd)
	return cmd
}

func joinCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "join MANIFEST OUT",
		Short: "Put the parts of a split array together",
		Long: `join compares the parts that MANIFEST names with their checksums and shapes and writes the
array to OUT, in any format of convert.`,
		Example: `  unpkl join big_manifest.json again.npy`,
		Args:    exactly(2, "MANIFEST and OUT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := convert.Join(args[0], args[1]); err != nil {
				return &fileError{args[0], err}
			}
			return nil
		},
	}
}

// exactly returns the Args of a command that takes n arguments.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usageErrorf("%s takes %s; see %[1]s --help", cmd.CommandPath(), what)
		}
		return nil
	}
}
