package reconstruct

import (
	"strings"

	"github.com/unpkl/unpkl/pickle"
)

// oldNames are those that Python 3 still has for other classes.
var oldNames = map[pickle.Global]pickle.Global{
	{Module: "builtins", Name: "EnvironmentError"}: {Module: "builtins", Name: "OSError"},
	{Module: "builtins", Name: "IOError"}:          {Module: "builtins", Name: "OSError"},
}

// normalName translates a Python 2 name, a module that was renamed between
// NumPy 1 and 2, and pathlib's private module of Python 3.13, to the name under
// which the registry has it.
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
