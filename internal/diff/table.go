package diff

import (
	"slices"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/table"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/reconstruct"
)

// frames compares the columns of two tables by name, and their indexes.
func (c *comparer) frames(at pointer.Pointer, a, b *frame.Frame) {
	pairs, others := matchKeys(len(a.Columns), len(b.Columns),
		func(i int) any { return a.Columns[i].Name }, func(j int) any { return b.Columns[j].Name })
	for i, j := range pairs {
		child := at.Child(lookup.KeyToken(a.Columns[i].Name))
		if j < 0 {
			c.tell(child, Removed, a.Columns[i], nil)
			continue
		}
		c.push(child, a.Columns[i], b.Columns[j])
	}
	for _, j := range others {
		c.tell(at.Child(lookup.KeyToken(b.Columns[j].Name)), Added, nil, b.Columns[j])
	}
	if a.Index != nil && b.Index != nil {
		c.push(at.Child("index"), a.Index, b.Index)
	}
}

// series compares the dtypes, lengths, elements and indexes of two columns.
func (c *comparer) series(at pointer.Pointer, a, b *frame.Series) error {
	if a.DType != b.DType {
		c.tell(at, DType, a, b)
	}
	if a.Len() != b.Len() {
		c.tell(at, Shape, a, b)
		return nil
	}
	if a.Index != nil && b.Index != nil {
		defer c.push(at.Child("index"), a.Index, b.Index)
	}
	if isStored(a) && isStored(b) && a.Values.DType().Equal(b.Values.DType()) {
		return c.arrays(at, a.Values, b.Values)
	}
	c.rows(at, a, b, a.Len())
	return nil
}

// isStored reports whether the elements of a column are exactly those of its array.
func isStored(s *frame.Series) bool {
	switch s.Kind {
	case frame.Numpy, frame.Datetime, frame.Timedelta, frame.Period:
		return s.Valid == nil && !s.Values.HasObject()
	}
	return false
}

// rows compares the elements of two columns or indexes of length n by the text of their cells, and
// by value within the tolerances if they are numbers.
func (c *comparer) rows(at pointer.Pointer, a, b any, n int) {
	x, okX := table.Of(a)
	y, okY := table.Of(b)
	if !okX || !okY {
		return
	}
	d := delta{}
	var old, new string
	for i := range n {
		p, q := x.Cell(i, 0), y.Cell(i, 0)
		if p.Text == q.Text && p.Null == q.Null {
			continue
		}
		f, okF := floatOf(p.Value)
		g, okG := floatOf(q.Value)
		abs, rel := 0.0, 0.0
		if okF && okG {
			var same bool
			if abs, rel, same = c.floats(f, g); same {
				continue
			}
		}
		if d.differ == 0 || abs > d.abs {
			old, new = p.Text, q.Text
		}
		d.merge(delta{differ: 1, at: i, abs: abs, rel: rel})
	}
	if d.differ > 0 {
		e := &Elements{Differ: d.differ, Size: n, At: []int{d.at}, Old: old, New: new,
			MaxAbs: d.abs, MaxRel: d.rel, HasNumbers: d.abs > 0}
		c.stack = append(c.stack, task{change: &Change{At: at, Kind: Changed, Elements: e}})
	}
}

// indexes compares the labels and the names of two indexes.
func (c *comparer) indexes(at pointer.Pointer, a, b *frame.Index) {
	if a.IsRange() && b.IsRange() && a.Start == b.Start && a.Step == b.Step && a.Len() == b.Len() {
		return
	}
	if a.Len() != b.Len() {
		c.tell(at, Shape, a, b)
		return
	}
	c.rows(at, a, b, a.Len())
	if texts.Sprint(a.Names) != texts.Sprint(b.Names) {
		c.tell(at.Child("names"), Changed, texts.Sprint(a.Names), texts.Sprint(b.Names))
	}
}

// masked compares two masked arrays: which elements are masked, and those that are masked in
// neither.
func (c *comparer) masked(at pointer.Pointer, a, b *ndarray.Masked) error {
	if !slices.Equal(a.Data.Shape(), b.Data.Shape()) || !a.Data.DType().Equal(b.Data.DType()) {
		return c.arrays(at, a.Data, b.Data)
	}
	d := delta{}
	i := 0
	for index, x := range a.Data.Indexed() {
		hiddenA, hiddenB := a.IsMasked(index...), b.IsMasked(index...)
		abs, rel, same := 0.0, 0.0, hiddenA && hiddenB
		if !hiddenA && !hiddenB {
			y := b.Data.At(index...)
			f, okF := floatOf(x)
			g, okG := floatOf(y)
			if okF && okG {
				abs, rel, same = c.floats(f, g)
			} else {
				same = sameElement(x, y)
			}
		}
		if !same {
			d.merge(delta{differ: 1, at: i, abs: abs, rel: rel})
		}
		i++
	}
	if d.differ > 0 {
		c.stack = append(c.stack, task{change: changeOf(at, a.Data, b.Data, d)})
	}
	return nil
}

// sparse compares two sparse matrices of the same format and shape by their parts.
func (c *comparer) sparse(at pointer.Pointer, a, b *reconstruct.Sparse) error {
	if a.Format != b.Format || !slices.Equal(a.Shape, b.Shape) {
		c.tell(at, Type, a, b)
		return nil
	}
	r := c.ra
	x, _ := r.Parts(a)
	y, _ := r.Parts(b)
	for i := range min(x.Len, y.Len) {
		name, p := x.At(i)
		_, q := y.At(i)
		c.push(at.Child(name), p, q)
	}
	return nil
}
