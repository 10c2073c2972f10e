package edit

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
)

// NOTE. Columns of text, times, categories, objects and pandas' nullable dtypes are not views of
// arrays in the pickle. To change such a column, this file makes a copy of the table with the
// changed column and puts the copy in the place of the table. It is written as pandas pickles a
// table.

// replaceTable applies a change to a copy of the table or column at m, in which token names the
// column or the elements to set. It puts the copy in the place of the original and returns the new
// root.
func replaceTable(root any, m lookup.Match, token string, op *Op) (any, error) {
	if op.Name != "set" {
		return nil, errColumn
	}
	switch v := m.Value.(type) {
	case *frame.Frame:
		changed, err := withColumn(v, token, func(c *frame.Series) (*frame.Series, error) {
			return withElements(c, allPositions(c.Len()), op.Value)
		})
		if err != nil {
			return nil, err
		}
		return setAt(root, m.At, changed)
	case *frame.Series:
		positions, err := positionsOf(v.Len(), token)
		if err != nil {
			return nil, err
		}
		changed, err := withElements(v, positions, op.Value)
		if err != nil {
			return nil, err
		}
		return setColumnAt(root, m.At, changed)
	}
	return nil, errColumn
}

// setColumnAt puts a column at a pointer and returns the new root. If the column belongs to a
// table, it puts a copy of the table with the new column in the place of the table.
func setColumnAt(root any, at pointer.Pointer, s *frame.Series) (any, error) {
	if len(at) == 0 {
		return s, nil
	}
	table := at[:len(at)-1]
	found, err := lookup.NewReader(true).Values(root, table)
	if err != nil {
		return nil, err
	}
	f, ok := found[0].Value.(*frame.Frame)
	if !ok {
		return setAt(root, at, s)
	}
	changed, err := withColumn(f, at[len(at)-1], func(*frame.Series) (*frame.Series, error) {
		return s, nil
	})
	if err != nil {
		return nil, err
	}
	return setAt(root, table, changed)
}

// setAt puts a value at a pointer and returns the new root.
func setAt(root any, at pointer.Pointer, value any) (any, error) {
	return Apply(root, []Op{{Name: "set", At: at, Value: value}})
}

// withColumn returns a copy of a table with one column replaced by the result of change.
func withColumn(f *frame.Frame, token string, change func(c *frame.Series) (*frame.Series, error)) (
	*frame.Frame, error) {
	for i, c := range f.Columns {
		if lookup.KeyToken(c.Name) != token {
			continue
		}
		own := *f
		own.Columns = slices.Clone(f.Columns)
		var err error
		own.Columns[i], err = change(c)
		return &own, err
	}
	return nil, fmt.Errorf("%w: no such column; a table keeps those that it has",
		lookup.ErrNotFound)
}

// allPositions returns the numbers from 0 to n-1.
func allPositions(n int) []int64 {
	positions := make([]int64, n)
	for i := range positions {
		positions[i] = int64(i)
	}
	return positions
}

// positionsOf returns the positions of the elements of a column of length n that a subscript
// selects.
func positionsOf(n int, token string) ([]int64, error) {
	subs, ok := pointer.ParseSubscripts(token)
	if !ok || len(subs) != 1 {
		return nil, errors.New("no subscript of a column")
	}
	numbers, err := ndarray.FromSlice(allPositions(n), n)
	if err != nil {
		return nil, err
	}
	part, err := lookup.View(numbers, subs...)
	if err != nil {
		return nil, err
	}
	return ndarray.Values[int64](part)
}

// withElements returns a copy of a column with the elements at some positions set to a value, or
// each to its element of an array.
func withElements(s *frame.Series, positions []int64, value any) (*frame.Series, error) {
	at := func(int) any { return value }
	if from, ok := pyvalue.ArrayOf(value); ok && from.NDim() > 0 {
		if from.NDim() != 1 || from.Size() != len(positions) {
			return nil, fmt.Errorf("%d elements are set to an array of shape %v", len(positions),
				from.Shape())
		}
		at = func(k int) any { return from.At(k) }
	}
	own := *s
	var set func(i int, v any) error
	switch {
	case s.Kind == frame.Text:
		return withTexts(s, positions, at)
	case s.Kind == frame.Object:
		own.Items = slices.Clone(s.Items)
		set = func(i int, v any) error { own.Items[i] = v; return nil }
	case s.Kind == frame.Numpy && s.Values != nil && s.Values.HasObject(), s.Values == nil:
		return nil, errColumn
	default:
		values, err := s.Values.Copy(ndarray.OrderC)
		if err != nil {
			return nil, err
		}
		own.Values, own.Valid = values, slices.Clone(s.Valid)
		set = column{&own}.setter()
	}
	if set == nil {
		return nil, errColumn
	}
	for k, i := range positions {
		if err := set(int(i), at(k)); err != nil {
			return nil, err
		}
	}
	return &own, own.Validate()
}

// withTexts is withElements for a column of text. at returns the k-th new value.
func withTexts(s *frame.Series, positions []int64, at func(k int) any) (*frame.Series, error) {
	texts := make([]*string, s.Len())
	for i := range texts {
		if !s.IsNull(i) {
			text := s.Text.At(i)
			texts[i] = &text
		}
	}
	for k, i := range positions {
		switch v := at(k).(type) {
		case nil:
			texts[i] = nil
		case string:
			texts[i] = &v
		default:
			return nil, fmt.Errorf("an element of a column of text is set to %s", lookup.Kind(v))
		}
	}
	made, err := frame.NewSeries("", texts)
	if err != nil {
		return nil, err
	}
	own := *s
	own.Text = made.Text
	return &own, own.Validate()
}

// column is a series whose arrays belong to it alone, so that they may be changed.
type column struct{ *frame.Series }

// setter returns the function that sets the element at a position. It is nil for kinds of columns
// whose elements cannot be set.
func (c column) setter() func(i int, v any) error {
	switch c.Kind {
	case frame.Numpy: // the pickle has the array in another layout, so it was not a view
		return func(i int, v any) error { return c.Values.SetAt(scalar(v), i) }
	case frame.Masked:
		return c.setMasked
	case frame.Datetime, frame.Timedelta:
		return c.setTime
	case frame.Categorical:
		return c.setCategory
	}
	return nil
}

// setMasked sets an element of a nullable column. nil makes it missing.
func (c column) setMasked(i int, v any) error {
	if c.Valid == nil {
		c.Valid = slices.Repeat([]bool{true}, c.Len())
	}
	if c.Valid[i] = v != nil; v == nil {
		return nil
	}
	return c.Values.SetAt(scalar(v), i)
}

// scalar returns a value in a form that Array.SetAt takes.
func scalar(v any) any {
	if s, ok := v.(*ndarray.Scalar); ok {
		return s.Value()
	}
	return v
}

// setCategory sets an element to one of the categories. nil makes it missing.
func (c column) setCategory(i int, v any) error {
	code := -1
	for k := 0; k < c.Categories.Len() && v != nil && code < 0; k++ {
		if c.Categories.At(k) == scalar(v) {
			code = k
		}
	}
	if v != nil && code < 0 {
		return fmt.Errorf("%v is none of the %d categories", v, c.Categories.Len())
	}
	return c.Values.SetAt(code, i)
}

// setTime sets an element of a column of datetimes to a time in ISO 8601, which has an offset if
// and only if the column has a time zone, or an element of a column of timedeltas to a number of
// seconds. nil makes it NaT.
func (c column) setTime(i int, v any) error {
	unit := c.Values.DType().Unit()
	ticks := big.NewInt(ndarray.NaT)
	switch x := scalar(v).(type) {
	case nil:
	case string:
		t, err := c.parse(x)
		if err != nil {
			return err
		}
		ticks.SetInt64(t.Unix())
		ticks.Mul(ticks, big.NewInt(1e9))
		ticks.Add(ticks, big.NewInt(int64(t.Nanosecond())))
		if err := toUnit(ticks, unit); err != nil {
			return err
		}
	case int, int64, float64:
		if c.Kind != frame.Timedelta {
			return errTime
		}
		seconds, ok := new(big.Rat).SetString(fmt.Sprint(x))
		if !ok {
			return errTime
		}
		seconds.Mul(seconds, big.NewRat(1e9, 1))
		if !seconds.IsInt() {
			return errors.New("a timedelta of parts of a nanosecond")
		}
		ticks.Set(seconds.Num())
		if err := toUnit(ticks, unit); err != nil {
			return err
		}
	default:
		return errTime
	}
	if c.Kind == frame.Timedelta {
		return c.Values.SetAt(ndarray.Timedelta64{Value: ticks.Int64(), Unit: unit}, i)
	}
	return c.Values.SetAt(ndarray.Datetime64{Value: ticks.Int64(), Unit: unit}, i)
}

var errTime = errors.New(`a time is set to a text such as "2024-01-31T12:00:00" (with +01:00 ` +
	"or Z in a column with a time zone), a timedelta to a number of seconds, either to null")

// parse reads a time in the form that the column needs.
func (c column) parse(text string) (time.Time, error) {
	if c.Kind != frame.Datetime {
		return time.Time{}, errTime
	}
	layouts := []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly}
	if c.TZ != "" {
		layouts = []string{time.RFC3339, "2006-01-02 15:04:05Z07:00"}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errTime
}

// toUnit converts a number of nanoseconds to ticks of a unit, in place. It returns an error if the
// result is not a whole number of 64 bits.
func toUnit(ticks *big.Int, unit ndarray.DatetimeUnit) error {
	sizes := map[string]int64{"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
		"D": 86400e9}
	size, ok := sizes[unit.Base]
	if !ok {
		return fmt.Errorf("times in units of %s are not set", unit.Base)
	}
	var rest big.Int
	ticks.QuoRem(ticks, big.NewInt(size*int64(max(unit.Num, 1))), &rest)
	if rest.Sign() != 0 || !ticks.IsInt64() {
		return fmt.Errorf("the time is no whole number of %s of 64 bits", unit.Base)
	}
	return nil
}
