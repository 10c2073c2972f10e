package lookup

import (
	"errors"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/xr"
)

// Parts are the values directly inside a value, each with the token that leads to it.
type Parts struct {
	Len int
	// At returns part i, 0 <= i < Len.
	At func(i int) (token string, v any)
	// Named says that the tokens are names rather than indices.
	Named bool
}

// Reader finds values in the objects of one pickle. Its zero value is ready to use. It must not be
// used by several goroutines at once.
type Reader struct {
	pandas reconstruct.Pandas
}

// NewReader returns a Reader. copyText must be true if the memory of the pickle may be released
// while tables are in use: columns of text are then copied from it.
func NewReader(copyText bool) *Reader {
	return &Reader{pandas: reconstruct.Pandas{CopyText: copyText}}
}

// Resolve converts an object of pandas, SciPy or xarray to its Go type, such as *frame.Frame. It
// returns any other value unchanged, and also an object whose conversion is not supported.
func (r *Reader) Resolve(v any) (any, error) {
	var c any
	var ok bool
	var err error
	switch v := v.(type) {
	case *pickle.Object:
		if c, ok, err = r.pandas.Convert(v); !ok && err == nil {
			if c, ok, err = r.pandas.Library(v); !ok && err == nil {
				var s *reconstruct.Sparse
				s, ok, err = r.pandas.Sparse(v)
				c = s
			}
		}
	case *ndarray.Array:
		if c, ok, err = r.pandas.Convert(v); !ok && err == nil {
			c, ok, err = r.pandas.Library(v)
		}
	case pickle.Named:
		c, ok, err = r.pandas.Convert(v)
	}
	if errors.Is(err, pickle.ErrUnsupported) {
		return v, nil
	}
	if err != nil || !ok {
		return v, err
	}
	return c, nil
}

// Parts returns the parts of a value that Resolve returned; ok is false if it has none.
func (r *Reader) Parts(v any) (p Parts, ok bool) {
	switch v := v.(type) {
	case *ndarray.Array:
		return arrayParts(v)
	case *ndarray.Masked:
		return maskedParts(v)
	case *ndarray.Scalar:
		return scalarParts(v)
	case *frame.Frame:
		return Parts{len(v.Columns), func(i int) (string, any) {
			return KeyToken(v.Columns[i].Name), column(v, i)
		}, true}, true
	case *frame.Series:
		return Parts{v.Len(), func(i int) (string, any) {
			return strconv.Itoa(i), v.At(i)
		}, false}, true
	case *frame.Index:
		return Parts{v.Len(), func(i int) (string, any) {
			return strconv.Itoa(i), v.At(i)
		}, false}, true
	case *reconstruct.Sparse:
		return sparseParts(v), true
	case reconstruct.LibraryValue:
		return libraryParts(v), true
	case *xr.Variable, *xr.DataArray, *xr.Dataset, *xr.DataTree:
		return xarrayParts(v), true
	case *pickle.Object:
		return objectParts(v)
	}
	if d, ok := pyvalue.EntriesOf(v); ok {
		return dictParts(d), true
	}
	if items, ok := pyvalue.ItemsOf(v); ok {
		return listParts(items), true
	}
	if a, ok := pyvalue.ArrayOf(v); ok {
		return arrayParts(a)
	}
	return Parts{}, false
}

func dictParts(d types.Dict) Parts {
	return Parts{len(d), func(i int) (string, any) { return KeyToken(d[i].Key), d[i].Value }, true}
}

func listParts(items []any) Parts {
	return Parts{len(items), func(i int) (string, any) { return strconv.Itoa(i), items[i] }, false}
}

// objectParts returns the attributes of an object. An object without attributes has its items as
// parts, or else its positional arguments, or else its state.
func objectParts(o *pickle.Object) (Parts, bool) {
	n := reconstruct.Normalize(o)
	attrs, found := pyvalue.AttributesOf(&n)
	switch {
	case found && len(n.Items) == 0:
		return dictParts(attrs), true
	case len(n.Items) > 0 && len(attrs) == 0:
		return listParts(n.Items), true
	case len(n.Items) > 0:
		return dictParts(append(attrs[:len(attrs):len(attrs)],
			types.DictEntry{Key: "items", Value: types.NewListFromSlice(n.Items)})), true
	}
	if items, ok := pyvalue.Positional(&n); ok {
		return listParts(items), true
	}
	if n.HasState {
		return dictParts(types.Dict{{Key: "state", Value: n.State}}), true
	}
	return Parts{}, false
}

// libraryParts returns the parts of a typed value that package reconstruct made.
func libraryParts(v reconstruct.LibraryValue) Parts {
	parts := v.Parts()
	return Parts{len(parts), func(i int) (string, any) {
		return parts[i].Name, asList(parts[i].Value)
	}, true}
}

// asList converts a Go slice to a list, and returns any other value unchanged.
func asList(v any) any {
	switch v := v.(type) {
	case []int:
		return types.NewListFromSlice(boxed(v))
	case []string:
		return types.NewListFromSlice(boxed(v))
	case []any:
		return types.NewListFromSlice(v)
	}
	return v
}

func boxed[T any](s []T) []any {
	out := make([]any, len(s))
	for i, x := range s {
		out[i] = x
	}
	return out
}

// sparseParts returns the arrays of a sparse matrix by their names in SciPy.
func sparseParts(s *reconstruct.Sparse) Parts {
	d := types.Dict{}
	add := func(name string, a *ndarray.Array) {
		if a != nil {
			d = append(d, types.DictEntry{Key: name, Value: a})
		}
	}
	add("data", s.Data)
	add("indices", s.Indices)
	add("indptr", s.Indptr)
	add("offsets", s.Offsets)
	if s.Coords != nil {
		coords := make(types.List, len(s.Coords))
		for i, c := range s.Coords {
			coords[i] = c
		}
		d = append(d, types.DictEntry{Key: "coords", Value: &coords})
	}
	return dictParts(d)
}

// column returns column i of a table as pandas' f[name] does: a Series with the table's index.
func column(f *frame.Frame, i int) *frame.Series {
	own := *f.Columns[i]
	own.Index, own.Class = f.Index, "pandas.core.series.Series"
	return &own
}
