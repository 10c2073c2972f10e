package edit

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
)

// NOTE. A table is rebuilt from the object of a pickle, and its columns are usually views of the
// arrays in that object. Setting elements of such a column changes the object in place, and the
// rest of the object is kept. If the column is not a view, the object does not change; checkTable
// detects that.

// errColumn is the error for a column that has no NumPy array of numbers. replaceTable can set the
// elements of most such columns.
var errColumn = errors.New("the elements of such a column cannot be set; convert makes another " +
	"table")

// columnOf returns the array that holds the elements of a column.
func columnOf(s *frame.Series) (*ndarray.Array, error) {
	if s.Kind != frame.Numpy || s.Values == nil || s.Valid != nil || s.Values.HasObject() {
		return nil, errColumn
	}
	return s.Values, nil
}

// applySeries sets elements of a column.
func applySeries(s *frame.Series, token string, op *Op) error {
	a, err := columnOf(s)
	if err != nil {
		return err
	}
	return applyArray(a, token, op)
}

// applyFrame sets all elements of a column to the elements of an array or to one value.
func applyFrame(f *frame.Frame, token string, op *Op) error {
	if op.Name != "set" {
		return errors.New("a table keeps its columns")
	}
	for _, c := range f.Columns {
		if lookup.KeyToken(c.Name) != token {
			continue
		}
		to, err := columnOf(c)
		if err != nil {
			return err
		}
		from, ok := pyvalue.ArrayOf(op.Value)
		if !ok {
			return applyArray(to, ":", op)
		}
		if from.NDim() != 1 || from.Size() != to.Size() {
			return fmt.Errorf("a column of %d elements is set to an array of shape %v", to.Size(),
				from.Shape())
		}
		to.SetWriteable(true)
		for i := range to.Size() {
			if err := to.SetAt(from.At(i), i); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%w: no such column; a table keeps those that it has", lookup.ErrNotFound)
}

// checkTable rebuilds a changed table from the root and returns an error if the change is not in
// it.
func checkTable(root any, m lookup.Match) error {
	again, err := lookup.NewReader(true).Values(root, m.At)
	if err != nil {
		return err
	}
	var changed, read []*frame.Series
	switch v := m.Value.(type) {
	case *frame.Series:
		s, _ := again[0].Value.(*frame.Series)
		changed, read = []*frame.Series{v}, []*frame.Series{s}
	case *frame.Frame:
		f, _ := again[0].Value.(*frame.Frame)
		changed, read = v.Columns, f.Columns
	default:
		return nil
	}
	for i, c := range changed {
		if c.Values == nil || c.Values.HasObject() {
			continue
		}
		want, err := c.Values.AppendBytes(nil, ndarray.OrderC)
		if err != nil {
			return err
		}
		got, err := read[i].Values.AppendBytes(nil, ndarray.OrderC)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("the elements of the column %w", lookup.ErrReadOnly)
		}
	}
	return nil
}
