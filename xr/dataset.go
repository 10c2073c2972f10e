package xr

import (
	"fmt"

	"github.com/unpkl/unpkl/internal/jsonhook"
)

// Named is a variable of a Dataset or a coordinate of a DataArray.
type Named struct {
	Name string
	// Coord says that it is a coordinate.
	Coord    bool
	Variable *Variable
}

// DataArray is a variable with a name and coordinates.
type DataArray struct {
	// Class is "module.name" of the Python class as it was read; "" is xarray's DataArray.
	Class string
	// Name is a str mostly, nil if there is none.
	Name any
	// Variable has the elements, their dimensions and the attributes.
	Variable
	// Coords are the coordinates, along dimensions of the Variable only.
	Coords []Named
}

// Coord returns the coordinate of a name, nil if there is none.
func (a *DataArray) Coord(name string) *Variable { return find(a.Coords, name) }

// Validate returns an error if a coordinate does not fit the dimensions.
func (a *DataArray) Validate() error {
	s := sizes{}
	if err := s.add("the data", &a.Variable); err != nil {
		return err
	}
	return s.addAll(a.Coords)
}

// MarshalJSON returns the array with its elements as JSON, as that of a Variable does.
func (a *DataArray) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(a) }

// Dataset is variables that share dimensions.
type Dataset struct {
	// Class is "module.name" of the Python class as it was read; "" is xarray's Dataset.
	Class string
	// Vars are the variables in their order, coordinates among them, each name once.
	Vars []Named
	// Attrs are the attributes by name, nil if there are none.
	Attrs map[string]any
	// Encoding says where the data came from, nil if from no file.
	Encoding map[string]any
}

// Dim is a dimension: a name and a number of elements.
type Dim struct {
	Name string
	Size int
}

// Dims returns the dimensions, in the order in which variables have them.
func (d *Dataset) Dims() []Dim {
	var out []Dim
	met := map[string]bool{}
	for _, v := range d.Vars {
		shape := v.Variable.Shape()
		for k, name := range v.Variable.Dims {
			if !met[name] && k < len(shape) {
				met[name] = true
				out = append(out, Dim{name, shape[k]})
			}
		}
	}
	return out
}

// Var returns the variable of a name, nil if there is none.
func (d *Dataset) Var(name string) *Variable { return find(d.Vars, name) }

// DataArray returns a variable with the coordinates along its dimensions, as Python's ds[name]
// does; nil if there is none of the name.
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

// Validate returns an error if variables do not agree on the size of a dimension, or a name occurs
// twice.
func (d *Dataset) Validate() error { return sizes{}.addAll(d.Vars) }

// MarshalJSON returns the dataset with its elements as JSON, as that of a Variable does.
func (d *Dataset) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(d) }

// find returns the variable of a name.
func find(vars []Named, name string) *Variable {
	for _, v := range vars {
		if v.Name == name {
			return v.Variable
		}
	}
	return nil
}

// sizes are the sizes of the dimensions that were met, in elements.
type sizes map[string]int

func (s sizes) addAll(vars []Named) error {
	met := map[string]bool{}
	for _, v := range vars {
		if met[v.Name] {
			return fmt.Errorf("xr: two variables %q", v.Name)
		}
		met[v.Name] = true
		if err := s.add(v.Name, v.Variable); err != nil {
			return err
		}
	}
	return nil
}

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

// DataTree is a tree of datasets, as the groups of a netCDF file.
type DataTree struct {
	// Class is "module.name" of the Python class as it was read; "" is xarray's DataTree.
	Class string
	// Name is that of the node in the one above it, "" of a root without one.
	Name string
	// Dataset has the node's own variables; those that it inherits stand above.
	Dataset *Dataset
	// Children are in their order, each name once.
	Children []*DataTree
}

// Child returns the child of a name, nil if there is none.
func (t *DataTree) Child(name string) *DataTree {
	for _, c := range t.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// MaxTreeDepth is how deep a DataTree that is read or written may be.
const MaxTreeDepth = 64

// Validate returns an error if a Dataset is not valid, two children have the same name, or the tree
// is deeper than MaxTreeDepth.
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
	met := map[string]bool{}
	for _, c := range t.Children {
		if c == nil || met[c.Name] {
			return fmt.Errorf("xr: two children of one name, or one that is nil, below %q", t.Name)
		}
		met[c.Name] = true
		if err := c.validate(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// MarshalJSON returns the tree with its elements as JSON, as that of a Variable does.
func (t *DataTree) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(t) }
