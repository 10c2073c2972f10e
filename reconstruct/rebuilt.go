package reconstruct

import (
	_ "embed"
	"path"
	"strings"
	"sync"

	"github.com/unpkl/unpkl/pickle"
)

// Rebuilt reports whether a class or function is one from which this module makes Go values, or
// that stands in the pickles of such: the names for which [Known] is true, and those of pandas,
// SciPy's sparse matrices, pyarrow's types, dateutil and ml_dtypes that are read after the pickle.
// It is the table that strict mode accepts and that package audit calls data.
func Rebuilt(module, name string) bool {
	return Known(module, name) || libraries().has(module, name)
}

// librariesText is the table of the names of other libraries.
//
//go:embed rebuilt.txt
var librariesText string

// nameTable has the patterns of names by their module. Those for a module and all below it are
// under its name with ".*" at the end.
type nameTable map[string][]string

// libraries is the table of the names of other libraries, read.
var libraries = sync.OnceValue(func() nameTable {
	t := nameTable{}
	for line := range strings.Lines(librariesText) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] != "#" {
			t[fields[0]] = append(t[fields[0]], strings.Split(fields[1], ",")...)
		}
	}
	return t
})

// has reports whether the table has a name of a module.
func (t nameTable) has(module, name string) bool {
	module = pickle.Global{Module: module, Name: name}.Python3().Module
	if matchesAny(t[module], name) {
		return true
	}
	for {
		if matchesAny(t[module+".*"], name) {
			return true
		}
		i := strings.LastIndexByte(module, '.')
		if i < 0 {
			return false
		}
		module = module[:i]
	}
}

// matchesAny reports whether one of the patterns matches a name.
func matchesAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, err := path.Match(p, name); ok && err == nil {
			return true
		}
	}
	return false
}
