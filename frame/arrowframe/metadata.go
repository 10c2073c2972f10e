package arrowframe

import (
	"encoding/json"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/unpkl/unpkl/frame"
)

// The keys of the metadata of a field that has an extension type, and the names of pandas'
// extension types.
//
// Reference: pandas/core/arrays/arrow/extension_types.py.
const (
	extensionName     = "ARROW:extension:name"
	extensionMetadata = "ARROW:extension:metadata"
	periodName        = "pandas.period"
	intervalName      = "pandas.interval"
)

// described is pandas' metadata of a column. NumpyType tells pyarrow which extension array of
// pandas to make.
//
// Reference: pyarrow/pandas_compat.py, construct_metadata, _get_extension_dtypes.
type described struct {
	Name       any    `json:"name"`
	FieldName  string `json:"field_name"`
	PandasType string `json:"pandas_type"`
	NumpyType  string `json:"numpy_type"`
	Metadata   any    `json:"metadata"`
}

// describe returns pandas' metadata of the column that was made from a series.
func describe(name string, s *frame.Series, t arrow.DataType) described {
	d := described{Name: name, FieldName: name, PandasType: pyarrowName(t), NumpyType: s.DType}
	switch s.Kind {
	case frame.Categorical:
		d.PandasType, d.NumpyType = "categorical", "int8"
		if dict, ok := t.(*arrow.DictionaryType); ok {
			d.NumpyType = pyarrowName(dict.IndexType)
			d.Metadata = map[string]any{"num_categories": s.Categories.Len(), "ordered": s.Ordered}
		}
	case frame.Datetime:
		d.PandasType = "datetime"
		if s.TZ != "" {
			d.PandasType, d.NumpyType = "datetimetz", "datetime64[ns]"
			d.Metadata = map[string]any{"timezone": zoneName(s)}
		}
	case frame.Text:
		d.PandasType = "unicode"
	case frame.Period, frame.Interval:
		d.PandasType = "object"
	case frame.Numpy:
		if s.Values.HasObject() {
			d.PandasType = strings.NewReplacer("string", "unicode", "binary",
				"bytes").Replace(d.PandasType)
		}
	}
	return d
}

// pyarrowName returns the name of a type in pyarrow.
func pyarrowName(t arrow.DataType) string {
	switch t.ID() {
	case arrow.FLOAT16:
		return "halffloat"
	case arrow.FLOAT32:
		return "float"
	case arrow.FLOAT64:
		return "double"
	case arrow.STRING, arrow.LARGE_STRING:
		return "string"
	case arrow.TIMESTAMP:
		ts := t.(*arrow.TimestampType)
		if ts.TimeZone != "" {
			return "timestamp[" + ts.Unit.String() + ", tz=" + ts.TimeZone + "]"
		}
		return "timestamp[" + ts.Unit.String() + "]"
	}
	return t.String()
}

// metadata returns the schema's metadata that pyarrow writes for pandas: which columns are the
// index, and the dtypes of all columns.
func metadata(f *frame.Frame, index []string, columns []described) (*arrow.Metadata, error) {
	x := f.Index
	var labels any = index
	if x.IsRange() {
		labels = []any{map[string]any{
			"kind": "range", "name": textOrNil(x.Name()), "start": x.Start, "stop": x.Stop,
			"step": x.Step,
		}}
	}
	var names []any
	for _, name := range f.Labels.Names {
		names = append(names, described{
			Name: textOrNil(name), PandasType: "unicode", NumpyType: "object",
			Metadata: map[string]any{"encoding": "UTF-8"},
		})
	}
	text, err := json.Marshal(map[string]any{
		"index_columns": labels, "column_indexes": names, "columns": columns,
		"creator":        map[string]any{"library": "pyarrow", "version": "14.0.0"},
		"pandas_version": "2.0.0",
	})
	if err != nil {
		return nil, err
	}
	m := arrow.NewMetadata([]string{"pandas"}, []string{string(text)})
	return &m, nil
}

// textOrNil returns a name that is a string, and nil for any other name, which JSON cannot
// represent.
func textOrNil(name any) any {
	if s, ok := name.(string); ok {
		return s
	}
	return nil
}

// jsonText returns the JSON of a value that can be marshaled.
func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "{}"
	}
	return string(text)
}
