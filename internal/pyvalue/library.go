package pyvalue

import (
	"slices"
	"strings"

	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// libraries are those of whose objects reconstruct.Pandas makes values, and copyreg, whose
// functions make instances of other classes.
var libraries = []string{"pandas", "scipy", "copy", "numpy", "xarray", "pyarrow", "polars",
	"geopandas", "shapely", "pyproj"}

// IsLibrary reports whether calls of a class are looked at by package reconstruct, as objects;
// those of others stay the instances that they are.
func IsLibrary(class pickle.Global) bool {
	return slices.ContainsFunc(libraries, func(library string) bool {
		return strings.HasPrefix(class.Module, library)
	}) || reconstruct.IsLibrary(class)
}
