package convert

import "github.com/unpkl/unpkl/ndarray"

// WithPackBits makes arrays of bool uint8 with eight elements to a byte along their last axis, as
// numpy.packbits does, before they are written.
func WithPackBits() Option { return func(c *config) { c.packBits = true } }

// packBools packs an array of bool if WithPackBits is given, and returns any other array as it is.
func (d *document) packBools(a *ndarray.Array) (*ndarray.Array, error) {
	if !d.packBits || a.DType().Kind() != ndarray.KindBool || a.NDim() == 0 {
		return a, nil
	}
	return ndarray.PackBits(a, -1, ndarray.BitsBig)
}
