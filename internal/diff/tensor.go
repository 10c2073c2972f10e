package diff

import (
	"slices"

	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/torch"
)

// tensors compares two tensors of PyTorch. Sparse tensors are compared by their indices and values,
// quantized ones by the stored integers with their scales and zero points, and tensors without
// memory by dtype and shape.
func (c *comparer) tensors(at pointer.Pointer, a, b *torch.Tensor) error {
	s, p := a.Sparse, a.Quantizer
	x, y := b.Sparse, b.Quantizer
	switch {
	case !slices.Equal(a.Shape, b.Shape):
		c.tell(at, Shape, a, b)
	case a.DType != b.DType:
		c.tell(at, DType, a, b)
	case a.Device != b.Device, a.RequiresGrad != b.RequiresGrad, a.IsParameter != b.IsParameter,
		(s == nil) != (x == nil), (p == nil) != (y == nil), (a.Array == nil) != (b.Array == nil),
		s != nil && (s.Layout != x.Layout || s.Coalesced != x.Coalesced),
		p != nil && (p.Scheme != y.Scheme || p.Axis != y.Axis || p.ZeroPoint != y.ZeroPoint ||
			!c.close(p.Scale, y.Scale)):
		c.tell(at, Changed, a, b)
	case s != nil:
		if s.Compressed != nil {
			c.push(at.Child("compressed_indices"), s.Compressed, x.Compressed)
		}
		c.push(at.Child("indices"), s.Indices, x.Indices)
		c.push(at.Child("values"), s.Values, x.Values)
	case a.Array != nil:
		if p != nil && p.Scales != nil {
			c.push(at.Child("scales"), p.Scales, y.Scales)
			c.push(at.Child("zero_points"), p.ZeroPoints, y.ZeroPoints)
		}
		return c.arrays(at, a.Array, b.Array)
	}
	return nil
}
