package describe

import (
	"maps"
	"slices"
	"strings"
)

// Producer collects the names of the libraries that wrote a pickle. It recognises them by the names
// of the classes and functions in the pickle. The zero value is ready to use.
type Producer struct {
	libraries map[string]bool
}

// Add takes the full name of a class or function, "module.name".
func (p *Producer) Add(name string) {
	add := func(library string) {
		if p.libraries == nil {
			p.libraries = map[string]bool{}
		}
		p.libraries[library] = true
	}
	module, _, _ := strings.Cut(name, ".")
	switch {
	case strings.HasPrefix(name, "numpy._core."):
		add("NumPy 2")
	case strings.HasPrefix(name, "numpy.core."):
		add("NumPy 1")
	case module == "numpy":
		add("NumPy")
	case module == "pandas":
		add("pandas")
	case module == "geopandas":
		add("GeoPandas")
	case module == "sklearn":
		add("scikit-learn")
	case module == "scipy":
		add("SciPy")
	case module == "cloudpickle", module == "dill", module == "joblib", module == "torch",
		module == "xarray", module == "pyarrow", module == "polars", module == "shapely":
		add(module)
	}
}

// Libraries returns the sorted names of the libraries. NumPy has its major version behind it where
// the module names tell it.
func (p *Producer) Libraries() []string {
	if p.libraries["NumPy 1"] || p.libraries["NumPy 2"] {
		delete(p.libraries, "NumPy")
	}
	return slices.Sorted(maps.Keys(p.libraries))
}
