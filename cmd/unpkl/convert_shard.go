package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/batch"
)

func init() { commands = append(commands, joinShardsCommand) }

// shard converts the files of one shard.
func (r *batchRun) shard(folder bool) error {
	shard, err := batch.ParseShard(r.f.many.shard)
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
	if err := makeFolder(r.out); err != nil {
		return err
	}
	kept, err := partsFolder(r.out, "."+shard.Name()+".parts")
	if err != nil {
		return err
	}
	parts := r.parts(codec, kept)
	if err := parts.Run(shard.Sources(r.sources), r.limits, r.f.resume); err != nil {
		return err
	}
	if err := r.writeShard(shard, parts); err != nil {
		return &fileError{r.out, err}
	}
	return parts.Remove()
}

// writeShard writes the file of a shard and then its manifest.
func (r *batchRun) writeShard(shard *batch.Shard, parts *batch.Parts) error {
	if !objects.Has(r.out) {
		return shard.Write(r.out, ending(r.to), parts)
	}
	folder, done, err := temporaryFolder()
	if err != nil {
		return err
	}
	defer done()
	if err := shard.Write(folder, ending(r.to), parts); err != nil {
		return err
	}
	for _, name := range []string{shard.Name() + ending(r.to), shard.Name() + ".json"} {
		if err := objects.put(filepath.Join(folder, name), joinOutput(r.out, name)); err != nil {
			return err
		}
	}
	return nil
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
	names, done, err := shardFolders(args)
	if err != nil {
		return err
	}
	defer done()
	shards, err := batch.OpenShards(names)
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
	} else if err = outputTo(out, func(path string) error {
		return batch.WriteFile(path, join)
	}); err != nil {
		err = &fileError{out, err}
	}
	return errors.Join(err, fails.close())
}

// shardFolders returns the arguments of join-shards with those in a store replaced by local copies,
// which done removes.
func shardFolders(args []string) (names []string, done func(), err error) {
	var copies []func()
	done = func() {
		for _, remove := range copies {
			remove()
		}
	}
	for _, arg := range args {
		if objects.Has(arg) {
			prefix := strings.TrimSuffix(arg, "/") + "/"
			folder, remove, err := localFolder(prefix, func(name string) bool {
				return strings.HasPrefix(name, "shard-")
			})
			if err != nil {
				done()
				return nil, nil, &fileError{arg, err}
			}
			copies, arg = append(copies, remove), folder
		}
		names = append(names, arg)
	}
	return names, done, nil
}
