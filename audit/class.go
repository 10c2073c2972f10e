package audit

import (
	"fmt"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// isArrayWrapper recognises the classes in whose place joblib puts the bytes of
// arrays into the stream.
func isArrayWrapper(module, name string) bool {
	return name == "NumpyArrayWrapper" && strings.HasSuffix(module, "joblib.numpy_pickle")
}

// isReconstructor recognises the function by which protocols 0 and 1 make objects.
func isReconstructor(module, name string) bool {
	return name == "_reconstructor" && (module == "copy_reg" || module == "copyreg")
}

// Global implements pickle.Named.
func (u *use) Global() pickle.Global { return u.name.global }

// Call implements gopickle's types.Callable.
func (u *use) Call(args ...any) (any, error) { return u.made(args) }

// PyNew implements gopickle's types.PyNewable.
func (u *use) PyNew(args ...any) (any, error) { return u.made(args) }

// PyNewEx implements pickle.KwNewable.
func (u *use) PyNewEx(args []any, _ *types.Dict) (any, error) { return u.made(args) }

// made notes a call.
func (u *use) made(args []any) (any, error) {
	if isGetattr(u.name.global) {
		switch {
		case !harmlessGetattr(args):
			u.verdict = gradeDangerous
		case !u.called:
			u.verdict = gradeData
		}
	}
	u.called = true
	return anything, nil
}

// A realClass is one that the machine needs as this module knows it, or as what it is called
// with.
type realClass struct {
	*use
	real any  // nil for the latter
	keep bool // objects with their arguments
}

// Call implements gopickle's types.Callable.
func (c *realClass) Call(args ...any) (any, error) {
	if isReconstructor(c.name.global.Module, c.name.global.Name) && len(args) > 0 {
		// How protocols 0 and 1 make the wrapper of an array.
		if w, ok := args[0].(*realClass); ok && w.real != nil {
			c.called = true
			return w.PyNew()
		}
	}
	if f, ok := c.real.(types.Callable); ok {
		if v, err := f.Call(args...); err == nil {
			c.called = true
			return v, nil
		}
	}
	return c.object(args, pickle.FormReduce)
}

// PyNew implements gopickle's types.PyNewable.
func (c *realClass) PyNew(args ...any) (any, error) {
	if f, ok := c.real.(types.PyNewable); ok {
		if v, err := f.PyNew(args...); err == nil {
			c.called = true
			return v, nil
		}
	}
	return c.object(args, pickle.FormNewObj)
}

func (c *realClass) object(args []any, form pickle.Form) (any, error) {
	v, err := c.made(args)
	if !c.keep {
		return v, err
	}
	return &pickle.Object{Class: c, Args: args, Form: form}, err
}

// inertValue is what calls return: it takes whatever is done to it.
type inertValue struct{ _ byte }

var anything = new(inertValue)

func (v *inertValue) Call(...any) (any, error)                { return v, nil }
func (v *inertValue) PyNew(...any) (any, error)               { return v, nil }
func (v *inertValue) PyNewEx([]any, *types.Dict) (any, error) { return v, nil }
func (v *inertValue) PySetState(any) error                    { return nil }
func (v *inertValue) Append(any)                              {}
func (v *inertValue) Add(any)                                 {}
func (v *inertValue) Set(any, any)                            {}

func isGetattr(g pickle.Global) bool {
	return g.Name == "getattr" && (g.Module == "builtins" || g.Module == "__builtin__")
}

// getattrs are the calls of getattr that everyday pickles of data make: every
// other reaches an attribute of somebody's choice.
var getattrs = map[string]bool{
	"zoneinfo.ZoneInfo._unpickle":             true,
	"pandas._libs.lib._NoDefault.no_default":  true,
	"pandas._libs.lib.NoDefault.no_default":   true,
	"numpy.random.mtrand.RandomState.rand":    true,
	"numpy.random.mtrand.RandomState.randn":   true,
	"numpy.random.mtrand.RandomState.randint": true,
}

func harmlessGetattr(args []any) bool {
	if len(args) != 2 {
		return false
	}
	class, ok1 := args[0].(pickle.Named)
	attr, ok2 := args[1].(string)
	return ok1 && ok2 && getattrs[class.Global().String()+"."+attr]
}

// verdictOf judges a name. A nested name ("os.system" in a module of another
// name) is judged by its parts as well, for Python follows the dots.
func verdictOf(module, name string) grade {
	for part, rest := name, ""; ; {
		if dangerous(module, part) {
			return gradeDangerous
		}
		i := strings.LastIndexByte(part, '.')
		if i < 0 {
			break
		}
		rest = part[i+1:]
		part = part[:i]
		if dangerousAttr[rest] || strings.HasPrefix(rest, "__") {
			return gradeDangerous
		}
	}
	if reconstruct.Known(module, name) {
		return gradeData
	}
	return gradeUnknown
}

// describeID makes a short text of a persistent id.
func describeID(pid any) string {
	switch v := pid.(type) {
	case string:
		return safeText(v)
	case pickle.Py2String:
		return safeText(string(v))
	case []byte:
		return safeText(string(v))
	case int:
		return fmt.Sprint(v)
	case *inertValue:
		return "an object"
	case *types.Tuple:
		parts := make([]string, 0, len(*v))
		for _, e := range (*v)[:min(len(*v), 8)] {
			switch e := e.(type) {
			case *types.Tuple:
				parts = append(parts, "(...)")
			case pickle.Named:
				parts = append(parts, safeText(e.Global().String()))
			default:
				parts = append(parts, describeID(e))
			}
		}
		return "(" + strings.Join(parts, ", ") + ")"
	}
	return pyvalue.Describe(pid)
}

// maxNameText bounds the names in a report.
const maxNameText = 200

// safeText makes a name printable: control characters and whatever is not
// printable are escaped as in a Go string, and it is cut to a sane length.
func safeText(s string) string {
	if len(s) > maxNameText {
		s = s[:maxNameText] + "..."
	}
	quoted := fmt.Sprintf("%+q", s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
