package xr

import (
	"fmt"
	"slices"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
)

// Variable is an array with named dimensions. Exactly one of Data, Index, Series and Raw is set.
type Variable struct {
	// Class is "module.name" of the Python class as it was read; "" is xarray's Variable.
	Class string
	// Dims are the names of the dimensions, each of them once, as many as the data has.
	Dims []string
	// Data holds the elements where those are an array of NumPy's.
	Data *ndarray.Array
	// Index holds the elements where those are the labels of a dimension.
	Index *frame.Index
	// Level is the level of a MultiIndex in Index that has the elements, "" for whole labels.
	Level string
	// Series holds the elements where those are an extension array of pandas.
	Series *frame.Series
	// Raw is the data of another library, as the pickle has it.
	Raw any
	// Attrs are the attributes by name, nil if there are none.
	Attrs map[string]any
	// Encoding says how the data lay in the file that it came from, nil if in none.
	Encoding map[string]any
}

// NewVariable returns a Variable over an array, with a name for each of its dimensions.
func NewVariable(data *ndarray.Array, dims ...string) (*Variable, error) {
	v := &Variable{Dims: dims, Data: data}
	return v, v.Validate()
}

// NewCoordinate returns a Variable whose elements label the dimension of that name.
func NewCoordinate(dim string, labels *frame.Index) (*Variable, error) {
	v := &Variable{Dims: []string{dim}, Index: labels}
	return v, v.Validate()
}

// Validate returns an error if the names of the dimensions do not fit the data.
func (v *Variable) Validate() error {
	kinds := 0
	for _, set := range []bool{v.Data != nil, v.Index != nil, v.Series != nil, v.Raw != nil} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		return fmt.Errorf("xr: a variable with %d kinds of data, not one", kinds)
	}
	for i, dim := range v.Dims {
		if slices.Contains(v.Dims[:i], dim) {
			return fmt.Errorf("xr: the dimension %q twice", dim)
		}
	}
	if shape := v.Shape(); v.Raw == nil && len(shape) != len(v.Dims) {
		return fmt.Errorf("xr: %d names %q for %d dimensions", len(v.Dims), v.Dims, len(shape))
	}
	if v.Level != "" && v.level() < 0 {
		return fmt.Errorf("xr: an index without the level %q", v.Level)
	}
	return nil
}

// Shape returns the size of each dimension in elements, nil where Raw is set.
func (v *Variable) Shape() []int {
	switch {
	case v.Data != nil:
		return slices.Clone(v.Data.Shape())
	case v.Index != nil:
		return []int{v.Index.Len()}
	case v.Series != nil:
		return []int{v.Series.Len()}
	}
	return nil
}

// DType returns the name of the elements' type: that of the array or of the pandas column, "" where
// Raw is set.
func (v *Variable) DType() string {
	switch x := v.labels(); {
	case v.Data != nil:
		return v.Data.DType().String()
	case v.Series != nil:
		return v.Series.DType
	case x == nil:
		return ""
	case x.IsMulti():
		return "object"
	case x.IsRange():
		return "int64"
	default:
		return x.Values.DType
	}
}

// level returns the number of the level that Level names, -1 if there is none.
func (v *Variable) level() int {
	if v.Index == nil || !v.Index.IsMulti() {
		return -1
	}
	return slices.Index(v.Index.Names, any(v.Level))
}

// labels returns the index whose type is that of the elements.
func (v *Variable) labels() *frame.Index {
	if k := v.level(); k >= 0 {
		return v.Index.Levels[k]
	}
	return v.Index
}

// At returns element i of a variable of one dimension: that of the array or column, a label, or its
// part of the level; nil where Raw is set. It panics where i is out of range, as an index of a
// slice does.
func (v *Variable) At(i int) any {
	switch {
	case v.Data != nil:
		return v.Data.At(i)
	case v.Series != nil:
		return v.Series.At(i)
	case v.Index == nil:
		return nil
	}
	if k := v.level(); k >= 0 {
		return v.Index.Level(k, i)
	}
	return v.Index.At(i)
}

// Array returns the elements as an array: Data itself, the memory of an index of numbers or times,
// else a new array, of objects where NumPy has no type for them. Data of other libraries is an
// error that names its class.
func (v *Variable) Array() (*ndarray.Array, error) {
	switch {
	case v.Data != nil:
		return v.Data, nil
	case v.Raw != nil:
		return nil, fmt.Errorf("xr: data that is not an array: %s", className(v.Raw))
	case v.Index == nil && v.Series == nil:
		return nil, v.Validate()
	}
	s := v.Series
	if s == nil && v.level() < 0 {
		s = v.Index.Values
	}
	if s != nil && s.Values != nil && s.Valid == nil && s.TZ == "" {
		switch s.Kind {
		case frame.Numpy, frame.Datetime, frame.Timedelta:
			return s.Values, nil
		}
	}
	if a, err := v.levelArray(); a != nil || err != nil {
		return a, err
	}
	n := v.Shape()[0]
	if x := v.Index; x != nil && x.IsRange() {
		labels := make([]int64, n)
		for i := range labels {
			labels[i] = int64(x.Start + i*x.Step)
		}
		return ndarray.FromSlice(labels)
	}
	items := make([]any, n)
	for i := range items {
		items[i] = v.At(i)
	}
	return ndarray.NewObjects(ndarray.ObjectDType(), []int{n}, ndarray.OrderC, items)
}

// levelArray returns the elements of a level that is numbers or times, none of them missing; nil
// for anything else.
func (v *Variable) levelArray() (*ndarray.Array, error) {
	k := v.level()
	if k < 0 {
		return nil, nil
	}
	s := v.Index.Levels[k].Values
	if s == nil || s.Values == nil || s.Valid != nil || s.TZ != "" || s.Values.HasObject() ||
		s.Kind != frame.Numpy && s.Kind != frame.Datetime && s.Kind != frame.Timedelta {
		return nil, nil
	}
	codes, err := ndarray.Values[int64](v.Index.Codes[k])
	if err != nil {
		return nil, err
	}
	flat, err := s.Values.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		return nil, err
	}
	size := s.Values.DType().ItemSize()
	out := make([]byte, 0, len(codes)*size)
	for _, c := range codes {
		if c < 0 || c >= int64(s.Len()) {
			return nil, nil
		}
		out = append(out, flat[int(c)*size:(int(c)+1)*size]...)
	}
	return ndarray.New(s.Values.DType(), []int{len(codes)}, ndarray.OrderC, out)
}

// className names the class of an object of a pickle.
func className(v any) string {
	if o, ok := v.(interface{ ClassName() string }); ok && o.ClassName() != "" {
		return o.ClassName()
	}
	return fmt.Sprintf("%T", v)
}

// MarshalJSON returns the variable with its elements as JSON, for encoding/json, in the form of
// unpkl to-json --arrays=values. It takes an import of the package unpkl, or of one that imports
// it.
func (v *Variable) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(v) }
