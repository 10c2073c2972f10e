package convert

import (
	"encoding/json"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
	"github.com/unpkl/unpkl/internal/delimited"
)

// eachFrame calls do with each part of a table, or once with a table without rows if there is no
// part. A warning that several parts cause is given once.
func (out *output) eachFrame(t *tableReader, do func(d *document, f *frame.Frame) error) error {
	own := *out.config
	given := map[string]bool{}
	own.warn = func(text string) {
		if !given[text] {
			given[text] = true
			out.config.warning(text)
		}
	}
	o := *out
	o.config = &own
	d := o.document()
	d.expansion = nil // the parts share nothing, and need not stay in memory
	parts := 0
	err := t.each(func(b arrow.RecordBatch) error {
		parts++
		f, err := frameOf(b)
		if err != nil {
			return err
		}
		return do(d, f)
	})
	if err != nil || parts > 0 {
		return err
	}
	f, err := tableOf(t.schema, nil)
	if err != nil {
		return err
	}
	return do(d, f)
}

func frameOf(b arrow.RecordBatch) (_ *frame.Frame, err error) {
	defer recoverArrow(&err, "a table of Arrow")
	return arrowframe.ToFrame(b)
}

// streamTable writes a table as text in parts; the result is that of writeTable.
func (t *Text) streamTable(out *output, r *tableReader, usual byte) error {
	delimiter, err := t.delimiter(usual)
	if err != nil {
		return err
	}
	return out.write(func(w io.Writer) error {
		if _, err := io.WriteString(w, commentLines(t.Header)); err != nil {
			return err
		}
		begun := t.Names == No
		err := out.eachFrame(r, func(d *document, f *frame.Frame) error {
			rows, err := t.tableRows(d, f, delimiter)
			if err != nil {
				return err
			}
			if !begun {
				begun = true
				if _, err := io.WriteString(w, rows.header); err != nil {
					return err
				}
			}
			return delimited.Write(w, f.Rows(), rows.columns*20+1, rows.row)
		})
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, commentLines(t.Footer))
		return err
	})
}

// streamJSONLines writes the rows of a table in parts; the result is that of writeJSONLines.
func streamJSONLines(out *output, t *tableReader) error {
	return out.write(func(w io.Writer) error {
		return out.eachFrame(t, func(d *document, f *frame.Frame) error {
			if err := d.lossOfIndex(f); err != nil {
				return err
			}
			return d.recordLines(w, f)
		})
	})
}

// rangeLabels is an entry of index_columns in pandas' metadata for labels that are a range.
type rangeLabels struct {
	Kind  string `json:"kind"`
	Name  any    `json:"name"`
	Start int    `json:"start"`
	Stop  int    `json:"stop"`
	Step  int    `json:"step"`
}

// hasDefaultRange reports whether labels that only the schema's metadata have are 0, 1, 2... It is
// true if there are none.
func hasDefaultRange(schema *arrow.Schema) bool {
	text, ok := schema.Metadata().GetValue("pandas")
	var m struct {
		IndexColumns []json.RawMessage `json:"index_columns"`
	}
	if !ok || json.Unmarshal([]byte(text), &m) != nil {
		return true
	}
	for _, column := range m.IndexColumns {
		var r rangeLabels
		if json.Unmarshal(column, &r) == nil && r.Kind == "range" &&
			(r.Start != 0 || r.Step != 1 || r.Name != nil) {
			return false
		}
	}
	return true
}

// withDefaultRange returns a schema whose metadata say that the labels are 0, 1, 2... up to rows.
func withDefaultRange(schema *arrow.Schema, rows int) (*arrow.Schema, error) {
	var m map[string]any
	text, _ := schema.Metadata().GetValue("pandas")
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, err
	}
	m["index_columns"] = []any{rangeLabels{Kind: "range", Stop: rows, Step: 1}}
	own, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	meta := arrow.NewMetadata([]string{"pandas"}, []string{string(own)})
	return arrow.NewSchema(schema.Fields(), &meta), nil
}
