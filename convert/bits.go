package convert

import "github.com/unpkl/unpkl/ndarray"

// WithPackBits makes arrays of bool uint8 with eight elements to a byte along their last axis, as
// numpy.packbits does, before they are written.
func WithPackBits() Option { return func(c *config) { c.pack = true } }

// packed returns an array of bool packed, where that is asked for.
func (d *document) packed(a *ndarray.Array) (*ndarray.Array, error) {
	if !d.pack || a.DType().Kind() != ndarray.KindBool || a.NDim() == 0 {
		return a, nil
	}
	return ndarray.PackBits(a, -1, ndarray.BitsBig)
}
