package arrowframe

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// taken returns the label of each row in one level of a MultiIndex, as pandas' get_level_values
// does. s has the labels of the level. A code of -1 is null.
func (c *converter) taken(s *frame.Series, codes *ndarray.Array) (arrow.Array, error) {
	values, err := c.column(s)
	if err != nil {
		return nil, err
	}
	defer values.Release()
	places, err := ndarray.Values[int64](codes)
	if err != nil {
		return nil, err
	}
	null := array.MakeArrayOfNull(c.mem, values.DataType(), 1)
	defer null.Release()
	const block = 1 << 12
	var blocks []arrow.Array
	defer func() {
		for _, a := range blocks {
			a.Release()
		}
	}()
	for from := 0; from == 0 || from < len(places); from += block {
		a, err := c.gather(values, null, places[from:min(from+block, len(places))])
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, a)
	}
	return array.Concatenate(blocks, c.mem)
}

// gather returns the elements at some positions. It takes runs of adjacent positions at once. A
// negative position is null.
func (c *converter) gather(values, null arrow.Array, places []int64) (arrow.Array, error) {
	var parts []arrow.Array
	defer func() {
		for _, a := range parts {
			a.Release()
		}
	}()
	for i := 0; i < len(places); {
		p := places[i]
		if p < 0 {
			parts = append(parts, array.NewSlice(null, 0, 1))
			i++
			continue
		}
		n := 1
		for i+n < len(places) && places[i+n] == p+int64(n) {
			n++
		}
		parts = append(parts, array.NewSlice(values, p, p+int64(n)))
		i += n
	}
	if len(parts) == 0 {
		parts = append(parts, array.NewSlice(values, 0, 0))
	}
	return array.Concatenate(parts, c.mem)
}
