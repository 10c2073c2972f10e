package reconstruct

import (
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// Estimator is a view of an object of scikit-learn: its attributes, told apart by the
// naming rules of scikit-learn. They are the object's own values, so that an
// estimator in it (a step of a pipeline, a tree of a forest) is read by another
// [ReadEstimator]. It is safe for concurrent reads.
type Estimator struct {
	// Class is "module.name" of the Python class as read. Modules moved in scikit-learn
	// 0.22, so the name alone identifies an estimator of all versions.
	Class pickle.Global
	// Version is that of the scikit-learn that wrote the object, "" before 0.18 and for
	// helpers that are no estimators.
	Version string
	// Params are the parameters of the constructor, Fitted what fit learnt (names that end
	// in an underscore), Other everything whose name begins with one. All keys are strings,
	// in the order of the pickle.
	Params, Fitted, Other types.Dict
}

// ReadEstimator returns the view of an object whose class is scikit-learn's; ok is false for
// any other value. What the object's state holds beside named attributes is not in the
// view: the object shows it.
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

// Attr returns the attribute of that name, as it is in the object.
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
