package stats

import (
	"math"
	"slices"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/chunk"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/table"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Named is the Summary of the value at a pointer.
type Named struct {
	At    pointer.Pointer
	DType string // for a list the type of its items
	Shape []int
	*Summary
}

// Of returns the statistics of every array, column and list of single values in v. at is the
// pointer to v.
func Of(r *lookup.Reader, v any, at pointer.Pointer) ([]Named, error) {
	var all []Named
	known := map[any][]Named{} // of the large arrays, with pointers relative to them
	err := r.Walk(v, at, func(at pointer.Pointer, v any) (into bool, err error) {
		if found, ok := known[identity(v)]; ok {
			for _, n := range found {
				n.At = slices.Concat(at, n.At)
				all = append(all, n)
			}
			return false, nil
		}
		found, done, err := ofValue(v, at)
		all = append(all, found...)
		if id := identity(v); id != nil && done {
			for _, n := range found {
				n.At = n.At[len(at):]
				known[id] = append(known[id], n)
			}
		}
		return !done, err
	})
	return all, err
}

// identity returns a large array, which is worth recognising when it is visited again, or nil.
func identity(v any) any {
	if a, ok := pyvalue.ArrayOf(v); ok && chunk.IsLarge(a) {
		if _, isScalar := v.(*ndarray.Scalar); !isScalar {
			return v
		}
	}
	return nil
}

// ofValue returns the statistics of a value. done is false if the caller has to descend into it.
func ofValue(v any, at pointer.Pointer) (all []Named, done bool, err error) {
	switch v := v.(type) {
	case *ndarray.Masked:
		s, err := Array(v.Data, v.Mask)
		return []Named{{at, v.Data.DType().String(), v.Data.Shape(), s}}, true, err
	case *frame.Series:
		s, err := Series(v)
		return []Named{{at, v.DType, []int{v.Len()}, s}}, true, err
	case *frame.Index, *ndarray.Scalar:
		return nil, true, nil
	}
	if a, ok := pyvalue.ArrayOf(v); ok {
		return ofArray(a, at)
	}
	if _, isDict := pyvalue.EntriesOf(v); isDict {
		return nil, false, nil
	}
	items, ok := pyvalue.ItemsOf(v)
	if !ok || len(items) == 0 {
		return nil, false, nil
	}
	return ofList(v, items, at)
}

// ofArray returns the statistics of an array, or of each field of a structured one.
func ofArray(a *ndarray.Array, at pointer.Pointer) (all []Named, done bool, err error) {
	fields := a.DType().Fields()
	if fields == nil {
		if a.DType().Kind() == ndarray.KindObject && holdsContainers(a) {
			return nil, false, nil
		}
		s, err := Array(a, nil)
		return []Named{{at, a.DType().String(), a.Shape(), s}}, true, err
	}
	for _, f := range fields {
		part, err := a.Field(f.Name)
		if err != nil {
			return nil, true, err
		}
		if part.DType().Fields() != nil {
			continue // the elements of a nested structure are no single values
		}
		s, err := Array(part, nil)
		if err != nil {
			return nil, true, err
		}
		all = append(all, Named{at.Child(f.Name), part.DType().String(), part.Shape(), s})
	}
	return all, true, nil
}

func holdsContainers(a *ndarray.Array) bool {
	for v := range pending.NonText(a) {
		if pyvalue.IsContainer(v) {
			return true
		}
	}
	return false
}

// Any list may have manyCells cells as a table, and a larger one cellsPerValue for each value that
// is in its items.
const (
	manyCells     = 1 << 26
	cellsPerValue = 64
)

// checkCells returns an error if the items of a list have far fewer values than cells as a table,
// because they are the same few items or have no names in common.
func checkCells(items []any, rows, columns int) error {
	if columns == 0 || rows <= manyCells/columns {
		return nil
	}
	values := 0
	seen := map[any]bool{}
	for _, item := range items {
		var id any
		n := 0
		if d, ok := pyvalue.EntriesOf(item); ok && len(d) > 0 {
			id, n = item, len(d)
		} else if list, ok := pyvalue.ItemsOf(item); ok && len(list) > 0 {
			id, n = &list[0], len(list)
		}
		if !seen[id] {
			seen[id] = true
			values += n
		}
	}
	most := max(manyCells, cellsPerValue*values)
	if rows > most/columns {
		return &pickle.LimitError{Limit: "Expansion", Max: int64(most),
			Want: int64(rows) * int64(columns)}
	}
	return nil
}

// ofList returns the statistics of a list of single values, or of each column of a list of records.
func ofList(v any, items []any, at pointer.Pointer) (all []Named, done bool, err error) {
	t, ok := table.Of(v)
	if !ok || t.IsList && !slices.ContainsFunc(t.Columns, func(c table.Column) bool {
		return c.Number
	}) {
		return nil, false, nil
	}
	if t.Single {
		if slices.ContainsFunc(items, func(item any) bool {
			return hasParts(table.Resolved(item))
		}) {
			return nil, false, nil
		}
		c := NewCollector()
		for _, item := range items {
			c.Add(table.Resolved(item))
		}
		return []Named{{at, t.Columns[0].Type, []int{len(items)}, c.Summary()}}, true, nil
	}
	if err := checkCells(items, t.Rows, len(t.Columns)); err != nil {
		return nil, false, err
	}
	nested := false
	for i, column := range t.Columns {
		c := NewCollector()
		single := true
		for row := range t.Rows {
			v := t.Cell(row, i).Value
			if single = !pyvalue.IsContainer(v); !single {
				break
			}
			c.Add(v)
		}
		if !single {
			nested = true
			continue
		}
		all = append(all, Named{at.Child(pointer.All).Child(column.Name), column.Type,
			[]int{t.Rows}, c.Summary()})
	}
	return all, !nested, nil
}

// hasParts reports whether a value is no single one.
func hasParts(v any) bool {
	switch v.(type) {
	case *frame.Frame, *frame.Series, *frame.Index, *ndarray.Array, *ndarray.Masked:
		return true
	}
	return pyvalue.IsContainer(v)
}

// Series returns the statistics of a column.
func Series(s *frame.Series) (*Summary, error) {
	switch s.Kind {
	case frame.Numpy, frame.Datetime, frame.Timedelta:
		if s.Valid == nil && !s.Values.HasObject() {
			sums, err := Array(s.Values, nil)
			if err == nil && s.TZ != "" {
				sums.shownIn(s)
			}
			return sums, err
		}
	case frame.Masked:
		return Array(s.Values, invalid(s.Valid))
	case frame.Opaque:
		return &Summary{Mean: math.NaN(), Std: math.NaN()}, nil
	}
	c := NewCollector()
	for i := range s.Len() {
		if s.IsNull(i) {
			c.Add(nil)
			continue
		}
		c.Add(s.At(i))
	}
	return c.Summary(), nil
}

// shownIn makes the times of a column with a time zone such that tell it.
func (s *Summary) shownIn(column *frame.Series) {
	zone, err := column.Location()
	if err != nil {
		return
	}
	as := func(v any) any {
		if d, ok := v.(ndarray.Datetime64); ok {
			if t, err := d.Time(); err == nil {
				return t.In(zone)
			}
		}
		return v
	}
	s.Min, s.Max, s.Mean = as(s.Min), as(s.Max), as(s.Mean)
	for i, q := range s.Quantiles {
		s.Quantiles[i] = as(q)
	}
}

// invalid returns the mask of a nullable column: true where an element is missing.
func invalid(valid []bool) *ndarray.Array {
	if valid == nil {
		return nil
	}
	mask := make([]bool, len(valid))
	for i, v := range valid {
		mask[i] = !v
	}
	a, err := ndarray.FromSlice(mask)
	if err != nil {
		return nil
	}
	return a
}

// Axis returns the statistics along one axis for each index of the other axes in C order, and the
// shape of the array without that axis. A negative axis counts from the end.
func Axis(a, mask *ndarray.Array, axis int) (all []*Summary, shape []int, err error) {
	if axis < 0 {
		axis += a.NDim()
	}
	order := make([]int, 0, a.NDim())
	for k, n := range a.Shape() {
		if k != axis {
			order, shape = append(order, k), append(shape, n)
		}
	}
	order = append(order, axis)
	if a, err = a.Transpose(order...); err != nil {
		return nil, nil, err
	}
	if mask != nil {
		if mask, err = mask.Transpose(order...); err != nil {
			return nil, nil, err
		}
	}
	err = lanes(a, mask, func(lane, hidden *ndarray.Array) error {
		s, err := Array(lane, hidden)
		all = append(all, s)
		return err
	})
	return all, shape, err
}

// lanes calls do with each array of one dimension along the last axis, and with the same part of
// mask. The depth of the recursion is the number of axes.
func lanes(a, mask *ndarray.Array, do func(a, mask *ndarray.Array) error) error {
	if a.NDim() == 1 {
		return do(a, mask)
	}
	for i := range a.Shape()[0] {
		part, err := a.Index(i)
		if err != nil {
			return err
		}
		var hidden *ndarray.Array
		if mask != nil {
			if hidden, err = mask.Index(i); err != nil {
				return err
			}
		}
		if err := lanes(part, hidden, do); err != nil {
			return err
		}
	}
	return nil
}
