package describe

import (
	"maps"
	"slices"
	"strings"
)

// Producer collects what the names in a pickle tell of the libraries that wrote it.
type Producer struct {
	libraries map[string]bool
}

// Add looks at a name, "module.name", that the pickle uses.
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

// Libraries returns their names, those of NumPy with the version where that can be told.
func (p *Producer) Libraries() []string {
	if p.libraries["NumPy 1"] || p.libraries["NumPy 2"] {
		delete(p.libraries, "NumPy")
	}
	return slices.Sorted(maps.Keys(p.libraries))
}
