package reconstruct

import (
	"slices"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/pickle"
)

// polarsForm writes a table that was read from polars in the form of polars: an object whose state
// is an Arrow IPC stream. It returns nil if a column has no Arrow type here, such as lists; if the
// table has something that polars has not, such as row labels; or if package arrowframe is not
// linked in. The caller then writes the table as one of pandas.
//
// Reference: polars/dataframe/frame.py and series/series.py, __getstate__.
func polarsForm(class string, f *frame.Frame) *pickle.Object {
	write, ok := bridge.WriteArrow.(func(*frame.Frame) ([]byte, error))
	if !ok || slices.ContainsFunc(f.Columns, func(s *frame.Series) bool { return s.Ordered }) {
		return nil // polars uses Enum for ordered categories, which Arrow does not have
	}
	stream, err := write(f)
	if err != nil {
		return nil
	}
	return newInstance(className(class), written.Bytes(stream))
}

// pyarrowForm writes a table or column that was read from pyarrow in the form of pyarrow. It
// returns nil if the value has something that pyarrow has not, such as row labels, or if package
// arrowframe is not linked in. The caller then writes the value as one of pandas.
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
