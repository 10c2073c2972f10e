package plot

import (
	"fmt"
	"math"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
)

// Outline returns about most points, at positions at, that look like the line through all elements
// of an array of one dimension, a column or a list: the least and the greatest element of each
// stretch. count is the number of elements. It holds only one stretch of an array in memory at a
// time.
func Outline(v any, most int) (at []int, y []float64, count int, err error) {
	a, ok := columnArray(v)
	if !ok || a.Size() <= most {
		all, _, err := numbers(v)
		if err != nil {
			return nil, nil, 0, err
		}
		at = Thin(all, most)
		for _, i := range at {
			y = append(y, all[i])
		}
		return at, y, len(all), nil
	}
	if a.NDim() != 1 {
		return nil, nil, 0, fmt.Errorf("a line needs one dimension, not %d", a.NDim())
	}
	count = a.Size()
	stretches := max(most/2, 1)
	for s := range stretches {
		from, to := part(s, count, stretches), part(s+1, count, stretches)
		view, err := a.Slice(0, from, to, 1)
		if err != nil {
			return nil, nil, 0, err
		}
		values, err := floats(view)
		if err != nil {
			return nil, nil, 0, err
		}
		for _, i := range Thin(values, 2) {
			at, y = append(at, from+i), append(y, values[i])
		}
	}
	return at, y, count, nil
}

// part returns the position where part i begins when n elements are cut into equal parts. It does
// not overflow for large n.
func part(i, n, parts int) int { return i*(n/parts) + i*(n%parts)/parts }

// columnArray returns the array that holds exactly the elements of an array or a column.
func columnArray(v any) (*ndarray.Array, bool) {
	if s, ok := v.(*frame.Series); ok {
		return s.Values, s.Kind == frame.Numpy && s.Values != nil && s.Valid == nil &&
			!s.Values.HasObject()
	}
	a, ok := pyvalue.ArrayOf(v)
	return a, ok && !a.HasObject()
}

// Shrunk returns the heat map or picture of an array, reduced to at most the given numbers of rows
// and columns: each pixel is the mean of the elements that fall into it. The array has two
// dimensions, or three if it is a picture in colours. Only a few rows are in memory at a time.
func Shrunk(a *ndarray.Array, picture bool, rows, columns int) (*Figure, error) {
	if a.NDim() != 2 && (!picture || a.NDim() != 3) || a.Size() == 0 {
		return nil, fmt.Errorf("an array of shape %v is no surface", a.Shape())
	}
	channels := 1
	if a.NDim() == 3 {
		channels = a.Shape()[2]
	}
	if picture && (!a.DType().Equal(ndarray.DTypeOf[uint8]()) || channels == 2 || channels > 4) {
		return nil, fmt.Errorf("an array of dtype %s and shape %v is no picture", a.DType(),
			a.Shape())
	}
	s := &shrinking{height: a.Shape()[0], width: a.Shape()[1], channels: channels,
		rows: min(rows, a.Shape()[0]), columns: min(columns, a.Shape()[1])}
	s.sums = make([]float64, s.rows*s.columns*channels)
	s.counts = make([]int, len(s.sums))
	// Read about 100,000 elements at a time.
	step := max(1, 100_000/max(1, s.width*channels))
	for from := 0; from < s.height; from += step {
		view, err := a.Slice(0, from, min(from+step, s.height), 1)
		if err != nil {
			return nil, err
		}
		values, err := floats(view)
		if err != nil {
			return nil, err
		}
		s.add(from, values)
	}
	return s.figure(picture), nil
}

// shrinking adds up the elements that fall into each pixel of a smaller picture.
type shrinking struct {
	height, width, channels int       // the shape of the array
	rows, columns           int       // the size of the smaller picture
	sums                    []float64 // for each pixel and channel
	counts                  []int     // the number of finite elements in each sum
}

// add adds some rows of the array, of which the first has number from.
func (s *shrinking) add(from int, values []float64) {
	row := s.width * s.channels
	for y := from; len(values) > 0; y++ {
		i := place(y, s.height, s.rows)
		for x := range s.width {
			to := (i*s.columns + place(x, s.width, s.columns)) * s.channels
			for c := range s.channels {
				if v := values[x*s.channels+c]; !math.IsNaN(v) && !math.IsInf(v, 0) {
					s.sums[to+c] += v
					s.counts[to+c]++
				}
			}
		}
		values = values[row:]
	}
}

// place returns which of some equal parts element i of n falls into.
func place(i, n, places int) int { return int(int64(i) * int64(places) / int64(n)) }

// figure returns the figure whose values are the means.
func (s *shrinking) figure(picture bool) *Figure {
	f := &Figure{Kind: Heat, Rows: s.rows, Columns: s.columns}
	for i := range s.sums {
		s.sums[i] /= float64(s.counts[i]) // NaN if no element is finite
	}
	if !picture {
		f.Grid = s.sums
		return f
	}
	f.Kind, f.Channels = Image, s.channels
	f.Pixels = make([]byte, len(s.sums))
	for i, v := range s.sums {
		f.Pixels[i] = byte(math.Round(v))
	}
	return f
}

// Number returns a value as a float64. It is NaN if the value is no number.
func Number(v any) float64 {
	f, isTime := number(v)
	if isTime {
		return math.NaN()
	}
	return f
}

// IsNaN reports whether a value is NaN or NaT.
func IsNaN(v any) bool {
	if s, ok := v.(*ndarray.Scalar); ok {
		v = s.Value()
	}
	switch v := v.(type) {
	case float64:
		return math.IsNaN(v)
	case float32:
		return v != v
	case interface{ Float64() float64 }:
		return math.IsNaN(v.Float64())
	case interface{ IsNaT() bool }:
		return v.IsNaT()
	case string:
		return v == "NaN" || v == "NaT"
	}
	return false
}
