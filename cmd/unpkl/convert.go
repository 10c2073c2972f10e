package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

func init() { commands = append(commands, convertCommand) }

// convertFlags are the options of convert.
type convertFlags struct {
	from, to, selects       string
	lossy, compress, verify bool
	packBits                bool
	output                  outputFlags
	dtype, shape, order     string
	offset                  int64
	sidecar                 bool
	delimiter, format       string
	header, footer, null    string
	names, index            string
	skip                    int
	columns                 []int
	dates                   []string
	categories              bool
	form                    string
	indent                  int
	blob, key               string
	complex                 bool
	batch                   batchFlags
}

const convertLong = `convert reads IN in the format that it begins with or its ending says, and
writes OUT in that of its ending. Several INs become one dict, by their names without endings, or as
NAME=FILE. An OUT that ends in / is a folder with a file for each array, or with --to a file for
each IN. What a format cannot hold is an error; --lossy leaves it out with a warning. OUT is
complete or is left as it was.

`

func convertCommand(s *streams) *cobra.Command {
	var flags convertFlags
	cmd := &cobra.Command{
		Use:   "convert IN... OUT",
		Short: "Turn a file of arrays or tables into one of another format",
		Long:  convertLong + batchLong + formatsTable(),
		Example: `  unpkl convert table.pkl table.parquet
  unpkl convert data.npz data.h5
  unpkl convert x.npy y.npy both.npz
  unpkl convert --to npy folder/ arrays/`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 && (len(args) < 1 || flags.batch.many.sources.list == "") {
				return usageErrorf("%s takes IN and OUT; see %[1]s --help", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := flags.options(s)
			if err != nil {
				return err
			}
			ins, out := args[:len(args)-1], args[len(args)-1]
			if flags.batch.wanted(ins) {
				return convertBatch(s, &flags, ins, out, opts)
			}
			return convertFiles(s, &flags, ins, out, opts)
		},
	}
	flags.add(cmd)
	flags.batch.add(cmd)
	return cmd
}

// formatsTable returns the list of formats for the help.
func formatsTable() string {
	var b strings.Builder
	b.WriteString("Formats:\n")
	for _, f := range convert.Formats() {
		fmt.Fprintf(&b, "  %-12s %s %s\n", f.Name, f.About, strings.Join(f.Endings, " "))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// addRaw adds the flags that describe raw bytes.
func (f *convertFlags) addRaw(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.dtype, "dtype", "",
		"the `DTYPE` of raw bytes, text or XDR, such as float32 or '>f8'")
	set.StringVar(&f.shape, "shape", "", "the `SHAPE` of raw bytes or XDR, such as 3,-1")
	set.StringVar(&f.order, "order", "C", "the order of raw bytes, C or F")
	set.Int64Var(&f.offset, "offset", 0, "the number of bytes before raw elements")
}

func (f *convertFlags) add(cmd *cobra.Command) {
	f.addRaw(cmd)
	set := cmd.Flags()
	set.StringVar(&f.from, "from", "", "the `FORMAT` of IN")
	set.StringVar(&f.to, "to", "", "the `FORMAT` of OUT")
	set.StringVar(&f.selects, "select", "", "convert only what this JSON `POINTER` leads to")
	set.BoolVar(&f.lossy, "lossy", false,
		"leave out what OUT cannot hold, with a warning for each loss")
	set.BoolVar(&f.compress, "compress", false,
		"compress inside of .npz, HDF5, Parquet and Arrow; other files by their ending")
	set.BoolVar(&f.verify, "verify", false, "read OUT back and compare, before it replaces a file")
	set.BoolVar(&f.packBits, "pack-bits", false,
		"pack arrays of bool into bytes along the last axis, as numpy.packbits does")
	f.output.add(cmd, pickle.DefaultProtocol, "")
	set.BoolVar(&f.sidecar, "sidecar", false,
		"keep dtype and shape of raw bytes in a file beside them")
	set.StringVar(&f.delimiter, "delimiter", "", "the character between fields of text")
	set.StringVar(&f.format, "fmt", "",
		"the format of numbers in text, such as %.18e; default: the shortest that reads back")
	set.StringVar(&f.header, "header", "", "lines before an array in text")
	set.StringVar(&f.footer, "footer", "", "lines behind an array in text")
	set.StringVar(&f.null, "null", "", "what is written for missing values in text")
	set.StringVar(&f.names, "names", "auto",
		"whether the first row of text has the names of columns: yes, no, auto")
	set.StringVar(&f.index, "index", "", "the column of text that has the labels of the rows")
	set.IntVar(&f.skip, "skip-rows", 0, "the number of lines of text to pass over")
	set.IntSliceVar(&f.columns, "columns", nil,
		"the numbers of the columns of text to read, from 0")
	set.StringSliceVar(&f.dates, "dates", nil, "columns of text that are dates")
	set.BoolVar(&f.categories, "categories", false, "make columns of text categories")
	set.StringVar(&f.form, "json", "table",
		"the form of JSON: table, plain, records, split, index, columns, values")
	set.IntVar(&f.indent, "indent", 0, "the number of spaces per level of JSON of the form table")
	set.StringVar(&f.blob, "blob", "",
		"how arrays are in BLOBs of SQLite: xdr, npy; default: as they look")
	set.StringVar(&f.key, "key", "",
		"the column of a SQLite table that names the arrays; default: its primary key")
	set.BoolVar(&f.complex, "complex", false, "pairs of numbers in XDR are complex numbers")
}

var jsonForms = map[string]convert.JSONForm{
	"table": convert.FormTable, "plain": convert.FormPlain, "records": convert.FormRecords,
	"split": convert.FormSplit,
	"index": convert.FormIndex, "columns": convert.FormColumns, "values": convert.FormValues,
}

var nameChoices = map[string]convert.Choice{"auto": convert.Auto, "yes": convert.Yes,
	"no": convert.No}

// options returns the options that the flags stand for.
func (f *convertFlags) options(s *streams) ([]convert.Option, error) {
	var dt *ndarray.DType
	var err error
	if f.dtype != "" {
		if dt, err = ndarray.ParseDType(f.dtype); err != nil {
			return nil, usageErrorf("--dtype=%s: %v", f.dtype, err)
		}
	}
	shape, err := parseShape(f.shape)
	if err != nil {
		return nil, err
	}
	if f.form == "" { // split, which has the flags of addRaw only
		f.form, f.names, f.output.protocol = "table", "auto", pickle.DefaultProtocol
	}
	pickleOptions, err := f.output.options()
	if err != nil {
		return nil, err
	}
	pickleOptions = append(pickleOptions, unpkl.WithProtocol(f.output.protocol),
		unpkl.WithExtensionCode(extensionCode))
	form, ok := jsonForms[f.form]
	names, ok2 := nameChoices[f.names]
	switch {
	case !ok:
		return nil, notChoice("json", f.form, jsonForms)
	case !ok2:
		return nil, notChoice("names", f.names, nameChoices)
	case f.order != "C" && f.order != "F":
		return nil, usageErrorf("--order=%s is neither C nor F", f.order)
	case f.blob != "" && f.blob != "xdr" && f.blob != "npy":
		return nil, usageErrorf("--blob=%s is neither xdr nor npy", f.blob)
	}
	order := ndarray.Order(0)
	if f.order == "F" {
		order = ndarray.OrderF
	}
	opts := []convert.Option{
		convert.WithObjects(), convert.WithFrom(f.from), convert.WithTo(f.to),
		convert.WithSelect(f.selects),
		convert.WithPickle(pickleOptions...), convert.WithUnpickle(keepers...),
		convert.WithWarnings(s.warn),
		convert.WithRaw(convert.Raw{DType: dt, Shape: shape, Order: order, Offset: f.offset,
			Sidecar: f.sidecar}),
		convert.WithText(convert.Text{
			Delimiter: f.delimiter, SkipRows: f.skip, Columns: f.columns, DType: dt, Names: names,
			Index:  f.index,
			Format: f.format, Header: f.header, Footer: f.footer, Null: f.null,
			Categories: f.categories, Dates: f.dates,
		}),
		convert.WithJSON(convert.JSON{Form: form, Indent: f.indent}),
		convert.WithBLOB(convert.BLOB{Encoding: f.blob, DType: dt, Complex: f.complex, Shape: shape,
			Key: f.key}),
	}
	return append(opts, f.switches()...), nil
}

// switches returns the options of the flags that are on or off.
func (f *convertFlags) switches() (opts []convert.Option) {
	if f.lossy {
		opts = append(opts, convert.WithLossy())
	}
	if f.compress {
		opts = append(opts, convert.WithCompress())
	}
	if f.packBits {
		opts = append(opts, convert.WithPackBits())
	}
	return opts
}

func parseShape(text string) ([]int, error) {
	if text == "" {
		return nil, nil
	}
	var shape []int
	for _, part := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < -1 {
			return nil, usageErrorf("--shape=%s is not a shape such as 3,-1", text)
		}
		shape = append(shape, n)
	}
	return shape, nil
}

// convertFiles converts one file or several.
func convertFiles(s *streams, flags *convertFlags, ins []string, out string,
	opts []convert.Option) error {
	if isFolderName(out) && flags.to != "" && flags.to != "folder" {
		return convertEach(s, flags, ins, out, opts)
	}
	if len(ins) == 1 && !strings.Contains(ins[0], "=") {
		return convertOne(s, flags, ins[0], out, opts)
	}
	doc := map[string]any{}
	for _, in := range ins {
		name, path, ok := strings.Cut(in, "=")
		if !ok {
			path = in
			name = stem(in)
		}
		if _, twice := doc[name]; twice {
			return usageErrorf("two inputs are called %q; NAME=FILE gives another name", name)
		}
		v, err := readAny(path, opts)
		if err != nil {
			return &fileError{path, err}
		}
		doc[name] = v
	}
	return writeConverted(flags, out, doc, opts)
}

// readAny is convert.Read for files and for objects of a store.
func readAny(name string, opts []convert.Option) (any, error) {
	path, done, err := local(name)
	if err != nil {
		return nil, err
	}
	defer done()
	return convert.Read(path, opts...)
}

// stem returns the name of a file without folders and endings.
func stem(path string) string {
	name := filepath.Base(path)
	if i := strings.IndexByte(name[1:], '.'); i >= 0 {
		name = name[:i+1]
	}
	return name
}

func writeConverted(flags *convertFlags, out string, v any, opts []convert.Option) error {
	err := outputTo(out, func(path string) error {
		if flags.verify {
			return writeVerified(path, v, opts)
		}
		return convert.Write(path, v, opts...)
	})
	if err != nil {
		return &fileError{out, err}
	}
	return nil
}

// writeVerified writes v to a file in a temporary folder, and moves the file to path if it is read
// back as v. What is added to something that exists is written in place: a table of a database, a
// file of a folder.
func writeVerified(path string, v any, opts []convert.Option) error {
	verified := func(path string) error {
		err := convert.Write(path, v, opts...)
		if err == nil {
			err = convert.Verify(path, v, opts...)
		}
		return err
	}
	mode, replaced := replacedMode(path)
	if !replaced || strings.Contains(path, "#") || isFolderName(path) {
		return verified(path)
	}
	folder, err := os.MkdirTemp(filepath.Dir(path), ".unpkl.*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	written := filepath.Join(folder, filepath.Base(path))
	if err := verified(written); err != nil {
		return err
	}
	if mode != 0 {
		if err := os.Chmod(written, mode); err != nil {
			return err
		}
	}
	return os.Rename(written, path)
}

// replacedMode reports whether writing to path replaces what is there, rather than adding to a
// folder or database or writing to a device, and returns the permissions of a file that is there.
func replacedMode(path string) (mode os.FileMode, replaced bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, true
	}
	f, err := os.Open(path)
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	defer f.Close()
	head := make([]byte, len(magic.SQLite))
	_, err = io.ReadFull(f, head)
	return info.Mode().Perm(), err != nil || string(head) != magic.SQLite
}

// convertOne converts one file. "-" stands for standard input or output.
func convertOne(s *streams, flags *convertFlags, in, out string, opts []convert.Option) error {
	if in == "-" || out == "-" {
		return convertStreams(s, flags, in, out, opts)
	}
	name := in
	in, done, err := local(name)
	if err != nil {
		return &fileError{name, err}
	}
	defer done()
	if flags.verify {
		v, err := convert.Read(in, opts...)
		if err != nil {
			return &fileError{name, err}
		}
		return writeConverted(flags, out, v, opts)
	}
	var failed error // the error of convert.File rather than of outputTo
	err = outputTo(out, func(path string) error {
		failed = convert.File(in, path, opts...)
		return failed
	})
	if err != nil {
		var hold *convert.HoldError
		if errors.As(err, &hold) || errors.Is(err, convert.ErrFormat) || failed == nil {
			return &fileError{out, err}
		}
		return &fileError{name, err}
	}
	return nil
}

// convertStreams is convertOne for standard input or output. It goes through temporary files.
func convertStreams(s *streams, flags *convertFlags, in, out string, opts []convert.Option) error {
	if out == "-" && flags.to == "" {
		return usageErrorf("standard output needs --to FORMAT")
	}
	folder, done, err := temporaryFolder()
	if err != nil {
		return err
	}
	defer done()
	from, to := in, out
	if in == "-" {
		from = filepath.Join(folder, "in")
		f, err := os.Create(from)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, s.in)
		if err = errors.Join(err, f.Close()); err != nil {
			return &fileError{in, err}
		}
	}
	if out == "-" {
		to = filepath.Join(folder, "out")
	}
	if err := convertOne(s, flags, from, to, opts); err != nil || out != "-" {
		var file *fileError
		if errors.As(err, &file) { // it may name a temporary file in place of "-"
			name := map[string]string{from: in, to: out}[file.name]
			return &fileError{cmp.Or(name, file.name), file.err}
		}
		return err
	}
	f, err := os.Open(to)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(s.dataOut(), f)
	return err
}

// notChoice returns the error for a flag whose value is none of choices.
func notChoice[T any](flag, value string, choices map[string]T) error {
	return usageErrorf("--%s=%s is none of %s", flag, value,
		strings.Join(slices.Sorted(maps.Keys(choices)), ", "))
}
