package table_test

import (
	"strconv"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/table"
)

// TestRecords: records have their names in any order and number, and of several keys of one name a
// str counts, or else the last.
func TestRecords(t *testing.T) {
	shared := &types.Dict{{Key: "a", Value: 9}}
	of, ok := table.Of(list(
		&types.Dict{{Key: "a", Value: 1}, {Key: "b", Value: 2}},
		&types.Dict{{Key: "b", Value: 3}, {Key: "c", Value: 4}, {Key: "a", Value: 5}},
		&types.Dict{}, shared, shared,
		&types.Dict{{Key: 1, Value: "int"}, {Key: "1", Value: "str"}, {Key: true, Value: "bool"}},
		&types.Dict{{Key: 1, Value: "int"}, {Key: []byte("1"), Value: "bytes"}},
	))
	if !ok {
		t.Fatal("no table")
	}
	want := [][]any{ // by the columns a, b, c, 1 and true
		{1, 2, nil, nil, nil}, {5, 3, 4, nil, nil}, {nil, nil, nil, nil, nil},
		{9, nil, nil, nil, nil}, {9, nil, nil, nil, nil}, {nil, nil, nil, "str", "bool"},
		{nil, nil, nil, "bytes", nil},
	}
	if len(of.Columns) != 5 || of.Columns[0].Type != "int" || of.Columns[3].Type != "str" {
		t.Errorf("columns %v", of.Columns)
	}
	for column := range of.Columns { // columns first, so that the places of names change
		for row := range want {
			if got := of.Cell(row, column).Value; got != want[row][column] {
				t.Errorf("row %d, column %d: %v, want %v", row, column, got, want[row][column])
			}
		}
	}
}

// BenchmarkWideRecords reads the cells of records of 2,000 names each, whose order differs in half
// of them.
func BenchmarkWideRecords(b *testing.B) {
	var items []any
	for row := range 100 {
		d := &types.Dict{}
		for i := range 2000 {
			d.Set("k"+strconv.Itoa((i*(1+row%2*6))%2003), i)
		}
		items = append(items, d)
	}
	for b.Loop() {
		of, _ := table.Of(list(items...))
		for row := range of.Rows {
			for column := range of.Columns {
				of.Cell(row, column)
			}
		}
	}
}
