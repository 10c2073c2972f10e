package lookup

import (
	"fmt"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/ndarray"
)

// subscriptFrame is pandas' f.iloc[s]. A single row is a dict from the token of a column to its
// element.
func subscriptFrame(f *frame.Frame, s pointer.Subscript) (any, error) {
	if s.IsSlice {
		start, step, count := s.Range(f.Rows())
		return Rows(f, start, step, count)
	}
	i, ok := s.At(f.Rows())
	if !ok {
		return nil, indexError{fmt.Sprintf("a DataFrame of %d rows", f.Rows())}
	}
	row := make(types.Dict, len(f.Columns))
	for k, c := range f.Columns {
		row[k] = types.DictEntry{Key: KeyToken(c.Name), Value: c.At(i)}
	}
	return &row, nil
}

// subscriptSeries is pandas' s.iloc[sub].
func subscriptSeries(s *frame.Series, sub pointer.Subscript) (any, error) {
	if sub.IsSlice {
		start, step, count := sub.Range(s.Len())
		return SeriesRows(s, start, step, count)
	}
	i, ok := sub.At(s.Len())
	if !ok {
		return nil, indexError{fmt.Sprintf("a Series of %d elements", s.Len())}
	}
	return s.At(i), nil
}

func subscriptIndex(x *frame.Index, sub pointer.Subscript) (any, error) {
	if sub.IsSlice {
		start, step, count := sub.Range(x.Len())
		return indexRows(x, start, step, count)
	}
	i, ok := sub.At(x.Len())
	if !ok {
		return nil, indexError{fmt.Sprintf("an index of %d labels", x.Len())}
	}
	return x.At(i), nil
}

// Rows returns the table of count rows of f: every step-th row from start on. It shares memory
// with f where the layout allows.
func Rows(f *frame.Frame, start, step, count int) (*frame.Frame, error) {
	own := *f
	own.Columns = make([]*frame.Series, len(f.Columns))
	var err error
	for i, c := range f.Columns {
		if own.Columns[i], err = SeriesRows(c, start, step, count); err != nil {
			return nil, err
		}
	}
	if own.Index, err = indexRows(f.Index, start, step, count); err != nil {
		return nil, err
	}
	return &own, nil
}

// SeriesRows returns count elements of s: every step-th element from start on. It shares memory
// with s where the layout allows.
func SeriesRows(s *frame.Series, start, step, count int) (*frame.Series, error) {
	own := *s
	var err error
	if own.Index, err = indexRows(s.Index, start, step, count); err != nil {
		return nil, err
	}
	own.Valid = everyStep(s.Valid, start, step, count)
	if s.Kind == frame.Datetime && step != 1 {
		own.Freq = "" // the frequency holds for adjacent elements only
	}
	switch s.Kind {
	case frame.Opaque:
		return nil, fmt.Errorf("the elements of dtype %s cannot be read", s.DType)
	case frame.Sparse:
		err = sparseRows(&own, s, start, step, count)
	case frame.Text:
		own.Text = textRows(s.Text, start, step, count)
	case frame.Object:
		own.Items = everyStep(s.Items, start, step, count)
	case frame.Interval:
		if own.Left, err = SeriesRows(s.Left, start, step, count); err == nil {
			own.Right, err = SeriesRows(s.Right, start, step, count)
		}
	default:
		own.Values, err = sliceAxis(s.Values, 0, start, step, count)
	}
	if err != nil {
		return nil, err
	}
	return &own, nil
}

// sparseRows sets the values and positions of own to those of s that are in the selected rows.
func sparseRows(own, s *frame.Series, start, step, count int) error {
	own.Length, own.Positions = count, nil
	var from []int
	for k, pos := range s.Positions {
		if i := int(pos) - start; i%step == 0 && i/step >= 0 && i/step < count {
			own.Positions = append(own.Positions, int32(i/step))
			from = append(from, k)
		}
	}
	if step < 0 { // the positions must ascend
		for i, j := 0, len(from)-1; i < j; i, j = i+1, j-1 {
			from[i], from[j] = from[j], from[i]
			own.Positions[i], own.Positions[j] = own.Positions[j], own.Positions[i]
		}
	}
	values, err := ndarray.Zeros(s.Values.DType(), len(from))
	if err != nil {
		return err
	}
	for i, k := range from {
		if err := values.SetAt(s.Values.At(k), i); err != nil {
			return err
		}
	}
	own.Values = values
	return nil
}

// textRows returns count strings of t: every step-th string from start on.
func textRows(t *frame.Strings, start, step, count int) *frame.Strings {
	own := *t
	if step == 1 {
		own.BitOffset += start
		if t.Offsets32 != nil {
			own.Offsets32 = t.Offsets32[start : start+count+1]
		} else {
			own.Offsets64 = t.Offsets64[start : start+count+1]
		}
		return &own
	}
	own = frame.Strings{Offsets64: make([]int64, 1, count+1)}
	for i := range count {
		at := start + i*step
		if t.IsNull(at) {
			if own.Validity == nil {
				own.Validity = make([]byte, (count+7)/8)
				for k := range own.Validity {
					own.Validity[k] = 0xff
				}
			}
			own.Validity[i/8] &^= 1 << (i % 8)
		} else {
			own.Data = append(own.Data, t.Bytes(at)...)
		}
		own.Offsets64 = append(own.Offsets64, int64(len(own.Data)))
	}
	return &own
}

// indexRows returns count labels of x: every step-th label from start on. It returns nil if x is
// nil.
func indexRows(x *frame.Index, start, step, count int) (*frame.Index, error) {
	if x == nil {
		return nil, nil
	}
	own := *x
	var err error
	switch {
	case x.IsMulti():
		own.Codes = make([]*ndarray.Array, len(x.Codes))
		for i, c := range x.Codes {
			if own.Codes[i], err = sliceAxis(c, 0, start, step, count); err != nil {
				return nil, err
			}
		}
	case x.IsRange():
		own.Start = x.Start + start*x.Step
		own.Step = x.Step * step
		own.Stop = own.Start + count*own.Step
	default:
		if own.Values, err = SeriesRows(x.Values, start, step, count); err != nil {
			return nil, err
		}
	}
	return &own, nil
}
