package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// specDType reads typespecs of numpy.dtype that are complete dtypes: a dict of names, formats,
// offsets and itemsize, which [Reducers] write for align=True, and (class, dtype) for elements with
// their own class. ok is false if the typespec is neither.
//
// Reference: numpy/_core/src/multiarray/descriptor.c, _convert_from_dict and
// _try_convert_from_inherit_tuple.
func specDType(a argReader) (dt *ndarray.DType, ok bool, err error) {
	switch spec := a.vals[0].(type) {
	case *types.Dict:
		if spec != nil {
			dt, err = dictDType(a, *spec)
			return dt, true, err
		}
	case *types.Tuple:
		if spec != nil && len(*spec) == 2 {
			class, named := (*spec)[0].(pickle.Named)
			base, isDType := (*spec)[1].(*ndarray.DType)
			if named && isDType {
				dt, err = inheritDType(base, class.Global().String())
				return dt, true, refused(a.fn, err)
			}
		}
	}
	return nil, false, nil
}

// inheritDType returns a structured dtype like base whose scalars have the given class.
func inheritDType(base *ndarray.DType, class string) (*ndarray.DType, error) {
	return ndarray.NewDType(ndarray.DTypeSpec{
		Kind: base.Kind(), ItemSize: base.ItemSize(), Alignment: base.Alignment(),
		Aligned: base.Aligned(), Names: base.Names(), Fields: base.Fields(), ScalarClass: class,
	})
}

// dictDType reads a typespec that is a dict, and the argument align.
func dictDType(a argReader, d types.Dict) (*ndarray.DType, error) {
	parts := map[string]any{}
	for _, e := range d {
		key, ok := asText(e.Key)
		if !ok {
			return nil, a.errorf("a key of the typespec is %s, want a str", typeName(e.Key))
		}
		parts[key] = e.Value
	}
	spec := ndarray.DTypeSpec{Kind: ndarray.KindVoid, ItemSize: -1, Names: []string{}, Alignment: 1}
	if len(a.vals) > 1 {
		align, err := a.truth(1, "align")
		if err != nil {
			return nil, err
		}
		spec.Aligned = align
	}
	names, err := a.specList(parts, "names", -1)
	if err != nil {
		return nil, err
	}
	formats, err := a.specList(parts, "formats", len(names))
	if err != nil {
		return nil, err
	}
	offsets, err := a.specList(parts, "offsets", len(names))
	if err != nil {
		return nil, err
	}
	titles := make([]any, len(names))
	if parts["titles"] != nil {
		if titles, err = a.specList(parts, "titles", len(names)); err != nil {
			return nil, err
		}
	}
	for i := range names {
		f, err := a.specField(names[i], formats[i], offsets[i], titles[i])
		if err != nil {
			return nil, err
		}
		spec.Names, spec.Fields = append(spec.Names, f.Name), append(spec.Fields, f)
		if spec.Aligned {
			spec.Alignment = max(spec.Alignment, f.DType.Alignment())
		}
	}
	if size, ok := parts["itemsize"]; ok {
		if spec.ItemSize, ok = asInt(size); !ok || spec.ItemSize < 0 {
			return nil, a.errorf("the itemsize is %s, want an int that is not negative",
				typeName(size))
		}
	}
	dt, err := ndarray.NewDType(spec)
	return dt, refused(a.fn, err)
}

// specList reads a list or tuple of n items, or of any length if n is negative.
func (a argReader) specList(parts map[string]any, name string, n int) ([]any, error) {
	var items []any
	switch v := parts[name].(type) {
	case *types.List:
		items = *v
	case *types.Tuple:
		items = *v
	default:
		return nil, a.errorf("%s of the typespec is %s, want a list", name, typeName(parts[name]))
	}
	if n >= 0 && len(items) != n {
		return nil, a.errorf("%d %s of %d fields", len(items), name, n)
	}
	return items, nil
}

// specField builds a field from its parts.
func (a argReader) specField(name, format, offset, title any) (ndarray.Field, error) {
	f := ndarray.Field{Title: title}
	var ok bool
	if f.Name, ok = asText(name); !ok {
		return f, a.errorf("a name is %s, want a str", typeName(name))
	}
	if f.DType, ok = format.(*ndarray.DType); !ok {
		text, isText := asText(format)
		if !isText {
			return f, a.errorf("the format of field %q is %s, want a dtype", f.Name,
				typeName(format))
		}
		var err error
		if f.DType, err = ndarray.ParseDType(text); err != nil {
			return f, refused(a.fn, err)
		}
	}
	if f.Offset, ok = asInt(offset); !ok {
		return f, a.errorf("the offset of field %q is %s, want an int", f.Name, typeName(offset))
	}
	if b, ok := f.Title.(pickle.Py2String); ok {
		f.Title = string(b)
	}
	return f, nil
}
