package xr

import (
	"fmt"

	"github.com/unpkl/unpkl/internal/jsonhook"
)

// Named is a variable of a Dataset, or a coordinate of a DataArray, with its name.
type Named struct {
	Name string
	// Coord is true for a coordinate.
	Coord    bool
	Variable *Variable
}

// DataArray is a variable with a name and coordinates.
type DataArray struct {
	// Class is "module.name" of the Python class; "" stands for xarray's DataArray.
	Class string
	// Name is usually a str; nil if there is none.
	Name any
	// Variable has the elements, dimensions and attributes.
	Variable
	// Coords are the coordinates. Their dimensions are dimensions of the Variable.
	Coords []Named
}

// Coord returns the coordinate with a name, or nil.
func (a *DataArray) Coord(name string) *Variable { return find(a.Coords, name) }

// Validate returns an error if a coordinate does not fit the dimensions.
func (a *DataArray) Validate() error {
	s := sizes{}
	if err := s.add("the data", &a.Variable); err != nil {
		return err
	}
	return s.addAll(a.Coords)
}

// MarshalJSON returns the array with its elements as JSON: see [Variable.MarshalJSON].
func (a *DataArray) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(a) }

// Dataset is a set of variables that share dimensions.
type Dataset struct {
	// Class is "module.name" of the Python class; "" stands for xarray's Dataset.
	Class string
	// Vars are the variables in order, including coordinates. Names are unique.
	Vars []Named
	// Attrs are the attributes by name, or nil.
	Attrs map[string]any
	// Encoding describes the file that the data came from, or is nil.
	Encoding map[string]any
}

// Dim is a dimension: a name and a number of elements.
type Dim struct {
	Name string
	Size int
}

// Dims returns the dimensions in the order in which the variables first use them.
func (d *Dataset) Dims() []Dim {
	var out []Dim
	seen := map[string]bool{}
	for _, v := range d.Vars {
		shape := v.Variable.Shape()
		for k, name := range v.Variable.Dims {
			if !seen[name] && k < len(shape) {
				seen[name] = true
				out = append(out, Dim{name, shape[k]})
			}
		}
	}
	return out
}

// Var returns the variable with a name, or nil.
func (d *Dataset) Var(name string) *Variable { return find(d.Vars, name) }

// DataArray returns a variable with the coordinates along its dimensions, as Python's ds[name]
// does. It returns nil if there is no variable with the name.
func (d *Dataset) DataArray(name string) *DataArray {
	v := d.Var(name)
	if v == nil {
		return nil
	}
	along := map[string]bool{}
	for _, dim := range v.Dims {
		along[dim] = true
	}
	a := &DataArray{Name: name, Variable: *v}
	for _, c := range d.Vars {
		fits := c.Coord
		for _, dim := range c.Variable.Dims {
			fits = fits && along[dim]
		}
		if fits {
			a.Coords = append(a.Coords, c)
		}
	}
	return a
}

// Validate returns an error if a variable is invalid, if variables disagree on the size of a
// dimension, or if a name occurs twice.
func (d *Dataset) Validate() error { return sizes{}.addAll(d.Vars) }

// MarshalJSON returns the dataset with its elements as JSON: see [Variable.MarshalJSON].
func (d *Dataset) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(d) }

// find returns the variable with a name, or nil.
func find(vars []Named, name string) *Variable {
	for _, v := range vars {
		if v.Name == name {
			return v.Variable
		}
	}
	return nil
}

// sizes has the size in elements of each dimension seen so far.
type sizes map[string]int

// addAll adds the dimensions of variables, whose names must be unique.
func (s sizes) addAll(vars []Named) error {
	seen := map[string]bool{}
	for _, v := range vars {
		if seen[v.Name] {
			return fmt.Errorf("xr: two variables %q", v.Name)
		}
		seen[v.Name] = true
		if err := s.add(v.Name, v.Variable); err != nil {
			return err
		}
	}
	return nil
}

// add adds the dimensions of a variable, whose sizes must agree with those seen before.
func (s sizes) add(name string, v *Variable) error {
	if v == nil {
		return fmt.Errorf("xr: %s is nil", name)
	}
	if err := v.Validate(); err != nil {
		return fmt.Errorf("%w, of %s", err, name)
	}
	for k, n := range v.Shape() {
		dim := v.Dims[k]
		if size, ok := s[dim]; ok && size != n {
			return fmt.Errorf("xr: %s has %d elements along %q, others have %d", name, n, dim, size)
		}
		s[dim] = n
	}
	return nil
}

// DataTree is a tree of datasets, like the groups of a netCDF file.
type DataTree struct {
	// Class is "module.name" of the Python class; "" stands for xarray's DataTree.
	Class string
	// Name is the name of the node in its parent; that of a root may be "".
	Name string
	// Dataset has the node's own variables, without those that it inherits from its parents.
	Dataset *Dataset
	// Children are in order. Their names are unique.
	Children []*DataTree
}

// Child returns the child with a name, or nil.
func (t *DataTree) Child(name string) *DataTree {
	for _, c := range t.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// MaxTreeDepth is the greatest depth of a DataTree that is read or written.
const MaxTreeDepth = 64

// Validate returns an error if a Dataset is invalid, if two children have the same name, or if the
// tree is deeper than MaxTreeDepth.
func (t *DataTree) Validate() error { return t.validate(0) }

func (t *DataTree) validate(depth int) error {
	if depth > MaxTreeDepth {
		return fmt.Errorf("xr: a tree more than %d deep", MaxTreeDepth)
	}
	if t.Dataset != nil {
		if err := t.Dataset.Validate(); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, c := range t.Children {
		if c == nil || seen[c.Name] {
			return fmt.Errorf("xr: two children of one name, or one that is nil, below %q", t.Name)
		}
		seen[c.Name] = true
		if err := c.validate(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// MarshalJSON returns the tree with its elements as JSON: see [Variable.MarshalJSON].
func (t *DataTree) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(t) }
