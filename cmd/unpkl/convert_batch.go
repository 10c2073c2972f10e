package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/internal/batch"
)

// batchFlags are the options of convert for very many files.
type batchFlags struct {
	many   manyFlags
	resume bool
	memory size // of the files that are worked on at once
	parts  size // of the files that go into one part; 0 for one output
	// pathColumn is the name of the column with the path of the file that a row came from.
	pathColumn string
}

const (
	// batchMemory is the default of --memory in bytes.
	batchMemory = 256 << 20
	// batchPart is the number of bytes of files that go into one block if --part-size does not say
	// more. It bounds the work that is lost if the process is killed.
	batchPart = 64 << 20
)

const batchLong = `Of very many files, named by a quoted pattern with ** or by --files-from, or with one of --errors,
--resume, --part-size and --shard, those that fail are told and the others go on; the exit status is
1 then. OUT is lines (.jsonl, or - with --to jsonl), {"path": ..., "value": ...} each; or one table
(.parquet, .feather) of all rows, with the path in its first column, columns matched by name and
numbers widened where every value survives; or OUT/ with --to FORMAT, a file for each IN, named as
that with the new ending behind it. The order is that of IN, and the bytes are the same each time.
Memory is bounded by --memory however many files there are. docs/scale.md has more.

`

func (f *batchFlags) add(cmd *cobra.Command) {
	f.many.add(cmd)
	set := cmd.Flags()
	set.Lookup("shard").Usage += "; OUT/ gets shard-I-of-N and its manifest"
	f.memory, f.parts = batchMemory, 0
	addResume(cmd, &f.resume)
	set.Var(&f.memory, "memory", "how many bytes of files are worked on at once")
	set.Var(&f.parts, "part-size", "OUT/ gets part-00000 and so on, each of so many bytes of files")
	set.Lookup("part-size").DefValue = ""
	set.StringVar(&f.pathColumn, "path-column", "path",
		"the `NAME` of the column of a table of many files that has their paths")
}

// wanted reports whether the command line asks for the mode for very many files.
func (f *batchFlags) wanted(ins []string) bool {
	return f.many.sources != sourceFlags{} || f.many.shard != "" || f.resume || f.parts > 0 ||
		slices.ContainsFunc(ins, func(in string) bool {
			return batch.IsPattern(in) || objects.Has(in) && listing.IsSeveral(in)
		})
}

// batchRun is one run of convert over very many files.
type batchRun struct {
	s       *streams
	flags   *convertFlags
	f       *batchFlags
	out, to string // to is the name of the format
	opts    []convert.Option
	sources iter.Seq2[batch.Source, error]
	limits  batch.Limits
	fails   *failures
	step    func() // called after each file, for the progress
	args    int    // the number of files, folders and patterns on the command line
}

// convertBatch converts very many files to lines, to a table of all rows, or each to a file of its
// own.
func convertBatch(s *streams, flags *convertFlags, ins []string, out string,
	opts []convert.Option) (err error) {
	f := &flags.batch
	r := &batchRun{s: s, flags: flags, f: f, out: out, args: len(ins)}
	r.opts = append(opts[:len(opts):len(opts)], convert.WithWarnings(oneAtATime(s.warn)))
	r.limits.Bytes = int64(f.memory)
	if r.limits.Jobs, err = f.many.jobsFor(ins); err != nil {
		return err
	}
	if r.to, err = formatOfOut(out, flags.to); err != nil {
		return err
	}
	sources, end, err := f.many.sources.sources(s, listing, ins)
	if err != nil {
		return err
	}
	defer end()
	r.sources = listing.WithInfo(sources)
	if r.fails, err = newFailures(s, f.many.sources.errors); err != nil {
		return err
	}
	bar, endBar := s.progressMany("convert", func() (int64, bool) {
		return f.many.sources.count(listing, ins, f.many.shard)
	})
	r.step = bar
	err = r.run()
	endBar()
	if err = errors.Join(listError(err), r.fails.close()); err != nil {
		return err
	}
	return r.fails.status()
}

// formatOfOut returns the name of the format that --to or the ending of OUT asks for.
func formatOfOut(out, to string) (string, error) {
	for _, f := range convert.Formats() {
		if f.Name == to || to == "" && slices.Contains(f.Endings,
			strings.ToLower(filepath.Ext(out))) ||
			to != "" && slices.Contains(f.Endings,
				"."+strings.TrimPrefix(strings.ToLower(to), ".")) {
			return f.Name, nil
		}
	}
	return "", usageErrorf("--to FORMAT says what to write to %s", out)
}

func (r *batchRun) run() error {
	folder := isFolderName(r.out)
	if r.f.many.shard != "" {
		return r.shard(folder)
	}
	if folder && r.f.parts == 0 {
		return r.each()
	}
	codec, err := r.codec()
	if err != nil {
		return err
	}
	if r.out == "-" {
		return r.pipe(codec)
	}
	return r.gather(codec, folder)
}

// codec returns the codec that makes one output of very many files.
func (r *batchRun) codec() (batch.Codec, error) {
	switch r.to {
	case "jsonl":
		return &batch.Lines{Value: r.value("json")}, nil
	case "parquet", "feather":
		return &batch.Table{
			Value: r.value("feather"), PathColumn: r.f.pathColumn, Parquet: r.to == "parquet",
			Zstd: r.flags.compress,
		}, nil
	}
	return nil, usageErrorf("very many files become lines (jsonl), a table (parquet, feather), "+
		"or with OUT/ a file each; not one %s", r.to)
}

// value returns a function that writes the value in a file in the given format.
func (r *batchRun) value(format string) func(w io.Writer, s batch.Source) error {
	opts := append(r.opts[:len(r.opts):len(r.opts)], convert.WithTo(format))
	return func(w io.Writer, s batch.Source) error {
		v, err := readAny(s.Path, opts)
		if err != nil {
			return err
		}
		return convert.Encode(w, v, opts...)
	}
}

// pipe writes the lines to standard output as soon as they are ready.
func (r *batchRun) pipe(codec batch.Codec) error {
	if r.to != "jsonl" {
		return usageErrorf("standard output takes --to jsonl, not %s", r.to)
	}
	w := bufio.NewWriterSize(r.s.out, 1<<16)
	type line struct {
		text []byte
		err  error
	}
	err := batch.Each(r.sources, r.limits, func(s batch.Source) line {
		text, err := codec.Encode(s)
		return line{text, err}
	}, func(s batch.Source, l line) error {
		r.step()
		if l.err != nil {
			return r.fails.add(batch.NewFailure(s.Path, l.err))
		}
		_, err := w.Write(l.text)
		return err
	})
	return errors.Join(err, w.Flush())
}

// gather makes one file of all files, or parts in a folder.
func (r *batchRun) gather(codec batch.Codec, folder bool) error {
	if folder {
		if err := makeFolder(r.out); err != nil {
			return err
		}
	}
	name := "." + filepath.Base(r.out) + ".parts"
	if folder {
		name = ".parts"
	}
	kept, err := partsFolder(r.out, name)
	if err != nil {
		return err
	}
	parts := r.parts(codec, kept)
	if err := parts.Run(r.sources, r.limits, r.f.resume); err != nil {
		return err
	}
	if err := r.join(parts, folder); err != nil {
		return err
	}
	return parts.Remove()
}

// partsFolder returns the folder where blocks are kept until all are done. It has the given name
// and lies beside or in the output. For objects it lies in the user's cache folder and is named
// after the URL of the output.
func partsFolder(out, name string) (string, error) {
	switch {
	case objects.Has(out):
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		folder := filepath.Join(cache, "unpkl")
		sum := sha256.Sum256([]byte(joinOutput(out, name)))
		return filepath.Join(folder, hex.EncodeToString(sum[:8])+".parts"),
			os.MkdirAll(folder, 0o700)
	case isFolderName(out):
		return filepath.Join(out, name), nil
	}
	return filepath.Join(filepath.Dir(out), name), nil
}

// parts returns the blocks that are kept in a folder.
func (r *batchRun) parts(codec batch.Codec, folder string) *batch.Parts {
	part := int64(batchPart)
	if r.f.parts > 0 {
		part = int64(r.f.parts)
	}
	return &batch.Parts{
		Folder: folder, Codec: codec, Options: r.options(), PartBytes: part, Failed: r.fails.add,
		Step: r.step,
	}
}

// options identifies everything but the files that the output depends on, so that --resume does not
// mix different runs.
func (r *batchRun) options() string {
	flags := *r.flags
	flags.batch = batchFlags{parts: flags.batch.parts, pathColumn: flags.batch.pathColumn}
	return fmt.Sprintf("unpkl %s to %s %+v", versionText(), r.to, flags)
}

// join writes the output files from the blocks.
func (r *batchRun) join(parts *batch.Parts, folder bool) error {
	if !folder {
		return r.write(r.out, parts.Codec, parts.All())
	}
	for n := range parts.Len() {
		name := joinOutput(r.out, fmt.Sprintf("part-%05d%s", n, ending(r.to)))
		if err := r.write(name, parts.Codec, parts.Part(n)); err != nil {
			return err
		}
	}
	return nil
}

func (r *batchRun) write(name string, codec batch.Codec, blocks batch.Blocks) error {
	err := outputTo(name, func(path string) error {
		return batch.WriteFile(path, func(w io.Writer) error { return codec.Join(w, blocks) })
	})
	if err != nil {
		return &fileError{name, err}
	}
	return nil
}

// each converts each file to a file of its own in the output folder.
func (r *batchRun) each() error {
	suffix := ending(r.to)
	return batch.Each(r.sources, r.limits, func(s batch.Source) error {
		name, err := r.nameFor(s, suffix)
		if err != nil || r.f.resume && isUpToDate(name, s.Path) {
			return err
		}
		if err := makeFolder(parentOf(name)); err != nil {
			return err
		}
		return convertOne(r.s, r.flags, s.Path, name, r.opts)
	}, func(s batch.Source, err error) error {
		r.step()
		if err != nil {
			return r.fails.add(batch.NewFailure(s.Path, err))
		}
		return nil
	})
}

// nameFor returns the name of the output file of a source. If the command line names one folder or
// pattern, the name is the path below that, else the whole path. The name keeps the old ending
// before the new one. So no two sources get the same name.
func (r *batchRun) nameFor(s batch.Source, suffix string) (string, error) {
	relative := s.Path
	if objects.Has(relative) {
		_, relative, _ = strings.Cut(relative, "://")
		if s.Root != "" && r.args == 1 {
			relative = strings.TrimPrefix(s.Path, s.Root)
		}
		relative = filepath.FromSlash(relative)
	} else if s.Root != "" && r.args == 1 {
		var err error
		if relative, err = filepath.Rel(s.Root, s.Path); err != nil {
			return "", err
		}
	}
	relative = strings.TrimLeftFunc(relative[len(filepath.VolumeName(relative)):],
		func(c rune) bool { return c == '/' || c == filepath.Separator })
	if relative = filepath.Clean(relative); !filepath.IsLocal(relative) {
		return "", usageErrorf("%s has no place below %s", s.Path, r.out)
	}
	return joinOutput(r.out, relative+suffix), nil
}

// parentOf returns the folder of an output file.
func parentOf(name string) string {
	if objects.Has(name) {
		return name[:strings.LastIndexByte(name, '/')+1]
	}
	return filepath.Dir(name)
}

// isUpToDate reports whether an output exists and is not older than its source.
func isUpToDate(name, source string) bool {
	made, err := statAny(name)
	if err != nil {
		return false
	}
	from, err := statAny(source)
	return err == nil && !made.ModTime().Before(from.ModTime())
}

// oneAtATime returns a function that calls f under a lock.
func oneAtATime(f func(string)) func(string) {
	var lock sync.Mutex
	return func(text string) {
		lock.Lock()
		defer lock.Unlock()
		f(text)
	}
}
