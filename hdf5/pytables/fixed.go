package pytables

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// In the fixed format each block of columns of one dtype is an array, stored transposed, with an
// index of the labels of its columns.
//
// Reference: pandas/io/pytables.py, GenericFixed, BlockManagerFixed, SeriesFixed.

// maxBlocks bounds the blocks of a frame; each block is two datasets.
const maxBlocks = 1 << 20

func (r reader) fixedFrame(g *hdf5.Group) (*frame.Frame, error) {
	labels, err := r.index(g, "axis0")
	if err != nil {
		return nil, err
	}
	rows, err := r.index(g, "axis1")
	if err != nil {
		return nil, err
	}
	n, _, err := r.number(g, "nblocks")
	if err != nil {
		return nil, err
	}
	if n < 0 || n > maxBlocks {
		return nil, objectError(g, hdf5.ErrMalformed, fmt.Sprintf("a frame of %d blocks", n))
	}
	places := map[string][]int{}
	for i := range labels.Len() {
		key := fmt.Sprintf("%T %v", labels.At(i), labels.At(i))
		places[key] = append(places[key], i)
	}
	columns := make([]*frame.Series, labels.Len())
	for b := range n {
		if err := r.fixedBlock(g, b, labels, places, columns); err != nil {
			return nil, err
		}
	}
	for i, c := range columns {
		if c == nil {
			return nil, objectError(g, hdf5.ErrMalformed,
				fmt.Sprintf("no block has the column %v", labels.At(i)))
		}
	}
	return newFrame(columns, labels, rows)
}

// fixedBlock sets the columns of one block.
func (r reader) fixedBlock(g *hdf5.Group, b int, labels *frame.Index, places map[string][]int,
	columns []*frame.Series) error {
	items, err := r.index(g, fmt.Sprintf("block%d_items", b))
	if err != nil {
		return err
	}
	d, err := g.Dataset(fmt.Sprintf("block%d_values", b))
	if err != nil {
		return err
	}
	a, c, err := r.fixedArray(d)
	if err != nil {
		return err
	}
	if a.NDim() == 1 {
		if a, err = a.Reshape(a.Size(), 1); err != nil {
			return err
		}
	}
	if a.NDim() != 2 || a.Shape()[1] != items.Len() {
		return objectError(d, hdf5.ErrMalformed, fmt.Sprintf("a block of the shape %v for %d columns",
			a.Shape(), items.Len()))
	}
	for k := range items.Len() {
		key := fmt.Sprintf("%T %v", items.At(k), items.At(k))
		if len(places[key]) == 0 {
			return objectError(d, hdf5.ErrMalformed,
				fmt.Sprintf("the column %v, which the frame does not have",
					items.At(k)))
		}
		at := places[key][0]
		places[key] = places[key][1:]
		values, err := a.T().Index(k)
		if err != nil {
			return err
		}
		c.name = labels.At(at)
		if columns[at], err = series(d, values, c); err != nil {
			return err
		}
	}
	return nil
}

func (r reader) fixedSeries(g *hdf5.Group) (*frame.Frame, error) {
	rows, err := r.index(g, "index")
	if err != nil {
		return nil, err
	}
	d, err := g.Dataset("values")
	if err != nil {
		return nil, err
	}
	a, c, err := r.fixedArray(d)
	if err != nil {
		return nil, err
	}
	if a.NDim() != 1 {
		return nil, objectError(d, hdf5.ErrMalformed, fmt.Sprintf("a series of the shape %v", a.Shape()))
	}
	if c.name, err = r.attr(g, "name"); err != nil {
		return nil, err
	}
	s, err := series(d, a, c)
	if err != nil {
		return nil, err
	}
	return newFrame([]*frame.Series{s}, nil, rows)
}

// fixedArray returns an array, transposed as it is stored, and the description of its elements in
// the attributes.
func (r reader) fixedArray(d *hdf5.Dataset) (a *ndarray.Array, c column, err error) {
	if c.kind, err = r.text(d, "value_type"); err != nil {
		return nil, c, err
	}
	if c.tz, err = r.zone(d); err != nil {
		return nil, c, err
	}
	c.asStr = c.kind == "str"
	if _, err := d.Attr("shape"); err == nil {
		a, err := r.emptyArray(d, c)
		return a, c, err
	}
	if a, err = Array(d); err != nil {
		return nil, c, err
	}
	pseudo, err := r.text(d, "PSEUDOATOM")
	if err != nil || pseudo != "object" {
		return a, c, err
	}
	rows, err := List(d, &Options{Unpickle: r.hook})
	if err != nil {
		return nil, c, err
	}
	if len(rows) != 1 {
		return nil, c, objectError(d, hdf5.ErrMalformed, fmt.Sprintf("%d objects where one is due",
			len(rows)))
	}
	a, ok := rows[0].(*ndarray.Array)
	if !ok {
		return nil, c, objectError(d, hdf5.ErrMalformed, fmt.Sprintf("a pickle of a %T, not of an array",
			rows[0]))
	}
	return a, c, nil
}

// emptyArray returns an array without elements. HDF5 cannot store one, so its shape is an
// attribute.
func (r reader) emptyArray(d *hdf5.Dataset, c column) (*ndarray.Array, error) {
	v, err := r.attr(d, "shape")
	if err != nil {
		return nil, err
	}
	var shape []int
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			n, ok := integer(x)
			if !ok || n < 0 {
				return nil, objectError(d, hdf5.ErrMalformed, "a shape that is none")
			}
			shape = append([]int{n}, shape...) // the attribute has the shape before the transposition
		}
	default:
		return nil, objectError(d, hdf5.ErrMalformed, "a shape that is no tuple")
	}
	name := c.kind
	if strings.Contains(name, "64[") || name == "" {
		name = "int64"
	}
	dt, err := ndarray.ParseDType(name)
	if err != nil {
		dt = ndarray.ObjectDType()
	}
	size := 1
	for _, n := range shape {
		size *= n
	}
	if size != 0 {
		return nil, objectError(d, hdf5.ErrMalformed,
			fmt.Sprintf("an empty array of the shape %v", shape))
	}
	return ndarray.Zeros(dt, shape...)
}

// zone returns the time zone of an array or index.
func (r reader) zone(o hdf5.Object) (string, error) {
	v, err := r.attr(o, "tz")
	if err != nil {
		return "", err
	}
	return textOf(v), nil
}

// index returns an axis.
func (r reader) index(g *hdf5.Group, name string) (*frame.Index, error) {
	variety, err := r.text(g, name+"_variety")
	if err != nil {
		return nil, err
	}
	switch variety {
	case "multi":
		return r.multiIndex(g, name)
	case "regular", "":
		return r.regularIndex(g, name)
	}
	return nil, objectError(g, hdf5.ErrUnsupported, "an index of the variety "+variety)
}

func (r reader) regularIndex(g *hdf5.Group, name string) (*frame.Index, error) {
	d, err := g.Dataset(name)
	if err != nil {
		return nil, err
	}
	a, c, err := r.fixedArray(d)
	if err != nil {
		return nil, err
	}
	if a.NDim() != 1 {
		return nil, objectError(d, hdf5.ErrMalformed, fmt.Sprintf("an index of the shape %v", a.Shape()))
	}
	label, err := r.attr(d, "name")
	if err != nil {
		return nil, err
	}
	kind, err := r.text(d, "kind")
	if err != nil {
		return nil, err
	}
	if kind == "category" {
		return r.categoryIndex(g, d, name, a, label)
	}
	class, err := r.text(d, "index_class")
	if err != nil {
		return nil, err
	}
	if c.kind == "" || kind != "" {
		c.kind = kind
	}
	freq, err := r.text(d, "freq")
	if err != nil {
		return nil, err
	}
	c.freq = alias(freq)
	if c.missingText, err = r.text(d, "nan_rep"); err != nil {
		return nil, err
	}
	if _, err := d.Attr("nan_rep"); err != nil || c.missingText == "" {
		c.missingText = "nan"
	}
	c.asStr = c.asStr || kind == "string"
	s, err := series(d, a, c)
	if err != nil {
		return nil, err
	}
	if class == "period" {
		s = period(s.Values, c.freq)
	}
	return index(s, label), nil
}

// categoryIndex returns an index of codes and categories.
func (r reader) categoryIndex(g *hdf5.Group, d *hdf5.Dataset, name string, codes *ndarray.Array,
	label any) (*frame.Index, error) {
	categories, err := r.index(g, name+"_categories")
	if err != nil {
		return nil, err
	}
	ordered, _, err := r.number(d, "ordered")
	if err != nil {
		return nil, err
	}
	s := &frame.Series{Kind: frame.Categorical, DType: "category", Values: codes,
		Categories: categories, Ordered: ordered != 0}
	return index(s, label), nil
}

func (r reader) multiIndex(g *hdf5.Group, name string) (*frame.Index, error) {
	n, _, err := r.number(g, name+"_nlevels")
	if err != nil {
		return nil, err
	}
	if n < 1 || n > 1<<10 {
		return nil, objectError(g, hdf5.ErrMalformed, fmt.Sprintf("an index of %d levels", n))
	}
	x := &frame.Index{Class: "MultiIndex"}
	for k := range n {
		level, err := r.regularIndex(g, fmt.Sprintf("%s_level%d", name, k))
		if err != nil {
			return nil, err
		}
		d, err := g.Dataset(fmt.Sprintf("%s_label%d", name, k))
		if err != nil {
			return nil, err
		}
		codes, _, err := r.fixedArray(d)
		if err != nil {
			return nil, err
		}
		x.Levels, x.Codes, x.Names = append(x.Levels, level), append(x.Codes, codes),
			append(x.Names,
				level.Name())
	}
	return x, nil
}

// period returns a series of periods, given their ordinals.
func period(ordinals *ndarray.Array, freq string) *frame.Series {
	return &frame.Series{Kind: frame.Period, DType: "period[" + freq + "]", Values: ordinals,
		Freq: freq}
}

// The patterns match the class and the multiple of an offset in a pickle of protocol 0: of an
// offset, and of a dict with the offset of an index.
var (
	offsetPattern = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^c[\w.]*offsets\n(\w+)\np\d+\n\(I(\d+)\n`)
	})
	freqPattern = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`Vindex\np\d+\n\(dp\d+\n` +
			`(?:Vindex_name\np\d+\n[^c]*?)?` +
			`Vfreq\np\d+\n(c[\w.]*offsets\n\w+\np\d+\n\(I\d+\n)`)
	})
)

// aliases are pandas' names of offsets without parameters.
var aliases = map[string]string{
	"Day": "D", "Hour": "h", "Minute": "min", "Second": "s",
	"Milli": "ms", "Micro": "us", "Nano": "ns",
	"MonthEnd": "M", "MonthBegin": "MS", "BusinessDay": "B", "YearEnd": "Y-DEC",
	"QuarterEnd": "Q-DEC",
}

// aliasIn returns the name of the index's frequency in the pickled dict of a table.
func aliasIn(pickled string) string {
	if m := freqPattern().FindStringSubmatch(pickled); m != nil {
		return alias(m[1])
	}
	return ""
}

// alias returns the name of the frequency that an attribute has pickled, "" where it is none
// of the usual ones.
func alias(pickled string) string {
	m := offsetPattern().FindStringSubmatch(pickled)
	if m == nil || aliases[m[1]] == "" {
		return ""
	}
	if m[2] == "1" {
		return aliases[m[1]]
	}
	return m[2] + aliases[m[1]]
}
