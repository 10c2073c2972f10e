package reconstruct

import (
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// fillDill adds functions that dill calls in place of naming a builtin class or an attribute of a
// module, and for every array. They are references and data: nothing is imported. dill's calls that
// create functions and classes are not among them.
//
// Reference: dill/_dill.py, which was dill/dill.py before 0.2.8.
func fillDill(t table) {
	for _, module := range []string{"dill._dill", "dill.dill"} {
		t.add(module, "_load_type", &entry{call: dillLoadType})
		t.add(module, "_get_attr", &entry{call: dillGetAttr})
		t.add(module, "_create_array", &entry{call: dillCreateArray})
	}
}

// dillTypes maps the names that dill gives builtin types under Python 2, which are those of the
// module types, to their Python 3 names.
var dillTypes = map[string]string{
	"ObjectType": "object", "TypeType": "type", "SliceType": "slice", "XRangeType": "range",
	"BooleanType": "bool", "IntType": "int", "LongType": "int", "FloatType": "float",
	"ComplexType": "complex",
	"StringType":  "str", "UnicodeType": "str", "TupleType": "tuple", "ListType": "list",
	"DictType": "dict", "DictionaryType": "dict",
}

// dillLoadType implements _load_type(name).
func dillLoadType(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 1); err != nil {
		return nil, err
	}
	name, err := a.text(0, "name")
	if err != nil {
		return nil, err
	}
	if builtin, ok := dillTypes[name]; ok {
		name = builtin
		// not a builtin, but a name of the module types
	} else if strings.HasSuffix(name, "Type") {
		return record(c, args)
	}
	return c.reference(args, pickle.Global{Module: "builtins", Name: name})
}

// dillGetAttr implements _get_attr(_import_module(module), name) for names that this package knows.
// Any other call of _get_attr(object, name) is recorded.
func dillGetAttr(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(2, 2); err != nil {
		return nil, err
	}
	imported, ok := args[0].(*pickle.Object)
	if !ok || imported.ClassName() != c.global.Module+"._import_module" || len(imported.Args) == 0 {
		return record(c, args)
	}
	module, moduleOK := asText(imported.Args[0])
	name, nameOK := asText(args[1])
	if !moduleOK || !nameOK {
		return record(c, args)
	}
	// the module in which NumPy defines them in C
	if parent, ok := strings.CutSuffix(module, "._multiarray_umath"); ok {
		module = parent + ".multiarray"
	}
	return c.reference(args, pickle.Global{Module: module, Name: name})
}

// lookupLater is lookup. It is set by init because the initializer of the registry leads here.
var lookupLater func(g pickle.Global) *entry

func init() { lookupLater = lookup }

// reference returns the class or function g if this package knows it, else the recorded call.
func (c Class) reference(args []any, g pickle.Global) (any, error) {
	if e := lookupLater(g); e != nil {
		return newClass(g, e, c.resolver), nil
	}
	return record(c, args)
}

// dillCreateArray implements _create_array(function, args, state, dict): it calls a function of
// NumPy that creates an array and sets its state. For NumPy's own classes the dict repeats the
// state.
func dillCreateArray(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(3, 4); err != nil {
		return nil, err
	}
	v, class, err := a.madeArray()
	if err != nil {
		return nil, err
	}
	if v == nil {
		return record(c, args)
	}
	if len(args) == 4 && class != "" && !strings.HasPrefix(class, "numpy.") {
		if dict, ok := args[3].(*types.Dict); args[3] != nil && (!ok || len(*dict) > 0) {
			return record(c, args)
		}
	}
	return v, v.PySetState(args[2])
}

// madeArray calls the function in argument 0 with the arguments in argument 1. It returns nil if
// the function is not one of NumPy's that create arrays.
func (a argReader) madeArray() (v types.PyStateSettable, class string, err error) {
	fn, ok := a.vals[0].(Class)
	if !ok || fn.entry.call == nil || !strings.HasSuffix(fn.global.Name, "reconstruct") {
		return nil, "", nil
	}
	arguments, err := a.tuple(1, "args")
	if err != nil {
		return nil, "", err
	}
	made, err := fn.Call(arguments...)
	if err != nil {
		return nil, "", err
	}
	switch v := made.(type) {
	case *ndarray.Array:
		return v, v.Class(), nil
	case *ndarray.Masked:
		return v, v.Class, nil
	}
	return nil, "", nil
}
