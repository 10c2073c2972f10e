package table

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/ndarray"
)

// ofArray returns an array as a table: a row for each item along the first axis, a column for each
// field, or for each element that lies in such an item.
func ofArray(a, mask *ndarray.Array) (*Table, bool) {
	if a.NDim() == 0 {
		return nil, false
	}
	if mask != nil && mask.DType().Kind() != ndarray.KindBool {
		mask = nil // a structured one; its fields show as they are
	}
	if a.NDim() == 1 && a.DType().Fields() != nil {
		return ofRecords(a)
	}
	rest := a.Shape()[1:]
	width := 1
	for _, n := range rest {
		width *= n
	}
	t := &Table{Rows: a.Shape()[0], Single: a.NDim() == 1, IsList: a.NDim() > 1}
	t.Columns = make([]Column, width)
	for i := range t.Columns {
		t.Columns[i] = Column{Name: indexName(i, rest), Type: a.DType().String(),
			Number: isNumeric(a.DType())}
	}
	t.Cell = func(row, column int) Cell {
		index := indexOf(row, column, rest)
		if mask != nil {
			if hidden, _ := mask.At(index...).(bool); hidden {
				return Cell{Null: true, Text: "--"}
			}
		}
		return elementCell(a, index)
	}
	return t, true
}

// indexOf returns the index of an element in a row.
func indexOf(row, column int, rest []int) []int {
	index := make([]int, 1+len(rest))
	index[0] = row
	for k := len(rest) - 1; k >= 0; k-- {
		index[k+1] = column % rest[k]
		column /= rest[k]
	}
	return index
}

// indexName is the index in a row as Python writes it, "" in a row of one element.
func indexName(column int, rest []int) string {
	if len(rest) == 0 {
		return ""
	}
	index := indexOf(0, column, rest)[1:]
	parts := make([]string, len(index))
	for i, n := range index {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, ",")
}

func elementCell(a *ndarray.Array, index []int) Cell {
	v, err := lookup.Element(a, index...)
	if err != nil {
		return Cell{Null: true, Text: err.Error()}
	}
	return cellOf(v)
}

// ofRecords returns a structured array: a column for each field.
func ofRecords(a *ndarray.Array) (*Table, bool) {
	fields := a.DType().Fields()
	t := &Table{Rows: a.Size(), Columns: make([]Column, len(fields))}
	parts := make([]*ndarray.Array, len(fields))
	for i, f := range fields {
		var err error
		if parts[i], err = a.Field(f.Name); err != nil {
			return nil, false
		}
		dt := parts[i].DType()
		t.Columns[i] = Column{Name: f.Name, Type: dt.String(),
			Number: isNumeric(dt) && parts[i].NDim() == 1}
		if parts[i].NDim() > 1 {
			t.Columns[i].Type += fmt.Sprint(parts[i].Shape()[1:])
		}
	}
	t.Cell = func(row, column int) Cell {
		if parts[column].NDim() == 1 {
			return elementCell(parts[column], []int{row})
		}
		v, err := lookup.Subscript(parts[column], pointer.Subscript{Index: row})
		if err != nil {
			return Cell{Null: true, Text: err.Error()}
		}
		return cellOf(v)
	}
	return t, true
}
