package table

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/ndarray"
)

// ofArray returns an array as a table. Each item along the first axis is a row. The columns are the
// fields of a structured array of one dimension, else the elements in one item. Elements that mask
// hides are null; mask may be nil. ok is false for a 0-d array.
func ofArray(a, mask *ndarray.Array) (t *Table, ok bool) {
	if a.NDim() == 0 {
		return nil, false
	}
	if mask != nil && mask.DType().Kind() != ndarray.KindBool {
		mask = nil // the mask of a structured array has a bool for each field
	}
	if a.NDim() == 1 && a.DType().Fields() != nil {
		return ofRecords(a)
	}
	rowShape := a.Shape()[1:]
	width := 1
	for _, n := range rowShape {
		width *= n
	}
	t = &Table{Rows: a.Shape()[0], Single: a.NDim() == 1, IsList: a.NDim() > 1}
	t.Columns = make([]Column, width)
	for i := range t.Columns {
		t.Columns[i] = Column{Name: indexName(i, rowShape), Type: a.DType().String(),
			Number: isNumeric(a.DType())}
	}
	t.Cell = func(row, column int) Cell {
		index := indexOf(row, column, rowShape)
		if mask != nil {
			if hidden, _ := mask.At(index...).(bool); hidden {
				return Cell{Null: true, Text: "--"}
			}
		}
		return elementCell(a, index)
	}
	return t, true
}

// indexOf returns the index in the array of the element at a row and column. rowShape is the shape
// of the array without the first axis.
func indexOf(row, column int, rowShape []int) []int {
	index := make([]int, 1+len(rowShape))
	index[0] = row
	for k := len(rowShape) - 1; k >= 0; k-- {
		index[k+1] = column % rowShape[k]
		column /= rowShape[k]
	}
	return index
}

// indexName returns the name of a column: the index of its elements without that of the row, such
// as "0,2". It is empty where a row has one element.
func indexName(column int, rowShape []int) string {
	if len(rowShape) == 0 {
		return ""
	}
	index := indexOf(0, column, rowShape)[1:]
	arrays := make([]string, len(index))
	for i, n := range index {
		arrays[i] = strconv.Itoa(n)
	}
	return strings.Join(arrays, ",")
}

func elementCell(a *ndarray.Array, index []int) Cell {
	v, err := lookup.Element(a, index...)
	if err != nil {
		return Cell{Null: true, Text: err.Error()}
	}
	return cellOf(v)
}

// ofRecords returns a structured array of one dimension as a table with a column for each field.
func ofRecords(a *ndarray.Array) (*Table, bool) {
	fields := a.DType().Fields()
	t := &Table{Rows: a.Size(), Columns: make([]Column, len(fields))}
	arrays := make([]*ndarray.Array, len(fields))
	for i, f := range fields {
		var err error
		if arrays[i], err = a.Field(f.Name); err != nil {
			return nil, false
		}
		dt := arrays[i].DType()
		t.Columns[i] = Column{Name: f.Name, Type: dt.String(),
			Number: isNumeric(dt) && arrays[i].NDim() == 1}
		if arrays[i].NDim() > 1 {
			t.Columns[i].Type += fmt.Sprint(arrays[i].Shape()[1:])
		}
	}
	t.Cell = func(row, column int) Cell {
		if arrays[column].NDim() == 1 {
			return elementCell(arrays[column], []int{row})
		}
		v, err := lookup.Subscript(arrays[column], pointer.Subscript{Index: row})
		if err != nil {
			return Cell{Null: true, Text: err.Error()}
		}
		return cellOf(v)
	}
	return t, true
}
