package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/internal/batch"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/pickle"
)

func init() { commands = append(commands, infoCommand) }

// infoFlags are the options of info.
type infoFlags struct {
	json, lines, stats bool
	depth, width       int
	many               manyFlags
	out                lineFlags
}

const (
	// infoDepth is the default of --depth, maxInfoDepth its greatest value.
	infoDepth, maxInfoDepth = 6, 64
	// infoNames and infoItems are the greatest numbers of values that are shown of a dict and of a
	// list.
	infoNames, infoItems = 20, 3
	// infoNodes is the greatest number of values that are shown of a file unless --width asks for
	// more.
	infoNodes = 1000
)

const infoLong = `info shows what is in each FILE as a tree: each key with its kind, dtype, shape, the memory of
its elements and a first look at the value; what is the same object as another is shown as
such. The first line says the size of the file, its compression, the pickle's protocol, what
libraries' names it uses, and the worst verdict of audit. Of an array in a file that is not
compressed nothing is read but the elements that are shown. Of a large pickle that is not compressed
only the values are made that are shown; how many there are is counted.

FILE may be "-" for standard input, several, or a folder, of which every file is shown that is
a pickle or holds arrays; that there is none is told on standard error, and no failure. Files are
read in parallel.`

const infoExample = `  unpkl model.pkl                     what is in a file
  unpkl --depth 1 data/*.pkl          the outermost keys of many
  unpkl --stats --width 100 x.npz     with the extremes of the arrays
  unpkl --json model.pkl | jq .root   for programs`

func (f *infoFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.json, "json", false,
		"write a JSON document a file; of several, or a folder, a list of them")
	flags.BoolVar(&f.lines, "jsonl", false, "write a JSON document a line for each file")
	flags.IntVar(&f.depth, "depth", infoDepth, "how many levels of containers to look into")
	flags.IntVar(&f.width, "width", 0,
		"how many values to show of each container (default 20 of a dict, 3 of a list)")
	flags.BoolVar(&f.stats, "stats", false,
		"read the arrays of numbers and add their least and greatest element")
	f.many.add(cmd)
	f.out.add(cmd)
}

func infoCommand(s *streams) *cobra.Command {
	var f infoFlags
	cmd := &cobra.Command{
		Use:     "info FILE...",
		Short:   "Show what is in a file as a tree of keys, kinds, dtypes and shapes; the same as unpkl FILE",
		Long:    infoLong,
		Example: infoExample,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && f.many.sources.list == "" {
				return usageErrorf("info takes a FILE; see %s --help", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runInfo(s, cmd, &f, args) },
	}
	f.add(cmd)
	return cmd
}

// options returns the options of the trees.
func (f *infoFlags) options() (describe.Options, error) {
	o := describe.Options{Depth: f.depth, Names: infoNames, Items: infoItems, Nodes: infoNodes,
		Stats: f.stats}
	switch {
	case f.json && f.lines:
		return o, usageErrorf("--json and --jsonl exclude each other")
	case f.depth < 0 || f.depth > maxInfoDepth:
		return o, usageErrorf("--depth %d is not between 0 and %d", f.depth, maxInfoDepth)
	case f.width < 0:
		return o, usageErrorf("--width is 1 or more, not %d", f.width)
	case f.width > 0:
		o.Names, o.Items, o.Nodes = f.width, f.width, max(infoNodes, 10*f.width)
	}
	return o, nil
}

// fileInfo is the description of a file.
type fileInfo struct {
	File        string         `json:"file"`
	Size        int64          `json:"size,omitempty"` // on disk, in bytes
	Compression string         `json:"compression,omitempty"`
	Protocol    *int           `json:"protocol,omitempty"`
	Pickles     int            `json:"pickles,omitempty"`
	Libraries   []string       `json:"libraries,omitempty"`
	Audit       audit.Verdict  `json:"audit,omitempty"`
	Root        *describe.Node `json:"root,omitempty"`
	Error       string         `json:"error,omitempty"`

	err error
}

func runInfo(s *streams, cmd *cobra.Command, f *infoFlags, args []string) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	if err := f.out.check(f.lines, "--jsonl"); err != nil {
		return err
	}
	m, err := f.many.begin(s, cmd, auditListing, args)
	if err != nil {
		return err
	}
	work := func(source batch.Source) *fileInfo { return infoOf(s, source.Path, o) }
	if f.out.output != "" {
		options := fmt.Sprintf("info %+v", o)
		return m.end(toFile(m, &f.out, options, &lineCodec[*fileInfo]{work: work, lines: infoLine}))
	}
	s.gc.keepsLittle()
	out := &infoWriter{s: s, json: f.json, lines: f.lines,
		list: f.json && f.many.several(auditListing, args)}
	err = eachFile(m, work, func(source batch.Source, info *fileInfo) error {
		if isOther(source, info.err) {
			m.other++
			return nil
		}
		if info.err != nil {
			if err := m.failed(source, info.err); err != nil {
				return err
			}
		}
		return out.file(info)
	})
	if err == nil {
		m.tellNone()
		err = out.end()
	}
	return m.end(err)
}

// infoLine writes the description of a file as a line of JSON for -o.
func infoLine(w io.Writer, source batch.Source, info *fileInfo) error {
	if isOther(source, info.err) {
		return nil
	}
	return cmp.Or(json.NewEncoder(w).Encode(info), info.err)
}

// isOther reports whether a file that could not be read was not meant to be read: it was found in a
// folder, is no pickle, and its name is not that of a model.
func isOther(source batch.Source, err error) bool {
	return err != nil && source.Walked && isNotPickle(err) &&
		!isModel(strings.ToLower(filepath.Ext(source.Path)))
}

// isNotPickle reports whether an error is that of a file that is no pickle.
func isNotPickle(err error) bool {
	return errors.Is(err, pickle.ErrMalformed) || errors.Is(err, pickle.ErrTruncated) ||
		errors.Is(err, errEmpty)
}

// infoOf describes a file.
func infoOf(s *streams, name string, o describe.Options) *fileInfo {
	info := &fileInfo{File: name}
	if err := info.read(s, name, o); err != nil {
		info.err = err
		info.Error = printable(detail(err))
	}
	return info
}

func (info *fileInfo) read(s *streams, name string, o describe.Options) error {
	var data []byte // of standard input, which is read twice
	if name == "-" {
		var err error
		if data, err = io.ReadAll(s.gc.reader(s.in)); err != nil {
			return err
		}
		info.Size = int64(len(data))
		s = &streams{in: bytes.NewReader(data), out: s.out, err: s.err}
	} else if stat, err := statAny(name); err == nil {
		info.Size = stat.Size()
	}
	o.CopyText = true
	in, err := openAny(s, name, keepers...)
	if err != nil {
		return err
	}
	defer in.close()
	part := &lookup.Part{Tree: o.Tree(), RepeatableHooks: true}
	err = in.Decode(part)
	if err == io.EOF {
		err = errEmpty
	}
	if err != nil {
		return err
	}
	if protocol, ok := in.Protocol(); ok {
		info.Protocol = &protocol
	}
	var python2 bool
	o.Totals = part.Tree.Totals
	info.Root, python2 = describe.Describe(part.Matches[0].Value, o)
	if _, ok := in.decoder.(*converted); !ok {
		info.audit(name, data, python2)
	}
	return nil
}

// audit adds the results of an audit: the verdict, the number of pickles, the compression and the
// libraries that wrote the file. data is the content of standard input.
func (info *fileInfo) audit(name string, data []byte, python2 bool) {
	report := new(audit.Report)
	findings := audit.FileSeq(name, report)
	if name == "-" {
		findings = audit.ReaderSeq(bytes.NewReader(data), report)
	} else if objects.Has(name) {
		r, err := openFile(name)
		if err != nil {
			return
		}
		defer r.Close()
		findings = audit.ReaderSeq(r, report)
	}
	var producer describe.Producer
	for f, err := range findings {
		if err == nil {
			producer.Add(f.Name)
		}
	}
	info.Audit, info.Pickles, info.Compression = report.Worst(), report.Pickles, report.Compression
	info.Libraries = producer.Libraries()
	if python2 {
		info.Libraries = append([]string{"Python 2"}, info.Libraries...)
	}
}

// title returns the first line of the description.
func (info *fileInfo) title() string {
	parts := []string{humanize.IBytes(uint64(info.Size))}
	if info.Compression != "" {
		parts = append(parts, info.Compression)
	}
	if info.Protocol != nil {
		parts = append(parts, fmt.Sprintf("pickle protocol %d", *info.Protocol))
	}
	if info.Pickles > 1 && info.Protocol != nil {
		parts = append(parts, fmt.Sprintf("the first of %s pickles",
			humanize.Comma(int64(info.Pickles))))
	}
	parts = append(parts, info.Libraries...)
	if info.Audit != "" && info.Pickles > 0 {
		parts = append(parts, "audit: "+string(info.Audit))
	}
	return printable(info.File) + "  " + strings.Join(parts, ", ")
}

// infoWriter writes the descriptions of one or more files.
type infoWriter struct {
	s                 *streams
	json, lines, list bool
	n                 int // the number of files so far
}

func (o *infoWriter) file(info *fileInfo) error {
	o.n++
	switch {
	case o.lines:
		return json.NewEncoder(o.s.out).Encode(info)
	case o.json:
		return o.document(info)
	}
	if info.err != nil {
		return nil
	}
	var b strings.Builder
	if o.n > 1 {
		b.WriteByte('\n')
	}
	style := describe.Style{Width: o.s.width(), Color: o.s.color()}
	if err := describe.Write(&b, info.Root, info.title(), style); err != nil {
		return err
	}
	_, err := io.WriteString(o.s.out, b.String())
	return err
}

func (o *infoWriter) document(info *fileInfo) error {
	if info.err != nil && !o.list {
		return nil
	}
	text, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	before, after := "", "\n"
	if o.list {
		before, after = "[\n", ""
		if o.n > 1 {
			before = ",\n"
		}
	}
	_, err = fmt.Fprintf(o.s.out, "%s%s%s", before, text, after)
	return err
}

// end writes what follows the last file.
func (o *infoWriter) end() error {
	if o.json && o.list {
		end := "\n]\n"
		if o.n == 0 {
			end = "[]\n"
		}
		if _, err := io.WriteString(o.s.out, end); err != nil {
			return err
		}
	}
	return nil
}
