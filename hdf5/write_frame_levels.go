package hdf5

import (
	"fmt"
	"math"
	"strings"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// The categories of a column are stored as a table of their own, in the form of a Series. The
// levels of a MultiIndex are columns of the table, each in a field of its own.
//
// Reference: pandas/io/pytables.py, write_metadata, AppendableMultiFrameTable.

// labelsOf returns the labels of an index of one level.
func labelsOf(x *frame.Index) (*frame.Series, error) {
	switch {
	case x.Values != nil:
		return x.Values, nil
	case !x.IsRange():
		return nil, errorf(ErrUnsupported, "an index of the class %s", x.Class)
	}
	labels := make([]int64, x.Len())
	for i := range labels {
		labels[i] = int64(x.Start + i*x.Step)
	}
	return frame.NewSeries("", labels)
}

// categoricalColumn returns a block of the codes of a categorical column.
func categoricalColumn(s *frame.Series) (*frameBlock, error) {
	codes := s.Values
	dt := codes.DType()
	if dt.Kind() != ndarray.KindInt {
		return nil, errorf(ErrUnsupported, "codes of the dtype %s", dt)
	}
	b, err := numberColumn(&frame.Series{Kind: frame.Numpy, DType: dt.String(), Values: codes})
	if err != nil {
		return nil, err
	}
	labels, err := labelsOf(s.Categories)
	if err != nil {
		return nil, err
	}
	for i := range labels.Len() {
		if labels.IsNull(i) {
			return nil, errorf(ErrUnsupported, "a category that is missing")
		}
	}
	categories := *labels
	categories.Name = "values"
	f, err := frame.New(&categories)
	if err != nil {
		return nil, errorf(ErrUnsupported, "%v", err)
	}
	t, err := newFrameTable(f)
	if err != nil {
		return nil, withPath(err, "categories")
	}
	if t.blocks[0].categories != nil {
		return nil, errorf(ErrUnsupported, "categories that are categories")
	}
	t.series = true
	t.blocks[0].name, t.blocks[0].isDataColumn = "values", true
	b.categories, b.ordered = t, s.Ordered
	return b, nil
}

// setLevels adds a column for each level of a MultiIndex.
func (t *frameTable) setLevels(x *frame.Index) error {
	taken := map[string]bool{pickleText("index"): true}
	for _, label := range t.labels {
		taken[label] = true
	}
	var blocks []*frameBlock
	for k, level := range x.Levels {
		// pandas gives such names to levels without a name, and removes them when it reads.
		name := fmt.Sprintf("level_%d", k)
		switch n := x.Names[k].(type) {
		case nil:
		case string:
			name = n
		default:
			return errorf(ErrUnsupported, "a level whose name is a %T", n)
		}
		label := pickleText(name)
		if name == "" || strings.ContainsRune(name, '/') || taken[label] ||
			strings.HasPrefix(name, "values_block_") {
			return errorf(ErrUnsupported, "a level with the name %q", name)
		}
		taken[label] = true
		labels, err := labelsOf(level)
		if err != nil {
			return err
		}
		places, err := ndarray.Values[int64](x.Codes[k])
		if err != nil {
			return err
		}
		if labels, err = takeLabels(labels, places); err != nil {
			return err
		}
		b, err := t.column(labels)
		if err != nil {
			return withPath(err, name)
		}
		b.name, b.isDataColumn, b.labels = name, true, []string{label}
		blocks = append(blocks, b)
		t.levels = append(t.levels, label)
	}
	t.blocks = append(t.blocks, blocks...)
	t.labels = append(append([]string(nil), t.levels...), t.labels...)
	return nil
}

// takeLabels returns the labels at the given positions, and a missing label for -1, as pandas'
// get_level_values does.
func takeLabels(s *frame.Series, places []int64) (*frame.Series, error) {
	missing := false
	for _, p := range places {
		if p < -1 || p >= int64(s.Len()) {
			return nil, errorf(ErrUnsupported, "a code %d of %d labels", p, s.Len())
		}
		missing = missing || p < 0
	}
	if isText(s) {
		texts := make([]*string, len(places))
		for i, p := range places {
			if p < 0 || s.IsNull(int(p)) {
				continue
			}
			text, ok := s.At(int(p)).(string)
			if !ok {
				return nil, errorf(ErrUnsupported, "a label that is a %T", s.At(int(p)))
			}
			texts[i] = &text
		}
		return frame.NewSeries("", texts)
	}
	if s.Values == nil {
		return nil, errorf(ErrUnsupported, "labels of the dtype %s", s.DType)
	}
	values := s.Values
	if kind := values.DType().Kind(); missing && s.Kind == frame.Numpy {
		switch kind {
		case ndarray.KindInt, ndarray.KindUint:
			// As in pandas, a missing label turns ints into floats.
			var err error
			if values, err = values.AsType(ndarray.DTypeOf[float64]()); err != nil {
				return nil, err
			}
		case ndarray.KindFloat, ndarray.KindComplex:
		default:
			return nil, errorf(ErrUnsupported, "missing labels of the dtype %s", s.DType)
		}
	}
	out := *s
	var err error
	out.Values, err = takeElements(values, places)
	out.DType = values.DType().String()
	if s.Kind != frame.Numpy {
		out.DType = s.DType
	}
	return &out, err
}

// takeElements returns the elements at the given positions, and the absent element for -1.
func takeElements(a *ndarray.Array, places []int64) (*ndarray.Array, error) {
	data, err := a.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		return nil, err
	}
	var absent []byte
	n := a.DType().ItemSize()
	out := make([]byte, 0, n*len(places))
	for _, p := range places {
		if p >= 0 {
			out = append(out, data[int(p)*n:(int(p)+1)*n]...)
			continue
		}
		if absent == nil {
			if absent, err = absentElement(a.DType()); err != nil {
				return nil, err
			}
		}
		out = append(out, absent...)
	}
	return ndarray.New(a.DType(), []int{len(places)}, ndarray.OrderC, out)
}

// absentElement returns the bytes of NaT, of the code for "no category", or of NaN.
func absentElement(dt *ndarray.DType) ([]byte, error) {
	var element any = math.NaN()
	switch dt.Kind() {
	case ndarray.KindDatetime, ndarray.KindTimedelta:
		element = int64(math.MinInt64)
		dt = ndarray.DTypeOf[int64]().NewByteOrder(dt.ByteOrder())
	case ndarray.KindInt:
		element = -1
	}
	a, err := ndarray.Zeros(dt)
	if err != nil {
		return nil, err
	}
	if err := a.SetAt(element); err != nil {
		return nil, err
	}
	return a.AppendBytes(nil, ndarray.OrderC)
}
