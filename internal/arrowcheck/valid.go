package arrowcheck

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Valid is array.ValidateRecordFull for a record that arrow-go read from a stream or file. arrow-go
// reads an array of nulls without the (nil) buffer that its own validation expects.
func Valid(b arrow.RecordBatch) error {
	columns := make([]arrow.Array, b.NumCols())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i, c := range b.Columns() {
		if data := c.Data(); holdsNull(data) {
			whole := nullsWhole(data)
			columns[i] = array.MakeFromData(whole)
			whole.Release()
			continue
		}
		c.Retain()
		columns[i] = c
	}
	checked := array.NewRecordBatch(b.Schema(), columns, b.NumRows())
	defer checked.Release()
	return array.ValidateRecordFull(checked)
}

// holdsNull reports whether an array is, or contains, an array of nulls.
func holdsNull(data arrow.ArrayData) bool {
	if data.DataType().ID() == arrow.NULL {
		return true
	}
	for _, child := range data.Children() {
		if holdsNull(child) {
			return true
		}
	}
	return false
}

// nullsWhole returns the data with a nil buffer in each array of nulls.
func nullsWhole(data arrow.ArrayData) arrow.ArrayData {
	buffers := data.Buffers()
	if data.DataType().ID() == arrow.NULL && len(buffers) == 0 {
		buffers = []*memory.Buffer{nil}
	}
	children := make([]arrow.ArrayData, len(data.Children()))
	for i, child := range data.Children() {
		children[i] = nullsWhole(child)
	}
	whole := array.NewData(data.DataType(), data.Len(), buffers, children, data.NullN(),
		data.Offset())
	for _, child := range children {
		child.Release()
	}
	if d, ok := data.Dictionary().(*array.Data); ok && d != nil {
		whole.SetDictionary(d)
	}
	return whole
}
