package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/batch"
)

func init() { commands = append(commands, joinShardsCommand) }

// shard converts the files of one shard.
func (r *batchRun) shard(folder bool) error {
	shard, err := batch.ParseShard(r.f.shard)
	if err != nil {
		return usageErrorf("--shard: %v", err)
	}
	if !folder {
		return usageErrorf("--shard writes to a folder: OUT/, not %s", r.out)
	}
	codec, err := r.codec()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	parts := r.parts(codec, filepath.Join(r.out, "."+shard.Name()+".parts"))
	if err := parts.Run(shard.Sources(r.sources), r.limits, r.f.resume); err != nil {
		return err
	}
	if err := shard.Write(r.out, ending(r.to), parts); err != nil {
		return &fileError{r.out, err}
	}
	return parts.Remove()
}

const joinShardsLong = `join-shards checks what runs of unpkl convert --shard I/N wrote: that every shard is there once,
with the checksum of its manifest, that all are of one list of files and of the same options, and
that every file of the list is in one of them. Each ARG is a manifest, or a folder with some.

With -o it writes the lines of all of them to OUT, in the order of the list: what one run of
convert writes. Shards of tables are checked only: they are read as one data set.`

func joinShardsCommand(s *streams) *cobra.Command {
	var out, errorFile string
	cmd := &cobra.Command{
		Use:   "join-shards ARG...",
		Short: "Check that the shards of a conversion are whole, and join their lines",
		Long:  joinShardsLong,
		Example: `  unpkl join-shards out/
  unpkl join-shards -o all.jsonl --errors errors.jsonl out/`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageErrorf("join-shards takes a folder; see %s --help", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return joinShards(s, args, out, errorFile)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "",
		"write the lines of all shards to `OUT`, - for standard output")
	cmd.Flags().StringVar(&errorFile, "errors", "",
		"with -o, write the errors of all shards to `FILE`")
	return cmd
}

func joinShards(s *streams, args []string, out, errorFile string) error {
	shards, err := batch.OpenShards(args)
	if err != nil {
		return &fileError{strings.Join(args, " "), err}
	}
	n, files, failed := shards.Totals()
	if out == "" {
		_, err := fmt.Fprintf(s.out, "%d shards are whole: %d files, of which %d failed\n", n,
			files, failed)
		return err
	}
	if !shards.AreLines() {
		return usageErrorf("only lines are joined; shards of tables are read as one data set")
	}
	fails, err := newFailures(s, errorFile)
	if err != nil {
		return err
	}
	join := func(w io.Writer) error {
		b := bufio.NewWriterSize(w, 1<<18)
		return errors.Join(shards.Join(b, fails.add), b.Flush())
	}
	if out == "-" {
		err = join(s.out)
	} else if err = batch.WriteFile(out, join); err != nil {
		err = &fileError{out, err}
	}
	return errors.Join(err, fails.close())
}
