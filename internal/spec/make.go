package spec

import (
	"math"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/checksum"
	"github.com/unpkl/unpkl/internal/chunk"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
)

// Make returns a specification that v and similar values pass. It has the kind, dtype and shape of
// every named part, the bounds, the mean and the number of missing elements of arrays, and the
// value of scalars. If algorithm is not empty, it also has the checksums of the arrays.
func Make(v any, algorithm string) (*Spec, error) {
	s := &Spec{Version: Version, Exact: true}
	r := lookup.NewReader(true)
	places := map[string]int{} // in s.Values, by pointer
	root := v
	known := map[*ndarray.Array]Value{} // of the large arrays
	err := r.Walk(v, nil, func(at pointer.Pointer, v any) (into bool, err error) {
		if i, ok := places[at.String()]; ok {
			// Two columns may have one name, and the keys 1 and "1" one token. The specification is
			// about the one to which the pointer leads.
			found, err := r.Values(root, at)
			if err == nil && len(found) > 0 {
				s.Values[i], err = valueOf(found[0].Value, at, algorithm)
			}
			return false, err
		}
		places[at.String()] = len(s.Values)
		a, isArray := v.(*ndarray.Array)
		value, ok := known[a]
		if value.At = at; !ok {
			if value, err = valueOf(v, at, algorithm); err != nil {
				return false, err
			}
			if isArray && chunk.IsLarge(a) {
				known[a] = value
			}
		}
		s.Values = append(s.Values, value)
		p, ok := r.Parts(v)
		return ok && p.Named, nil
	})
	return s, err
}

// valueOf returns the specification of one value.
func valueOf(v any, at pointer.Pointer, algorithm string) (Value, error) {
	d, _ := describe.Describe(v, describe.Options{})
	out := Value{At: at, Kind: d.Kind, DType: d.DType, Order: d.Order}
	for _, n := range d.Shape {
		out.Shape = append(out.Shape, Exactly(n))
	}
	if d.Len != nil && d.Kind != "str" {
		n := Exactly(*d.Len)
		out.Len = &n
	}
	switch v.(type) {
	case *ndarray.Array, *ndarray.Masked, *frame.Series:
		if err := out.bounds(v); err != nil {
			return out, err
		}
	case nil, bool, int, float64, string:
		if err := out.Is.Encode(v); err != nil {
			return out, err
		}
	}
	a, ok := pyvalue.ArrayOf(v)
	if algorithm != "" && ok && !a.HasObject() {
		sum, err := checksum.Array(algorithm, a)
		if err != nil {
			return out, err
		}
		out.Sums = map[string]string{algorithm: sum}
	}
	return out, nil
}

// bounds adds the extremes, the mean and the number of missing elements of an array or column.
func (v *Value) bounds(elements any) error {
	s, ok, err := statsOf(elements)
	if err != nil || !ok || s.Count+s.Missing == 0 {
		return err
	}
	v.Missing = &s.Missing
	least, okMin := asFloat(s.Min)
	most, okMax := asFloat(s.Max)
	if !okMin || !okMax || math.IsInf(least, 0) || math.IsInf(most, 0) {
		return nil
	}
	// float64 may round a large int64 inwards, and then the value would not pass its own
	// specification.
	if math.Abs(most) >= 1<<53 {
		most = math.Nextafter(most, math.Inf(1))
	}
	if math.Abs(least) >= 1<<53 {
		least = math.Nextafter(least, math.Inf(-1))
	}
	v.Min, v.Max = &least, &most
	if mean, ok := s.Mean.(float64); ok && mean == mean && !math.IsInf(mean, 0) {
		v.Mean = &Near{Is: mean, Within: math.Max(math.Abs(mean), s.Std) * 1e-6}
	}
	return nil
}
