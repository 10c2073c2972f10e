package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// alignedDType writes a dtype with align=True as the call numpy.dtype(dict, True, True), which
// every NumPy takes. In the state that NumPy itself writes, the flag is a signed char in
// NumPy 1, which refuses other numbers, and a number that is not negative in NumPy 2, which
// drops it from others. It returns nil where only the state will do: with metadata or titles
// that are no text, or for a layout that NumPy would not take with align=True.
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
		return nil // with a class of its own it is not aligned itself, in NumPy neither
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
