package reconstruct

import (
	"errors"
	"reflect"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// LibraryValue is the Go form of an object of a library of which this package reads the data: an
// [Image], a [Graph], a [Quantity] and others. It is made by [ReadLibrary] and by unpkl.Load, and
// is written as the object that it was read of, whatever a program has put into its fields.
type LibraryValue interface {
	// Form is the name of the value's form in JSON, which begins with "$".
	Form() string
	// ClassName is "module.Class" of the Python class.
	ClassName() string
	// Parts are what the value is made of, in order.
	Parts() []Part
	// Places are where the value keeps Python objects, which unpkl.Load makes plain.
	Places() []*any
	// Source is the object that the value was read of, or nil.
	Source() any
}

// Part is a named part of a [LibraryValue].
type Part struct {
	Name  string
	Value any
}

// partOrNone adds an array to parts, unless it is nil.
func partOrNone(parts []Part, name string, a *ndarray.Array) []Part {
	if a == nil {
		return parts
	}
	return append(parts, Part{Name: name, Value: a})
}

// origin is embedded in every LibraryValue: the object that it was read of.
type origin struct {
	class  string
	source any
}

// ClassName returns "module.Class" of the Python class.
func (o *origin) ClassName() string { return o.class }

// Source returns the object that the value was read of, or nil.
func (o *origin) Source() any { return o.source }

// sourced is what readLibrary needs of a LibraryValue.
type sourced interface {
	setOrigin(class string, source any)
}

func (o *origin) setOrigin(class string, source any) { o.class, o.source = class, source }

// libraryReader makes the Go form of an object whose class is of one library, by its name there;
// nil where the object is nothing that is read.
type libraryReader func(inst namedInstance) (any, error)

// libraryReaders are those of each library, by its package's name.
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

// ReadLibrary returns the Go form of an object of a library other than pandas and SciPy: a
// [LibraryValue], or one of this package's types for what is a datetime or dict in all but name. ok
// is false where v is none, and an error says that v claims to be one but lies. The parts are those
// of the object, not copies.
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

// namedMethod is named for what a class makes itself, or one of its methods: the class of
// getattr(Timezone, "_unpickle")(...) is Timezone._unpickle. A type of module types is one that
// cloudpickle and dill look up by a call.
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

// IsLibrary reports whether objects of a class may be what [ReadLibrary] reads.
func IsLibrary(class pickle.Global) bool {
	root, _, _ := strings.Cut(class.Module, ".")
	if root == "types" {
		// Not SimpleNamespace, of which there may be many.
		return class.Name == "MappingProxyType"
	}
	return libraryReaders[root] != nil
}

// libraryOf is the key of a value of [ReadLibrary] in results.
type libraryOf struct{ v any }

// Library is [ReadLibrary] that gives the same result for the same object.
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
		err = nil // it stays the object that it is
	}
	if ok || err != nil {
		p.keep(libraryOf{v}, result{value: value, err: err})
	}
	return value, ok, err
}

var libraryValueType = reflect.TypeFor[LibraryValue]()

// reduceLibrary writes a LibraryValue as the object that it was read of.
func reduceLibrary(v any, _ int) (any, error) {
	source := v.(LibraryValue).Source()
	if source == nil {
		return nil, pickle.Unsupported("a %T that was not read from a pickle", v)
	}
	// By a pointer it is written with its own identity, which what it holds may refer to.
	return &source, nil
}

// Typed access to the state of an object of a library.

// stateOf returns the state of an instance, which must be a dict, by its keys.
func stateOf(inst namedInstance) (map[string]any, error) {
	state, ok := textKeys(inst.State)
	if !ok {
		return nil, pickle.Malformed("a state of %s", typeName(inst.State))
	}
	return state, nil
}

// shapeOf reads a shape.
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

// dictEntries returns the entries of a dict of any kind.
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
