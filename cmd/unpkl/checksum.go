package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/batch"
	"github.com/unpkl/unpkl/internal/checksum"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/ndarray"
)

func init() { commands = append(commands, checksumCommand) }

// checksumFlags are the options of checksum.
type checksumFlags struct {
	algorithm   string
	files, json bool
	check       bool
	many        manyFlags
	out         lineFlags
}

const checksumLong = `checksum writes a line for each FILE and for every array in it: the sum of the bytes, and FILE or
FILE#POINTER. The bytes of an array are those of its elements in C order, as a.tobytes() in
Python: the same array in another file, format or protocol has the same sum, and
hashlib.sha256(a) of a contiguous array is equal to it. Arrays of objects have none.

With --check each FILE is such a list, "-" standard input, and what it names is summed up again.
The sums are told by their length unless --algorithm says what they are. The exit status is 3
where one is different.`

func checksumCommand(s *streams) *cobra.Command {
	var f checksumFlags
	cmd := &cobra.Command{
		Use:   "checksum FILE...",
		Short: "Sum up the bytes of files and of every array in them, or check such sums",
		Long:  checksumLong,
		Example: `  unpkl checksum data.pkl > sums
  unpkl checksum --check sums
  unpkl checksum --algorithm md5 --files *.pkl`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && f.many.sources.list == "" {
				return usageErrorf("checksum takes a FILE; see %s --help", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, ok := checksum.New(f.algorithm); !ok && (f.algorithm != "" || !f.check) {
				return usageErrorf("--algorithm=%s is none of %s", f.algorithm,
					strings.Join(checksum.Algorithms, ", "))
			}
			if f.check && f.out.output != "" {
				return usageErrorf("-o is for sums that are made, not for --check")
			}
			if f.check {
				return checkSums(s, &f, args)
			}
			return writeSums(s, cmd, &f, args)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.algorithm, "algorithm", "a", "sha256", "crc32, md5, xxh3, blake3 or sha256")
	flags.BoolVar(&f.files, "files", false, "only of the files, not of the arrays in them")
	flags.BoolVar(&f.check, "check", false, "check the sums that are listed in each FILE")
	flags.BoolVar(&f.json, "json", false,
		"write JSON Lines: file, pointer, dtype, shape, algorithm, sum")
	f.many.add(cmd)
	f.out.add(cmd)
	cmd.PreRun = func(cmd *cobra.Command, args []string) {
		if f.check && !flags.Changed("algorithm") {
			f.algorithm = ""
		}
	}
	return cmd
}

// sumLine is the checksum of a file or of an array in it.
type sumLine struct {
	file  string
	at    pointer.Pointer
	array *ndarray.Array // nil for the file itself
	sum   string
}

// fileSums are the checksums of a file and its arrays.
type fileSums struct {
	lines []sumLine
	err   error
}

func writeSums(s *streams, cmd *cobra.Command, f *checksumFlags, args []string) error {
	if err := f.out.check(true, ""); err != nil {
		return err
	}
	m, err := f.many.begin(s, cmd, auditListing, args)
	if err != nil {
		return err
	}
	work := func(source batch.Source) fileSums { return sumsOf(s, source.Path, f) }
	if f.out.output != "" {
		options := fmt.Sprintf("checksum %s, files %t, json %t", f.algorithm, f.files, f.json)
		return m.end(toFile(m, &f.out, options, &lineCodec[fileSums]{
			work: work,
			lines: func(w io.Writer, source batch.Source, sums fileSums) error {
				err := writeSumLines(w, f, sums)
				if isOther(source, sums.err) {
					return err
				}
				return cmp.Or(err, sums.err)
			},
		}))
	}
	err = eachFile(m, work, func(source batch.Source, sums fileSums) error {
		if sums.err != nil && !isOther(source, sums.err) {
			if err := m.failed(source, sums.err); err != nil {
				return err
			}
		}
		return writeSumLines(s.out, f, sums)
	})
	if err == nil {
		m.tellNone()
	}
	return m.end(err)
}

// writeSumLines writes the checksums of a file.
func writeSumLines(to io.Writer, f *checksumFlags, sums fileSums) error {
	w := bufio.NewWriter(to)
	enc := jsonval.NewEncoder(w, jsonOptions(0))
	for _, line := range sums.lines {
		if err := writeSum(w, enc, f, line); err != nil {
			return err
		}
	}
	return w.Flush()
}

func writeSum(w *bufio.Writer, enc *jsonval.Encoder, f *checksumFlags, line sumLine) error {
	if !f.json {
		_, err := fmt.Fprintf(w, "%s  %s\n", line.sum, lineName(line.file, line.at))
		return err
	}
	names, values := []string{"file"}, []any{line.file}
	if line.array != nil {
		names = append(names, "pointer", "dtype", "shape")
		values = append(values, line.at.String(), line.array.DType().String(),
			anys(line.array.Shape()))
	}
	names, values = append(names, "algorithm", "sum"), append(values, f.algorithm, line.sum)
	return enc.Encode(jsonval.Object(names, values))
}

// lineName returns the name of a file or array in a list of checksums, escaped to one line.
func lineName(file string, at pointer.Pointer) string {
	if at != nil {
		file += "#" + at.String()
	}
	return describe.Printable(file)
}

// sumsOf returns the checksums of a file and the arrays in it.
func sumsOf(s *streams, name string, f *checksumFlags) (sums fileSums) {
	if name != "-" {
		file, err := openFile(name)
		if err != nil {
			return fileSums{err: err}
		}
		sum, err := sumFile(s, f.algorithm, file)
		file.Close()
		if err != nil {
			return fileSums{err: err}
		}
		sums.lines = append(sums.lines, sumLine{file: name, sum: sum})
	}
	if f.files {
		return sums
	}
	found, end, err := partsOf(s, name, nil)
	if err != nil {
		sums.err = err
		return sums
	}
	defer end()
	sumOf := checksum.Arrays(f.algorithm)
	sums.err = eachArray(found[0].Value, func(at pointer.Pointer, a *ndarray.Array) error {
		sum, err := sumOf(a)
		sums.lines = append(sums.lines, sumLine{name, at, a, sum})
		return err
	})
	return sums
}

// sumFile returns the checksum of an open file.
func sumFile(s *streams, algorithm string, r io.Reader) (string, error) {
	file, ok := r.(*os.File)
	if !ok {
		return checksum.Of(algorithm, r)
	}
	if info, err := file.Stat(); err == nil {
		var end func()
		r, end = s.progressBytes(file.Name(), r, info.Size())
		defer end()
	}
	return checksum.Of(algorithm, r)
}

// eachArray calls visit with every array in a value whose elements are bytes rather than objects.
func eachArray(v any, visit func(at pointer.Pointer, a *ndarray.Array) error) error {
	return lookup.NewReader(true).Walk(v, pointer.Pointer{},
		func(at pointer.Pointer, v any) (bool, error) {
			switch v := v.(type) {
			case *ndarray.Array:
				if !v.HasObject() {
					return false, visit(at, v)
				}
			case *ndarray.Masked:
				if v.Data.HasObject() {
					return true, nil
				}
				if err := visit(at.Child("data"), v.Data); err != nil || v.Mask == nil {
					return false, err
				}
				return false, visit(at.Child("mask"), v.Mask)
			case interface{ Len() int }: // a column or an index
				if a, ok := columnArray(v); ok {
					return false, visit(at, a)
				}
			}
			return true, nil
		})
}

// checkSums computes the checksums of the files and arrays in lists again and compares them.
func checkSums(s *streams, f *checksumFlags, lists []string) error {
	different, checked := 0, 0
	for _, list := range lists {
		in := s.in
		if list != "-" {
			file, err := os.Open(list)
			if err != nil {
				return &fileError{list, err}
			}
			defer file.Close()
			in = file
		}
		lines := bufio.NewScanner(in)
		lines.Buffer(nil, 1<<20)
		for n := 1; lines.Scan(); n++ {
			sum, name, ok := strings.Cut(lines.Text(), "  ")
			if lines.Text() == "" || strings.HasPrefix(lines.Text(), "#") {
				continue
			}
			if !ok {
				return &fileError{list,
					fmt.Errorf("line %d is no sum with a name behind two spaces", n)}
			}
			state := "OK"
			if err := checkSum(s, f, strings.ToLower(sum), name); err != nil {
				state = "FAILED: " + printable(detail(err))
				different++
			}
			checked++
			if _, err := fmt.Fprintf(s.out, "%s: %s\n", describe.Printable(name),
				state); err != nil {
				return err
			}
		}
		if err := lines.Err(); err != nil {
			return &fileError{list, err}
		}
	}
	if checked == 0 {
		return &fileError{lists[0], errors.New("no sum is listed")}
	}
	if different > 0 {
		return errSilent(statusFound)
	}
	return nil
}

var errOtherSum = errors.New("the sum is different")

// checkSum compares the checksum of a file or array with one in a list.
func checkSum(s *streams, f *checksumFlags, sum, name string) error {
	algorithms := checksum.ByLength(len(sum))
	if f.algorithm != "" {
		algorithms = []string{f.algorithm}
	}
	if len(algorithms) == 0 {
		return fmt.Errorf("no sum has %d digits", len(sum))
	}
	for _, algorithm := range algorithms {
		got, err := sumOf(s, algorithm, name)
		if err != nil {
			return err
		}
		if got == sum {
			return nil
		}
	}
	return errOtherSum
}

// sumOf returns the checksum of a file, or of the array at the pointer after a '#'.
func sumOf(s *streams, algorithm, name string) (string, error) {
	i := strings.LastIndex(name, "#")
	if i < 0 || isFile(name) {
		file, err := openFile(name)
		if err != nil {
			return "", err
		}
		defer file.Close()
		return sumFile(s, algorithm, file)
	}
	p, err := pointer.Parse(name[i+1:])
	if err != nil {
		return "", err
	}
	found, end, err := partsOf(s, name[:i], p)
	if err != nil {
		return "", err
	}
	defer end()
	if len(found) != 1 || !slices.Equal(found[0].At, p) {
		return "", fmt.Errorf("%s leads to %d values", p, len(found))
	}
	a, ok := asArray(found[0].Value)
	if !ok {
		if a, ok = columnArray(found[0].Value); !ok {
			return "", fmt.Errorf("%s is %s, no array", p, lookup.Kind(found[0].Value))
		}
	}
	return checksum.Array(algorithm, a)
}
