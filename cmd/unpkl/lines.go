package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/batch"
)

// lineFlags are the options of commands that write lines for each of very many files.
type lineFlags struct {
	output string
	resume bool
}

func (f *lineFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.output, "output", "o", "",
		"write the lines to `FILE`, which is whole or as it was, rather than to standard output")
	addResume(cmd, &f.resume)
}

// addResume adds the flag --resume.
func addResume(cmd *cobra.Command, resume *bool) {
	cmd.Flags().BoolVar(resume, "resume", false,
		"go on with what a run that was ended left: what is whole is not done again")
}

// check returns an error for flags that contradict each other. lines says whether the command
// writes lines; how names the flags with which it does.
func (f *lineFlags) check(lines bool, how string) error {
	switch {
	case f.resume && f.output == "":
		return usageErrorf("--resume is of the file of -o")
	case f.output != "" && !lines:
		return usageErrorf("-o is for lines: %s", how)
	}
	return nil
}

// lineCodec is a batch.Codec that writes lines for each file. R is the result of the work on a
// file.
type lineCodec[R any] struct {
	work func(batch.Source) R
	// lines writes the result for a file. Its error says why the file failed; lines may be written
	// even so.
	lines func(w io.Writer, s batch.Source, r R) error
	// accept, if not nil, is called with the lines of each file in the order of the list.
	accept func(lines []byte) error
}

func (c *lineCodec[R]) Encode(s batch.Source) ([]byte, error) {
	var b bytes.Buffer
	err := c.lines(&b, s, c.work(s))
	return b.Bytes(), err
}

func (c *lineCodec[R]) Accept(lines []byte) error {
	if c.accept == nil {
		return nil
	}
	return c.accept(lines)
}

func (c *lineCodec[R]) Join(w io.Writer, blocks batch.Blocks) error {
	return (&batch.Lines{}).Join(w, blocks)
}

// toFile writes the lines of each file of a run to the file of -o. It keeps the lines in blocks
// until all are done, so that a run with --resume can go on after the complete ones. options
// identifies everything but the files that the lines depend on.
func toFile[R any](m *many, f *lineFlags, options string, codec *lineCodec[R]) error {
	folder, err := partsFolder(f.output, "."+filepath.Base(f.output)+".parts")
	if err != nil {
		return err
	}
	parts := &batch.Parts{
		Folder: folder, Codec: codec, PartBytes: batchPart, Step: m.step, Failed: m.fails.add,
		Options: fmt.Sprintf("unpkl %s %s", versionText(), options),
	}
	err = parts.Run(listing.WithInfo(m.all), batch.Limits{Jobs: m.jobs}, f.resume)
	if err != nil {
		return listError(err)
	}
	err = outputTo(f.output, func(path string) error {
		return batch.WriteFile(path, func(w io.Writer) error {
			return codec.Join(w, parts.All())
		})
	})
	if err != nil {
		return &fileError{f.output, err}
	}
	return parts.Remove()
}
