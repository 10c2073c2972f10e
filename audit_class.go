package unpkl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// An auditClass is a class or function during an audit: it notes that it is
// called and makes nothing but inert objects.
type auditClass struct {
	a      *auditor
	global pickle.Global
	place  int // of the finding
	// real is the class as this module knows it, for the few that the machine
	// needs; nil for all others.
	real any
}

// findClass is the hook of an audit.
func (a *auditor) findClass(module, name string) (any, error) {
	g := pickle.Global{Module: module, Name: name}
	c := &auditClass{a: a, global: g, place: a.note("global", safeText(g.String()), verdictOf(module, name))}
	if !a.inert && (rebuiltInAudit[module+"."+name] || isArrayWrapper(module, name)) {
		real, err := reconstruct.FindClass(module, name)
		if err == nil {
			c.real = real
		}
	}
	return c, nil
}

// rebuiltInAudit are what the state of joblib's arrays is made of: their dtypes, text below
// protocol 3, and objects below protocol 2.
var rebuiltInAudit = map[string]bool{
	"numpy.dtype": true, "_codecs.encode": true, "copyreg._reconstructor": true, "copy_reg._reconstructor": true,
}

// isArrayWrapper recognises the classes in whose place joblib puts the bytes of
// arrays into the stream.
func isArrayWrapper(module, name string) bool {
	return name == "NumpyArrayWrapper" && strings.HasSuffix(module, "joblib.numpy_pickle")
}

// Global implements pickle.Named.
func (c *auditClass) Global() pickle.Global { return c.global }

// Call implements gopickle's types.Callable.
func (c *auditClass) Call(args ...any) (any, error) {
	c.called(args)
	if f, ok := c.real.(types.Callable); ok {
		if v, err := f.Call(rebuilt(args)...); err == nil {
			return v, nil
		}
	}
	return &pickle.Object{Class: c, Args: args}, nil
}

// rebuilt puts the classes that are rebuilt in the place of those that note their use.
func rebuilt(args []any) []any {
	out := slices.Clone(args)
	for i, v := range out {
		if c, ok := v.(*auditClass); ok && c.real != nil {
			out[i] = c.real
		}
	}
	return out
}

// PyNew implements gopickle's types.PyNewable.
func (c *auditClass) PyNew(args ...any) (any, error) {
	c.called(args)
	if f, ok := c.real.(types.PyNewable); ok {
		if v, err := f.PyNew(args...); err == nil {
			return v, nil
		}
	}
	return &pickle.Object{Class: c, Args: args, Form: pickle.FormNewObj}, nil
}

// PyNewEx implements pickle.KwNewable.
func (c *auditClass) PyNewEx(args []any, kwargs *types.Dict) (any, error) {
	c.called(args)
	return &pickle.Object{Class: c, Args: args, Kwargs: kwargs, Form: pickle.FormNewObjEx}, nil
}

func (c *auditClass) called(args []any) {
	f := &c.a.report.Findings[c.place]
	if isGetattr(c.global) && !f.Called && harmlessGetattr(args) {
		f.Verdict = VerdictData
	} else if isGetattr(c.global) && !harmlessGetattr(args) {
		f.Verdict = VerdictDangerous
	}
	f.Called = true
}

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
func verdictOf(module, name string) Verdict {
	for part, rest := name, ""; ; {
		if dangerous(module, part) {
			return VerdictDangerous
		}
		i := strings.LastIndexByte(part, '.')
		if i < 0 {
			break
		}
		rest = part[i+1:]
		part = part[:i]
		if dangerousAttr[rest] || strings.HasPrefix(rest, "__") {
			return VerdictDangerous
		}
	}
	if reconstruct.Known(module, name) {
		return VerdictData
	}
	return VerdictUnknown
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
	return fmt.Sprintf("%T", pid)
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
