package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// ReadMapping returns the dict inside an object that wraps one: a mappingproxy as cloudpickle and
// dill write it, or NLTK's FreqDist. In Python a mappingproxy equals its dict. The dict belongs to
// the object and is not a copy; ok is false if v is neither.
//
// Reference: cloudpickle/cloudpickle.py, _mappingproxy_reduce; dill/_dill.py, save_mappingproxy.
func ReadMapping(v any) (d *types.Dict, ok bool) {
	o, ok := v.(*pickle.Object)
	if !ok || o == nil {
		return nil, false
	}
	inst, ok := namedMethod(o)
	if !ok || len(inst.Args) != 1 {
		return nil, false
	}
	switch inst.Class {
	case pickle.Global{Module: "types", Name: "MappingProxyType"},
		pickle.Global{Module: "nltk.probability", Name: "FreqDist"}:
		d, ok = inst.Args[0].(*types.Dict)
		return d, ok && d != nil
	}
	return nil, false
}

// readTypes returns the dict of a mappingproxy.
func readTypes(inst namedInstance) (any, error) {
	if inst.Class.Name != "MappingProxyType" || len(inst.Args) != 1 {
		return nil, nil
	}
	switch d := inst.Args[0].(type) {
	case *types.Dict, pickle.DictHolder:
		return d, nil
	}
	return nil, nil
}
