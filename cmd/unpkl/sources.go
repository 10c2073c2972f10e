package main

import (
	"errors"
	"io"
	"iter"
	"os"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/unpkl/unpkl/internal/batch"
)

// sourceFlags are the options of commands that take very many files.
type sourceFlags struct {
	list   string // the file with the paths, or "" for the arguments
	errors string // the file for failures, or "" for standard error
}

func (f *sourceFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.list, "files-from", "",
		"read the paths of files from `FILE`, - for standard input, a line or NUL each")
	cmd.Flags().StringVar(&f.errors, "errors", "",
		"write what fails to `FILE` as JSON Lines: path, kind, opcode, offset, text")
}

// sources lists the files that the arguments or --files-from name. The list is read while it is
// used, until end is called.
func (f *sourceFlags) sources(s *streams, l batch.Listing, args []string) (
	all iter.Seq2[batch.Source, error], end func(), err error) {
	switch {
	case f.list == "":
		return l.Sources(args), func() {}, nil
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

// count returns the number of files that the arguments or --files-from name. known is false if the
// list can be read only once.
func (f *sourceFlags) count(l batch.Listing, args []string, shard string) (n int64, known bool) {
	if f.list != "" && !isFile(f.list) {
		return 0, false
	}
	all, end, err := f.sources(nil, l, args)
	if err != nil {
		return 0, false
	}
	defer end()
	if all, err = inShard(all, shard); err != nil {
		return 0, false
	}
	for _, err := range all {
		if err != nil {
			return 0, false
		}
		n++
	}
	return n, true
}

// inShard returns the files of a list that are in the shard that --shard names, or all if text is
// empty.
func inShard(all iter.Seq2[batch.Source, error], text string) (iter.Seq2[batch.Source, error],
	error) {
	if text == "" {
		return all, nil
	}
	shard, err := batch.ParseShard(text)
	if err != nil {
		return nil, usageErrorf("--shard: %v", err)
	}
	return shard.Sources(all), nil
}

// manyFlags are the options of commands that read each of very many files.
type manyFlags struct {
	sources sourceFlags
	shard   string
	jobs    int
	flags   *pflag.FlagSet // the flags of the command
}

func (f *manyFlags) add(cmd *cobra.Command) {
	f.sources.add(cmd)
	flags := cmd.Flags()
	f.flags = flags
	flags.StringVar(&f.shard, "shard", "", "`I/N`: only those files whose paths hash to I of N")
	flags.IntVar(&f.jobs, "jobs", 0, "how many files to work on at once")
	flags.Lookup("jobs").DefValue = jobsDefault
}

// jobsDefault is the default of --jobs in the words of the help.
const jobsDefault = "the number of processors, 16 times that of objects"

// objectJobs is the number of objects that are read at once for each processor. Reading an object
// is mostly waiting for the store.
const objectJobs = 16

// jobsFor returns the number of files that are worked on at once.
func (f *manyFlags) jobsFor(args []string) (int, error) {
	switch {
	case f.jobs < 0 || f.jobs == 0 && f.flags.Changed("jobs"):
		return 0, usageErrorf("--jobs is 1 or more, not %d", f.jobs)
	case f.jobs > 0:
		return f.jobs, nil
	case len(args) > 0 && objects.Has(args[0]):
		return objectJobs * runtime.GOMAXPROCS(0), nil
	}
	return runtime.GOMAXPROCS(0), nil
}

// several reports whether the command line may name other than exactly one file.
func (f *manyFlags) several(l batch.Listing, args []string) bool {
	return f.sources.list != "" || f.shard != "" || len(args) != 1 || l.IsSeveral(args[0])
}

// many is a run of a command over very many files.
type many struct {
	f     *manyFlags
	all   iter.Seq2[batch.Source, error]
	jobs  int
	fails *failures
	step  func()
	close func() // closes the list and ends the progress bar
	s     *streams
	args  []string
	files int // the number of files that were worked on
	other int // how many of them were not meant to be read, by isOther
}

// begin begins a run over the files that the arguments and flags name.
func (f *manyFlags) begin(s *streams, cmd *cobra.Command, l batch.Listing, args []string) (*many,
	error) {
	m := &many{f: f, s: s, args: args}
	var err error
	if m.jobs, err = f.jobsFor(args); err != nil {
		return nil, err
	}
	all, end, err := f.sources.sources(s, l, args)
	if err != nil {
		return nil, err
	}
	if m.all, err = inShard(all, f.shard); err == nil {
		m.fails, err = newFailures(s, f.sources.errors)
	}
	if err != nil {
		end()
		return nil, err
	}
	step, endBar := func() {}, func() {}
	if f.several(l, args) {
		step, endBar = s.progressMany(cmd.Name(), func() (int64, bool) {
			return f.sources.count(l, args, f.shard)
		})
	}
	m.step, m.close = step, func() {
		endBar()
		end()
	}
	return m, nil
}

// eachFile calls work for each file of a run, several at once, and then done with the results in
// the order of the list.
func eachFile[R any](m *many, work func(batch.Source) R, done func(batch.Source, R) error) error {
	err := batch.Each(m.all, batch.Limits{Jobs: m.jobs}, work, func(s batch.Source, r R) error {
		m.step()
		m.files++
		return done(s, r)
	})
	return listError(err)
}

// listError adds the name of the file to an error of listing files.
func listError(err error) error {
	var source *batch.SourceError
	if errors.As(err, &source) {
		err = &fileError{source.Path, source.Err}
	}
	return err
}

// failed reports a file that could not be read.
func (m *many) failed(s batch.Source, err error) error {
	if m.fails.w == nil {
		m.fails.n++
		_, err := io.WriteString(m.fails.s.err, errorLine(&fileError{s.Path, err})+"\n")
		return err
	}
	return m.fails.add(batch.NewFailure(s.Path, err))
}

// tellNone writes a line to standard error if the folders that the arguments name have no file to
// read. That is no error.
func (m *many) tellNone() {
	if m.files > m.other || m.s.quiet || m.f.sources.list != "" || len(m.args) == 0 {
		return
	}
	what := "no file"
	if m.other > 0 {
		what = "no pickle and no file of arrays"
	}
	where := m.args[0]
	if len(m.args) > 1 {
		where += " and the others"
	}
	line := errorLine(&fileError{where, errors.New("there is " + what + " in it")})
	io.WriteString(m.s.err, line+"\n")
}

// end ends a run that stopped with err, and returns the error of the command.
func (m *many) end(err error) error {
	m.close()
	if err = errors.Join(err, m.fails.close()); err != nil {
		return err
	}
	return m.fails.status()
}
