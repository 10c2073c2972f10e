package reconstruct

import (
	"strings"

	"github.com/unpkl/unpkl/pickle"
)

// oldNames maps old names that Python 3 keeps as aliases to the class that they mean there.
var oldNames = map[pickle.Global]pickle.Global{
	{Module: "builtins", Name: "EnvironmentError"}: {Module: "builtins", Name: "OSError"},
	{Module: "builtins", Name: "IOError"}:          {Module: "builtins", Name: "OSError"},
}

// normalName returns the name under which the registry lists a global. It translates Python 2
// names, modules that NumPy 2 renamed, and pathlib's private module of Python 3.13.
func normalName(g pickle.Global) pickle.Global {
	if g = g.Python3(); g.Module == "builtins" {
		if n, ok := oldNames[g]; ok {
			return n
		}
		return g
	}
	switch {
	case g.Module == "numpy._core" || strings.HasPrefix(g.Module, "numpy._core."):
		return pickle.Global{Module: "numpy.core" + g.Module[len("numpy._core"):], Name: g.Name}
	case g.Module == "pathlib._local":
		return pickle.Global{Module: "pathlib", Name: g.Name}
	}
	return joblibName(g)
}
