package reconstruct

import (
	"slices"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/pickle"
)

// polarsForm writes a table that was read from polars as polars pickles it: an object whose state
// is an Arrow IPC stream. It is nil where the table has what has no Arrow type here, such as lists,
// or what polars has not, such as labels of rows, and where package arrowframe is not linked in;
// such a table is written as one of pandas.
//
// Reference: polars/dataframe/frame.py and series/series.py, __getstate__.
func polarsForm(class string, f *frame.Frame) *pickle.Object {
	write, ok := bridge.WriteArrow.(func(*frame.Frame) ([]byte, error))
	if !ok || slices.ContainsFunc(f.Columns, func(s *frame.Series) bool { return s.Ordered }) {
		return nil // polars has an Enum for categories in order, of which Arrow knows nothing
	}
	stream, err := write(f)
	if err != nil {
		return nil
	}
	return newInstance(className(class), written.Bytes(stream))
}

// pyarrowForm writes a table or column that was read from pyarrow as pyarrow pickles it. It is nil
// where that has what pyarrow has not, such as labels of rows, and where package arrowframe is not
// linked in; such a table is written as one of pandas.
func pyarrowForm(v any) any {
	if bridge.WritePyarrow == nil {
		return nil
	}
	o, err := bridge.WritePyarrow(v)
	if err != nil {
		return nil
	}
	return o
}
