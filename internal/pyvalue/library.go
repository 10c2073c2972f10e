package pyvalue

import (
	"slices"
	"strings"

	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// libraries are the top-level modules whose objects reconstruct.Pandas converts, and copyreg, whose
// functions create instances of other classes.
var libraries = []string{"pandas", "scipy", "copy", "numpy", "xarray", "pyarrow", "polars",
	"geopandas", "shapely", "pyproj"}

// IsLibrary reports whether package reconstruct must be asked about calls of a class, by means of
// their objects. Instances of other classes are not converted.
func IsLibrary(class pickle.Global) bool {
	return slices.ContainsFunc(libraries, func(library string) bool {
		return strings.HasPrefix(class.Module, library)
	}) || reconstruct.IsLibrary(class)
}
