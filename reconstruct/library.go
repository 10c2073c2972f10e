package reconstruct

import (
	"errors"
	"reflect"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// LibraryValue is the Go form of an object of another library whose data this package reads, such
// as an [Image], a [Graph] or a [Quantity]. [ReadLibrary] and unpkl.Load return it. It is written
// back as the object that it was read from, even if a program has changed its fields.
type LibraryValue interface {
	// Form returns the key that marks the value in JSON, which begins with "$".
	Form() string
	// ClassName returns "module.Class" of the Python class.
	ClassName() string
	// Parts returns the parts of the value, in order.
	Parts() []Part
	// Places returns pointers to the Python objects in the value. unpkl.Load replaces these objects
	// by plain values.
	Places() []*any
	// Source returns the object that the value was read from, or nil.
	Source() any
}

// Part is a named part of a [LibraryValue].
type Part struct {
	Name  string
	Value any
}

// partOrNone appends an array to parts, unless it is nil.
func partOrNone(parts []Part, name string, a *ndarray.Array) []Part {
	if a == nil {
		return parts
	}
	return append(parts, Part{Name: name, Value: a})
}

// origin records the object that a LibraryValue was read from. Every LibraryValue embeds it.
type origin struct {
	class  string
	source any
}

// ClassName returns "module.Class" of the Python class.
func (o *origin) ClassName() string { return o.class }

// Source returns the object that the value was read from, or nil.
func (o *origin) Source() any { return o.source }

// sourced is implemented by every LibraryValue, through origin.
type sourced interface {
	setOrigin(class string, source any)
}

func (o *origin) setOrigin(class string, source any) { o.class, o.source = class, source }

// libraryReader returns the Go form of an object of a class of one library. It returns nil if it
// does not read objects of that class.
type libraryReader func(inst namedInstance) (any, error)

// libraryReaders maps the name of a library's top-level Python package to its reader.
var libraryReaders map[string]libraryReader

func init() {
	libraryReaders = map[string]libraryReader{
		"PIL": readPIL, "networkx": readNetworkX, "gensim": readGensim, "nltk": readNLTK,
		"xgboost": readBooster, "lightgbm": readBooster, "catboost": readBooster,
		"astropy": readAstropy, "pint": readPint, "sparse": readPydata, "awkward": readAwkward,
		"zarr": readZarr, "jax": readJAX, "types": readTypes, "pendulum": readPendulum,
		"freezegun": readFreezegun,
	}
}

// ReadLibrary returns the Go form of an object of a library other than pandas and SciPy. The form
// is a [LibraryValue], or, for an object that is essentially a datetime or a dict, one of the other
// types of this package. ok is false if v is no such object. An error reports an object whose
// contents contradict its class. The parts of the value are those of the object, not copies.
func ReadLibrary(v any) (value any, ok bool, err error) {
	var inst namedInstance
	switch o := v.(type) {
	case *pickle.Object:
		if inst, ok = namedMethod(o); !ok {
			return nil, false, nil
		}
	case *ndarray.Array:
		if o.Class() == "" {
			return nil, false, nil
		}
		inst.Class, inst.Args = className(o.Class()), []any{o}
	default:
		return nil, false, nil
	}
	root, _, _ := strings.Cut(inst.Class.Module, ".")
	read := libraryReaders[root]
	if read == nil {
		return nil, false, nil
	}
	value, err = read(inst)
	if r := checked(value, inst.Class.String(), err); r.err != nil {
		return nil, false, r.err
	}
	if s, isValue := value.(sourced); isValue {
		s.setOrigin(inst.Class.String(), v)
	}
	return value, value != nil, nil
}

// namedMethod is like named, but also accepts an object made by a method of a class: the class of
// getattr(Timezone, "_unpickle")(...) is then Timezone._unpickle. It also resolves the calls by
// which cloudpickle and dill look up a type of the module types.
func namedMethod(o *pickle.Object) (namedInstance, bool) {
	fn, ok := o.Class.(*pickle.Object)
	if ok && len(fn.Args) == 1 {
		switch Normalize(fn).ClassName() {
		case "cloudpickle.cloudpickle._builtin_type", "dill._dill._load_type":
			if name, isText := asText(fn.Args[0]); isText {
				return namedInstance{Normalize(o), pickle.Global{Module: "types", Name: name}}, true
			}
		}
	}
	if !ok || len(fn.Args) != 2 || Normalize(fn).ClassName() != "builtins.getattr" {
		return named(o)
	}
	class, ok := fn.Args[0].(pickle.Named)
	method, isText := asText(fn.Args[1])
	if !ok || !isText {
		return namedInstance{}, false
	}
	g := class.Global()
	g.Name += "." + method
	return namedInstance{Normalize(o), g}, true
}

// IsLibrary reports whether [ReadLibrary] may read objects of a class.
func IsLibrary(class pickle.Global) bool {
	root, _, _ := strings.Cut(class.Module, ".")
	if root == "types" {
		// SimpleNamespace is excluded because a pickle may have very many of them.
		return class.Name == "MappingProxyType"
	}
	return libraryReaders[root] != nil
}

// libraryOf is the key under which Pandas.results keeps a result of [ReadLibrary].
type libraryOf struct{ v any }

// Library is like [ReadLibrary], but returns the same result for the same object.
func (p *Pandas) Library(v any) (value any, ok bool, err error) {
	switch o := v.(type) {
	case *pickle.Object:
		if class, isGlobal := o.Class.(pickle.Global); isGlobal && class == p.foreignLibrary {
			return nil, false, nil
		} else if isGlobal && !IsLibrary(class) && normalName(class).Module != "copyreg" {
			p.foreignLibrary = class
			return nil, false, nil
		}
	case *ndarray.Array:
		if class := o.Class(); class == "" || strings.HasPrefix(class, "numpy.") {
			return nil, false, nil
		}
	default:
		return nil, false, nil
	}
	if r, done := p.results[libraryOf{v}]; done {
		return r.value, r.value != nil, r.err
	}
	if value, ok, err = ReadLibrary(v); errors.Is(err, pickle.ErrUnsupported) {
		err = nil // the object stays as it is
	}
	if ok || err != nil {
		p.keep(libraryOf{v}, result{value: value, err: err})
	}
	return value, ok, err
}

var libraryValueType = reflect.TypeFor[LibraryValue]()

// reduceLibrary writes a LibraryValue as the object that it was read from.
func reduceLibrary(v any, _ int) (any, error) {
	source := v.(LibraryValue).Source()
	if source == nil {
		return nil, pickle.Unsupported("a %T that was not read from a pickle", v)
	}
	// The pointer keeps the object's identity, so that references to it from within still hold.
	return &source, nil
}

// stateOf returns the entries of an instance's state, which must be a dict with text keys.
func stateOf(inst namedInstance) (map[string]any, error) {
	state, ok := textKeys(inst.State)
	if !ok {
		return nil, pickle.Malformed("a state of %s", typeName(inst.State))
	}
	return state, nil
}

// shapeOf reads a shape: a sequence of non-negative ints.
func shapeOf(v any) ([]int, error) {
	dims, ok := items(v)
	if !ok || len(dims) > ndarray.MaxDims {
		return nil, pickle.Malformed("a shape of %s", typeName(v))
	}
	shape := make([]int, len(dims))
	for i, d := range dims {
		n, isInt := asInt(plainScalar(d))
		if !isInt || n < 0 {
			return nil, pickle.Malformed("a dimension of %s", shown(d))
		}
		shape[i] = n
	}
	return shape, nil
}

// dictEntries returns the entries of a dict, or of an object of a subclass of dict without a state.
func dictEntries(v any) (types.Dict, bool) {
	switch d := v.(type) {
	case *types.Dict:
		if d != nil {
			return *d, true
		}
	case pickle.DictHolder:
		return *d.PyDict(), true
	case *pickle.Object:
		if n := Normalize(d); len(n.DictItems) > 0 {
			return n.DictItems, true
		} else if !n.HasState && len(n.Args) == 0 {
			return nil, true
		}
	}
	return nil, false
}
