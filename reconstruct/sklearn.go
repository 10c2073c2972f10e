package reconstruct

import (
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// Estimator is a view of an object of scikit-learn: its attributes, sorted by scikit-learn's rules
// for names. The values are those of the object; [ReadEstimator] also reads the estimators among
// them, such as the steps of a pipeline or the trees of a forest. It is safe for concurrent reads.
type Estimator struct {
	// Class is "module.name" of the Python class as the pickle spells it. Modules were renamed in
	// scikit-learn 0.22, so only the name identifies an estimator across versions.
	Class pickle.Global
	// Version is the version of scikit-learn that wrote the object. It is "" before 0.18 and for
	// helper objects that are not estimators.
	Version string
	// Params are the parameters of the constructor. Fitted has what fit has learned, whose names
	// end in an underscore. Other has the attributes whose names begin with one. All keys are
	// strings, in the order of the pickle.
	Params, Fitted, Other types.Dict
}

// ReadEstimator returns the view of an object of a class of scikit-learn. ok is false for any other
// value. The view omits state that is not a named attribute.
//
// Reference: sklearn/base.py, BaseEstimator.__getstate__; the developers' guide on names.
func ReadEstimator(v any) (e *Estimator, ok bool) {
	o, isObject := v.(*pickle.Object)
	if !isObject {
		return nil, false
	}
	inst, isNamed := named(o)
	if !isNamed || inst.Class.Module != "sklearn" &&
		!strings.HasPrefix(inst.Class.Module, "sklearn.") {
		return nil, false
	}
	state, isDict := inst.State.(*types.Dict)
	if !isDict || state == nil {
		return nil, false
	}
	e = &Estimator{Class: inst.Class}
	for _, a := range *state {
		name, isText := asText(a.Key)
		if !isText {
			continue
		}
		a.Key = name
		switch {
		case name == "_sklearn_version":
			e.Version, _ = asText(a.Value)
		case strings.HasPrefix(name, "_"):
			e.Other = append(e.Other, a)
		case strings.HasSuffix(name, "_"):
			e.Fitted = append(e.Fitted, a)
		default:
			e.Params = append(e.Params, a)
		}
	}
	return e, true
}

// Attr returns the attribute with a name, unchanged from the object.
func (e *Estimator) Attr(name string) (v any, ok bool) {
	for _, d := range []types.Dict{e.Fitted, e.Params, e.Other} {
		for _, a := range d {
			if a.Key == any(name) {
				return a.Value, true
			}
		}
	}
	return nil, false
}
