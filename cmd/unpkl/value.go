package main

import (
	"bufio"
	"errors"
	"fmt"

	"github.com/dustin/go-humanize"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/table"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// valueOutput writes values to standard output.
type valueOutput struct {
	w        *bufio.Writer
	terminal bool
	most     int64 // the greatest length in bytes of the JSON of one value, see mostJSON
}

// mostJSON returns how many bytes of JSON a value of a file may become, for which shared texts are
// repeated: what to-json writes of any file, or more of a large one. There is no limit for an input
// of unknown size.
func mostJSON(name string) int64 {
	const perByte = 64
	info, err := statAny(name)
	if err != nil || !info.Mode().IsRegular() {
		return pickle.NoLimit
	}
	return max(pickle.DefaultOutputBytes, perByte*info.Size())
}

func newOutput(s *streams) *valueOutput {
	_, terminal := terminalOf(s.out)
	return &valueOutput{w: bufio.NewWriterSize(s.out, 64<<10), terminal: terminal,
		most: pickle.NoLimit}
}

// value writes a value as text if it has a text form, else as JSON.
func (o *valueOutput) value(v any, f *getFlags) error {
	if !f.json {
		if done, err := o.text(v); done || err != nil {
			return err
		}
	}
	return o.json(v, f.indent)
}

// json writes a value as JSON: as a tree or, if that would be many times as large, with references
// to containers that occur several times, as to-json does.
func (o *valueOutput) json(v any, indent int) error {
	out := &jsonOutput{w: o.w}
	options := jsonOptions(indent)
	options.RefsAt, options.Limits.OutputBytes = refsFrom, o.most
	_, err := out.encode(v, options)
	var limit *pickle.LimitError
	if errors.As(err, &limit) && limit.Limit == "OutputBytes" {
		err = fmt.Errorf("it is larger than %s as JSON", humanize.IBytes(uint64(limit.Max)))
	}
	return errors.Join(err, out.flush())
}

// text writes a value as text. done is false if it has no text form.
func (o *valueOutput) text(v any) (done bool, err error) {
	switch v := v.(type) {
	case string:
		return true, o.line(v)
	case pickle.Py2String:
		return true, o.line(string(v))
	case []byte:
		if o.terminal {
			return false, nil
		}
		_, err := o.w.Write(v)
		return true, err
	case *frame.Frame, *frame.Series, *frame.Index, *ndarray.Masked:
		if t, ok := table.Of(v); ok {
			return true, t.WriteRows(o.w)
		}
		return false, nil
	}
	if a, ok := pyvalue.ArrayOf(v); ok && a.NDim() > 0 {
		if a.DType().Kind() == ndarray.KindObject {
			return false, nil
		}
		if t, ok := table.Of(v); ok && a.DType().Fields() != nil {
			return true, t.WriteRows(o.w)
		}
		return true, table.WriteArray(o.w, a)
	}
	if isContainer(v) {
		return false, nil
	}
	return true, o.line(table.Text(v))
}

// isContainer reports whether a value has parts that its text would not show.
func isContainer(v any) bool {
	if _, ok := v.(*ndarray.Scalar); ok {
		return false
	}
	if _, ok := pyvalue.TextOf(v); ok {
		return false
	}
	_, isDict := pyvalue.EntriesOf(v)
	_, isObject := v.(*pickle.Object)
	return isDict || isObject || pyvalue.IsContainer(v)
}

// line writes a text as a line. On a terminal it escapes control characters.
func (o *valueOutput) line(text string) error {
	if o.terminal {
		text = describe.Printable(text)
	}
	_, err := o.w.WriteString(text + "\n")
	return err
}

// keyed writes the pointer and the value as JSON on one line.
func (o *valueOutput) keyed(m lookup.Match) error {
	o.w.WriteString(describe.Printable(m.At.String()) + "\t")
	return o.json(m.Value, 0)
}

// isFile reports whether name is a regular file or an object.
func isFile(name string) bool {
	info, err := statAny(name)
	return err == nil && info.Mode().IsRegular()
}
