package plot

import (
	"math"
	"strconv"
	"time"

	"github.com/guptarohit/asciigraph"
	"gonum.org/v1/plot"

	"github.com/unpkl/unpkl/ndarray"
)

// axis is a range of finite values, which are numbers or ticks of a unit since 1970.
//
// The drawing libraries fail on some ranges: the width may overflow, or be lost in rounding beside
// the bounds. They are therefore given each value as its share of the range, from 0 to 1, and the
// text of the labels.
type axis struct {
	least, greatest float64
	unit            ndarray.DatetimeUnit // its Base is "" for numbers
}

// axisOf returns the range of the finite values. ok is false if there are none.
func axisOf(values []float64, unit ndarray.DatetimeUnit) (a axis, ok bool) {
	a.unit = unit
	a.least, a.greatest, ok = Bounds(values)
	return a, ok
}

// share returns the position of a value in the range: 0 at or before its beginning, 1 at or after
// its end. It is 0 in a range of one value.
func (a axis) share(v float64) float64 {
	width := a.greatest - a.least
	switch {
	case width == 0:
		return 0
	case math.IsInf(width, 0):
		return min(max((v/2-a.least/2)/(a.greatest/2-a.least/2), 0), 1)
	}
	return min(max((v-a.least)/width, 0), 1)
}

// part returns the number, from 0, of the part that a value falls into when the range is cut into
// equal parts.
func (a axis) part(v float64, parts int) int { return min(int(a.share(v)*float64(parts)), parts-1) }

// value returns the value at a share of the range.
func (a axis) value(share float64) float64 {
	if a.least == a.greatest {
		return a.least
	}
	return a.least*(1-share) + a.greatest*share
}

// text formats a value with enough digits to tell values at different places of the range apart.
func (a axis) text(v float64) string {
	width := a.greatest - a.least
	if t, span, err := a.time(v); err == nil {
		return t.Format(timeLayout(span))
	}
	if size := max(math.Abs(a.least), math.Abs(a.greatest)); size >= 1e-4 && size < 1e7 {
		places := 3
		if width > 0 {
			places -= int(math.Floor(math.Log10(width)))
		}
		if places <= 9 {
			return strconv.FormatFloat(v, 'f', max(places, 0), 64)
		}
	}
	return short(v)
}

// time returns the time that a value stands for, even between two ticks, and the length of the
// range.
func (a axis) time(v float64) (t time.Time, span time.Duration, err error) {
	first, err := ndarray.Datetime64{Value: int64(a.least), Unit: a.unit}.Time()
	if err != nil {
		return first, 0, err
	}
	last, err := ndarray.Datetime64{Value: int64(a.greatest), Unit: a.unit}.Time()
	if err != nil {
		return last, 0, err
	}
	if span = last.Sub(first); span == math.MaxInt64 { // the range is longer than a Duration can be
		t, err = ndarray.Datetime64{Value: int64(v), Unit: a.unit}.Time()
		return t, span, err
	}
	return first.Add(time.Duration(a.share(v) * float64(span))), span, nil
}

// bound formats a value that does not stand in a column with others, so a number need not have as
// many digits as in text.
func (a axis) bound(v float64) string {
	if _, _, err := a.time(v); err == nil {
		return a.text(v)
	}
	return short(v)
}

// timeLayout returns the layout of the times in a range of length d.
func timeLayout(d time.Duration) string {
	switch {
	case d == 0:
		return "2006-01-02T15:04:05"
	case d >= 40*24*time.Hour:
		return "2006-01-02"
	case d >= 40*time.Minute:
		return "2006-01-02T15:04"
	case d >= 40*time.Second:
		return "2006-01-02T15:04:05"
	}
	return "2006-01-02T15:04:05.000000"
}

// labelWidth returns the greatest width of the labels of a plot with the given number of rows, in
// character cells.
func (a axis) labelWidth(rows int) int {
	width := 0
	for i := range rows + 1 {
		width = max(width, len(a.text(a.value(float64(i)/float64(rows)))))
	}
	return width
}

// ascii draws values as a line in the given number of rows. NaN leaves a gap.
func (a axis) ascii(values []float64, rows int) string {
	shares := make([]float64, len(values))
	for i, v := range values {
		shares[i] = a.share(v) * float64(rows) // NaN of NaN
	}
	return asciigraph.Plot(shares, asciigraph.Height(rows),
		asciigraph.YAxisValueFormatter(func(row float64) string {
			return a.text(a.value(row / float64(rows)))
		}))
}

// ticks is the number of intervals between the labels of an axis that has shares as values.
const ticks = 4

// plain reports whether gonum/plot can draw the range as it is. It adds and subtracts 1 if all
// values are equal, and looks for round numbers between the bounds, which fails for extreme ranges.
func (a axis) plain() bool {
	width, size := a.greatest-a.least, max(math.Abs(a.least), math.Abs(a.greatest))
	return a.unit.Base == "" && (width == 0 && size < 1e9 ||
		width > 1e-200 && size < 1e200 && width > 1e-9*size)
}

// place returns the coordinate of a value for gonum/plot: the value itself or its share.
func (a axis) place(v float64) float64 {
	if a.plain() {
		return v
	}
	return a.share(v)
}

// mark sets the labels of an axis of gonum/plot if its values are shares.
func (a axis) mark(to *plot.Axis) {
	if !a.plain() {
		to.Tick.Marker = a
	}
}

// Ticks implements [plot.Ticker] for an axis that has shares as values.
func (a axis) Ticks(_, _ float64) []plot.Tick {
	if a.least == a.greatest {
		return []plot.Tick{{Value: 0, Label: a.text(a.least)}}
	}
	out := make([]plot.Tick, ticks+1)
	for i := range out {
		share := float64(i) / ticks
		out[i] = plot.Tick{Value: share, Label: a.text(a.value(share))}
	}
	return out
}
