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
	// Class is "module.name" of the Python class; "" stands for xarray's Variable.
	Class string
	// Dims are the distinct names of the dimensions, one for each dimension of the data.
	Dims []string
	// Data holds the elements if they are a NumPy array.
	Data *ndarray.Array
	// Index holds the elements if they label a dimension.
	Index *frame.Index
	// Level is the name of the level of a MultiIndex in Index that is the elements, or "" for all
	// levels.
	Level string
	// Series holds the elements if they are an extension array of pandas.
	Series *frame.Series
	// Raw is data of another library, as the pickle has it.
	Raw any
	// Attrs are the attributes by name, or nil.
	Attrs map[string]any
	// Encoding describes how the data was stored in its file, or is nil.
	Encoding map[string]any
}

// NewVariable returns a Variable over an array, with a name for each of the array's dimensions.
func NewVariable(data *ndarray.Array, dims ...string) (*Variable, error) {
	v := &Variable{Dims: dims, Data: data}
	return v, v.Validate()
}

// NewCoordinate returns a Variable whose elements label the dimension dim.
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

// Shape returns the size of each dimension in elements. It is nil if Raw is set.
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

// DType returns the name of the dtype of the array or pandas column. It is "" if Raw is set.
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

// level returns the position of the level that Level names, or -1.
func (v *Variable) level() int {
	if v.Index == nil || !v.Index.IsMulti() {
		return -1
	}
	return slices.Index(v.Index.Names, any(v.Level))
}

// labels returns the index that has the dtype of the elements.
func (v *Variable) labels() *frame.Index {
	if k := v.level(); k >= 0 {
		return v.Index.Levels[k]
	}
	return v.Index
}

// At returns element i of a one-dimensional variable: of the array or column, or a label or its
// part in the level. It returns nil if Raw is set. It panics if i is out of range, like an index
// expression.
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

// Array returns the elements as an array. This is Data itself, or the memory of an index of numbers
// or times; otherwise it is a new array, which has objects if NumPy has no dtype for the elements.
// For data of other libraries it returns an error that names the class.
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

// levelArray returns the elements of a level whose labels are numbers or times, if none is missing.
// Otherwise it returns nil.
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

// className returns the class of a Python object, or the Go type of any other value.
func className(v any) string {
	if o, ok := v.(interface{ ClassName() string }); ok && o.ClassName() != "" {
		return o.ClassName()
	}
	return fmt.Sprintf("%T", v)
}

// MarshalJSON returns the variable with its elements as JSON, in the form that unpkl to-json
// --arrays=values writes. It needs an import of package unpkl, direct or indirect.
func (v *Variable) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(v) }
