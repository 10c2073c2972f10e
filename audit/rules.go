package audit

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// A rule judges the call of a name whose arguments matter; nil leaves it to what the name is.
type rule func(h *host, c call, depth int) *reason

// A resultRule judges the call of what a call of the name returned; nil finds nothing in it.
type resultRule func(h *host, made tape.CallInfo, c call, depth int) *reason

// canonical is a name as Python 3 and NumPy 1 have it.
func canonical(module, name string) string {
	g := pickle.Global{Module: module, Name: name}.Python3()
	m := g.Module
	switch {
	case m == "numpy._core" || strings.HasPrefix(m, "numpy._core."):
		m = "numpy.core" + m[len("numpy._core"):]
	case m == "dateutil.tz.tz":
		m = "dateutil.tz"
	case m == "_io":
		m = "io"
	case m == "_operator":
		m = "operator"
	case strings.HasSuffix(m, "joblib.numpy_pickle"),
		strings.HasSuffix(m, "joblib.numpy_pickle_compat"):
		m = "joblib.numpy_pickle"
	}
	return m + "." + g.Name
}

// ruleOf returns the rule of a name, or nil.
func ruleOf(module, name string) rule {
	full := canonical(module, name)
	if r, ok := rules[full]; ok {
		return r
	}
	if strings.HasPrefix(full, "pandas.") {
		switch {
		case strings.HasPrefix(name, "_new_") && strings.HasSuffix(name, "Index"):
			return callsFirst
		case strings.HasPrefix(name, "__pyx_unpickle_"):
			return makesFirst
		}
	}
	if strings.HasPrefix(name, "__pyx_unpickle_") {
		return makesFirst
	}
	return nil
}

// rules, results and builds are filled in init, since some judge calls themselves.
var (
	rules   map[string]rule
	results map[string]resultRule
	builds  map[string]func(h *host, state tape.ID) *reason
)

func init() {
	rules = map[string]rule{
		"builtins.getattr":                          getattrRule,
		"builtins.map":                              callsFirst,
		"builtins.filter":                           callsFirst,
		"builtins.staticmethod":                     callsFirst,
		"builtins.classmethod":                      callsFirst,
		"builtins.property":                         callsFirst,
		"builtins.iter":                             iterRule,
		"builtins.type":                             typeRule,
		"types.GenericAlias":                        callsFirst,
		"functools.partial":                         partialRule,
		"collections.defaultdict":                   callsFirst,
		"copyreg._reconstructor":                    reconstructorRule,
		"copyreg.__newobj__":                        newobjRule,
		"copyreg.__newobj_ex__":                     callsFirst,
		"numpy.bytes_":                              codecRule,
		"numpy.string_":                             codecRule,
		"numpy.str_":                                codecRule,
		"numpy.unicode_":                            codecRule,
		"numpy.matrix":                              matrixRule,
		"numpy.matrixlib.defmatrix.matrix":          matrixRule,
		"numpy.core.defmatrix.matrix":               matrixRule,
		"builtins.bytes":                            codecRule,
		"builtins.bytearray":                        codecRule,
		"builtins.str":                              codecRule,
		"_codecs.encode":                            encodeRule,
		"numpy.vectorize":                           callsFirst,
		"numpy.memmap":                              memmapRule,
		"numpy.core.memmap.memmap":                  memmapRule,
		"numpy.core.multiarray._reconstruct":        placesFirst,
		"numpy.core._multiarray_umath._reconstruct": placesFirst,
		"numpy.core._internal._reconstruct":         placesFirst,
		"scipy.base._internal._reconstruct":         placesFirst,
		"scipy.base.multiarray._reconstruct":        placesFirst,
		"numpy.ma.core._mareconstruct":              maRule,
		"numpy.ma.mrecords._mrreconstruct":          maRule,
		"numpy.core._ufunc_reconstruct":             ufuncRule,
		"numpy.core._DType_reconstruct":             placesFirst,
		"numpy.random._pickle.__generator_ctor":     callsSecond,
		"numpy.random._pickle.__randomstate_ctor":   callsSecond,
		"numpy.random.__RandomState_ctor":           callsSecond,
		"numpy.random._pickle.__bit_generator_ctor": makesFirst,
		"dateutil.tz.tzfile":                        tzfileRule,
		"zoneinfo.ZoneInfo":                         zoneRule,
		"zoneinfo.ZoneInfo._unpickle":               zoneRule,
		"pytz._p":                                   zoneRule,
		"torch._tensor._rebuild_from_type":          callsFirst,
		"torch._tensor._rebuild_from_type_v2":       callsFirst,
		"torch.storage._load_from_bytes":            nestedRule,
	}
	results = map[string]resultRule{
		"functools.partial":             partialResult,
		"builtins.staticmethod":         noResult,
		"types.GenericAlias":            noResult,
		"numpy.vectorize":               noResult,
		"operator.itemgetter":           noResult,
		"numpy.core._ufunc_reconstruct": noResult,
		"numpy.core._DType_reconstruct": noResult,
		"builtins.getattr":              getattrResult,
	}
	builds = map[string]func(h *host, state tape.ID) *reason{
		"functools.partial":                     partialBuild,
		"joblib.numpy_pickle.NumpyArrayWrapper": wrapperBuild,
		"joblib.numpy_pickle.NDArrayWrapper":    wrapperBuild,
		"joblib.numpy_pickle.ZNDArrayWrapper":   wrapperBuild,
	}
}

// callsFirst is the rule of what calls its first argument, at once or later.
func callsFirst(h *host, c call, depth int) *reason {
	if len(c.args) > 0 {
		h.called(c.args[0], anyCall, depth)
	}
	return nil
}

// callsSecond is the rule of NumPy's constructors of generators, which call their second argument
// with the first.
func callsSecond(h *host, c call, depth int) *reason {
	if len(c.args) > 1 {
		h.called(c.args[1], call{args: c.args[:1]}, depth)
	}
	return nil
}

// makesFirst is the rule of what makes an instance of its first argument.
func makesFirst(h *host, c call, depth int) *reason {
	if len(c.args) > 0 {
		h.called(c.args[0], call{form: tape.FormNewObj}, depth)
	}
	return nil
}

// placesFirst is the rule of what makes an array of the class that is its first argument, whose own
// code does not run.
func placesFirst(h *host, c call, _ int) *reason {
	if len(c.args) > 0 {
		h.placed(c.args[0])
	}
	return nil
}

// maRule is the rule of _mareconstruct(class, class of the data, shape, type).
func maRule(h *host, c call, depth int) *reason {
	if len(c.args) > 1 {
		h.called(c.args[0], anyCall, depth)
		h.placed(c.args[1])
	}
	return nil
}

// iterRule: with two arguments, iter calls the first.
func iterRule(h *host, c call, depth int) *reason {
	if len(c.args) == 2 {
		h.called(c.args[0], call{}, depth)
	}
	return nil
}

// maxArgs is how many arguments of a call are looked at.
const maxArgs = 16

func cut(args []tape.ID) (some []tape.ID, open bool) {
	if len(args) > maxArgs {
		return args[:maxArgs], true
	}
	return args, false
}

var becauseMakesClass = &reason{gradeUnknown, "",
	"makes a class, whose bases and methods run when it is used"}

// typeRule: type(name, bases, dict) makes a class.
func typeRule(h *host, c call, depth int) *reason {
	if len(c.args) != 3 {
		return nil
	}
	if h.t.Kind(c.args[1]) == tape.Tuple {
		bases, _ := cut(h.t.Items(c.args[1]))
		for _, base := range bases {
			h.called(base, anyCall, depth)
		}
	}
	return becauseMakesClass
}

// partialRule: what partial is given may be called at any time.
func partialRule(h *host, c call, depth int) *reason {
	if len(c.args) > 0 {
		rest, open := cut(c.args[1:])
		h.called(c.args[0], call{args: rest, open: open || c.open, keywords: true}, depth)
	}
	return nil
}

func partialResult(h *host, made tape.CallInfo, c call, depth int) *reason {
	if args := h.argsOf(made); len(args) > 0 {
		more, open := cut(append(append([]tape.ID{}, args[1:min(len(args), maxArgs)]...),
			c.args[:min(len(c.args), maxArgs)]...))
		h.called(args[0], call{args: more, open: open || c.open || len(args) > maxArgs,
			keywords: true}, depth)
	}
	return nil
}

// partialBuild: the state of a partial is (function, arguments, keywords, dict).
func partialBuild(h *host, state tape.ID) *reason {
	if h.t.Kind(state) == tape.Tuple && h.t.Size(state) > 0 {
		h.called(h.t.Items(state)[0], anyCall, 1)
	}
	return nil
}

func noResult(*host, tape.CallInfo, call, int) *reason { return nil }

// reconstructorRule is that of _reconstructor(class, base, state): base makes the instance, and its
// __init__ runs unless it is object.
func reconstructorRule(h *host, c call, depth int) *reason {
	if len(c.args) < 3 {
		callsFirst(h, c, depth)
		return nil
	}
	if g, ok := h.isClass(c.args[1]); !ok || canonical(g.Module, g.Name) != "builtins.object" {
		h.called(c.args[1], call{args: c.args[2:3]}, depth)
		if c.args[0] == c.args[1] {
			return nil
		}
		h.placed(c.args[0])
	}
	h.called(c.args[0], call{form: tape.FormNewObj}, depth)
	return nil
}

func newobjRule(h *host, c call, depth int) *reason {
	if len(c.args) > 0 {
		h.called(c.args[0], call{form: tape.FormNewObj, args: c.args[1:], open: c.open}, depth)
	}
	return nil
}

var becauseCodec = &reason{gradeUnknown, "", "a codec of the pickle's choice, which Python imports"}

// encodeRule: picklers of protocols below 3 write bytes as encode(text, "latin1").
func encodeRule(h *host, c call, _ int) *reason {
	if len(c.args) == 2 && !c.open {
		switch name, _ := h.Text(c.args[1]); strings.ToLower(name) {
		case "latin1", "latin-1", "ascii", "utf-8", "utf8", "iso-8859-1":
			return nil
		}
	}
	return becauseCodec
}

// codecRule: the second argument of bytes, bytearray and str is a codec.
func codecRule(h *host, c call, depth int) *reason {
	if len(c.args) < 2 && !c.keywords {
		return nil
	}
	return encodeRule(h, c, depth)
}

var becauseParsed = &reason{gradeUnknown, "", "parses text as Python"}

// matrixRule: a matrix of a text parses it as a literal of Python.
func matrixRule(h *host, c call, _ int) *reason {
	if len(c.args) == 0 {
		return nil
	}
	switch h.t.Kind(c.args[0]) {
	case tape.Str, tape.Py2Str, tape.Bytes:
		return becauseParsed
	}
	return nil
}

// quote returns the text of an argument for a reason.
func (h *host) quote(id tape.ID) string {
	if text, ok := h.Text(id); ok && text != computed {
		return fmt.Sprintf("%q", safeText(text))
	}
	return "what the pickle names"
}

// memmapRule: memmap(filename, dtype, mode) opens a file, and makes or cuts it where the mode is
// w+.
func memmapRule(h *host, c call, _ int) *reason {
	if len(c.args) == 0 && !c.open && !c.keywords {
		return &reason{gradeUnknown, CapabilityRead, "called without a file"}
	}
	file, mode := "what the pickle names", "r+"
	if len(c.args) > 0 {
		file = h.quote(c.args[0])
	}
	capability := CapabilityWrite
	if len(c.args) > 2 {
		mode, _ = h.Text(c.args[2])
		if mode == "r" || mode == "c" || mode == "readonly" || mode == "copyonwrite" {
			capability = CapabilityRead
		}
	}
	return &reason{gradeDangerous, capability, "opens the file " + file + " with mode " +
		safeText(mode)}
}

// tzfileRule: its own pickler gives None for the file, and the zone as a state.
func tzfileRule(h *host, c call, _ int) *reason {
	if len(c.args) > 0 && h.t.Kind(c.args[0]) == tape.None && !c.open && !c.keywords {
		return nil
	}
	if len(c.args) == 0 && !c.open && !c.keywords {
		return nil
	}
	file := "what the pickle names"
	if len(c.args) > 0 {
		file = h.quote(c.args[0])
	}
	return &reason{gradeDangerous, CapabilityRead, "opens the file " + file}
}

// zoneName is what the names of time zones look like: none leads out of the folder of zones.
var zoneName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$`)
})

// zoneRule: a zone by its name is read from the system's zones, and nothing else.
func zoneRule(h *host, c call, _ int) *reason {
	if len(c.args) == 0 {
		return nil
	}
	if name, ok := h.Text(c.args[0]); ok && zoneName().MatchString(name) && !c.open {
		return nil
	}
	return &reason{gradeDangerous, CapabilityRead,
		"a time zone of an odd name, which Python looks for in files"}
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

var becauseGetattr = &reason{gradeData, "", "an attribute that picklers of data reach this way"}

func (h *host) attributeOf(args []tape.ID) string {
	if len(args) != 2 {
		return ""
	}
	g, ok := h.isClass(args[0])
	attr, isText := h.Text(args[1])
	if !ok || !isText {
		return ""
	}
	return g.String() + "." + attr
}

func getattrRule(h *host, c call, _ int) *reason {
	if getattrs[h.attributeOf(c.args)] && !c.open {
		return becauseGetattr
	}
	return nil
}

func getattrResult(h *host, made tape.CallInfo, c call, depth int) *reason {
	if h.attributeOf(h.argsOf(made)) == "zoneinfo.ZoneInfo._unpickle" {
		return zoneRule(h, c, depth)
	}
	return nil
}

// ufuncRule: _ufunc_reconstruct(module, name) imports any module and gives any name of it.
func ufuncRule(h *host, c call, _ int) *reason {
	if len(c.args) == 2 && !c.open {
		module, ok1 := h.Text(c.args[0])
		name, ok2 := h.Text(c.args[1])
		if ok1 && ok2 && (strings.HasPrefix(module, "numpy") ||
			strings.HasPrefix(module, "scipy.special")) {
			j := names().judge(module, name)
			if (j.kind == kindData || j.kind == kindKnown) && j.rule == nil {
				return nil
			}
		}
	}
	return &reason{gradeDangerous, CapabilityImport, "imports a module and reaches any name of it"}
}

var becauseInside = &reason{gradeKnown, CapabilityNested,
	"loads a file of torch from bytes, which is looked into"}

// nestedRule: what is loaded from bytes in the pickle is audited as a file.
func nestedRule(h *host, c call, _ int) *reason {
	if len(c.args) == 1 && !c.open && h.t.Kind(c.args[0]) == tape.Bytes &&
		len(h.inside) < maxInside {
		_, at := h.t.Op()
		h.inside = append(h.inside, inside{at, h.t.Span(c.args[0])})
		return becauseInside
	}
	return nil
}

// maxInside bounds the files inside one pickle.
const maxInside = 1 << 12

// inside is a file that a pickle holds.
type inside struct {
	at   int64
	data []byte
}

// wrapperBuild: the array of joblib's old wrappers is a file beside the pickle. The class of the
// array is not called.
func wrapperBuild(h *host, state tape.ID) *reason {
	if h.t.Kind(state) == tape.Dict && h.t.Size(state) > maxState {
		return becauseDeep
	}
	if class, ok := h.item(state, "subclass"); ok {
		h.placed(class)
	}
	id, ok := h.item(state, "filename")
	if !ok {
		return nil
	}
	if name, ok := h.Text(id); ok && name != computed && !strings.ContainsAny(name, `/\:`) &&
		!strings.HasPrefix(name, "..") {
		return nil
	}
	return &reason{gradeDangerous, CapabilityRead, "joblib loads the file " + h.quote(id)}
}

// maxState is how large the state of a wrapper may be, which has five attributes.
const maxState = 64

// item returns the value of a key of a dict: the last one, as it counts.
func (h *host) item(dict tape.ID, key string) (id tape.ID, ok bool) {
	if h.t.Kind(dict) != tape.Dict {
		return 0, false
	}
	w := h.t.Children(dict)
	for b := w.Batch(); b != nil; b = w.Batch() {
		for i := 0; i+1 < len(b); i += 2 {
			if k := h.t.Kind(b[i]); k != tape.Str && k != tape.Py2Str {
				continue
			}
			if string(h.t.Span(b[i])) == key {
				id, ok = b[i+1], true
			}
		}
	}
	return id, ok
}

// storageClass recognises the classes in the persistent ids of torch's storages.
func storageClass(module, name string) bool {
	return (module == "torch" || module == "torch.cuda" || module == "torch.storage") &&
		strings.HasSuffix(name, "Storage")
}
