package main

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"os"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/batch"
)

// sourceFlags are the options of commands that take very many files.
type sourceFlags struct {
	list   string // the file with paths
	errors string
}

func (f *sourceFlags) add(cmd *cobra.Command) {
	f.addList(cmd)
	cmd.Flags().StringVar(&f.errors, "errors", "",
		"write what fails to `FILE` as JSON Lines: path, kind, opcode, offset, text")
}

// files lists the files that the arguments and --files-from name, as auditFiles does; the list is
// kept, as what the commands write of all of them is about all.
func (f *sourceFlags) files(s *streams, args []string) (files []auditFile, several bool,
	err error) {
	if f.list == "" {
		return auditFiles(args)
	}
	listed, end, err := f.sources(s, args)
	if err != nil {
		return nil, true, err
	}
	defer end()
	for source, err := range listed {
		if err != nil {
			return nil, true, &fileError{f.list, err}
		}
		files = append(files, auditFile{name: source.Path})
	}
	return files, true, nil
}

// addList adds --files-from alone.
func (f *sourceFlags) addList(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.list, "files-from", "",
		"read the paths of files from `FILE`, - for standard input, a line or NUL each")
}

// sources lists the files that the arguments and --files-from name. The list is read as it is used,
// until end is called.
func (f *sourceFlags) sources(s *streams, args []string) (all iter.Seq2[batch.Source, error],
	end func(), err error) {
	switch {
	case f.list == "":
		return batch.Sources(args), func() {}, nil
	case len(args) > 0:
		return nil, nil, usageErrorf("files are named by arguments or by --files-from, not both")
	case f.list == "-":
		return batch.Listed(s.in), func() {}, nil
	}
	file, err := os.Open(f.list)
	if err != nil {
		return nil, nil, &fileError{f.list, err}
	}
	return batch.Listed(file), func() { file.Close() }, nil
}

// failures writes what fails to the file of --errors, or as lines to standard error.
type failures struct {
	s       *streams
	n       int64
	path    string
	file    *os.File
	w       *bufio.Writer
	untrack func()
}

// newFailures begins a file of errors under another name, which takes the name in close.
func newFailures(s *streams, path string) (*failures, error) {
	out := &failures{s: s, path: path}
	if path == "" {
		return out, nil
	}
	file, done, err := keepTrack(func() (*os.File, error) { return os.Create(partName(path)) })
	if err != nil {
		return nil, &fileError{path, err}
	}
	out.file, out.w, out.untrack = file, bufio.NewWriter(file), done
	return out, nil
}

// partName is the name of a file while it is written.
func partName(path string) string { return path + ".part" }

// add notes a failure. Those of a run that is killed are in the file's other name.
func (f *failures) add(failure *batch.Failure) error {
	f.n++
	if f.w == nil {
		_, err := io.WriteString(f.s.err, "unpkl: "+printable(failure.Path+": "+failure.Text)+"\n")
		return err
	}
	return errors.Join(batch.WriteFailure(f.w, failure), f.w.Flush())
}

// close gives the file its name.
func (f *failures) close() error {
	if f.file == nil {
		return nil
	}
	err := errors.Join(f.w.Flush(), f.file.Close())
	if err == nil {
		err = os.Rename(f.file.Name(), f.path)
	}
	f.untrack()
	if err != nil {
		return &fileError{f.path, err}
	}
	return nil
}

// status is the error of a run in which n files failed, all of which were told.
func (f *failures) status() error {
	if f.n > 0 {
		return errSilent(statusFailed)
	}
	return nil
}
