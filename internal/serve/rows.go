package serve

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/plot"
	"github.com/unpkl/unpkl/internal/table"
	"github.com/unpkl/unpkl/ndarray"
)

const (
	// maxColumns is the greatest number of columns in one answer.
	maxColumns = 100
	// maxSorted is the greatest number of rows that can be sorted.
	maxSorted = 5_000_000
	// maxCell is the greatest number of bytes of an element in an answer.
	maxCell = 300
)

// rowsAnswer is a part of a table.
type rowsAnswer struct {
	Columns []columnAnswer `json:"columns"`
	// AllColumns and AllRows are the numbers of columns and rows of the whole table.
	AllColumns int `json:"all_columns"`
	AllRows    int `json:"all_rows"`
	// LabelName is the name of the labels, or what the numbers of the rows are called.
	LabelName string      `json:"label_name"`
	Rows      []rowAnswer `json:"rows"`
	Sortable  bool        `json:"sortable"`
}

type columnAnswer struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Number bool   `json:"number,omitempty"`
}

type rowAnswer struct {
	Row   int      `json:"row"` // its position in the table
	Label string   `json:"label"`
	Cells []string `json:"cells"`
	Null  []int    `json:"null,omitempty"` // the columns in which nothing is
}

func (s *Server) rows(r *http.Request) (out any, err error) {
	first, count, err := pageArgs(r, 50)
	if err != nil {
		return nil, err
	}
	column, err := numberArg(r, "column", 0, maxFirst)
	if err != nil {
		return nil, err
	}
	by, err := numberArg(r, "sort", 0, maxFirst) // from 1; 0 is the order of the file
	if err != nil {
		return nil, err
	}
	err = s.at(r, func(f *file, p describe.Place) error {
		v, err := f.part(r, p.Value)
		if err != nil {
			return err
		}
		t, columns, ok := window(v, column)
		if !ok {
			return badRequestf("%s has no rows", p.At)
		}
		answer := rowsAnswer{AllRows: t.Rows, AllColumns: columns.all,
			LabelName: strings.Join(t.Labels, ", "),
			Sortable:  t.Rows <= maxSorted, Rows: []rowAnswer{}}
		for _, c := range t.Columns[columns.from:columns.to] {
			answer.Columns = append(answer.Columns,
				columnAnswer{visible(c.Name), visible(c.Type), c.Number})
		}
		order := func(i int) int { return i }
		if by > 0 {
			key := sortKey{p.At.String() + "#" + r.FormValue("index"), by - 1,
				r.FormValue("descending") == "true"}
			if order, err = f.order(r.Context(), v, t, key); err != nil {
				return err
			}
		}
		for i := first; i < t.Rows && i-first < count; i++ {
			answer.Rows = append(answer.Rows, rowOf(t, order(i), columns))
		}
		out = answer
		return nil
	})
	return out, err
}

// columnSpan says which columns of a table.Table are shown, from from to before to, and how many
// columns the value has in all.
type columnSpan struct{ from, to, all int }

// window returns the table of a value and the span of columns to show, which begins at column from.
// The table of an array has only the columns of the span, since an array may have very many.
func window(v any, from int) (*table.Table, columnSpan, bool) {
	a, ok := arrayOf(v)
	if !ok || a.NDim() < 2 {
		t, ok := table.Of(v)
		if !ok {
			return nil, columnSpan{}, false
		}
		from = min(from, len(t.Columns))
		return t, columnSpan{from, min(from+maxColumns, len(t.Columns)), len(t.Columns)}, true
	}
	all := a.Shape()[1]
	from = min(from, all)
	to := min(from+maxColumns, all)
	cut, err := a.Slice(1, from, to, 1)
	if err != nil {
		return nil, columnSpan{}, false
	}
	var shown any = cut
	if m, isMasked := v.(*ndarray.Masked); isMasked && m.Mask != nil &&
		slices.Equal(m.Mask.Shape(), a.Shape()) {
		mask, err := m.Mask.Slice(1, from, to, 1)
		if err != nil {
			return nil, columnSpan{}, false
		}
		shown = &ndarray.Masked{Data: cut, Mask: mask, FillValue: m.FillValue}
	}
	t, ok := table.Of(shown)
	if !ok {
		return nil, columnSpan{}, false
	}
	for i := range t.Columns {
		if a.NDim() == 2 {
			t.Columns[i].Name = strconv.Itoa(from + i)
		}
	}
	return t, columnSpan{0, len(t.Columns), all}, true
}

func rowOf(t *table.Table, row int, columns columnSpan) rowAnswer {
	out := rowAnswer{Row: row, Label: strconv.Itoa(row),
		Cells: make([]string, columns.to-columns.from)}
	if len(t.Labels) > 0 {
		parts := make([]string, len(t.Labels))
		for k := range parts {
			parts[k] = t.Label(row, k).Text
		}
		out.Label = short(strings.Join(parts, ", "))
	}
	for i := range out.Cells {
		c := t.Cell(row, columns.from+i)
		if out.Cells[i] = short(c.Text); c.Null {
			out.Null = append(out.Null, i)
		}
	}
	return out
}

// short cuts off the text of an element after maxCell bytes.
func short(text string) string {
	if len(text) > maxCell {
		text = strings.ToValidUTF8(text[:maxCell], "") + "…"
	}
	return visible(strings.ReplaceAll(text, "\n", "⏎"))
}

// sortKey says how the rows of a table are sorted.
type sortKey struct {
	table      string // the pointer to the value and the index of the part
	column     int    // among the columns of the value
	descending bool
}

// sorting is the sorted order of the rows of a table. order has the position in the file of each
// row.
type sorting struct {
	key   sortKey
	order []int32
}

// maxSortings is the number of sorted orders that are kept for a file.
const maxSortings = 4

// order returns a function that maps the position of a row in the sorted table to its position in
// the file. v is the value of the table t.
func (f *file) order(ctx context.Context, v any, t *table.Table, key sortKey) (func(i int) int,
	error) {
	if t.Rows > maxSorted {
		return nil, badRequestf("%d rows are too many to put in order", t.Rows)
	}
	for _, s := range f.sorted {
		if s.key == key {
			return func(i int) int { return int(s.order[i]) }, nil
		}
	}
	sorted, column := t, key.column
	if a, ok := arrayOf(v); ok && a.NDim() >= 2 {
		var span columnSpan
		if sorted, span, ok = window(v, key.column); !ok || span.all <= key.column {
			return nil, badRequestf("there is no column %d", key.column)
		}
		column = 0
	}
	if column >= len(sorted.Columns) {
		return nil, badRequestf("there is no column %d", key.column)
	}
	keys, err := keysOf(ctx, sorted, column)
	if err != nil {
		return nil, err
	}
	order := keys.sort(key.descending)
	f.sorted = append(f.sorted, sorting{key, order})
	if len(f.sorted) > maxSortings {
		f.sorted = slices.Delete(f.sorted, 0, 1)
	}
	return func(i int) int { return int(order[i]) }, nil
}

// columnKeys are the sort keys of a column: numbers if all elements are numbers or missing, else
// text.
type columnKeys struct {
	missing []bool
	numbers []float64
	// ints are the exact keys if all elements are integers of 64 bits, else nil.
	ints  []int64
	texts []string // nil if all elements are numbers or missing
}

func keysOf(ctx context.Context, t *table.Table, column int) (*columnKeys, error) {
	k := &columnKeys{missing: make([]bool, t.Rows), numbers: make([]float64, t.Rows),
		ints: make([]int64, t.Rows)}
	for row := range t.Rows {
		if row%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err() // the browser has gone
		}
		c := t.Cell(row, column)
		if k.missing[row] = c.Null; c.Null {
			continue
		}
		k.numbers[row] = plot.Number(c.Value)
		i, isInt := intOf(c.Value)
		if k.ints != nil && isInt {
			k.ints[row] = i
		} else {
			k.ints = nil
		}
		if math.IsNaN(k.numbers[row]) {
			if k.missing[row] = plot.IsNaN(c.Value); !k.missing[row] {
				return textKeys(ctx, t, column)
			}
		}
	}
	return k, nil
}

// intOf returns an integer that fits into 64 bits.
func intOf(v any) (int64, bool) {
	if s, ok := v.(*ndarray.Scalar); ok {
		v = s.Value()
	}
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case int32:
		return int64(v), true
	case int16:
		return int64(v), true
	case int8:
		return int64(v), true
	case uint8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint32:
		return int64(v), true
	}
	return 0, false
}

func textKeys(ctx context.Context, t *table.Table, column int) (*columnKeys, error) {
	k := &columnKeys{missing: make([]bool, t.Rows), texts: make([]string, t.Rows)}
	for row := range t.Rows {
		if row%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c := t.Cell(row, column)
		k.missing[row], k.texts[row] = c.Null, c.Text
	}
	return k, nil
}

// sort returns the positions of the rows in sorted order. Equal rows keep their order, and missing
// elements come last.
func (k *columnKeys) sort(descending bool) []int32 {
	order := make([]int32, len(k.missing))
	for i := range order {
		order[i] = int32(i)
	}
	compare := func(i, j int32) int { return cmp.Compare(k.numbers[i], k.numbers[j]) }
	switch {
	case k.texts != nil:
		compare = func(i, j int32) int { return strings.Compare(k.texts[i], k.texts[j]) }
	case k.ints != nil:
		compare = func(i, j int32) int { return cmp.Compare(k.ints[i], k.ints[j]) }
	}
	slices.SortStableFunc(order, func(i, j int32) int {
		switch {
		case k.missing[i] && k.missing[j]:
			return 0
		case k.missing[i]:
			return 1
		case k.missing[j]:
			return -1
		case descending:
			return compare(j, i)
		}
		return compare(i, j)
	})
	return order
}
