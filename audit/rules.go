package audit

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// A rule judges a call of a name whose arguments matter. It returns nil for the name's own verdict.
type rule func(h *host, c call, depth int) *reason

// A resultRule judges a call of what an earlier call of the name, made, returned. It returns nil if
// it finds nothing to object to.
type resultRule func(h *host, made tape.CallInfo, c call, depth int) *reason

// canonical returns the full name that Python 3 and NumPy 1 use, so that renamed modules share one
// entry.
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

// ruleOf returns the rule for calls of a name, or nil.
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

// The maps are filled in init because some rules refer to the maps themselves.
var (
	rules       map[string]rule
	resultRules map[string]resultRule
	buildRules  map[string]func(h *host, state tape.ID) *reason
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
		"numpy.core.multiarray._reconstruct":        namesFirst,
		"numpy.core._multiarray_umath._reconstruct": namesFirst,
		"numpy.core._internal._reconstruct":         namesFirst,
		"scipy.base._internal._reconstruct":         namesFirst,
		"scipy.base.multiarray._reconstruct":        namesFirst,
		"numpy.ma.core._mareconstruct":              maRule,
		"numpy.ma.mrecords._mrreconstruct":          maRule,
		"numpy.core._ufunc_reconstruct":             ufuncRule,
		"numpy.core._DType_reconstruct":             namesFirst,
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
	resultRules = map[string]resultRule{
		"functools.partial":             partialResult,
		"builtins.staticmethod":         noResult,
		"types.GenericAlias":            noResult,
		"numpy.vectorize":               noResult,
		"operator.itemgetter":           noResult,
		"numpy.core._ufunc_reconstruct": noResult,
		"numpy.core._DType_reconstruct": noResult,
		"builtins.getattr":              getattrResult,
	}
	buildRules = map[string]func(h *host, state tape.ID) *reason{
		"functools.partial":                     partialBuild,
		"joblib.numpy_pickle.NumpyArrayWrapper": wrapperBuild,
		"joblib.numpy_pickle.NDArrayWrapper":    wrapperBuild,
		"joblib.numpy_pickle.ZNDArrayWrapper":   wrapperBuild,
	}
}

// callsFirst is the rule of functions that call their first argument, at once or later.
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

// makesFirst is the rule of functions that make an instance of their first argument.
func makesFirst(h *host, c call, depth int) *reason {
	if len(c.args) > 0 {
		h.called(c.args[0], call{form: tape.FormNewObj}, depth)
	}
	return nil
}

// namesFirst is the rule of functions that make an array of the class that is their first argument,
// without running code of that class.
func namesFirst(h *host, c call, _ int) *reason {
	if len(c.args) > 0 {
		h.namedOnly(c.args[0])
	}
	return nil
}

// maRule is the rule of _mareconstruct(class, class of the data, shape, type).
func maRule(h *host, c call, depth int) *reason {
	if len(c.args) > 1 {
		h.called(c.args[0], anyCall, depth)
		h.namedOnly(c.args[1])
	}
	return nil
}

// iterRule: iter calls its first argument if it has two.
func iterRule(h *host, c call, depth int) *reason {
	if len(c.args) == 2 {
		h.called(c.args[0], call{}, depth)
	}
	return nil
}

// maxArgs bounds the arguments of a call that are examined.
const maxArgs = 16

// firstArgs returns the first maxArgs arguments, and whether there are more.
func firstArgs(args []tape.ID) (some []tape.ID, open bool) {
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
		bases, _ := firstArgs(h.t.Items(c.args[1]))
		for _, base := range bases {
			h.called(base, anyCall, depth)
		}
	}
	return becauseMakesClass
}

// partialRule: a partial object may call its function at any time.
func partialRule(h *host, c call, depth int) *reason {
	if len(c.args) > 0 {
		rest, open := firstArgs(c.args[1:])
		h.called(c.args[0], call{args: rest, incomplete: open || c.incomplete, keywords: true}, depth)
	}
	return nil
}

// partialResult judges the call of a partial object, with the arguments of both calls.
func partialResult(h *host, made tape.CallInfo, c call, depth int) *reason {
	if args := h.argsOf(made); len(args) > 0 {
		more, open := firstArgs(append(append([]tape.ID{}, args[1:min(len(args), maxArgs)]...),
			c.args[:min(len(c.args), maxArgs)]...))
		h.called(args[0], call{args: more, incomplete: open || c.incomplete || len(args) > maxArgs,
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

// noResult is the rule of objects whose calls need no verdict of their own.
func noResult(*host, tape.CallInfo, call, int) *reason { return nil }

// reconstructorRule judges _reconstructor(class, base, state): base makes the instance, and its
// __init__ runs unless base is object.
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
		h.namedOnly(c.args[0])
	}
	h.called(c.args[0], call{form: tape.FormNewObj}, depth)
	return nil
}

// newobjRule judges __newobj__(class, args...), which is class.__new__(class, args...).
func newobjRule(h *host, c call, depth int) *reason {
	if len(c.args) > 0 {
		h.called(c.args[0], call{form: tape.FormNewObj, args: c.args[1:],
			incomplete: c.incomplete}, depth)
	}
	return nil
}

var becauseCodec = &reason{gradeUnknown, "", "a codec of the pickle's choice, which Python imports"}

// encodeRule: picklers of protocols below 3 write bytes as encode(text, "latin1").
func encodeRule(h *host, c call, _ int) *reason {
	if len(c.args) == 2 && !c.incomplete {
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

// matrixRule: numpy.matrix parses a string as a Python literal.
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

// quote returns the text of an argument for use in a reason.
func (h *host) quote(id tape.ID) string {
	if text, ok := h.Text(id); ok && text != computed {
		return fmt.Sprintf("%q", safeText(text))
	}
	return "what the pickle names"
}

// memmapRule: memmap(filename, dtype, mode) opens a file, and creates or truncates it if the mode
// is w+.
func memmapRule(h *host, c call, _ int) *reason {
	if len(c.args) == 0 && !c.incomplete && !c.keywords {
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

// tzfileRule: dateutil's own pickles pass None for the file, and the zone as a state.
func tzfileRule(h *host, c call, _ int) *reason {
	if len(c.args) > 0 && h.t.Kind(c.args[0]) == tape.None && !c.incomplete && !c.keywords {
		return nil
	}
	if len(c.args) == 0 && !c.incomplete && !c.keywords {
		return nil
	}
	file := "what the pickle names"
	if len(c.args) > 0 {
		file = h.quote(c.args[0])
	}
	return &reason{gradeDangerous, CapabilityRead, "opens the file " + file}
}

// zoneName matches names of time zones that cannot lead out of the folder of zones.
var zoneName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$`)
})

// zoneRule: a zone with an ordinary name is read from the system's folder of zones only.
func zoneRule(h *host, c call, _ int) *reason {
	if len(c.args) == 0 {
		return nil
	}
	if name, ok := h.Text(c.args[0]); ok && zoneName().MatchString(name) && !c.incomplete {
		return nil
	}
	return &reason{gradeDangerous, CapabilityRead,
		"a time zone of an odd name, which Python looks for in files"}
}

// getattrs are the attributes that everyday pickles of data reach with getattr. Any other call of
// getattr may reach an attribute of an attacker's choice.
var getattrs = map[string]bool{
	"zoneinfo.ZoneInfo._unpickle":             true,
	"pandas._libs.lib._NoDefault.no_default":  true,
	"pandas._libs.lib.NoDefault.no_default":   true,
	"numpy.random.mtrand.RandomState.rand":    true,
	"numpy.random.mtrand.RandomState.randn":   true,
	"numpy.random.mtrand.RandomState.randint": true,
}

var becauseGetattr = &reason{gradeData, "", "an attribute that picklers of data reach this way"}

// attributeOf returns "module.name.attribute" for the arguments of getattr, or "".
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

// getattrRule accepts the attributes in getattrs.
func getattrRule(h *host, c call, _ int) *reason {
	if getattrs[h.attributeOf(c.args)] && !c.incomplete {
		return becauseGetattr
	}
	return nil
}

// getattrResult judges a call of what getattr returned.
func getattrResult(h *host, made tape.CallInfo, c call, depth int) *reason {
	if h.attributeOf(h.argsOf(made)) == "zoneinfo.ZoneInfo._unpickle" {
		return zoneRule(h, c, depth)
	}
	return nil
}

// ufuncRule: _ufunc_reconstruct(module, name) imports a module and returns any attribute of it.
func ufuncRule(h *host, c call, _ int) *reason {
	if len(c.args) == 2 && !c.incomplete {
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

var becauseEmbedded = &reason{gradeKnown, CapabilityNested,
	"loads a file of torch from bytes, which is looked into"}

// nestedRule: the bytes that _load_from_bytes loads are audited as a file.
func nestedRule(h *host, c call, _ int) *reason {
	if len(c.args) == 1 && !c.incomplete && h.t.Kind(c.args[0]) == tape.Bytes &&
		len(h.embedded) < maxEmbedded {
		_, at := h.t.Op()
		h.embedded = append(h.embedded, embeddedFile{at, h.t.Span(c.args[0])})
		return becauseEmbedded
	}
	return nil
}

// maxEmbedded bounds the number of files embedded in one pickle.
const maxEmbedded = 1 << 12

// embeddedFile is a file that a pickle holds as bytes.
type embeddedFile struct {
	offset int64 // of the opcode that loads the file, in bytes
	data   []byte
}

// wrapperBuild: joblib's old wrappers keep the array in a file beside the pickle. The class of the
// array is not called.
func wrapperBuild(h *host, state tape.ID) *reason {
	if h.t.Kind(state) == tape.Dict && h.t.Size(state) > maxState {
		return becauseDeep
	}
	if class, ok := h.item(state, "subclass"); ok {
		h.namedOnly(class)
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

// maxState bounds the number of items in the state of a wrapper; a real one has five attributes.
const maxState = 64

// item returns the value of a string key of a dict. If the key is repeated, the last value counts.
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

// storageClass recognises the classes of torch's storages, which persistent ids hold.
func storageClass(module, name string) bool {
	return (module == "torch" || module == "torch.cuda" || module == "torch.storage") &&
		strings.HasSuffix(name, "Storage")
}
