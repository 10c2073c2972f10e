package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// alignedDType writes a dtype with align=True as the call numpy.dtype(dict, True, True), which
// every NumPy accepts. The state that NumPy itself writes depends on the version: NumPy 1 stores
// the flags as a signed char and refuses other numbers, and NumPy 2 drops the flag from a negative
// number. alignedDType returns nil if only the state can express the dtype: with metadata, with a
// title that is not text, or with a layout that NumPy refuses for align=True.
func (r *Reducers) alignedDType(d *ndarray.DType) *pickle.Object {
	if r.opts.NumPy != (Version{}) || !d.Aligned() || d.Metadata() != nil {
		return nil
	}
	n := len(d.Fields())
	names, formats := make(types.List, n), make(types.List, n)
	offsets, titles := make(types.List, n), make(types.List, n)
	align, titled := 1, false
	for i, f := range d.Fields() {
		if f.Title != nil {
			if _, ok := f.Title.(string); !ok {
				return nil
			}
			titled = true
		}
		each := max(f.DType.Alignment(), 1)
		if f.Offset%each != 0 {
			return nil
		}
		align = max(align, each)
		names[i], formats[i], offsets[i], titles[i] = f.Name, f.DType, f.Offset, f.Title
	}
	if n == 0 || d.ItemSize()%align != 0 || d.Alignment() != align && d.ScalarClass() == "" {
		return nil // with a scalar class NumPy does not align the dtype itself
	}
	spec := types.Dict{
		{Key: "names", Value: &names}, {Key: "formats", Value: &formats},
		{Key: "offsets", Value: &offsets}, {Key: "itemsize", Value: d.ItemSize()},
	}
	if titled {
		spec = append(spec, types.DictEntry{Key: "titles", Value: &titles})
	}
	o := call(dtypeClass, &spec, true, true)
	if class := d.ScalarClass(); class != "" {
		o = call(dtypeClass, written.Tuple{r.classOf(class), o}, false, true)
	}
	return o
}
