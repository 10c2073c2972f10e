package reconstruct

import (
	"strings"

	"github.com/unpkl/unpkl/pickle"
)

// Python 2 names and the Python 3 names they stand for: the part of CPython's
// Lib/_compat_pickle.py that concerns the classes known here. Python 3 writes the old
// names at protocols 0 to 2, Python 2 at all of its protocols; the two sets do
// not overlap, so names are translated whatever the protocol says.
var py2Modules = map[string]string{
	"__builtin__":  "builtins",
	"copy_reg":     "copyreg",
	"exceptions":   "builtins",
	"Queue":        "queue",
	"UserDict":     "collections",
	"UserList":     "collections",
	"UserString":   "collections",
	"_abcoll":      "collections.abc",
	"StringIO":     "io",
	"cStringIO":    "io",
	"ConfigParser": "configparser",
}

var py2Names = map[pickle.Global]pickle.Global{
	{Module: "__builtin__", Name: "xrange"}:          {Module: "builtins", Name: "range"},
	{Module: "__builtin__", Name: "unicode"}:         {Module: "builtins", Name: "str"},
	{Module: "__builtin__", Name: "basestring"}:      {Module: "builtins", Name: "str"},
	{Module: "__builtin__", Name: "long"}:            {Module: "builtins", Name: "int"},
	{Module: "__builtin__", Name: "reduce"}:          {Module: "functools", Name: "reduce"},
	{Module: "UserDict", Name: "IterableUserDict"}:   {Module: "collections", Name: "UserDict"},
	{Module: "exceptions", Name: "StandardError"}:    {Module: "builtins", Name: "Exception"},
	{Module: "exceptions", Name: "EnvironmentError"}: {Module: "builtins", Name: "OSError"},
	{Module: "exceptions", Name: "IOError"}:          {Module: "builtins", Name: "OSError"},
}

// normalName translates a Python 2 name, a module that was renamed between
// NumPy 1 and 2, and pathlib's private module of Python 3.13, to the name under
// which the registry has it.
func normalName(g pickle.Global) pickle.Global {
	if n, ok := py2Names[g]; ok {
		return n
	}
	if m, ok := py2Modules[g.Module]; ok {
		return pickle.Global{Module: m, Name: g.Name}
	}
	switch {
	case g.Module == "numpy._core" || strings.HasPrefix(g.Module, "numpy._core."):
		return pickle.Global{Module: "numpy.core" + g.Module[len("numpy._core"):], Name: g.Name}
	case g.Module == "pathlib._local":
		return pickle.Global{Module: "pathlib", Name: g.Name}
	}
	return joblibName(g)
}
