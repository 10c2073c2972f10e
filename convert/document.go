package convert

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// NOTE. A document is a value that package unpkl loads or writes: an object, a plain value or a Go
// value. A writer walks a document level by level with normalize, which maps all these types to one
// type for each kind of value. The functions in array.go, named.go and table.go turn a document
// into what most writers need: an array, arrays by name, or a table.

// dict is a dict of any class whose keys are text; list is a list, tuple or set.
type (
	dict []entry
	list []any
)

type entry struct {
	name  string
	value any
}

// document normalizes values for the writer of one file.
type document struct {
	*output
	pandas    reconstruct.Pandas
	expansion *expansion
}

// normalize returns a value as one of these types: dict, list, *ndarray.Array, *ndarray.Masked,
// *ndarray.Scalar, *frame.Frame, *frame.Series, *frame.Index, nil, bool, int64, *big.Int, float64,
// complex128, string, []byte. It returns a value that none of them stands for unchanged. The
// members of a dict or list are not normalized. An error says that v cannot be read, that the
// format needs a loss which is not allowed, or that shared parts expand beyond Limits.Expansion.
func (d *document) normalize(v any, path string) (any, error) {
	out, err := d.normalizeOne(v, path)
	if cells := cellCount(out); cells > 0 && err == nil {
		err = d.expansion.visit(identity(v), cells)
	}
	return out, err
}

// normalizeOne is normalize without the count of what it visits.
func (d *document) normalizeOne(v any, path string) (any, error) {
	switch x := v.(type) {
	case nil, bool, int64, float64, complex128, string, []byte, *ndarray.Array, *ndarray.Masked,
		*ndarray.Scalar, *frame.Frame, *frame.Series, *frame.Index, *big.Int, dict, list:
		return v, nil
	case []any:
		return list(x), nil
	case *types.List:
		return list(*x), nil
	case *types.Tuple:
		return list(*x), nil
	case map[string]any:
		out := make(dict, 0, len(x))
		for _, k := range slices.Sorted(maps.Keys(x)) {
			out = append(out, entry{k, x[k]})
		}
		return out, nil
	}
	if t, ok := v.(tensor); ok {
		if a, ok := t.PlainArray(); ok {
			return a, nil
		}
	}
	if s, ok := scalarOf(v); ok {
		return s, nil
	}
	if table, ok, err := d.pandas.Convert(v); ok || err != nil {
		if err != nil {
			return nil, fmt.Errorf("convert: %s: %w", path, err)
		}
		if x, ok := xarrayParts(table); ok {
			return x, nil
		}
		return table, nil
	}
	if x, ok := xarrayParts(v); ok {
		return x, nil
	}
	if a, ok := sliceArray(v); ok {
		return a, nil
	}
	return d.normalizeDict(v, path)
}

// normalizeDict is normalize for the other types of dicts and containers.
func (d *document) normalizeDict(v any, path string) (any, error) {
	if entries, ok := dictEntries(v); ok {
		out := make(dict, 0, len(entries))
		for _, e := range entries {
			name, ok := keyText(e.Key)
			if !ok {
				what := fmt.Sprintf("a dict with a key that is %s", pyvalue.Describe(e.Key))
				if err := d.loss(path, what, kindAny); err != nil {
					return nil, err
				}
				name = texts.Sprint(e.Key)
			}
			out = append(out, entry{name, e.Value})
		}
		return out, nil
	}
	if items, ok := pyvalue.ItemsOf(v); ok {
		return list(items), nil
	}
	return v, nil
}

// dictEntries returns the entries of a dict. It does not take the attributes of an object for one.
func dictEntries(v any) (types.Dict, bool) {
	switch x := v.(type) {
	case *types.Dict:
		return *x, true
	case pickle.DictHolder:
		return *x.PyDict(), true
	case map[any]any:
		out := make(types.Dict, 0, len(x))
		for k, e := range x {
			out = append(out, types.DictEntry{Key: k, Value: e})
		}
		slices.SortFunc(out, func(a, b types.DictEntry) int {
			return strings.Compare(texts.Sprint(a.Key), texts.Sprint(b.Key))
		})
		return out, true
	}
	return nil, false
}

// keyText returns the text of a key that is a str, an int, or bytes that are valid UTF-8.
func keyText(k any) (string, bool) {
	switch k := k.(type) {
	case int:
		return strconv.Itoa(k), true
	case pickle.Bytes:
		return string(k), utf8.ValidString(string(k))
	}
	s, ok := scalarOf(k)
	text, isText := s.(string)
	return text, ok && isText
}

// scalarOf returns a number, text or bytes in the form that normalize has for it.
func scalarOf(v any) (any, bool) {
	switch x := v.(type) {
	case nil, bool, int64, float64, complex128, string, []byte, *big.Int:
		return v, true
	case int:
		return int64(x), true
	case uint64:
		if x < 1<<63 {
			return int64(x), true
		}
		return new(big.Int).SetUint64(x), true
	case written.Interned:
		return string(x), true
	case written.Str:
		return string(x), true
	case written.Bytes:
		return []byte(x), true
	case pickle.Bytes:
		return []byte(x), true
	case *types.ByteArray:
		return []byte(*x), true
	case pickle.Py2String:
		if utf8.ValidString(string(x)) {
			return string(x), true
		}
		return []byte(x), true
	}
	return smallScalar(v)
}

// smallScalar is scalarOf for Go's smaller types, and for NumPy's floats that a float64 holds.
func smallScalar(v any) (any, bool) {
	switch x := v.(type) {
	case int8:
		return int64(x), true
	case int16:
		return int64(x), true
	case int32:
		return int64(x), true
	case uint8:
		return int64(x), true
	case uint16:
		return int64(x), true
	case uint32:
		return int64(x), true
	case uint:
		return scalarOf(uint64(x))
	case float32:
		return float64(x), true
	case complex64:
		return complex128(x), true
	case ndarray.Float16:
		return float64(x.Float32()), true
	case ndarray.BFloat16:
		return x.Float64(), true
	}
	return nil, false
}

// sliceArray returns a Go slice of numbers as an array that shares its memory. A []int is copied.
func sliceArray(v any) (*ndarray.Array, bool) {
	switch x := v.(type) {
	case []float64:
		return arrayOf(x)
	case []float32:
		return arrayOf(x)
	case []int8:
		return arrayOf(x)
	case []int16:
		return arrayOf(x)
	case []int32:
		return arrayOf(x)
	case []int64:
		return arrayOf(x)
	case []uint16:
		return arrayOf(x)
	case []uint32:
		return arrayOf(x)
	case []uint64:
		return arrayOf(x)
	case []bool:
		return arrayOf(x)
	case []complex64:
		return arrayOf(x)
	case []complex128:
		return arrayOf(x)
	case []int:
		out := make([]int64, len(x))
		for i, n := range x {
			out[i] = int64(n)
		}
		return arrayOf(out)
	}
	return nil, false
}

func arrayOf[T ndarray.Element](x []T) (*ndarray.Array, bool) {
	a, err := ndarray.FromSlice(x, len(x))
	return a, err == nil
}

// describe names a value that normalize returned, for error messages.
func describe(v any) string {
	switch x := v.(type) {
	case nil:
		return "None"
	case dict:
		return "a dict"
	case list:
		return "a list"
	case string:
		return "text"
	case []byte:
		return "bytes"
	case bool, int64, float64, complex128, *big.Int:
		return "a number"
	case *ndarray.Array:
		return fmt.Sprintf("an array of dtype %s and shape %v", x.DType(), x.Shape())
	case *ndarray.Masked:
		return "a masked array"
	case *frame.Frame:
		return "a table"
	case *frame.Series:
		return "a series"
	case *frame.Index:
		return "an index"
	}
	return "a value of type " + pyvalue.Describe(v)
}

// child returns the JSON pointer of the member name of the value at path.
func child(path, name string) string {
	return path + "/" + strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// document returns a document for the file that is being written.
func (out *output) document() *document {
	most := out.limits.WithDefaults().Expansion / cellValues
	return &document{output: out, expansion: &expansion{most: most}}
}

// document returns a document for values that are read from a file of the format, which share
// nothing.
func (in *input) document(format *Format) *document {
	return &document{output: &output{config: in.config, format: format}}
}

// object returns the dict as an object of package pickle.
func (d dict) object() *types.Dict {
	out := make(types.Dict, len(d))
	for i, e := range d {
		out[i] = types.DictEntry{Key: e.name, Value: goValue(e.value)}
	}
	return &out
}
