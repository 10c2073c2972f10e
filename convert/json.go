package convert

import (
	"bytes"
	"fmt"
	"io"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/jsonval"
)

var jsonFormat = &Format{
	Name: "json", Endings: []string{".json"},
	About: "JSON: the table of to-json, nested lists, or pandas' orients",
	Holds: kindAny, Compressed: true, read: readJSON, write: writeJSON,
}

var jsonLinesFormat = &Format{
	Name: "jsonl", Endings: []string{".jsonl", ".ndjson"},
	About: "JSON Lines: one record or element a line",
	Holds: KindList | KindDict | KindScalar, Compressed: true, read: readJSONLines,
	write: writeJSONLines, openTable: openJSONLines, writeTable: streamJSONLines, asText: true,
}

// JSON holds the options for reading and writing JSON.
type JSON struct {
	// Form is how values are written. FormTable keeps everything; the other forms are for programs
	// that do not know the conventions of this module.
	Form JSONForm
	// Indent is the number of spaces per level; with 0 the document is one line.
	Indent int
}

// JSONForm is a way to represent arrays and tables in JSON.
type JSONForm uint8

// The forms. FormRecords to FormValues are the orients of pandas; to read a table in one of them,
// the option has to name the form.
const (
	FormTable   JSONForm = iota // the forms of unpkl to-json --lossless: {"$ndarray": ...}
	FormPlain                   // arrays as nested lists, tables as lists of records
	FormRecords                 // [{column: value}, ...]
	FormSplit                   // {"columns": [...], "index": [...], "data": [[...], ...]}
	FormIndex                   // {label: {column: value}}
	FormColumns                 // {column: {label: value}}
	FormValues                  // [[...], ...]
)

func readJSON(in *input) (any, error) {
	data, err := in.bytes()
	if err != nil {
		return nil, err
	}
	v, err := jsonval.Decode(data, in.limits)
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	if in.json.Form <= FormPlain {
		return in.rebuildObjects(v, data)
	}
	return in.orient(v)
}

// rebuildObjects makes the calls that a document's "$object" members stand for, as loading a pickle
// does: one of them may make an array of objects.
func (in *input) rebuildObjects(v any, data []byte) (any, error) {
	if !bytes.Contains(data, []byte(`"$object"`)) {
		return v, nil
	}
	pickled, err := unpkl.Marshal(v, in.config.pickle...)
	if err != nil {
		return nil, err
	}
	return unpkl.LoadBytes(pickled, append([]unpkl.Option{unpkl.WithObjects(),
		unpkl.WithLimits(in.limits)}, in.unpickle...)...)
}

func writeJSON(out *output, v any) error {
	d := out.document()
	switch out.json.Form {
	case FormTable:
		return out.write(func(w io.Writer) error {
			o := jsonval.Options{Lossless: true, Indent: out.json.Indent, Limits: out.limits}
			return jsonval.NewEncoder(w, o).Encode(d.lossless(v))
		})
	case FormPlain:
		return out.write(func(w io.Writer) error { return d.plainJSON(w, v, "") })
	}
	f, err := d.table(v, "")
	if err != nil {
		return err
	}
	return out.write(func(w io.Writer) error { return d.orientJSON(w, f) })
}

// readJSONLines returns the values of the lines as a list.
func readJSONLines(in *input) (any, error) {
	data, err := in.bytes()
	if err != nil {
		return nil, err
	}
	var out []any
	for line := 1; len(data) > 0; line++ {
		text := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			text, data = data[:i], data[i+1:]
		} else {
			data = nil
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		v, err := jsonval.Decode(text, in.limits)
		if err != nil {
			return nil, fmt.Errorf("convert: line %d: %w", line, err)
		}
		out = append(out, v)
	}
	return objectList(out), nil
}

// writeJSONLines writes each row of a table, or each member of a list or an array, as a line.
func writeJSONLines(out *output, v any) error {
	d := out.document()
	v, err := d.normalize(v, "")
	if err != nil {
		return err
	}
	if items, ok := v.(list); ok {
		return out.write(func(w io.Writer) error {
			for i, item := range items {
				if err := d.plainJSON(w, item, fmt.Sprintf("/%d", i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	f, err := d.table(v, "")
	if err != nil {
		return err
	}
	if _, ok := v.(*frame.Frame); ok {
		err = d.lossOfIndex(f)
	} else {
		err = d.loss("", describe(v)+" with its dtypes and index", KindFrame)
	}
	if err != nil {
		return err
	}
	return out.write(func(w io.Writer) error { return d.recordLines(w, f) })
}

// lossOfIndex reports the loss of the index and dtypes of a table that is written as records.
func (d *document) lossOfIndex(f *frame.Frame) error {
	if isDefaultIndex(f.Index) {
		return nil
	}
	return d.loss("", describe(f)+" with its dtypes and index", KindFrame)
}
