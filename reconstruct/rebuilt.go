package reconstruct

import (
	_ "embed"
	"path"
	"strings"
	"sync"

	"github.com/unpkl/unpkl/pickle"
)

// Rebuilt reports whether this module makes Go values from a class or function, or knows it as part
// of the pickles of such classes. It is true for the names for which [Known] is true, and for those
// of pandas, SciPy's sparse matrices, pyarrow's types, dateutil and ml_dtypes, whose objects are
// converted after unpickling. Strict mode accepts exactly these names, and package audit calls them
// data.
func Rebuilt(module, name string) bool {
	return Known(module, name) || libraries().has(module, name)
}

// librariesText lists the names of classes and functions of other libraries.
//
//go:embed rebuilt.txt
var librariesText string

// nameTable maps a module to patterns of names in it. The key "module.*" has the patterns that
// apply to the module and to all modules below it.
type nameTable map[string][]string

// libraries parses librariesText on first use.
var libraries = sync.OnceValue(func() nameTable {
	t := nameTable{}
	for line := range strings.Lines(librariesText) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] != "#" {
			t[fields[0]] = append(t[fields[0]], strings.Split(fields[1], ",")...)
		}
	}
	return t
})

// has reports whether the table lists a name of a module.
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
