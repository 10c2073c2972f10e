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

// JSON says how JSON is read and written.
type JSON struct {
	// Form is how values are written. FormTable keeps everything; the others are for what is not
	// this module.
	Form JSONForm
	// Indent is the number of spaces per level; 0 is one line.
	Indent int
}

// JSONForm is how JSON stands for arrays and tables.
type JSONForm uint8

// The forms. Those of pandas are its orients; a table that is read in one of them has to be asked
// for.
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
		return in.rebuilt(v, data)
	}
	return in.orient(v)
}

// rebuilt makes the calls that the document's objects stand for, such as the one that makes an
// array of objects, as a pickle of it does when it is loaded.
func (in *input) rebuilt(v any, data []byte) (any, error) {
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
	v, err := d.look(v, "")
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
		err = d.recordsLose(f)
	} else {
		err = d.loss("", describe(v)+" with its dtypes and index", KindFrame)
	}
	if err != nil {
		return err
	}
	return out.write(func(w io.Writer) error { return d.recordLines(w, f) })
}

// recordsLose is the loss of a table that becomes records.
func (d *document) recordsLose(f *frame.Frame) error {
	if isDefaultIndex(f.Index) {
		return nil
	}
	return d.loss("", describe(f)+" with its dtypes and index", KindFrame)
}
