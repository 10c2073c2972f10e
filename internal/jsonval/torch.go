package jsonval

import (
	"github.com/unpkl/unpkl/torch"
)

// torchFamily is the family of PyTorch's types. A tensor is written as an array if that represents
// it completely.
func torchFamily(e *Encoder, v any) (any, bool, error) {
	switch v := v.(type) {
	case *torch.Tensor:
		if a, ok := v.PlainArray(); ok {
			return a, true, nil
		}
		return e.tensor(v), true, nil
	case torch.Device:
		return string(v), true, nil
	case torch.Size, *torch.Storage, torch.Layout:
		return v.(interface{ Plain() any }).Plain(), true, nil
	}
	return nil, false, nil
}

// tensor returns the form of a tensor that is more than an array.
func (e *Encoder) tensor(t *torch.Tensor) any {
	o := object{}
	o.add("dtype", t.DType)
	o.add("shape", oneLine{ints(t.Shape)})
	o.add("device", t.Device)
	if s := t.Sparse; s != nil {
		o.add("layout", s.Layout)
		if s.Compressed != nil {
			o.add("compressed_indices", s.Compressed)
		}
		o.add("indices", s.Indices)
		o.add("values", s.Values)
		if s.Compressed == nil {
			o.add("coalesced", s.Coalesced)
		}
	}
	if q := t.Quantizer; q != nil {
		o.add("qscheme", q.Scheme)
		if q.Scales != nil {
			o.add("scales", q.Scales)
			o.add("zero_points", q.ZeroPoints)
			o.add("axis", q.Axis)
		} else {
			o.add("scale", q.Scale)
			o.add("zero_point", q.ZeroPoint)
		}
	}
	if t.Array != nil {
		o.add("data", t.Array)
	}
	return form("$tensor", o)
}
